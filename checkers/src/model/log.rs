//! A log that is only appended to, with full reads.

use crate::object::{Model, Names, Tie, Timed, V};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// What is done to a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LogOp {
    /// Put an element at the end.
    Append(V),
    /// All elements, in their order.
    ReadAll(Arc<[V]>),
}

/// An append-only list with full reads. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct AppendLog;

impl Model for AppendLog {
    type Op = LogOp;
    type State = Vec<V>;

    fn name(&self) -> &'static str {
        "append-log"
    }

    fn initial(&self) -> Vec<V> {
        Vec::new()
    }

    fn step(&self, state: &Vec<V>, op: &LogOp) -> Option<Vec<V>> {
        match op {
            LogOp::Append(value) => Some(state.iter().copied().chain([*value]).collect()),
            LogOp::ReadAll(all) => (state[..] == all[..]).then(|| state.clone()),
        }
    }

    fn is_read(&self, op: &LogOp) -> bool {
        matches!(op, LogOp::ReadAll(_))
    }

    fn tie(&self, op: &LogOp) -> Tie {
        match op {
            LogOp::Append(value) => Tie::group(*value),
            LogOp::ReadAll(all) => Tie { needs: all.to_vec(), ..Tie::default() },
        }
    }

    /// A log without every occurrence of some elements is a log of the others.
    fn weaken(&self, op: &LogOp, has: &dyn Fn(V) -> bool) -> Option<LogOp> {
        match op {
            LogOp::ReadAll(all) => Some(LogOp::ReadAll(all.iter().copied().filter(|value| has(*value)).collect())),
            LogOp::Append(_) => None,
        }
    }

    fn pins(&self, op: &LogOp) -> Option<Vec<V>> {
        match op {
            LogOp::ReadAll(all) => Some(all.to_vec()),
            LogOp::Append(_) => None,
        }
    }

    fn size(&self, op: &LogOp) -> usize {
        if let LogOp::ReadAll(all) = op { 1 + all.len() } else { 1 }
    }

    /// A crashed append of what no read shows is of no use.
    fn prune(&self, calls: &mut Vec<Timed<LogOp>>) {
        let mut seen: FxHashSet<V> = FxHashSet::default();
        for call in calls.iter() {
            if let LogOp::ReadAll(all) = &call.op {
                seen.extend(all.iter());
            }
        }
        calls.retain(|call| match call.op {
            LogOp::Append(value) => !call.crashed() || seen.contains(&value),
            LogOp::ReadAll(_) => true,
        });
    }

    fn weight(&self, state: &Vec<V>) -> usize {
        size_of::<Vec<V>>() + state.len() * size_of::<V>()
    }

    fn observes(&self, op: &LogOp) -> bool {
        matches!(op, LogOp::ReadAll(_))
    }

    fn describe_op(&self, op: &LogOp, names: &Names<'_>) -> String {
        match op {
            LogOp::Append(value) => format!("append {}", names.text(*value)),
            LogOp::ReadAll(all) => format!("read {}", names.list(all)),
        }
    }

    fn describe_state(&self, state: &Vec<V>, names: &Names<'_>) -> String {
        format!("the log holds {}", names.list(state))
    }
}
