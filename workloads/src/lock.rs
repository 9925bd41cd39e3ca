//! Locks under a lease: pairs of clients contend for one lock each, hold it for a while, and keep its lease alive;
//! the other clients write all the time, so that the system is busy while a lock is held.

use crate::{Context, Description, Generator, Judge, Next, Workload};
use checkers::LockChecker;
use history::{DataType, Event, EventKind, Lock, LockOp, LockRet, Outcome, Time};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

pub(crate) const DESCRIPTION: Description = Description {
    name: "lock",
    data_type: Lock::NAME,
    asks: "two clients for each lock take it, hold it for 8 to 14 s while they refresh its lease of 3 s, and give it \
           back; the other clients write",
    checks: "the times for which two clients surely hold the same lock never overlap; fencing tokens grow",
    misses: "a lock lost within a tenth of its lease; what a holder does with the lock",
    has_level: false,
};

/// The lease under which a lock is held: a client that refreshed it holds the lock for so long from that invocation.
pub const LEASE: Duration = Duration::from_secs(3);

/// A holder refreshes its lease so often: a third of it, as clients do in practice.
const REFRESH_EVERY: u64 = 1_000_000_000;

/// A holder gives the lock back after a time in this range, in milliseconds: longer than a fault lasts, so that a
/// fault falls into a hold.
const HOLD_MS: std::ops::Range<u64> = 8_000..14_000;

/// A client waits so long for a lock: as long as one other client may hold it.
const PATIENCE: Duration = Duration::from_secs(18);

/// Locks for `threads` clients, of which two in five only write.
#[must_use]
pub fn lock(threads: usize, seed: u64) -> Workload<Lock> {
    Workload {
        description: &DESCRIPTION,
        main: Box::new(Locks::new(threads, seed)),
        last: Box::new(Releases::new(threads)),
        judges: vec![Judge {
            promise: "no two clients hold the same lock at the same time while their leases are alive",
            checker: Box::new(LockChecker::new(LEASE.as_nanos() as u64)),
        }],
        timeout: |op| matches!(op, LockOp::Acquire { .. }).then_some(PATIENCE),
    }
}

/// What a client that contends for a lock is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It may ask for its lock from this time on.
    Idle { from: Time },
    /// It holds its lock, and will give it back.
    Holding { until: Time, refresh: Time },
}

struct Locks {
    rng: ChaCha8Rng,
    /// One for each contending client; the threads beyond them write.
    contenders: Vec<State>,
    pending: Vec<Option<LockOp>>,
    next_value: i64,
}

impl Locks {
    fn new(threads: usize, seed: u64) -> Locks {
        Locks {
            rng: ChaCha8Rng::seed_from_u64(seed),
            contenders: vec![State::Idle { from: Time(0) }; contenders(threads)],
            pending: vec![None; threads],
            next_value: 0,
        }
    }

    fn contend(&mut self, context: Context) -> Next<LockOp> {
        let key = lock_of(context.thread);
        match self.contenders[context.thread] {
            State::Idle { from } if context.time < from => Next::Wait(from),
            State::Idle { .. } => Next::Invoke(LockOp::Acquire { key }),
            State::Holding { until, .. } if context.time >= until => Next::Invoke(LockOp::Release { key }),
            State::Holding { refresh, .. } if context.time >= refresh => Next::Invoke(LockOp::Refresh { key }),
            State::Holding { until, refresh } => Next::Wait(until.min(refresh)),
        }
    }

    fn after(&mut self, state: State, op: LockOp, outcome: &Outcome<LockRet>, now: Time) -> State {
        match (op, outcome, state) {
            (LockOp::Acquire { .. }, Outcome::Ok(_), _) => {
                let hold = self.rng.random_range(HOLD_MS) * 1_000_000;
                State::Holding { until: now.plus(hold), refresh: now }
            }
            (LockOp::Refresh { .. }, Outcome::Ok(_), State::Holding { until, .. }) => {
                State::Holding { until, refresh: now.plus(REFRESH_EVERY) }
            }
            _ => State::Idle { from: now.plus(self.rng.random_range(20..200) * 1_000_000) },
        }
    }
}

impl Generator<Lock> for Locks {
    fn next(&mut self, context: Context) -> Next<LockOp> {
        if context.thread < self.contenders.len() {
            return self.contend(context);
        }
        self.next_value += 1;
        Next::Invoke(LockOp::Write { value: self.next_value - 1 })
    }

