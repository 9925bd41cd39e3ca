//! An operation on its way through a store: begin, one micro-operation after another, commit; each of them a step that
//! whoever drives it may put between the steps of others.

use crate::session::Session;
use crate::store::Store;
use crate::stored::{Access, Stop, Stored};
use crate::transaction::{Commit, Transaction};
use rand_chacha::ChaCha8Rng;

/// A step that finds the store busy is tried so often; then the transaction gives up, as a database does that takes a
/// long wait for a deadlock.
const TRIES: u32 = 12;

/// What a step has come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<R> {
    /// There is more to do.
    More,
    /// It took effect, and this is the answer, and the truth of it.
    Done(R, Commit),
    /// It took no effect and never will; the reason is for people.
    Aborted(String),
}

/// An operation that is being carried out.
#[derive(Debug)]
pub struct Running<D: Stored> {
    op: D::Op,
    progress: D::Progress,
    transaction: Option<Transaction>,
    tries: u32,
}

impl<D: Stored> Running<D> {
    /// An operation that has not begun.
    #[must_use]
    pub fn new(op: D::Op) -> Running<D> {
        Running { op, progress: D::Progress::default(), transaction: None, tries: 0 }
    }

    /// Does the next step. After [`Step::Done`] or [`Step::Aborted`] there is none; another call begins the operation
    /// anew.
    pub fn step(&mut self, store: &mut Store, session: &mut Session, rng: &mut ChaCha8Rng) -> Step<D::Ret> {
        let Some(mut transaction) = self.transaction.take() else {
            self.transaction = Some(store.begin(session, D::is_read(&self.op), rng));
            return Step::More;
        };
        let mut access = Access { store, transaction: &mut transaction, session, rng };
        match D::advance(&self.op, &mut self.progress, &mut access) {
            Ok(true) => self.tries = 0,
            Ok(false) => {
                let found = std::mem::take(&mut self.progress);
                return match store.commit(transaction, session) {
                    Ok(commit) => Step::Done(D::answer(&self.op, found), commit),
                    Err(_) => Step::Aborted("another transaction was in the way".to_owned()),
                };
            }
            Err(Stop::Busy) if self.tries < TRIES => self.tries += 1,
            Err(Stop::Busy) => {
                store.abort(&transaction);
                return Step::Aborted("waited too long for another transaction".to_owned());
            }
            Err(Stop::Refused(reason)) => {
                store.abort(&transaction);
                return Step::Aborted(reason);
            }
        }
        self.transaction = Some(transaction);
        Step::More
    }

    /// Gives the operation up, wherever it is.
    pub fn abort(&mut self, store: &mut Store) {
        if let Some(transaction) = self.transaction.take() {
            store.abort(&transaction);
        }
    }
}
