//! Refutations, believed only after each step was found in the history and the whole has the shape that refutes.

use checkers::txn::level::{Level, Step, Why};
use checkers::txn::{Accesses, INITIAL, Kinds, NEVER, Needs, Timeline};

pub struct Recheck<'a> {
    pub accesses: &'a Accesses,
    pub timeline: &'a Timeline,
}

impl Recheck<'_> {
    fn version(&self, row: u32, key: u32) -> Option<u32> {
        match row {
            INITIAL => Some(0),
            row => self.accesses.writes(row).iter().find(|write| write.key == key).map(|write| write.version),
        }
    }

    fn reads_before(&self, from: u32, to: u32, key: u32) -> bool {
        let old = |read: &&checkers::txn::Read| read.key == key && self.version(read.from, key) < self.version(to, key);
        self.version(to, key).is_some() && self.accesses.reads(from).iter().any(|read| old(&read))
    }

    fn holds(&self, step: &Step) -> bool {
        let Step { from, to, why } = *step;
        let keys = || self.accesses.writes(to).iter().map(|write| write.key);
        let older = |key| self.version(from, key).is_some_and(|version| Some(version) < self.version(to, key));
        match why {
            Why::Data(kinds) => {
                kinds != Kinds::NONE
                    && (!kinds.has(Kinds::WW) || keys().any(older))
                    && (!kinds.has(Kinds::WR) || self.accesses.reads(to).iter().any(|read| read.from == from))
                    && (!kinds.has(Kinds::RW) || keys().any(|key| self.reads_before(from, to, key)))
            }
            Why::Session => {
                let (a, b) = (from as usize, to as usize);
                let ended =
                    self.timeline.completed[a] != NEVER && self.timeline.completed[a] < self.timeline.invoked[b];
                ended && self.timeline.session[a] == self.timeline.session[b]
            }
            Why::Realtime => self.timeline.is_before(from, to),
            Why::Stale { key } => self.reads_before(from, to, key),
            Why::Overwritten { key } => older(key),
        }
    }

    /// True if the steps are a cycle that refutes the level.
    pub fn refutes(&self, level: Level, steps: &[Step]) -> bool {
        let next = |at: usize| steps[(at + 1) % steps.len()];
        let round = (0..steps.len()).all(|at| steps[at].to == next(at).from);
        !steps.is_empty() && round && steps.iter().all(|step| self.holds(step)) && self.has_shape(level, steps)
    }

    fn has_shape(&self, level: Level, steps: &[Step]) -> bool {
        let Some((base, order)) = level.base() else { return steps.iter().all(|step| step.why != Why::Realtime) };
        let ordered = steps.iter().all(|step| match step.why {
            Why::Session => order != Needs::Data,
            Why::Realtime => order == Needs::Realtime,
            _ => true,
        });
        let count = |of: fn(Why) -> bool| steps.iter().filter(|step| of(step.why)).count();
        let (anti, stale, over) = (count(is_anti), count(is_stale), count(is_overwrite));
        let adjacent = |of: fn(Why) -> bool| {
            (0..steps.len()).all(|at| !is_anti(steps[at].why) || of(steps[(at + steps.len() - 1) % steps.len()].why))
        };
        let committed = anti + stale == 0;
        ordered
            && match base {
                Level::ReadUncommitted => committed && count(is_read) == 0,
                Level::ReadCommitted => committed,
                Level::MonotonicAtomicView => committed || self.is_late_and_stale(steps),
                Level::ReadAtomic => committed || (stale == 1 && steps.len() == 2 && anti + over == 0),
                Level::CausalCerone => committed || (stale == 1 && anti + over == 0),
                Level::ParallelSnapshotIsolation => stale == 0 && anti <= 1,
                Level::Prefix => stale == 0 && adjacent(|why| !is_anti(why) && !is_overwrite(why)),
                Level::SnapshotIsolation => stale == 0 && adjacent(|why| !is_anti(why)),
                _ => stale == 0,
            }
    }

    /// The read that is stale comes after one from the transaction that it is stale against.
    fn is_late_and_stale(&self, steps: &[Step]) -> bool {
        let [Step { from, to, why: Why::Stale { key } }, Step { why: Why::Data(Kinds::WR), .. }] = *steps else {
            return false;
        };
        let reads = self.accesses.reads(from);
        let first = reads.iter().position(|read| read.from == to);
        let old = |read: &checkers::txn::Read| read.key == key && self.version(read.from, key) < self.version(to, key);
        first.is_some_and(|first| reads[first..].iter().any(old))
    }
}

fn is_anti(why: Why) -> bool {
    matches!(why, Why::Data(kinds) if kinds.any(Kinds::ANTI))
}

fn is_read(why: Why) -> bool {
    matches!(why, Why::Data(kinds) if kinds.any(Kinds::WR) && !kinds.any(Kinds::WW))
}

fn is_overwrite(why: Why) -> bool {
    matches!(why, Why::Overwritten { .. })
        || matches!(why, Why::Data(kinds) if kinds.any(Kinds::WW) && !kinds.any(Kinds::WR))
}

fn is_stale(why: Why) -> bool {
    matches!(why, Why::Stale { .. })
}
