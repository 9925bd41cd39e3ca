//! A second opinion, by other means: sets of calls that have happened, with no window, no order of events and no memory
//! of steps.
//!
//! Source: Wing and Gong 1993; the memory of (set, state) is Lowe's. We differ: crashed calls may stay out, and the
//! search ends when every other call has happened.

use super::{Answer, Found, GaveUp, Limits};
use crate::object::{Model, Timed};
use rustc_hash::FxHashSet;

/// Says whether these calls, in the order of their invocations, have a legal order. A broken history is blamed on the
/// call that returns first of those that no order got past.
pub fn wing_gong<M: Model>(model: &M, calls: &[Timed<M::Op>], limits: Limits) -> Found {
    let mut search = Search { model, calls, seen: FxHashSet::default(), open: Vec::new(), bytes: 0, furthest: (0, 0) };
    search.enter(Configuration { done: vec![0; calls.len().div_ceil(64)].into(), state: model.initial() });
    let mut nodes = 0;
    let answer = loop {
        let Some(configuration) = search.open.pop() else { break Answer::Broken(search.furthest.1) };
        // To look at a configuration is to look at every call.
        nodes += 1 + calls.len() as u64 / 64;
        if nodes > limits.nodes || search.bytes as u64 > limits.bytes {
            let why = if nodes > limits.nodes { GaveUp::Nodes } else { GaveUp::Bytes };
            break Answer::GaveUp(search.furthest.1, why);
        }
        if search.expand(&configuration) {
            break Answer::Linearizable;
        }
    };
    Found { answer, nodes }
}

/// Which calls have happened, and what the object holds.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Configuration<S> {
    done: Box<[u64]>,
    state: S,
}

struct Search<'a, M: Model> {
    model: &'a M,
    calls: &'a [Timed<M::Op>],
    seen: FxHashSet<Configuration<M::State>>,
    open: Vec<Configuration<M::State>>,
    bytes: usize,
    /// The latest of the first returns that some configuration still waited for, and its call.
    furthest: (u32, usize),
}

impl<M: Model> Search<'_, M> {
    fn enter(&mut self, configuration: Configuration<M::State>) {
        if self.seen.insert(configuration.clone()) {
            self.bytes += 2 * (configuration.done.len() * 8 + self.model.weight(&configuration.state) + 48);
            self.open.push(configuration);
        }
    }

    /// Opens what one more call leads to; true if every call has happened that must.
    fn expand(&mut self, from: &Configuration<M::State>) -> bool {
        let calls = self.calls;
        let waiting = |at: &usize| from.done[at / 64] >> (at % 64) & 1 == 0;
        let returns = (0..calls.len()).filter(waiting).filter_map(|at| Some((calls[at].returned?, at)));
        let Some(first) = returns.min() else { return true };
        self.furthest = self.furthest.max(first);
        let mut states = Vec::new();
        for at in (0..calls.len()).filter(waiting).rev() {
            // Equal positions are concurrent.
            if calls[at].invoked > first.0 {
                continue;
            }
            self.model.steps(&from.state, &calls[at].op, &mut states);
            for state in states.drain(..) {
                let mut done = from.done.clone();
                done[at / 64] |= 1 << (at % 64);
                self.enter(Configuration { done, state });
            }
        }
        false
    }
}
