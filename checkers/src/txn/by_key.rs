//! The steps of transactions by the object that they are of, in the order of rows and programs.

use super::{Kind, Transactions};
use std::ops::Range;

/// Steps grouped by object. A *slot* is a position in it.
pub(super) struct ByKey {
    /// The slot that each object begins with; one more at the end.
    pub(super) first: Vec<u32>,
    /// The step at each slot.
    pub(super) steps: Vec<u32>,
    /// The row of that step.
    pub(super) rows: Vec<u32>,
}

impl ByKey {
    pub(super) fn of(transactions: &Transactions<'_>) -> ByKey {
        let objects = transactions.objects() as usize;
        let mut next = vec![0u32; objects + 1];
        let keyed = |at: usize| transactions.kinds[at] != Kind::PredicateRead;
        for at in (0..transactions.steps()).filter(|at| keyed(*at)) {
            next[transactions.keys[at] as usize + 1] += 1;
        }
        for object in 0..objects {
            next[object + 1] += next[object];
        }
        let first = next.clone();
        let total = first[objects] as usize;
        let (mut steps, mut rows) = (vec![0; total], vec![0; total]);
        for row in 0..transactions.len() as u32 {
            let (from, to) = transactions.range(row);
            for at in (from..to).filter(|at| keyed(*at as usize)) {
                let slot = &mut next[transactions.keys[at as usize] as usize];
                (steps[*slot as usize], rows[*slot as usize]) = (at, row);
                *slot += 1;
            }
        }
        ByKey { first, steps, rows }
    }

    /// Runs of objects with about that many slots each.
    pub(super) fn runs(&self, slots: u32) -> Vec<Range<u32>> {
        let objects = self.first.len() as u32 - 1;
        let (mut runs, mut from) = (Vec::new(), 0);
        for object in 0..objects {
            if self.first[object as usize + 1] - self.first[from as usize] >= slots || object + 1 == objects {
                runs.push(from..object + 1);
                from = object + 1;
            }
        }
        runs
    }
}
