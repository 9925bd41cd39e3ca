//! For how long each acquisition surely held its lock, and which of these spans overlap.

use history::{History, Lock, LockOp, LockRet, OpId, Operation, Outcome, Process, Time};
use rustc_hash::FxHashMap;

/// A span, not empty, for which a process surely held a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Which lock.
    pub key: u64,
    /// Who held it.
    pub process: Process,
    /// The acquisition.
    pub acquire: OpId,
    /// Its last successful refresh.
    pub refresh: OpId,
    /// Its release, if it asked for one, whatever became of that.
    pub release: Option<OpId>,
    /// From this time on.
    pub from: Time,
    /// Up to, not including, this time.
    pub to: Time,
}

impl Held {
    /// The operations that show it.
    pub fn operations(&self) -> impl Iterator<Item = OpId> {
        [self.acquire, self.refresh].into_iter().chain(self.release)
    }
}

/// An acquisition that goes on.
struct Going {
    key: u64,
    acquire: OpId,
    from: Time,
    refresh: Option<OpId>,
    lease_end: Time,
}

/// Every span of a history, by lock, then by time. A lease counts for `lease` nanoseconds.
pub(crate) fn collect(history: &History<Lock>, lease: u64) -> Vec<Held> {
    let mut going: FxHashMap<Process, Going> = FxHashMap::default();
    let mut held = Vec::new();
    for (position, operation) in history.operations.iter().enumerate() {
        let id = OpId(position as u32);
        step(id, operation, lease, &mut going, &mut held);
    }
    for (process, last) in going {
        held.extend(last.end(process, None, None));
    }
    held.sort_unstable_by_key(|held| (held.key, held.from, held.acquire));
    held
}

/// What one operation means for the lock that its process holds.
fn step(
    id: OpId,
    operation: &Operation<Lock>,
    lease: u64,
    going: &mut FxHashMap<Process, Going>,
    held: &mut Vec<Held>,
) {
    let process = operation.process;
    let current = going.remove(&process);
    let key = current.as_ref().map(|going| going.key);
    let goes_on = match operation.op {
        LockOp::Release { key: released } if Some(released) == key => {
            held.extend(current.and_then(|going| going.end(process, Some(operation.invoked.time), Some(id))));
            None
        }
        LockOp::Acquire { .. } => {
            held.extend(current.and_then(|going| going.end(process, Some(operation.invoked.time), None)));
            Going::begin(id, operation)
        }
        LockOp::Refresh { key: refreshed } if Some(refreshed) == key => {
            current.and_then(|going| going.refreshed(id, operation, lease, held))
        }
        _ => current.and_then(|going| going.outlived(operation, held)),
    };
    going.extend(goes_on.map(|goes_on| (process, goes_on)));
}

impl Going {
    fn begin(id: OpId, operation: &Operation<Lock>) -> Option<Going> {
        let (LockOp::Acquire { key }, Some(LockRet::Acquired { .. })) = (operation.op, operation.ok()) else {
            return None;
        };
        let from = operation.completed?.time;
        Some(Going { key, acquire: id, from, refresh: None, lease_end: from })
    }

    /// After a refresh: longer if it succeeded; over when it was sent if it failed, for then the lease was gone.
    fn refreshed(mut self, id: OpId, operation: &Operation<Lock>, lease: u64, held: &mut Vec<Held>) -> Option<Going> {
        match operation.outcome {
            Outcome::Ok(_) => {
                (self.refresh, self.lease_end) = (Some(id), operation.invoked.time.plus(lease));
                Some(self)
            }
            Outcome::Fail(_) => {
                held.extend(self.end(operation.process, Some(operation.invoked.time), None));
                None
            }
            Outcome::Info(_) => self.outlived(operation, held),
        }
    }

    /// After any other operation: over when the process ended, which is when it gave up on an answer.
    fn outlived(self, operation: &Operation<Lock>, held: &mut Vec<Held>) -> Option<Going> {
        let Some(gave_up) = operation.gave_up else { return Some(self) };
        held.extend(self.end(operation.process, Some(gave_up.time), None));
        None
    }

    /// The span, if any of it is sure.
    fn end(self, process: Process, over: Option<Time>, release: Option<OpId>) -> Option<Held> {
        let to = over.map_or(self.lease_end, |over| over.min(self.lease_end));
        let Going { key, acquire, from, .. } = self;
        let refresh = self.refresh?;
        (from < to).then_some(Held { key, process, acquire, refresh, release, from, to })
    }
}

/// Pairs of spans of one lock that overlap although they belong to different processes: each span with the one that
/// lasts longest among those that began before it. Wherever any two overlap, there is such a pair.
pub(crate) fn overlaps(held: &[Held]) -> Vec<(&Held, &Held)> {
    let mut overlaps = Vec::new();
    let mut longest: Option<&Held> = None;
    for span in held {
        let before = longest.filter(|before| before.key == span.key);
        if let Some(before) = before.filter(|before| before.to > span.from && before.process != span.process) {
            overlaps.push((before, span));
        }
        longest = before.filter(|before| before.to >= span.to).or(Some(span));
    }
    overlaps
}
