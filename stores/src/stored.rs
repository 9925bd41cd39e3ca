//! How operations of a data type are carried out on a store, one step at a time.

mod bank;
mod predicate;
mod transactions;

use crate::session::Session;
use crate::store::Store;
use crate::transaction::Transaction;
use history::DataType;
use rand_chacha::ChaCha8Rng;

/// What the objects of a store are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objects {
    /// Writes append.
    Lists,
    /// Writes overwrite.
    Registers,
}

/// Why a step was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Another transaction is in the way: the same step can be tried again.
    Busy,
    /// The operation does not apply, for example because an account is empty: the transaction is to be given up.
    Refused(String),
}

/// A transaction's side of a store, for the length of one step.
#[derive(Debug)]
pub struct Access<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) transaction: &'a mut Transaction,
    pub(crate) session: &'a Session,
    pub(crate) rng: &'a mut ChaCha8Rng,
}

impl Access<'_> {
    /// The list of that name.
    pub fn list(&mut self, key: u64) -> Vec<i64> {
        self.store.list(self.transaction, key, self.session, self.rng)
    }

    /// The value of the register of that name; None if there is none.
    pub fn value(&mut self, key: u64) -> Option<i64> {
        self.store.value(self.transaction, key, self.session, self.rng)
    }

    /// Writes, or appends; None takes a register away.
    ///
    /// # Errors
    /// [`Stop::Busy`] if another transaction is writing it.
    pub fn write(&mut self, key: u64, value: Option<i64>) -> Result<(), Stop> {
        self.store.write(self.transaction, key, value).map_err(|_| Stop::Busy)
    }
}

/// A data type whose operations a store carries out as transactions.
pub trait Stored: DataType {
    /// What it keeps.
    const OBJECTS: Objects;
    /// What a transaction has found so far.
    type Progress: Default + Send;

    /// Carries out the next step. False if there was none left, so that the transaction can commit.
    ///
    /// # Errors
    /// Why the step was not done; nothing has changed then.
    fn advance(op: &Self::Op, progress: &mut Self::Progress, access: &mut Access<'_>) -> Result<bool, Stop>;

    /// What the operation answers once its transaction has committed.
    fn answer(op: &Self::Op, progress: Self::Progress) -> Self::Ret;
}
