//! What keeps snapshot isolation serializable: no transaction commits that would complete a *dangerous structure*, two
//! anti-dependencies in a row between concurrent transactions of which the last committed first.
//!
//! Source: Cahill, Röhm and Fekete 2008, "Serializable isolation for snapshot databases"; that the last must have
//! committed first is from Fekete and others 2005, theorem 2.1. We look at commits only, so reads need no locks.

use std::collections::VecDeque;

/// So many commits are remembered; a transaction that is older than all of them cannot commit.
const REMEMBERED: usize = 1024;

/// What a transaction did, as far as it matters to those that were concurrent with it.
#[derive(Clone, Debug)]
pub(crate) struct Footprint {
    /// It saw what was committed up to this moment.
    pub(crate) began: u64,
    /// When it committed.
    pub(crate) committed: u64,
    /// What it read.
    pub(crate) reads: Vec<u64>,
    /// What it wrote.
    pub(crate) writes: Vec<u64>,
    /// True if one that had committed before overwrote what it read.
    pub(crate) is_overtaken: bool,
}

/// The latest commits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Structures {
    latest: VecDeque<Footprint>,
    /// The moment of the newest commit that was forgotten.
    forgotten: u64,
}

impl Structures {
    /// Remembers a transaction as committed, unless it would complete a dangerous structure.
    pub(crate) fn admit(&mut self, mut footprint: Footprint) -> bool {
        if footprint.began < self.forgotten {
            return false;
        }
        let mut overtakes = false;
        for other in self.latest.iter().filter(|other| other.committed > footprint.began) {
            if meet(&footprint.reads, &other.writes) {
                if other.is_overtaken {
                    return false;
                }
                footprint.is_overtaken = true;
            }
            overtakes |= meet(&other.reads, &footprint.writes);
        }
        if footprint.is_overtaken && overtakes {
            return false;
        }
        if self.latest.len() == REMEMBERED {
            self.forgotten = self.latest.pop_front().map_or(0, |oldest| oldest.committed);
        }
        self.latest.push_back(footprint);
        true
    }
}

fn meet(some: &[u64], others: &[u64]) -> bool {
    some.iter().any(|key| others.contains(key))
}
