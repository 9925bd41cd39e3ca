//! Parts of a history that are histories themselves: which steps of which transactions may be left out together.
//!
//! - A read may always be left out: it only asks for something.
//! - A write may be left out if nobody who is left read it. What its transaction saw of the order of commits is then seen of
//!   all others in the same order, and every read finds what it found.
//! - The first elements of a list may be left out with their appends if each read that is left begins with them: the list
//!   then begins with them.
//!
//! What follows from one left out is left out, too, in [`Index::normal`]. No value is changed, and nothing is added.

use crate::txn::{Kind, Mop, Transactions};
use history::{CallOutcome, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// A step of a row, counted from 0.
pub(super) type At = (u32, u32);

/// The steps that are left, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) steps: Vec<At>,
    /// By object: with how many elements its list begins, where these are not none.
    pub(super) begins: BTreeMap<u32, usize>,
}

impl Part {
    fn of(mut steps: Vec<At>) -> Part {
        steps.sort_unstable();
        steps.dedup();
        Part { steps, begins: BTreeMap::new() }
    }

    /// Rows of which something is left, sorted.
    pub(super) fn rows(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = self.steps.iter().map(|step| step.0).collect();
        rows.dedup();
        rows
    }

    pub(super) fn steps_of(&self, row: u32) -> &[At] {
        let from = self.steps.partition_point(|step| step.0 < row);
        let to = self.steps.partition_point(|step| step.0 <= row);
        &self.steps[from..to]
    }

    pub(super) fn without_rows(&self, gone: &[u32]) -> Part {
        Part::of(self.steps.iter().copied().filter(|step| gone.binary_search(&step.0).is_err()).collect())
    }

    pub(super) fn without_steps(&self, gone: &[At]) -> Part {
        Part::of(self.steps.iter().copied().filter(|step| gone.binary_search(step).is_err()).collect())
    }
}

/// Steps on the objects that matter.
pub(super) struct Index<'a> {
    pub(super) transactions: &'a Transactions<'a>,
    all: Vec<At>,
    /// Who wrote a value to an object, whatever became of it.
    writers: FxHashMap<(u32, ValueId), Vec<At>>,
    /// Ok reads of each object.
    reads: FxHashMap<u32, Vec<At>>,
}

