//! A second look at a circle, by nothing but the definitions.

use super::{Before, Cause, Reason};
use crate::txn::level::{Evidence, Level, order};
use crate::txn::{Accesses, INITIAL, Timeline};

/// True if each step of a circle of registers holds, each leads to the next, the last to the first, and all are among what
/// the level forbids: monotonic atomic view, read atomic, and causal with the order of sessions, or of real time.
#[must_use]
pub fn verify_befores(evidence: &Evidence<'_>, level: Level, steps: &[Before]) -> bool {
    let Evidence { accesses, timeline, .. } = *evidence;
    let look = Look { accesses, timeline, level };
    let known = |row: u32| row == INITIAL || ((row as usize) < accesses.len() && (row as usize) < timeline.len());
    let rows = |step: &Before| match &step.cause {
        Cause::Overwritten { reader, way, .. } => {
            [step.from, step.to, *reader].into_iter().chain(way.iter().copied()).all(known) && *reader != INITIAL
        }
        _ => known(step.from) && known(step.to),
    };
    let is_decided = matches!(
        level,
        Level::MonotonicAtomicView
            | Level::ReadAtomic
            | Level::StrongSessionMonotonicAtomicView
            | Level::StrongSessionReadAtomic
            | Level::StrongSessionCausal
            | Level::StrongCausal
    );
    if !is_decided || !steps.iter().all(rows) {
        return false;
    }
    let round = (0..steps.len()).all(|at| steps[at].to == steps[(at + 1) % steps.len()].from);
    steps.len() > 1 && round && steps.iter().all(|step| look.holds(step))
}

struct Look<'a> {
    accesses: &'a Accesses,
    timeline: &'a Timeline,
    level: Level,
}

impl Look<'_> {
    fn holds(&self, step: &Before) -> bool {
        match &step.cause {
            Cause::Reads => self.reads(step.from, step.to),
            Cause::Session => self.session(step.from, step.to),
            Cause::Realtime => self.realtime(step.from, step.to),
            Cause::Beginning => step.from == INITIAL,
            Cause::Overwritten { reader, key, reason, way } => {
                let read = self.accesses.reads(*reader).iter().any(|read| (read.key, read.from) == (*key, step.to));
                let wrote =
                    step.from != INITIAL && self.accesses.writes(step.from).iter().any(|write| write.key == *key);
                let apart = step.from != step.to && step.from != *reader;
                read && wrote && apart && self.allowed(*reason) && self.knew(step, *reader, *key, *reason, way)
            }
        }
    }

    fn reads(&self, from: u32, to: u32) -> bool {
        from != INITIAL && to != INITIAL && from != to && self.accesses.reads(to).iter().any(|read| read.from == from)
    }

    fn session(&self, from: u32, to: u32) -> bool {
        let sessions = !matches!(self.level, Level::MonotonicAtomicView | Level::ReadAtomic);
        sessions && from != INITIAL && to != INITIAL && order::is_session_before(self.timeline, from, to)
    }

    fn realtime(&self, from: u32, to: u32) -> bool {
        self.level == Level::StrongCausal && from != INITIAL && to != INITIAL && self.timeline.is_before(from, to)
    }

    fn allowed(&self, reason: Reason) -> bool {
        match self.level {
            Level::MonotonicAtomicView | Level::StrongSessionMonotonicAtomicView => reason == Reason::ReadEarlier,
            Level::ReadAtomic | Level::StrongSessionReadAtomic => reason == Reason::Atomic,
            _ => true,
        }
    }

    fn knew(&self, step: &Before, reader: u32, key: u32, reason: Reason, way: &[u32]) -> bool {
        match reason {
            Reason::ReadEarlier => {
                let reads = self.accesses.reads(reader);
                let first = reads.iter().position(|read| read.from == step.from);
                let late = reads.iter().rposition(|read| (read.key, read.from) == (key, step.to));
                first.is_some() && first < late
            }
            Reason::Atomic => self.reads(step.from, reader) || self.session(step.from, reader),
            Reason::Causal => {
                let ends = way.first() == Some(&step.from) && way.last() == Some(&reader) && way.len() > 1;
                let leads = |hop: &[u32]| {
                    let (from, to) = (hop[0], hop[1]);
                    self.reads(from, to) || self.session(from, to) || self.realtime(from, to)
                };
                ends && way.windows(2).all(leads)
            }
        }
    }
}
