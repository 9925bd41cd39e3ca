//! A stack, and a priority queue.

use super::queue::{Got, describe_got};
use crate::object::{Model, Names, Tie, Timed, V};
use rustc_hash::FxHashSet;

/// What is done to a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StackOp {
    /// Put a value on top.
    Push(V),
    /// Took the top.
    Pop(Got),
}

/// A last-in, first-out stack. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stack;

impl Model for Stack {
    type Op = StackOp;
    type State = Vec<V>;

    fn name(&self) -> &'static str {
        "stack"
    }

    fn initial(&self) -> Vec<V> {
        Vec::new()
    }

    fn step(&self, state: &Vec<V>, op: &StackOp) -> Option<Vec<V>> {
        let mut after = state.clone();
        match *op {
            StackOp::Push(value) => after.push(value),
            StackOp::Pop(Got::Value(value)) => (after.pop() == Some(value)).then_some(())?,
            StackOp::Pop(Got::Empty) => after.is_empty().then_some(())?,
            StackOp::Pop(Got::Unknown) => drop(after.pop()),
        }
        Some(after)
    }

    fn is_read(&self, op: &StackOp) -> bool {
        *op == StackOp::Pop(Got::Empty)
    }

    fn pins(&self, op: &StackOp) -> Option<Vec<V>> {
        (*op == StackOp::Pop(Got::Empty)).then(Vec::new)
    }

    fn tie(&self, op: &StackOp) -> Tie {
        match *op {
            StackOp::Push(value) | StackOp::Pop(Got::Value(value)) => Tie::group(value),
            StackOp::Pop(Got::Empty) => Tie::free(),
            StackOp::Pop(Got::Unknown) => Tie::fixed(),
        }
    }

    fn prune(&self, calls: &mut Vec<Timed<StackOp>>) {
        let taken: FxHashSet<V> = calls
            .iter()
            .filter_map(|call| match call.op {
                StackOp::Pop(Got::Value(value)) => Some(value),
                _ => None,
            })
            .collect();
        calls.retain(|call| match call.op {
            StackOp::Push(value) => !call.crashed() || taken.contains(&value),
            StackOp::Pop(_) => true,
        });
    }

    fn weight(&self, state: &Vec<V>) -> usize {
        size_of::<Vec<V>>() + state.len() * size_of::<V>()
    }

    fn observes(&self, op: &StackOp) -> bool {
        matches!(op, StackOp::Pop(_))
    }

    fn describe_op(&self, op: &StackOp, names: &Names<'_>) -> String {
        match op {
            StackOp::Push(value) => format!("push {}", names.text(*value)),
            StackOp::Pop(got) => format!("pop {}", describe_got(*got, names)),
        }
    }

    fn describe_state(&self, state: &Vec<V>, names: &Names<'_>) -> String {
        format!("the stack holds {}, top last", names.list(state))
    }
}