impl<'a> Index<'a> {
    /// Of the objects that these rows touch.
    pub(super) fn new(transactions: &'a Transactions<'a>, core: &[u32]) -> Index<'a> {
        let keys: FxHashSet<u32> = core.iter().flat_map(|row| transactions.mops(*row)).map(|mop| mop.key).collect();
        let mut index =
            Index { transactions, all: Vec::new(), writers: FxHashMap::default(), reads: FxHashMap::default() };
        for row in 0..transactions.len() as u32 {
            for (step, mop) in (0..).zip(transactions.mops(row)).filter(|(_, mop)| keys.contains(&mop.key)) {
                index.all.push((row, step));
                if mop.kind.is_write() {
                    index.writers.entry((mop.key, mop.value)).or_default().push((row, step));
                } else if transactions.outcome(row) == CallOutcome::Ok {
                    index.reads.entry(mop.key).or_default().push((row, step));
                }
            }
        }
        index
    }

    /// Everything that was done to these objects.
    pub(super) fn all(&self) -> Part {
        self.normal(Part::of(self.all.clone()))
    }

    /// These rows, with who wrote what they read and, for each object that they write, a read that shows it.
    pub(super) fn core(&self, rows: &[u32]) -> Part {
        let rows: FxHashSet<u32> = rows.iter().copied().collect();
        let mut steps: Vec<At> = self.all.iter().copied().filter(|step| rows.contains(&step.0)).collect();
        let mut written: BTreeMap<u32, Vec<ValueId>> = BTreeMap::new();
        for mop in steps.iter().filter_map(|at| self.mop(*at)).filter(|mop| mop.kind.is_write()) {
            written.entry(mop.key).or_default().push(mop.value);
        }
        steps.extend(written.iter().flat_map(|(key, values)| self.witnesses(*key, values)));
        let begins = self.begins(&Part::of(steps.clone()));
        let found: Vec<(u32, ValueId)> = steps
            .iter()
            .filter_map(|at| self.mop(*at))
            .filter(|mop| mop.kind == Kind::Read)
            .flat_map(|mop| {
                let from = begins.get(&mop.key).copied().unwrap_or_default();
                self.found(mop).into_iter().skip(from).map(move |value| (mop.key, value))
            })
            .collect();
        steps.extend(found.iter().filter_map(|found| self.writers.get(found)).flatten());
        self.normal(Part::of(steps))
    }

    /// The shortest reads that between them show as many of the values as any read does.
    fn witnesses(&self, key: u32, values: &[ValueId]) -> Vec<At> {
        let reads = self.reads.get(&key).map_or(&[][..], Vec::as_slice);
        let shown = |at: &At| {
            let found: FxHashSet<ValueId> = self.mop(*at).into_iter().flat_map(|mop| self.found(mop)).collect();
            (values.iter().filter(|value| found.contains(value)).count(), usize::MAX - found.len())
        };
        if self.transactions.holds_lists() {
            return reads.iter().max_by_key(|at| shown(at)).into_iter().copied().collect();
        }
        let of_value = |value: &ValueId| reads.iter().find(|at| self.mop(**at).is_some_and(|mop| mop.value == *value));
        values.iter().filter_map(of_value).copied().collect()
    }

    pub(super) fn mop(&self, (row, step): At) -> Option<Mop> {
        self.transactions.step(row, step)
    }

    /// What a read found: the elements of a list, or one value.
    pub(super) fn found(&self, mop: Mop) -> Vec<ValueId> {
        let is_list = self.transactions.holds_lists();
        if is_list { self.transactions.list(mop.value).to_vec() } else { vec![mop.value] }
    }

    /// True if a read says something: of an ok transaction, or of one in doubt that answered all the same.
    fn says(&self, (row, _): At, mop: Mop) -> bool {
        match self.transactions.outcome(row) {
            CallOutcome::Ok => true,
            CallOutcome::Info => !mop.value.is_nil(),
            CallOutcome::Fail => false,
        }
    }

    /// What is left once all is left out that cannot be without what is not there.
    pub(super) fn normal(&self, part: Part) -> Part {
        let mut part = part;
        loop {
            part.begins = self.begins(&part);
            let kept: FxHashSet<At> = part.steps.iter().copied().collect();
            let is_known = |key: u32, value: ValueId| match self.writers.get(&(key, value)) {
                Some(writers) => writers.iter().all(|writer| kept.contains(writer)),
                // Nobody wrote it in the whole history either.
                None => true,
            };
            let may_stay = |at: &At| {
                let Some(mop) = self.mop(*at) else { return false };
                let from = part.begins.get(&mop.key).copied().unwrap_or_default();
                mop.kind.is_write()
                    || (self.says(*at, mop)
                        && self.found(mop).into_iter().skip(from).all(|value| is_known(mop.key, value)))
            };
            let steps: Vec<At> = part.steps.iter().copied().filter(may_stay).collect();
            if steps.len() == part.steps.len() {
                return part;
            }
            part.steps = steps;
        }
    }

    /// With what each list begins: what all reads of it begin with, up to the first element that somebody who is left
    /// appends, or nobody ever did.
    fn begins(&self, part: &Part) -> BTreeMap<u32, usize> {
        let mut begins: BTreeMap<u32, (usize, Vec<ValueId>)> = BTreeMap::new();
        if !self.transactions.holds_lists() {
            return BTreeMap::new();
        }
        let kept: FxHashSet<At> = part.steps.iter().copied().collect();
        for at in &part.steps {
            let Some(mop) = self.mop(*at).filter(|mop| mop.kind == Kind::Read && self.says(*at, *mop)) else {
                continue;
            };
            let list = self.found(mop);
            match begins.get_mut(&mop.key) {
                Some((length, first)) => {
                    let shared = list.iter().zip(first.iter()).take_while(|(a, b)| a == b).count();
                    *length = shared.min(*length);
                }
                None => {
                    let is_gone = |value: &&ValueId| {
                        let writers = self.writers.get(&(mop.key, **value));
                        writers.is_some_and(|writers| !writers.iter().any(|writer| kept.contains(writer)))
                    };
                    let length = list.iter().take_while(is_gone).count();
                    begins.insert(mop.key, (length, list));
                }
            }
        }
        begins.into_iter().map(|(key, (length, _))| (key, length)).filter(|(_, length)| *length > 0).collect()
    }

    /// The first elements of a list, as somebody who is left read them.
    pub(super) fn prefix(&self, part: &Part, key: u32, length: usize) -> Vec<ValueId> {
        let reads = part.steps.iter().filter_map(|at| Some((*at, self.mop(*at)?)));
        let mut reads = reads.filter(|(at, mop)| mop.key == key && mop.kind == Kind::Read && self.says(*at, *mop));
        reads.next().map_or_else(Vec::new, |(_, mop)| self.found(mop).into_iter().take(length).collect())
    }
}