    fn observe(&mut self, thread: usize, event: &Event<Lock>) {
        match &event.kind {
            EventKind::Invoke(op) => self.pending[thread] = Some(*op),
            EventKind::Complete(outcome) => {
                let Some(op) = self.pending[thread].take() else { return };
                if let Some(state) = self.contenders.get(thread).copied() {
                    self.contenders[thread] = self.after(state, op, outcome, event.moment.time);
                }
            }
        }
    }
}

/// At the end every contending client takes its lock once more and gives it back, and every other client writes a few
/// times, so that all are seen to work again.
struct Releases {
    next: Vec<Option<LockOp>>,
    writes_left: Vec<u32>,
}

impl Releases {
    fn new(threads: usize) -> Releases {
        let first = |thread| match thread < contenders(threads) {
            true => Some(LockOp::Acquire { key: lock_of(thread) }),
            false => Some(LockOp::Write { value: 0 }),
        };
        Releases { next: (0..threads).map(first).collect(), writes_left: vec![5; threads] }
    }
}

impl Generator<Lock> for Releases {
    fn next(&mut self, context: Context) -> Next<LockOp> {
        self.next[context.thread].map_or(Next::Done, Next::Invoke)
    }

    fn observe(&mut self, thread: usize, event: &Event<Lock>) {
        let EventKind::Complete(outcome) = &event.kind else { return };
        self.next[thread] = match (self.next[thread], outcome) {
            (Some(LockOp::Write { .. }), _) => {
                self.writes_left[thread] -= 1;
                (self.writes_left[thread] > 0).then_some(LockOp::Write { value: 0 })
            }
            (Some(LockOp::Acquire { key }), Outcome::Ok(_)) => Some(LockOp::Release { key }),
            _ => None,
        };
    }
}

/// How many of the threads contend for locks: an even number, at least two.
fn contenders(threads: usize) -> usize {
    ((threads * 3).div_ceil(5) / 2 * 2).max(2).min(threads)
}

/// Two neighbouring threads share a lock.
fn lock_of(thread: usize) -> u64 {
    thread as u64 / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use history::{Moment, Process};

    fn context(thread: usize, seconds: f64) -> Context {
        Context { time: Time((seconds * 1e9) as u64), thread, process: Process(thread as u64) }
    }

    fn tell(generator: &mut dyn Generator<Lock>, thread: usize, seconds: f64, kind: EventKind<Lock>) {
        let moment = Moment { index: 0, time: Time((seconds * 1e9) as u64) };
        generator.observe(thread, &Event { moment, process: Process(thread as u64), kind });
    }

    #[test]
    fn three_in_five_contend_in_pairs() {
        assert_eq!([2, 3, 4, 5, 10, 20].map(contenders), [2, 2, 2, 2, 6, 12]);
        assert_eq!([0, 1, 2, 3].map(lock_of), [0, 0, 1, 1]);
    }

    #[test]
    fn a_holder_refreshes_until_it_gives_the_lock_back() {
        let mut locks = Locks::new(5, 1);
        let acquire = LockOp::Acquire { key: 0 };
        assert_eq!(locks.next(context(0, 0.0)), Next::Invoke(acquire));
        tell(&mut locks, 0, 0.0, EventKind::Invoke(acquire));
        tell(&mut locks, 0, 0.1, EventKind::Complete(Outcome::Ok(LockRet::Acquired { token: 1 })));
        let refresh = LockOp::Refresh { key: 0 };
        assert_eq!(locks.next(context(0, 0.1)), Next::Invoke(refresh));
        tell(&mut locks, 0, 0.1, EventKind::Invoke(refresh));
        tell(&mut locks, 0, 0.2, EventKind::Complete(Outcome::Ok(LockRet::Done)));
        assert_eq!(locks.next(context(0, 0.2)), Next::Wait(Time(1_200_000_000)));
        assert_eq!(locks.next(context(0, 15.0)), Next::Invoke(LockOp::Release { key: 0 }));
    }

    #[test]
    fn a_holder_whose_lease_is_gone_asks_again() {
        let mut locks = Locks::new(5, 1);
        tell(&mut locks, 0, 0.0, EventKind::Invoke(LockOp::Acquire { key: 0 }));
        tell(&mut locks, 0, 0.1, EventKind::Complete(Outcome::Ok(LockRet::Acquired { token: 1 })));
        tell(&mut locks, 0, 0.1, EventKind::Invoke(LockOp::Refresh { key: 0 }));
        tell(&mut locks, 0, 0.2, EventKind::Complete(Outcome::Fail("lease expired".into())));
        assert_eq!(locks.next(context(0, 1.0)), Next::Invoke(LockOp::Acquire { key: 0 }));
    }
}
