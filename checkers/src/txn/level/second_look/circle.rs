//! A circle of steps among transactions whose versions are in a known order: is each step there, and does the level
//! forbid such a circle?

use super::super::{Level, Step, Why};
use super::{CLASSES, Evidence, is_miss, is_round, parts};
use crate::txn::{INITIAL, Kinds, Needs};

/// Checks that the steps lead round, that each is there for the reason that it gives, and that the level allows no such
/// circle. Versions in no known order must come after all that have a place, as unread appends do.
///
/// # Errors
/// What does not hold.
pub fn verify_circle(evidence: &Evidence<'_>, level: Level, steps: &[Step]) -> Result<(), String> {
    let Some((base, order)) = parts(level) else { return Err(format!("{level} is refuted by no circle")) };
    if !is_round(steps.len(), |at| (steps[at].from, steps[at].to)) {
        return Err("the steps do not lead round".to_owned());
    }
    let circle = Circle { evidence, steps, order };
    if let Some(step) = steps.iter().find(|step| !circle.holds(step)) {
        return Err(format!("{} does not precede {} by {:?}", step.from, step.to, step.why));
    }
    if circle.is_forbidden(base) { Ok(()) } else { Err(format!("{level} allows such a circle")) }
}

struct Circle<'a> {
    evidence: &'a Evidence<'a>,
    steps: &'a [Step],
    order: Needs,
}

