//! Anomalies that need no cycle, by their definitions and the transactions alone.

use crate::raw::Raw;
use checkers::txn::{Finding, Mop, Phenomenon};
use history::{CallOutcome, ValueId};

impl Raw<'_> {
    /// True if the steps that the finding names show what it says.
    pub fn is_wrong(&self, finding: &Finding) -> bool {
        let key = finding.key;
        let at = |spot: &checkers::txn::Spot| {
            let mop = (spot.row < self.rows()).then(|| self.transactions.step(spot.row, spot.step)).flatten()?;
            (mop.key == key).then_some((spot.row, spot.step, mop))
        };
        let Some(steps) = finding.spots.iter().map(at).collect::<Option<Vec<(u32, u32, Mop)>>>() else { return false };
        let values = &finding.values[..];
        let ok = |row: u32| self.is(row, CallOutcome::Ok);
        let saw =
            |(row, _, mop): (u32, u32, Mop), value| ok(row) && !mop.kind.is_write() && self.found(mop).contains(&value);
        let wrote = |(row, _, mop): (u32, u32, Mop), value: ValueId| {
            mop.kind.is_write()
                && mop.value == value
                && self.times(key, value) == 1
                && self.writers(key, value) == [row]
        };
        let again = |row: u32, step: u32| {
            (step + 1..).map_while(|at| self.transactions.step(row, at)).any(|mop| is_write(mop, key))
        };
        match (finding.phenomenon, &steps[..], values) {
            (Phenomenon::DuplicateElements, &[read], &[value]) => {
                let times = self.found(read.2).iter().filter(|own| **own == value).count();
                saw(read, value) && self.transactions.holds_lists() && times > 1 && times > self.times(key, value)
            }
            (Phenomenon::GarbageRead, &[read], &[value]) => saw(read, value) && self.times(key, value) == 0,
            (Phenomenon::IncompatibleOrder, &[a, b], _) => {
                let (x, y) = (self.found(a.2), self.found(b.2));
                ok(a.0) && ok(b.0) && self.transactions.holds_lists() && !x.starts_with(&y) && !y.starts_with(&x)
            }
            (Phenomenon::G1a, &[read, write], &[value]) => {
                saw(read, value) && wrote(write, value) && self.is(write.0, CallOutcome::Fail)
            }
            (Phenomenon::G1b, &[read, write], &[value]) => {
                let last = self.found(read.2).last() == Some(&value) && saw(read, value) && read.0 != write.0;
                last && wrote(write, value) && !self.is(write.0, CallOutcome::Fail) && again(write.0, write.1)
            }
            (Phenomenon::DirtyUpdate, &[failed, later, read], &[x, y]) => {
                let found = self.found(read.2);
                let place = |value| found.iter().position(|own| *own == value);
                let built = match self.transactions.holds_lists() {
                    true => saw(read, y) && place(x).is_some_and(|x| place(y).is_some_and(|y| x < y)),
                    false => saw(read, x) && read.0 == later.0 && read.1 < later.1,
                };
                wrote(failed, x) && self.is(failed.0, CallOutcome::Fail) && wrote(later, y) && ok(later.0) && built
            }
            (Phenomenon::Internal, &[read], &[value]) => {
                read.2.value == value && ok(read.0) && self.is_internal(read, key)
            }
            (Phenomenon::FutureRead, &[read, write], &[value]) => {
                saw(read, value) && wrote(write, value) && read.0 == write.0 && read.1 < write.1
            }
            (Phenomenon::LostUpdate, reads, &[value]) => {
                let first = |row: u32| {
                    self.mops(row, key).first().is_some_and(|mop| !mop.kind.is_write() && mop.value == value)
                };
                let updates = |read: &(u32, u32, Mop)| ok(read.0) && first(read.0) && again(read.0, read.1);
                let mut rows: Vec<u32> = reads.iter().map(|read| read.0).collect();
                rows.dedup();
                rows.len() > 1 && reads.iter().all(|read| updates(read) && read.2.value == value)
            }
            (Phenomenon::LostAppend, [write, read, ..], [lost, ..]) => {
                wrote(*write, *lost)
                    && ok(write.0)
                    && ok(read.0)
                    && !read.2.kind.is_write()
                    && !self.found(read.2).contains(lost)
            }
            (Phenomenon::CyclicVersions, steps, [_, _, ..]) => !steps.is_empty(),
            _ => false,
        }
    }

    fn times(&self, key: u32, value: ValueId) -> usize {
        let steps = (0..self.rows()).flat_map(|row| self.mops(row, key));
        steps.filter(|mop| is_write(*mop, key) && mop.value == value).count()
    }

    /// The read does not agree with what its transaction had read and written of the object before.
    fn is_internal(&self, (row, step, read): (u32, u32, Mop), key: u32) -> bool {
        let (mut known, mut own): (Option<Vec<ValueId>>, Vec<ValueId>) = (None, Vec::new());
        for mop in (0..step).filter_map(|at| self.transactions.step(row, at)).filter(|mop| mop.key == key) {
            match (mop.kind.is_write(), self.transactions.holds_lists()) {
                (true, true) => own.push(mop.value),
                (true, false) => known = Some(vec![mop.value]),
                (false, _) => (known, own) = (Some(self.found(mop)), Vec::new()),
            }
        }
        let found = self.found(read);
        match known {
            Some(known) => found != [known, own].concat(),
            None => !found.ends_with(&own),
        }
    }
}

fn is_write(mop: Mop, key: u32) -> bool {
    mop.key == key && mop.kind.is_write()
}
