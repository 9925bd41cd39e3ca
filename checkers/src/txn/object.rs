//! One object and every step on it.

use super::by_key::ByKey;
use super::finding::Spot;
use super::{Kind, Transactions};
use history::{CallOutcome, ValueId};

/// The steps on one object, by slot from 0, in the order of rows and programs.
pub(super) struct Object<'t, 'a> {
    pub(super) transactions: &'t Transactions<'a>,
    pub(super) key: u32,
    steps: &'t [u32],
    rows: &'t [u32],
    /// By slot. Steps on one object lie far apart in the columns of all, and are looked at again and again.
    kinds: Vec<Kind>,
    values: Vec<ValueId>,
    outcomes: Vec<CallOutcome>,
}

impl<'t, 'a> Object<'t, 'a> {
    pub(super) fn of(transactions: &'t Transactions<'a>, by_key: &'t ByKey, key: u32) -> Self {
        let slots = by_key.first[key as usize] as usize..by_key.first[key as usize + 1] as usize;
        let (steps, rows) = (&by_key.steps[slots.clone()], &by_key.rows[slots]);
        let kinds = steps.iter().map(|step| transactions.kinds[*step as usize]).collect();
        let values = steps.iter().map(|step| transactions.values[*step as usize]).collect();
        let outcomes = rows.iter().map(|row| transactions.outcomes[*row as usize]).collect();
        Object { transactions, key, steps, rows, kinds, values, outcomes }
    }

    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn row(&self, slot: usize) -> u32 {
        self.rows[slot]
    }

    pub(super) fn is_read(&self, slot: usize) -> bool {
        self.kinds[slot] == Kind::Read
    }

    pub(super) fn kind(&self, slot: usize) -> Kind {
        self.kinds[slot]
    }

    pub(super) fn value(&self, slot: usize) -> ValueId {
        self.values[slot]
    }

    pub(super) fn list(&self, slot: usize) -> &'a [ValueId] {
        self.transactions.list(self.value(slot))
    }

    pub(super) fn outcome(&self, slot: usize) -> CallOutcome {
        self.outcomes[slot]
    }

    pub(super) fn is_ok(&self, slot: usize) -> bool {
        self.outcome(slot) == CallOutcome::Ok
    }

    pub(super) fn has_failed(&self, slot: usize) -> bool {
        self.outcome(slot) == CallOutcome::Fail
    }

    pub(super) fn spot(&self, slot: usize) -> Spot {
        let row = self.rows[slot];
        Spot { row, step: self.steps[slot] - self.transactions.first[row as usize] }
    }

    /// The slots of each row, one row after the other.
    pub(super) fn runs(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let mut from = 0;
        self.rows.chunk_by(|a, b| a == b).map(move |run| {
            from += run.len();
            from - run.len()..from
        })
    }
}
