//! Several registers that are read and written together.

use crate::object::{Model, NIL, Names, Parts, Tie, V};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// One step of an operation on several registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Register, value found.
    Read(V, V),
    /// Register, value written.
    Write(V, V),
}

/// Steps that happen at one moment, in this order.
pub type MultiOp = Vec<Access>;

/// Any number of registers, which hold nil at first. Source: checkers.md 2.3, `multi-register`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MultiRegister;

impl Model for MultiRegister {
    type Op = MultiOp;
    /// Registers that do not hold nil.
    type State = BTreeMap<V, V>;

    fn name(&self) -> &'static str {
        "multi-register"
    }

    fn initial(&self) -> BTreeMap<V, V> {
        BTreeMap::new()
    }

    fn step(&self, state: &BTreeMap<V, V>, op: &MultiOp) -> Option<BTreeMap<V, V>> {
        let mut after = state.clone();
        for access in op {
            match *access {
                Access::Read(key, value) => {
                    (after.get(&key).copied().unwrap_or(NIL) == value).then_some(())?;
                }
                Access::Write(key, NIL) => drop(after.remove(&key)),
                Access::Write(key, value) => drop(after.insert(key, value)),
            }
        }
        Some(after)
    }

    fn is_read(&self, op: &MultiOp) -> bool {
        op.iter().all(|access| matches!(access, Access::Read(..)))
    }

    fn parts(&self, op: &MultiOp) -> Parts {
        Parts::Some(op.iter().map(|access| key(*access)).collect())
    }

    fn tie(&self, op: &MultiOp) -> Tie {
        let mut tie = Tie::default();
        for access in op {
            match *access {
                Access::Read(key, value) => tie.needs.push(pair(key, value)),
                Access::Write(key, value) => tie.makes.push(pair(key, value)),
            }
        }
        tie
    }

    fn size(&self, op: &MultiOp) -> usize {
        op.len()
    }

    fn weight(&self, state: &BTreeMap<V, V>) -> usize {
        64 + state.len() * 24
    }

    fn observes(&self, op: &MultiOp) -> bool {
        op.iter().any(|access| matches!(access, Access::Read(..)))
    }

    fn describe_op(&self, op: &MultiOp, names: &Names<'_>) -> String {
        let steps: Vec<String> = op
            .iter()
            .map(|access| match *access {
                Access::Read(key, value) => format!("read {} = {}", names.text(key), names.text(value)),
                Access::Write(key, value) => format!("write {} = {}", names.text(key), names.text(value)),
            })
            .collect();
        steps.join(", ")
    }

    fn describe_state(&self, state: &BTreeMap<V, V>, names: &Names<'_>) -> String {
        let registers: Vec<String> =
            state.iter().map(|(key, value)| format!("{} = {}", names.text(*key), names.text(*value))).collect();
        if registers.is_empty() { "all registers hold nil".to_owned() } else { registers.join(", ") }
    }
}

fn key(access: Access) -> V {
    match access {
        Access::Read(key, _) | Access::Write(key, _) => key,
    }
}

/// Stands for one value of one register. If two collide, more is kept than need be.
fn pair(key: V, value: V) -> V {
    let mut hasher = rustc_hash::FxHasher::default();
    (key, value).hash(&mut hasher);
    hasher.finish() as i64
}
