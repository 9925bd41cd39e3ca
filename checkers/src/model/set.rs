//! Sets: one with removal, and one that only grows.

use crate::object::{Model, Names, Parts, Tie, Timed, V};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// What is done to a set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetOp {
    /// Put an element in. The answer, if known: whether it was not there before.
    Add(V, Option<bool>),
    /// Took an element out. The answer, if known: whether it was there.
    Remove(V, Option<bool>),
    /// Whether an element was there.
    Contains(V, bool),
    /// All elements, ascending.
    ReadAll(Arc<[V]>),
}

/// What is done to a set that only grows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GrowOnlyOp {
    /// Put an element in.
    Add(V),
    /// All elements, ascending. A read that found one twice has it twice, and is impossible.
    ReadAll(Arc<[V]>),
}

/// A set with add, remove, contains and full reads. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct Set;

/// A set that only grows, with full reads. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct GrowOnlySet;

impl Model for Set {
    type Op = SetOp;
    /// Ascending.
    type State = Vec<V>;

    fn name(&self) -> &'static str {
        "set"
    }

    fn initial(&self) -> Vec<V> {
        Vec::new()
    }

    fn step(&self, state: &Vec<V>, op: &SetOp) -> Option<Vec<V>> {
        match op {
            SetOp::Add(value, was_new) => {
                let (present, after) = with(state, *value);
                was_new.is_none_or(|new| new != present).then_some(after)
            }
            SetOp::Remove(value, was_there) => {
                let found = state.binary_search(value);
                was_there.is_none_or(|there| there == found.is_ok()).then(|| {
                    let mut after = state.clone();
                    if let Ok(at) = found {
                        after.remove(at);
                    }
                    after
                })
            }
            SetOp::Contains(value, there) => (state.binary_search(value).is_ok() == *there).then(|| state.clone()),
            SetOp::ReadAll(all) => (state[..] == all[..]).then(|| state.clone()),
        }
    }

    fn is_read(&self, op: &SetOp) -> bool {
        match op {
            SetOp::Contains(..) | SetOp::ReadAll(_) => true,
            SetOp::Add(_, changed) | SetOp::Remove(_, changed) => *changed == Some(false),
        }
    }

    fn parts(&self, op: &SetOp) -> Parts {
        match op {
            SetOp::Add(value, _) | SetOp::Remove(value, _) | SetOp::Contains(value, _) => Parts::Some(vec![*value]),
            SetOp::ReadAll(_) => Parts::Whole,
        }
    }

    fn tie(&self, op: &SetOp) -> Tie {
        match op {
            SetOp::Add(value, _) | SetOp::Remove(value, _) => Tie::group(*value),
            SetOp::Contains(value, _) => Tie { needs: vec![*value], ..Tie::default() },
            SetOp::ReadAll(all) => Tie { needs: all.to_vec(), ..Tie::default() },
        }
    }

    /// Elements are independent, so a read of all says what it says of each of them.
    fn weaken(&self, op: &SetOp, has: &dyn Fn(V) -> bool) -> Option<SetOp> {
        match op {
            SetOp::ReadAll(all) => Some(SetOp::ReadAll(all.iter().copied().filter(|value| has(*value)).collect())),
            _ => None,
        }
    }

    fn pins(&self, op: &SetOp) -> Option<Vec<V>> {
        match op {
            SetOp::ReadAll(all) => Some(all.to_vec()),
            _ => None,
        }
    }

    fn size(&self, op: &SetOp) -> usize {
        if let SetOp::ReadAll(all) = op { 1 + all.len() } else { 1 }
    }

    fn weight(&self, state: &Vec<V>) -> usize {
        size_of::<Vec<V>>() + state.len() * size_of::<V>()
    }

    fn observes(&self, op: &SetOp) -> bool {
        !matches!(op, SetOp::Add(_, None) | SetOp::Remove(_, None))
    }

    fn describe_op(&self, op: &SetOp, names: &Names<'_>) -> String {
        let answer = |changed: &Option<bool>| changed.map_or(String::new(), |changed| format!(", answered {changed}"));
        match op {
            SetOp::Add(value, changed) => format!("add {}{}", names.text(*value), answer(changed)),
            SetOp::Remove(value, changed) => format!("remove {}{}", names.text(*value), answer(changed)),
            SetOp::Contains(value, there) => format!("contains {}, answered {there}", names.text(*value)),
            SetOp::ReadAll(all) => format!("read {}", names.list(all)),
        }
    }

    fn describe_state(&self, state: &Vec<V>, names: &Names<'_>) -> String {
        format!("the set holds {}", names.list(state))
    }
}

