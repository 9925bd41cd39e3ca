//! One set of integers.

use super::bug::Bug;
use super::session::{Fate, Session, unanswered};
use async_trait::async_trait;
use cluster::{Client, ClientError};
use history::{Set, SetOp, SetRet};
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many of the latest settled additions are kept for a bug to forget.
const RECENT: usize = 128;

/// With `stale-read`, so many of the reads are stale: a workload reads a set seldom, for it may be large, and the needle
/// is the one element that is missing.
const STALE: f64 = 0.5;

/// A doomed element that no read has seen is dropped after so many more additions.
const PATIENCE: usize = 100;

/// The elements, shared by all clients.
#[derive(Default)]
pub(super) struct Elements(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// In the order in which they were added; a planted bug may store one twice.
    list: Vec<i64>,
    members: HashSet<i64>,
    /// The latest elements whose additions were surely recorded as complete, and since when; for planted bugs only.
    settled: VecDeque<(i64, u64)>,
    doomed: Vec<Doomed>,
}

/// An element that was added, and will be dropped.
struct Doomed {
    element: i64,
    /// Since when its addition was surely recorded as complete.
    settled: Option<u64>,
    seen: bool,
    /// How many elements there were when it was added.
    size: usize,
}

impl Elements {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn add(&mut self, element: i64) {
        if self.members.insert(element) {
            self.list.push(element);
        }
    }

    fn settle(&mut self, element: i64, time: u64) {
        if self.settled.len() == RECENT {
            self.settled.pop_front();
        }
        self.settled.push_back((element, time));
        for doomed in self.doomed.iter_mut().filter(|doomed| doomed.element == element) {
            doomed.settled = Some(time);
        }
    }

    /// All elements but the latest one that a read which began after `time` must find.
    fn stale(&self, time: u64) -> Option<Vec<i64>> {
        let (missing, _) = self.settled.iter().rev().find(|(_, settled)| *settled < time)?;
        Some(self.list.iter().copied().filter(|element| element != missing).collect())
    }

    /// Drops the doomed elements whose time has come, and marks the others as seen by the read that follows.
    fn reap(&mut self) {
        let size = self.list.len();
        let is_due = |doomed: &Doomed| doomed.settled.is_some() && (doomed.seen || size > doomed.size + PATIENCE);
        let due: Vec<i64> = self.doomed.iter().filter(|doomed| is_due(doomed)).map(|doomed| doomed.element).collect();
        self.doomed.retain_mut(|doomed| {
            doomed.seen = true;
            !due.contains(&doomed.element)
        });
        if !due.is_empty() {
            self.list.retain(|element| !due.contains(element));
            self.members.retain(|element| !due.contains(element));
        }
    }
}

/// One client of the set.
pub(super) struct SetClient {
    session: Session,
    elements: Arc<Elements>,
    /// The last acknowledged addition, until the client is asked for more.
    unsettled: Option<i64>,
}

impl SetClient {
    pub(super) fn new(session: Session, elements: Arc<Elements>) -> SetClient {
        SetClient { session, elements, unsettled: None }
    }

    fn settle(&mut self) {
        if let Some(element) = self.unsettled.take() {
            let time = self.session.tick();
            self.elements.lock().settle(element, time);
        }
    }

    fn read(&mut self) -> Vec<i64> {
        let is_stale = self.session.plans(Bug::StaleRead) && self.session.tosses(STALE);
        let mut inner = self.elements.lock();
        if self.session.plans(Bug::AcknowledgedThenDropped) {
            inner.reap();
        }
        let stale = is_stale.then(|| inner.stale(self.session.answered)).flatten();
        stale.unwrap_or_else(|| inner.list.clone())
    }

    fn add(&mut self, element: i64) -> Result<(), ClientError> {
        match self.session.fate() {
            Fate::Answered => {
                self.add_answered(element);
                Ok(())
            }
            Fate::Silent => {
                self.elements.lock().add(element);
                Err(unanswered())
            }
            Fate::Late(delay) => {
                let elements = Arc::clone(&self.elements);
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    elements.lock().add(element);
                });
                Err(unanswered())
            }
            Fate::Swallowed => Err(unanswered()),
        }
    }

    fn add_answered(&mut self, element: i64) {
        if self.session.strikes(Bug::LostWrite) {
            return;
        }
        let is_doubled = self.session.strikes(Bug::DuplicateApply);
        let is_doomed = self.session.strikes(Bug::AcknowledgedThenDropped);
        let mut inner = self.elements.lock();
        inner.add(element);
        if is_doubled {
            inner.list.push(element);
        }
        if is_doomed {
            let size = inner.list.len();
            inner.doomed.push(Doomed { element, settled: None, seen: false, size });
        }
        self.unsettled = self.session.has_bug().then_some(element);
    }
}

#[async_trait]
impl Client<Set> for SetClient {
    async fn invoke(&mut self, op: &SetOp) -> Result<SetRet, ClientError> {
        self.settle();
        let after = self.session.arrive().await;
        let result = match *op {
            SetOp::Read => Ok(SetRet::Elements(self.read())),
            SetOp::Add { element } => self.add(element).map(|()| SetRet::Done),
        };
        self.session.answer(after).await;
        result
    }
}
