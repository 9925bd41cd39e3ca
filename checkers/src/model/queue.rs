//! Containers that are put into and taken from: a FIFO queue and a bag.

use crate::object::{Model, Names, Parts, Tie, Timed, V};
use std::collections::BTreeMap;

/// What a removal found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Got {
    /// This value, which is gone afterwards.
    Value(V),
    /// Nothing: it was empty.
    Empty,
    /// It crashed, so nobody knows what it took, if anything.
    Unknown,
}

/// What is done to a queue or bag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueOp {
    /// Put a value in.
    Enqueue(V),
    /// Took a value out.
    Dequeue(Got),
}

/// A first-in, first-out queue. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fifo;

/// An unordered queue: any element may be taken. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bag;

impl Model for Fifo {
    type Op = QueueOp;
    type State = Vec<V>;

    fn name(&self) -> &'static str {
        "fifo-queue"
    }

    fn initial(&self) -> Vec<V> {
        Vec::new()
    }

    fn step(&self, state: &Vec<V>, op: &QueueOp) -> Option<Vec<V>> {
        match (op, state.first()) {
            (QueueOp::Enqueue(value), _) => Some(state.iter().copied().chain([*value]).collect()),
            (QueueOp::Dequeue(Got::Empty | Got::Unknown), None) => Some(Vec::new()),
            (QueueOp::Dequeue(Got::Unknown), Some(_)) => Some(state[1..].to_vec()),
            (QueueOp::Dequeue(Got::Value(value)), Some(head)) if head == value => Some(state[1..].to_vec()),
            (QueueOp::Dequeue(_), _) => None,
        }
    }

    fn is_read(&self, op: &QueueOp) -> bool {
        *op == QueueOp::Dequeue(Got::Empty)
    }

    fn pins(&self, op: &QueueOp) -> Option<Vec<V>> {
        (*op == QueueOp::Dequeue(Got::Empty)).then(Vec::new)
    }

    fn tie(&self, op: &QueueOp) -> Tie {
        tie(op)
    }

    /// A crashed enqueue of what nobody took, where nobody is known to have looked further, is of no use: whatever was
    /// taken behind it could have been taken without it.
    fn prune(&self, calls: &mut Vec<Timed<QueueOp>>) {
        prune(calls);
    }

    fn weight(&self, state: &Vec<V>) -> usize {
        size_of::<Vec<V>>() + state.len() * size_of::<V>()
    }

    fn observes(&self, op: &QueueOp) -> bool {
        matches!(op, QueueOp::Dequeue(_))
    }

    fn describe_op(&self, op: &QueueOp, names: &Names<'_>) -> String {
        describe(op, names)
    }

    fn describe_state(&self, state: &Vec<V>, names: &Names<'_>) -> String {
        format!("the queue holds {}", names.list(state))
    }
}

impl Model for Bag {
    type Op = QueueOp;
    type State = BTreeMap<V, u32>;

    fn name(&self) -> &'static str {
        "bag"
    }

    fn initial(&self) -> BTreeMap<V, u32> {
        BTreeMap::new()
    }

    fn step(&self, state: &BTreeMap<V, u32>, op: &QueueOp) -> Option<BTreeMap<V, u32>> {
        match op {
            QueueOp::Enqueue(value) => {
                let mut after = state.clone();
                *after.entry(*value).or_default() += 1;
                Some(after)
            }
            QueueOp::Dequeue(Got::Value(value)) => without(state, *value),
            QueueOp::Dequeue(Got::Empty) => state.is_empty().then(BTreeMap::new),
            QueueOp::Dequeue(Got::Unknown) => match state.first_key_value() {
                Some((value, _)) => without(state, *value),
                None => Some(BTreeMap::new()),
            },
        }
    }

    fn steps(&self, state: &BTreeMap<V, u32>, op: &QueueOp, into: &mut Vec<BTreeMap<V, u32>>) {
        if *op == QueueOp::Dequeue(Got::Unknown) && !state.is_empty() {
            into.extend(state.keys().filter_map(|value| without(state, *value)));
        } else {
            into.extend(self.step(state, op));
        }
    }

    fn is_read(&self, op: &QueueOp) -> bool {
        *op == QueueOp::Dequeue(Got::Empty)
    }

    fn pins(&self, op: &QueueOp) -> Option<BTreeMap<V, u32>> {
        (*op == QueueOp::Dequeue(Got::Empty)).then(BTreeMap::new)
    }

    fn parts(&self, op: &QueueOp) -> Parts {
        match *op {
            QueueOp::Enqueue(value) | QueueOp::Dequeue(Got::Value(value)) => Parts::Some(vec![value]),
            QueueOp::Dequeue(Got::Empty | Got::Unknown) => Parts::Whole,
        }
    }

    fn tie(&self, op: &QueueOp) -> Tie {
        tie(op)
    }

    fn prune(&self, calls: &mut Vec<Timed<QueueOp>>) {
        prune(calls);
        if !calls.iter().any(|call| call.op == QueueOp::Dequeue(Got::Empty)) {
            calls.retain(|call| call.op != QueueOp::Dequeue(Got::Unknown));
        }
    }

    fn weight(&self, state: &BTreeMap<V, u32>) -> usize {
        64 + state.len() * 24
    }

    fn observes(&self, op: &QueueOp) -> bool {
        matches!(op, QueueOp::Dequeue(_))
    }

    fn describe_op(&self, op: &QueueOp, names: &Names<'_>) -> String {
        describe(op, names)
    }

    fn describe_state(&self, state: &BTreeMap<V, u32>, names: &Names<'_>) -> String {
        let elements: Vec<V> = state.iter().flat_map(|(v, n)| std::iter::repeat_n(*v, *n as usize)).collect();
        format!("the bag holds {}", names.list(&elements))
    }
}

fn without(state: &BTreeMap<V, u32>, value: V) -> Option<BTreeMap<V, u32>> {
    let mut after = state.clone();
    let count = after.get_mut(&value)?;
    *count -= 1;
    if *count == 0 {
        after.remove(&value);
    }
    Some(after)
}

fn prune(calls: &mut Vec<Timed<QueueOp>>) {
    let taken: rustc_hash::FxHashSet<V> = calls.iter().filter_map(|call| taken(&call.op)).collect();
    calls.retain(|call| match call.op {
        QueueOp::Enqueue(value) => !call.crashed() || taken.contains(&value),
        QueueOp::Dequeue(_) => true,
    });
}

fn taken(op: &QueueOp) -> Option<V> {
    match *op {
        QueueOp::Dequeue(Got::Value(value)) => Some(value),
        _ => None,
    }
}

fn tie(op: &QueueOp) -> Tie {
    match *op {
        QueueOp::Enqueue(value) | QueueOp::Dequeue(Got::Value(value)) => Tie::group(value),
        QueueOp::Dequeue(Got::Empty) => Tie::free(),
        QueueOp::Dequeue(Got::Unknown) => Tie::fixed(),
    }
}

fn describe(op: &QueueOp, names: &Names<'_>) -> String {
    match op {
        QueueOp::Enqueue(value) => format!("enqueue {}", names.text(*value)),
        QueueOp::Dequeue(got) => format!("dequeue {}", describe_got(*got, names)),
    }
}

/// What a removal found, in words.
pub(crate) fn describe_got(got: Got, names: &Names<'_>) -> String {
    match got {
        Got::Value(value) => names.text(value),
        Got::Empty => "nothing".to_owned(),
        Got::Unknown => "an unknown value".to_owned(),
    }
}