impl Model for GrowOnlySet {
    type Op = GrowOnlyOp;
    /// Ascending.
    type State = Vec<V>;

    fn name(&self) -> &'static str {
        "grow-only-set"
    }

    fn initial(&self) -> Vec<V> {
        Vec::new()
    }

    fn step(&self, state: &Vec<V>, op: &GrowOnlyOp) -> Option<Vec<V>> {
        match op {
            GrowOnlyOp::Add(value) => Some(with(state, *value).1),
            GrowOnlyOp::ReadAll(all) => (state[..] == all[..]).then(|| state.clone()),
        }
    }

    fn is_read(&self, op: &GrowOnlyOp) -> bool {
        matches!(op, GrowOnlyOp::ReadAll(_))
    }

    fn tie(&self, op: &GrowOnlyOp) -> Tie {
        match op {
            GrowOnlyOp::Add(value) => Tie::group(*value),
            GrowOnlyOp::ReadAll(all) => Tie { needs: all.to_vec(), ..Tie::default() },
        }
    }

    /// Elements are independent, so a read of all says what it says of each of them.
    fn weaken(&self, op: &GrowOnlyOp, has: &dyn Fn(V) -> bool) -> Option<GrowOnlyOp> {
        match op {
            GrowOnlyOp::ReadAll(all) => {
                Some(GrowOnlyOp::ReadAll(all.iter().copied().filter(|value| has(*value)).collect()))
            }
            GrowOnlyOp::Add(_) => None,
        }
    }

    fn pins(&self, op: &GrowOnlyOp) -> Option<Vec<V>> {
        match op {
            GrowOnlyOp::ReadAll(all) => Some(all.to_vec()),
            GrowOnlyOp::Add(_) => None,
        }
    }

    fn size(&self, op: &GrowOnlyOp) -> usize {
        if let GrowOnlyOp::ReadAll(all) = op { 1 + all.len() } else { 1 }
    }

    /// A crashed addition of what no read shows is of no use.
    fn prune(&self, calls: &mut Vec<Timed<GrowOnlyOp>>) {
        let mut seen: FxHashSet<V> = FxHashSet::default();
        for call in calls.iter() {
            if let GrowOnlyOp::ReadAll(all) = &call.op {
                seen.extend(all.iter());
            }
        }
        calls.retain(|call| match call.op {
            GrowOnlyOp::Add(value) => !call.crashed() || seen.contains(&value),
            GrowOnlyOp::ReadAll(_) => true,
        });
    }

    fn weight(&self, state: &Vec<V>) -> usize {
        size_of::<Vec<V>>() + state.len() * size_of::<V>()
    }

    fn observes(&self, op: &GrowOnlyOp) -> bool {
        matches!(op, GrowOnlyOp::ReadAll(_))
    }

    fn describe_op(&self, op: &GrowOnlyOp, names: &Names<'_>) -> String {
        match op {
            GrowOnlyOp::Add(value) => format!("add {}", names.text(*value)),
            GrowOnlyOp::ReadAll(all) => format!("read {}", names.list(all)),
        }
    }

    fn describe_state(&self, state: &Vec<V>, names: &Names<'_>) -> String {
        format!("the set holds {}", names.list(state))
    }
}

/// Whether it was there, and the set with it.
fn with(state: &[V], value: V) -> (bool, Vec<V>) {
    let mut after = state.to_vec();
    match state.binary_search(&value) {
        Ok(_) => (true, after),
        Err(at) => {
            after.insert(at, value);
            (false, after)
        }
    }
}
