//! Cycles that together leave no order of the writers of registers: is each known step there, is each cycle one that the
//! level forbids, and do they leave no order?

use super::super::{Lemma, Level, Link, Why};
use super::split::{Split, leaves_nothing};
use super::{Evidence, is_miss, is_round};
use crate::txn::{INITIAL, Needs, Write};
use rustc_hash::FxHashMap;
use std::fmt;

/// Why a refutation is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// It says what is not so.
    Wrong(String),
    /// The budget ended before all orders were gone through.
    Unfinished,
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unproven::Wrong(what) => f.pad(what),
            Unproven::Unfinished => f.pad("there was no time to go through all orders again"),
        }
    }
}

/// Checks that each cycle holds if its choices are made, that the level forbids it, and that no order of the writers that
/// are named avoids them all, in at most so many steps.
///
/// # Errors
/// What does not hold, or that the budget ended.
pub fn verify_lemmas(evidence: &Evidence<'_>, level: Level, lemmas: &[Lemma], budget: u64) -> Result<(), Unproven> {
    let (snapshot, order) = match level.base() {
        Some((Level::SnapshotIsolation, order)) => (true, order),
        Some((Level::Serializable, order)) => (false, order),
        _ => return Err(Unproven::Wrong(format!("{level} is refuted by no orders of writers"))),
    };
    let look = Look { evidence, order, snapshot };
    if let Some(at) = lemmas.iter().position(|lemma| !look.is_cycle(lemma)) {
        return Err(Unproven::Wrong(format!("cycle {at} of {level} does not hold")));
    }
    let mut pairs: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let mut literal = |first: u32, second: u32| {
        let next = pairs.len() as u32;
        2 * *pairs.entry((first.min(second), first.max(second))).or_insert(next) + u32::from(first < second)
    };
    let chosen = |lemma: &Lemma| -> Vec<u32> {
        let pairs = lemma.links.iter().filter_map(|link| match *link {
            Link::Chosen { first, second, .. } => Some(literal(first, second)),
            Link::Known(_) => None,
        });
        pairs.collect()
    };
    let forbidden: Vec<Vec<u32>> = lemmas.iter().map(chosen).collect();
    match leaves_nothing(forbidden, budget) {
        Split::Nothing => Ok(()),
        Split::Something => Err(Unproven::Wrong(format!("some order of writers keeps {level}"))),
        Split::Unfinished => Err(Unproven::Unfinished),
    }
}

struct Look<'a> {
    evidence: &'a Evidence<'a>,
    order: Needs,
    snapshot: bool,
}

impl Look<'_> {
    fn is_cycle(&self, lemma: &Lemma) -> bool {
        let ends = |at: usize| match lemma.links[at] {
            Link::Known(step) => (step.from, step.to),
            Link::Chosen { first, second, reader } => (reader.unwrap_or(first), second),
        };
        let count = lemma.links.len();
        let adjacent = |at: usize| is_anti(&lemma.links[at]) && is_anti(&lemma.links[(at + 1) % count]);
        is_round(count, ends)
            && (0..count).all(|at| self.holds(&lemma.links[at]))
            && !(self.snapshot && (0..count).any(adjacent))
    }

    fn place(&self, row: u32, key: u32) -> Option<u32> {
        self.evidence.accesses.writes(row).iter().find(|write| write.key == key).map(|write| write.version)
    }

    /// The first wrote the object before the second did, whatever is chosen.
    fn precedes(&self, first: u32, second: u32, key: u32) -> bool {
        let Some(new) = self.place(second, key) else { return false };
        if first == INITIAL {
            return true;
        }
        let Some(old) = self.evidence.is_row(first).then(|| self.place(first, key)).flatten() else { return false };
        let by_place = old != Write::UNORDERED && new != Write::UNORDERED && old < new;
        first != second && (by_place || self.evidence.is_ordered(self.order, first, second))
    }

    fn holds(&self, link: &Link) -> bool {
        let rows = match *link {
            Link::Known(step) => vec![step.from, step.to],
            Link::Chosen { first, second, reader } => [first, second].into_iter().chain(reader).collect(),
        };
        rows.into_iter().all(|row| self.evidence.is_row(row))
            && match *link {
                Link::Known(step) => {
                    let reads = || self.evidence.accesses.reads(step.from).iter();
                    let keys = || self.evidence.accesses.writes(step.to).iter().map(|write| write.key);
                    match step.why {
                        Why::Data(_) => self.evidence.is_data(
                            &step,
                            || keys().any(|key| self.precedes(step.from, step.to, key)),
                            || reads().any(|read| self.precedes(read.from, step.to, read.key)),
                        ),
                        Why::Session => self.order >= Needs::Process && self.evidence.is_in_session(step.from, step.to),
                        Why::Realtime => self.order == Needs::Realtime && self.evidence.is_in_time(step.from, step.to),
                        Why::Stale { .. } | Why::Overwritten { .. } => false,
                    }
                }
                Link::Chosen { first, second, reader } => self.is_choice(first, second, reader),
            }
    }

    /// Both wrote an object, and the reader, if there is one, read it of the first.
    fn is_choice(&self, first: u32, second: u32, reader: Option<u32>) -> bool {
        let has_read =
            |row: u32, key: u32| self.evidence.accesses.reads(row).iter().any(|r| (r.key, r.from) == (key, first));
        let keys = self.evidence.accesses.writes(first).iter().map(|write| write.key);
        let mut shared = keys.filter(|key| self.place(second, *key).is_some());
        first != second && shared.any(|key| reader.is_none_or(|row| row != second && has_read(row, key)))
    }
}

fn is_anti(link: &Link) -> bool {
    match link {
        Link::Known(step) => is_miss(step.why),
        Link::Chosen { reader, .. } => reader.is_some(),
    }
}
