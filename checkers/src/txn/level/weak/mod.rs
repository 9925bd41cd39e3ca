//! Weak isolation of registers whose versions are in no known order: is there any order of commits that explains what was
//! read?
//!
//! Source: Biswas and Enea 2019 for the axioms, and the near-linear method published as AWDIT in 2025 for the edges that
//! suffice: who must come before whom, each with the read that shows it. What that literature calls read committed is
//! monotonic atomic view here, which forbids more than Adya's. Those who have no session here: transactions in doubt, for
//! what comes after them. Causal consistency is only decided together with the order of sessions, or with that and real time.

mod causal;
mod infer;
mod realtime;
mod recheck;
mod search;

pub use recheck::verify_befores;

use super::{Evidence, Level, order};
use crate::txn::{Accesses, Graph, INITIAL, NEVER, Timeline};
use infer::Writes;

/// How the reader of an inferred edge knew of its first end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It had read from it before it read the object: non-monotonic.
    ReadEarlier,
    /// It read from it at all, or followed it in a session: fractured.
    Atomic,
    /// It followed it by reads and sessions: causal.
    Causal,
}

/// Why one transaction was before another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The second read what the first wrote.
    Reads,
    /// A session did one after the other.
    Session,
    /// The first had ended before the second began.
    Realtime,
    /// The first is the beginning of everything, [`INITIAL`].
    Beginning,
    /// Both wrote the object; a reader knew of the first and yet read what the second wrote.
    Overwritten {
        /// Who read.
        reader: u32,
        /// What.
        key: u32,
        /// How it knew.
        reason: Reason,
        /// The way from the first to the reader by reads and sessions, both included; only for [`Reason::Causal`].
        way: Vec<u32>,
    },
}

/// One transaction before another in every order of commits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Before {
    /// The row that comes first.
    pub from: u32,
    /// The row that comes after it.
    pub to: u32,
    /// Why.
    pub cause: Cause,
}

/// Whether a history of registers keeps a weak level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeakOutcome {
    /// Some order of commits explains it.
    Satisfied,
    /// None does: a circle.
    Refuted(Vec<Before>),
    /// A read from a row that did not write the object, or from itself: no level allows it.
    ThinAir {
        /// Who read.
        row: u32,
        /// What.
        key: u32,
        /// From whom it cannot be.
        from: u32,
    },
    /// A circle was found but did not stand a second look, which is a bug of ours.
    Undecided,
}

/// A history of registers, prepared.
pub struct Weak<'a> {
    accesses: &'a Accesses,
    timeline: &'a Timeline,
    writes: Writes<'a>,
    /// Rows by session.
    rows: Vec<u32>,
    /// Which one a session did before.
    previous: Vec<u32>,
}

/// No row.
const NONE: u32 = u32::MAX;

impl<'a> Weak<'a> {
    /// Takes a history apart. The order of versions is ignored.
    #[must_use]
    pub fn new(accesses: &'a Accesses, timeline: &'a Timeline) -> Weak<'a> {
        let rows = order::rows_by_session(timeline);
        let mut previous = vec![NONE; rows.len()];
        let mut last = NONE;
        for &row in &rows {
            if last != NONE && timeline.session[last as usize] != timeline.session[row as usize] {
                last = NONE;
            }
            previous[row as usize] = last;
            if timeline.completed[row as usize] != NEVER {
                last = row;
            }
        }
        Weak { accesses, timeline, writes: Writes::new(accesses), rows, previous }
    }

    /// Decides monotonic atomic view or read atomic, each with or without the order of sessions, or causal consistency
    /// with it, and with real time, too; nothing for other levels.
    #[must_use]
    pub fn satisfies(&self, level: Level) -> Option<WeakOutcome> {
        let sessions = match level {
            Level::MonotonicAtomicView | Level::ReadAtomic => false,
            Level::StrongSessionMonotonicAtomicView | Level::StrongSessionReadAtomic | Level::StrongSessionCausal => {
                true
            }
            Level::StrongCausal => return Some(realtime::causal(self.accesses, self.timeline)),
            _ => return None,
        };
        if let Some(outcome) = self.thin_air() {
            return Some(outcome);
        }
        let steps = match self.refutation(level, sessions) {
            None => return Some(WeakOutcome::Satisfied),
            Some(steps) => steps,
        };
        let graph = Graph::default();
        let evidence = Evidence { accesses: self.accesses, timeline: self.timeline, graph: &graph };
        let stands = recheck::verify_befores(&evidence, level, &steps);
        Some(if stands { WeakOutcome::Refuted(steps) } else { WeakOutcome::Undecided })
    }

    fn thin_air(&self) -> Option<WeakOutcome> {
        let rows = self.accesses.len() as u32;
        (0..rows).find_map(|row| {
            let possible =
                |from: u32, key: u32| from == INITIAL || (from < rows && from != row && self.writes.wrote(from, key));
            let read = self.accesses.reads(row).iter().find(|read| !possible(read.from, read.key))?;
            Some(WeakOutcome::ThinAir { row, key: read.key, from: read.from })
        })
    }

    /// Who directly precedes a row: its session's last, and those that it reads from.
    fn precede(&self, row: u32, sessions: bool) -> impl Iterator<Item = u32> + '_ {
        let session = Some(self.previous[row as usize]).filter(|&before| sessions && before != NONE);
        let sources = self.accesses.reads(row).iter().map(|read| read.from).filter(|&from| from != INITIAL);
        session.into_iter().chain(sources)
    }
}
