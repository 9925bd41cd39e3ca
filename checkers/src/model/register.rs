//! One register, with or without compare-and-set.

use crate::object::{Cell, Model, NIL, Names, Tie, Timed, V};
use rustc_hash::FxHashSet;

/// What is done to a register. nil is [`NIL`] everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisterOp {
    /// Found this value.
    Read(V),
    /// Made it hold this value.
    Write(V),
    /// Made it hold the second value; it held the first.
    Cas(V, V),
    /// Did not find this value: a compare-and-set that failed because it compared.
    Not(V),
}

/// What every change brings about, for all that any change may explain. In ties only; if a value collides, more is kept
/// than need be.
const CHANGE: V = V::MAX;

/// A register that holds one value. Source: checkers.md 2.3, `register` and `cas-register`.
#[derive(Clone, Copy, Debug)]
pub struct Register {
    /// What it holds at first; [`NIL`] mostly.
    pub initial: V,
}

impl Default for Register {
    fn default() -> Self {
        Register { initial: NIL }
    }
}

impl Model for Register {
    type Op = RegisterOp;
    type State = V;

    fn name(&self) -> &'static str {
        "cas-register"
    }

    fn initial(&self) -> V {
        self.initial
    }

    fn step(&self, state: &V, op: &RegisterOp) -> Option<V> {
        match *op {
            RegisterOp::Read(value) => (value == *state).then_some(*state),
            RegisterOp::Write(value) => Some(value),
            RegisterOp::Cas(old, new) => (old == *state).then_some(new),
            RegisterOp::Not(value) => (value != *state).then_some(*state),
        }
    }

    /// What needs anything but one value cannot be told as a cell.
    fn cell(&self, op: &RegisterOp) -> Option<Cell<V>> {
        (!matches!(op, RegisterOp::Not(_))).then(|| Cell { needs: needs(op), makes: makes(op) })
    }

    fn is_read(&self, op: &RegisterOp) -> bool {
        matches!(op, RegisterOp::Read(_) | RegisterOp::Not(_))
    }

    fn tie(&self, op: &RegisterOp) -> Tie {
        match *op {
            RegisterOp::Read(value) => Tie { needs: vec![value], ..Tie::default() },
            RegisterOp::Write(value) => Tie { makes: vec![value, CHANGE], ..Tie::default() },
            RegisterOp::Cas(old, new) => Tie { needs: vec![old], makes: vec![new, CHANGE], fixed: false },
            // Without any one of the changes, the value may still have been there.
            RegisterOp::Not(_) => Tie { needs: vec![CHANGE], ..Tie::default() },
        }
    }

    /// A compare-and-set whose source is left out stands for a write.
    fn weaken(&self, op: &RegisterOp, has: &dyn Fn(V) -> bool) -> Option<RegisterOp> {
        match *op {
            RegisterOp::Cas(old, new) if !has(old) => Some(RegisterOp::Write(new)),
            RegisterOp::Cas(..) | RegisterOp::Read(_) | RegisterOp::Write(_) | RegisterOp::Not(_) => None,
        }
    }

    /// A crashed write of a value that nobody needs can as well never have happened, unless it may have been in the way
    /// of somebody who compared.
    fn prune(&self, calls: &mut Vec<Timed<RegisterOp>>) {
        if calls.iter().any(|call| matches!(call.op, RegisterOp::Not(_))) {
            return;
        }
        loop {
            let needed: FxHashSet<V> = calls.iter().filter_map(|call| needs(&call.op)).collect();
            let before = calls.len();
            calls.retain(|call| !call.crashed() || makes(&call.op).is_none_or(|value| needed.contains(&value)));
            if calls.len() == before {
                return;
            }
        }
    }

    fn observes(&self, op: &RegisterOp) -> bool {
        !matches!(op, RegisterOp::Write(_))
    }

    fn may_do_nothing(&self, op: &RegisterOp) -> bool {
        matches!(op, RegisterOp::Cas(..))
    }

    fn describe_op(&self, op: &RegisterOp, names: &Names<'_>) -> String {
        match *op {
            RegisterOp::Read(value) => format!("read {}", names.text(value)),
            RegisterOp::Write(value) => format!("write {}", names.text(value)),
            RegisterOp::Cas(old, new) => format!("cas {} to {}", names.text(old), names.text(new)),
            RegisterOp::Not(value) => format!("failed cas from {}", names.text(value)),
        }
    }

    fn describe_state(&self, state: &V, names: &Names<'_>) -> String {
        format!("the register holds {}", names.text(*state))
    }
}

fn needs(op: &RegisterOp) -> Option<V> {
    match *op {
        RegisterOp::Read(value) | RegisterOp::Cas(value, _) => Some(value),
        RegisterOp::Write(_) | RegisterOp::Not(_) => None,
    }
}

fn makes(op: &RegisterOp) -> Option<V> {
    match *op {
        RegisterOp::Write(value) | RegisterOp::Cas(_, value) => Some(value),
        RegisterOp::Read(_) | RegisterOp::Not(_) => None,
    }
}
