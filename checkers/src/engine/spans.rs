//! A long history cut into spans of time that can be judged apart.
//!
//! Where no call is in flight, and none that crashed earlier can still take effect, everything before happened before
//! everything after. If the last call before such a moment says by itself what the object held then, nothing else of the
//! past matters. Source: checkers.md 2.4, quiescent cuts; we cut only where the state is certain, so that spans need not
//! wait for each other.

use crate::object::{Cell, Model, Names, Timed};
use std::ops::Range;

/// Calls of a span, and what the object holds before; None: what it holds at first.
pub struct Span<S> {
    /// Positions in the calls that were cut.
    pub calls: Range<usize>,
    /// What the object holds before.
    pub state: Option<S>,
}

/// Cuts cleaned calls, in the order of their invocations, into spans of at least so many calls. Calls have a legal order
/// exactly if those of each span have one that begins in its state.
pub fn spans<M: Model>(model: &M, calls: &[Timed<M::Op>], least: usize) -> Vec<Span<M::State>> {
    let mut spans = Vec::new();
    let (mut from, mut state, mut returned) = (0, None, None);
    for (at, call) in calls.iter().enumerate() {
        let Some(end) = call.returned else { break };
        // Equal events are concurrent.
        let is_alone = returned.is_none_or(|returned| returned < call.invoked)
            && calls.get(at + 1).is_none_or(|next| end < next.invoked);
        returned = returned.max(Some(end));
        let length = at + 1 - from;
        if !is_alone || length < least || calls.len() - at - 1 < least {
            continue;
        }
        if let Some(held) = model.pins(&call.op) {
            spans.push(Span { calls: from..at + 1, state: state.replace(held) });
            from = at + 1;
        }
    }
    spans.push(Span { calls: from..calls.len(), state });
    spans
}

/// A model that begins in another state.
pub struct Since<'a, M: Model> {
    /// The model.
    pub model: &'a M,
    /// What the object holds at first.
    pub state: M::State,
}

impl<M: Model> Model for Since<'_, M> {
    type Op = M::Op;
    type State = M::State;

    fn name(&self) -> &'static str {
        self.model.name()
    }

    fn initial(&self) -> M::State {
        self.state.clone()
    }

    fn step(&self, state: &M::State, op: &M::Op) -> Option<M::State> {
        self.model.step(state, op)
    }

    fn steps(&self, state: &M::State, op: &M::Op, into: &mut Vec<M::State>) {
        self.model.steps(state, op, into);
    }

    fn cell(&self, op: &M::Op) -> Option<Cell<M::State>> {
        self.model.cell(op)
    }

    fn is_read(&self, op: &M::Op) -> bool {
        self.model.is_read(op)
    }

    fn prune(&self, calls: &mut Vec<Timed<M::Op>>) {
        self.model.prune(calls);
    }

    fn weight(&self, state: &M::State) -> usize {
        self.model.weight(state)
    }

    fn describe_op(&self, op: &M::Op, names: &Names<'_>) -> String {
        self.model.describe_op(op, names)
    }

    fn describe_state(&self, state: &M::State, names: &Names<'_>) -> String {
        self.model.describe_state(state, names)
    }
}
