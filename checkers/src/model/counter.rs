//! Numbers that are added to: a counter, and fetch-and-increment.

use crate::object::{Model, Names};

/// What is done to a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CounterOp {
    /// Added this much, perhaps less than nothing.
    Add(i64),
    /// Added the first number, and was answered with the second: what the counter was afterwards.
    AddAndGet(i64, i64),
    /// Found this number.
    Read(i64),
}

/// A counter that starts at 0. Source: checkers.md 2.3.
///
/// A witness may lack reads, and no other call: a sum has no parts, and every addition is in every later number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter;

impl Model for Counter {
    type Op = CounterOp;
    type State = i64;

    fn name(&self) -> &'static str {
        "counter"
    }

    fn initial(&self) -> i64 {
        0
    }

    fn step(&self, state: &i64, op: &CounterOp) -> Option<i64> {
        match *op {
            CounterOp::Add(delta) => Some(state.wrapping_add(delta)),
            CounterOp::AddAndGet(delta, total) => (state.wrapping_add(delta) == total).then_some(total),
            CounterOp::Read(found) => (found == *state).then_some(found),
        }
    }

    fn is_read(&self, op: &CounterOp) -> bool {
        matches!(op, CounterOp::Read(_) | CounterOp::Add(0) | CounterOp::AddAndGet(0, _))
    }

    fn pins(&self, op: &CounterOp) -> Option<i64> {
        match *op {
            CounterOp::Add(_) => None,
            CounterOp::AddAndGet(_, total) | CounterOp::Read(total) => Some(total),
        }
    }

    fn observes(&self, op: &CounterOp) -> bool {
        !matches!(op, CounterOp::Add(_))
    }

    fn describe_op(&self, op: &CounterOp, _names: &Names<'_>) -> String {
        match op {
            CounterOp::Add(delta) => format!("add {delta}"),
            CounterOp::AddAndGet(delta, total) => format!("add {delta} and get {total}"),
            CounterOp::Read(found) => format!("read {found}"),
        }
    }

    fn describe_state(&self, state: &i64, _names: &Names<'_>) -> String {
        format!("the counter is {state}")
    }
}

/// Took a number and left the next one: the number, unless it crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fetch(pub Option<i64>);

/// Fetch-and-increment: tickets, sequences. Each call answers with the number before it. Source: checkers.md 2.3.
///
/// No call may be left out of a witness: each one is counted in every later number.
#[derive(Clone, Copy, Debug, Default)]
pub struct FetchAndIncrement {
    /// The first number that is given out; 0 mostly.
    pub first: i64,
}

impl Model for FetchAndIncrement {
    type Op = Fetch;
    type State = i64;

    fn name(&self) -> &'static str {
        "fetch-and-increment"
    }

    fn initial(&self) -> i64 {
        self.first
    }

    fn step(&self, state: &i64, op: &Fetch) -> Option<i64> {
        op.0.is_none_or(|found| found == *state).then(|| state.wrapping_add(1))
    }

    fn pins(&self, op: &Fetch) -> Option<i64> {
        Some(op.0?.wrapping_add(1))
    }

    fn describe_op(&self, op: &Fetch, _names: &Names<'_>) -> String {
        match op.0 {
            Some(found) => format!("fetch {found}"),
            None => "fetch an unknown number".to_owned(),
        }
    }

    fn describe_state(&self, state: &i64, _names: &Names<'_>) -> String {
        format!("the next number is {state}")
    }
}
