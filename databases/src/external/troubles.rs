//! What clients did that no client should do, counted and told once at the end of a run.

use super::slots::Slot;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// So many different complaints are told.
const MOST_TOLD: usize = 8;

/// All complaints of a run.
#[derive(Default)]
pub(super) struct Troubles(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// The first complaint of each slot, and how many there were.
    by_slot: BTreeMap<(String, usize), (String, u64)>,
    late: u64,
}

impl Troubles {
    /// Something that a client did wrong.
    pub(super) fn add(&self, slot: &Slot, trouble: &str) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (slot.node.clone(), slot.number);
        inner.by_slot.entry(place).or_insert_with(|| (trouble.to_owned(), 0)).1 += 1;
    }

    /// An operation was given up.
    pub(super) fn late(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).late += 1;
    }

    /// For the report.
    pub(super) fn told(&self) -> Vec<String> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told: Vec<String> = inner
            .by_slot
            .iter()
            .take(MOST_TOLD)
            .map(|((node, slot), (first, number))| match number {
                1 => format!("client {slot} of {node}: {first}"),
                number => format!("client {slot} of {node}, {number} times; the first: {first}"),
            })
            .collect();
        if inner.by_slot.len() > MOST_TOLD {
            told.push(format!("{} more clients did what they should not", inner.by_slot.len() - MOST_TOLD));
        }
        if inner.late > 0 {
            told.push(format!(
                "{} operations got no answer from their client in time, and it was ended; a client gives up by itself \
                 before `timeout_ms`, and says info with the code timeout",
                inner.late
            ));
        }
        told
    }
}
