//! A priority queue: whoever takes, takes the greatest.

use super::queue::{Got, describe_got};
use crate::object::{Model, Names, Tie, Timed, V};
use rustc_hash::FxHashSet;

/// What is done to a priority queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PriorityOp {
    /// Put a value in.
    Insert(V),
    /// Took the first in the order of priorities.
    Poll(Got),
}

/// Which element is taken first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum First {
    /// The greatest.
    #[default]
    Greatest,
    /// The least.
    Least,
}

/// A priority queue of integers. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct PriorityQueue {
    /// Which element is taken first.
    pub first: First,
}

impl Model for PriorityQueue {
    type Op = PriorityOp;
    type State = Vec<V>;

    fn name(&self) -> &'static str {
        "priority-queue"
    }

    fn initial(&self) -> Vec<V> {
        Vec::new()
    }

    /// The state is ascending.
    fn step(&self, state: &Vec<V>, op: &PriorityOp) -> Option<Vec<V>> {
        let mut after = state.clone();
        match *op {
            PriorityOp::Insert(value) => after.insert(after.partition_point(|other| *other < value), value),
            PriorityOp::Poll(Got::Value(value)) => (self.take(&mut after) == Some(value)).then_some(())?,
            PriorityOp::Poll(Got::Empty) => after.is_empty().then_some(())?,
            PriorityOp::Poll(Got::Unknown) => drop(self.take(&mut after)),
        }
        Some(after)
    }

    fn is_read(&self, op: &PriorityOp) -> bool {
        *op == PriorityOp::Poll(Got::Empty)
    }

    fn pins(&self, op: &PriorityOp) -> Option<Vec<V>> {
        (*op == PriorityOp::Poll(Got::Empty)).then(Vec::new)
    }

    fn tie(&self, op: &PriorityOp) -> Tie {
        match *op {
            PriorityOp::Insert(value) | PriorityOp::Poll(Got::Value(value)) => Tie::group(value),
            PriorityOp::Poll(Got::Empty) => Tie::free(),
            PriorityOp::Poll(Got::Unknown) => Tie::fixed(),
        }
    }

    fn prune(&self, calls: &mut Vec<Timed<PriorityOp>>) {
        let taken: FxHashSet<V> = calls
            .iter()
            .filter_map(|call| match call.op {
                PriorityOp::Poll(Got::Value(value)) => Some(value),
                _ => None,
            })
            .collect();
        calls.retain(|call| match call.op {
            PriorityOp::Insert(value) => !call.crashed() || taken.contains(&value),
            PriorityOp::Poll(_) => true,
        });
    }

    fn weight(&self, state: &Vec<V>) -> usize {
        size_of::<Vec<V>>() + state.len() * size_of::<V>()
    }

    fn observes(&self, op: &PriorityOp) -> bool {
        matches!(op, PriorityOp::Poll(_))
    }

    fn describe_op(&self, op: &PriorityOp, names: &Names<'_>) -> String {
        match op {
            PriorityOp::Insert(value) => format!("insert {}", names.text(*value)),
            PriorityOp::Poll(got) => format!("poll {}", describe_got(*got, names)),
        }
    }

    fn describe_state(&self, state: &Vec<V>, names: &Names<'_>) -> String {
        format!("the queue holds {}", names.list(state))
    }
}

impl PriorityQueue {
    fn take(&self, state: &mut Vec<V>) -> Option<V> {
        match self.first {
            First::Greatest => state.pop(),
            First::Least => (!state.is_empty()).then(|| state.remove(0)),
        }
    }
}