impl Circle<'_> {
    /// The place of the version that a row wrote; that of the beginning is 0.
    fn place(&self, row: u32, key: u32) -> Option<u32> {
        if row == INITIAL {
            return Some(0);
        }
        let row = self.evidence.is_row(row).then_some(row)?;
        self.evidence.accesses.writes(row).iter().find(|write| write.key == key).map(|write| write.version)
    }

    fn is_older(&self, from: u32, to: u32, key: u32) -> bool {
        self.place(from, key).zip(self.place(to, key)).is_some_and(|(old, new)| old < new)
    }

    /// The first read the object from before the version that the second wrote.
    fn is_stale(&self, from: u32, to: u32, key: u32) -> bool {
        self.stale_reads(from, to, key).next().is_some()
    }

    fn stale_reads(&self, from: u32, to: u32, key: u32) -> impl Iterator<Item = usize> {
        let reads = self.evidence.accesses.reads(from).iter().enumerate();
        reads.filter(move |(_, read)| read.key == key && self.is_older(read.from, to, key)).map(|(at, _)| at)
    }

    fn holds(&self, step: &Step) -> bool {
        let Step { from, to, why } = *step;
        if !self.evidence.is_row(from) || !self.evidence.is_row(to) {
            return false;
        }
        let keys = || self.evidence.accesses.writes(to).iter().map(|write| write.key);
        match why {
            Why::Data(_) => {
                let overwrites = || keys().any(|key| self.is_older(from, to, key));
                let misses = || keys().any(|key| self.is_stale(from, to, key));
                self.evidence.is_data(step, overwrites, misses)
            }
            Why::Session => self.order >= Needs::Process && self.evidence.is_in_session(from, to),
            Why::Realtime => self.order == Needs::Realtime && self.evidence.is_in_time(from, to),
            Why::Stale { key } => self.is_stale(from, to, key),
            Why::Overwritten { key } => self.is_older(from, to, key),
        }
    }

    /// Source: the axioms of Biswas and Enea 2019 for the levels from monotonic atomic view to causal, cycles of Adya 1999
    /// and of Cerone and Gotsman 2017 for the others.
    fn is_forbidden(&self, base: Level) -> bool {
        let all = |is: fn(Why) -> bool| self.steps.iter().all(|step| is(step.why));
        let misses = self.steps.iter().filter(|step| is_miss(step.why)).count();
        let before = |at: usize| self.steps[(at + self.steps.len() - 1) % self.steps.len()].why;
        let after_each_miss =
            |is: fn(Why) -> bool| (0..self.steps.len()).all(|at| !is_miss(self.steps[at].why) || is(before(at)));
        let is_committed = all(is_plain) && misses == 0;
        match base {
            Level::ReadUncommitted => all(|why| is_order(why) || overwrites(why)),
            Level::ReadCommitted => is_committed,
            Level::MonotonicAtomicView => is_committed || self.is_late_and_stale(),
            Level::ReadAtomic => is_committed || (self.steps.len() == 2 && self.is_stale_to_what_it_knew()),
            Level::CausalCerone => is_committed || self.is_stale_to_what_it_knew(),
            Level::ParallelSnapshotIsolation => all(is_plain) && misses <= 1,
            Level::Prefix => all(is_plain) && after_each_miss(|why| is_order(why) || reads(why)),
            Level::SnapshotIsolation => all(is_plain) && after_each_miss(|why| !is_miss(why)),
            Level::Serializable => all(is_plain),
            guarantee => self.breaks_guarantee(guarantee),
        }
    }

    /// One stale read, and a way by reads and orders from what it missed to who read.
    fn is_stale_to_what_it_knew(&self) -> bool {
        let stale = self.steps.iter().filter(|step| matches!(step.why, Why::Stale { .. })).count();
        let known = self.steps.iter().filter(|step| is_order(step.why) || reads(step.why)).count();
        stale == 1 && stale + known == self.steps.len()
    }

    /// The read that is stale comes after one from the transaction that it is stale against.
    fn is_late_and_stale(&self) -> bool {
        let turned = |at: usize| (self.steps[at], self.steps[1 - at]);
        self.steps.len() == 2
            && [turned(0), turned(1)].into_iter().any(|(step, back)| {
                let Why::Stale { key } = step.why else { return false };
                let first = self.evidence.accesses.reads(step.from).iter().position(|read| read.from == step.to);
                let last = self.stale_reads(step.from, step.to, key).max();
                reads(back.why) && first.is_some_and(|first| last.is_some_and(|last| first < last))
            })
    }

    /// Each guarantee by the ways in which it can be broken. A step from a transaction to itself is left out of a circle, so
    /// that what it says is asked of the transaction.
    fn breaks_guarantee(&self, guarantee: Level) -> bool {
        let words: String = self.steps.iter().map(|step| word(step.why)).collect();
        let turned: Vec<String> = (0..words.len()).map(|at| [&words[at..], &words[..at]].concat()).collect();
        let is_one_of = |ways: &[&str]| ways.iter().any(|way| turned.iter().any(|turned| turned == way));
        match guarantee {
            Level::ReadYourWrites => is_one_of(&["ms"]),
            Level::MonotonicReads => is_one_of(&["mrs"]) || (is_one_of(&["rs"]) && self.reads_behind_itself()),
            Level::MonotonicWrites => is_one_of(&["os", "msr"]) || (is_one_of(&["sr"]) && self.reads_behind_itself()),
            Level::WritesFollowReads => {
                let itself = is_one_of(&["rsr", "rr"]) && self.reads_behind_itself();
                is_one_of(&["ors", "or", "mrsr", "mrr"]) || itself
            }
            Level::Pram => [Level::ReadYourWrites, Level::MonotonicReads, Level::MonotonicWrites]
                .into_iter()
                .any(|part| self.breaks_guarantee(part)),
            Level::Causal => {
                [Level::Pram, Level::WritesFollowReads].into_iter().any(|part| self.breaks_guarantee(part))
            }
            _ => false,
        }
    }

    /// Some transaction of the circle read an object from before what it wrote to it.
    fn reads_behind_itself(&self) -> bool {
        self.steps.iter().any(|step| {
            let own = self.evidence.accesses.writes(step.from);
            own.iter().any(|write| self.is_stale(step.from, step.from, write.key))
        })
    }
}

fn is_plain(why: Why) -> bool {
    !matches!(why, Why::Stale { .. } | Why::Overwritten { .. })
}

fn is_order(why: Why) -> bool {
    matches!(why, Why::Session | Why::Realtime)
}

fn overwrites(why: Why) -> bool {
    matches!(why, Why::Data(kinds) if kinds.any(CLASSES[0]))
}

fn reads(why: Why) -> bool {
    matches!(why, Why::Data(kinds) if kinds.any(CLASSES[1]))
}

/// A letter for what a step says: missed, overwritten, read, session; others are no matter of guarantees.
fn word(why: Why) -> char {
    match why {
        Why::Stale { .. } => 'm',
        Why::Overwritten { .. } => 'o',
        Why::Data(kinds) if kinds.any(Kinds::WR) => 'r',
        Why::Session => 's',
        _ => '?',
    }
}
