//! Why the calls of a small witness have no legal order: what the object may have held, and every way that leads
//! nowhere.
//!
//! Source: Knossos' final paths. We differ: only the shortest ways, one for each state that they end in.

use crate::object::{Model, Names, Timed};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

/// At most so many dead ends are shown.
const DEAD_ENDS: usize = 20;
/// More configurations are not looked at before one return.
const CONFIGURATIONS: usize = 20_000;
/// More calls and states, these by their size, are not looked at in all: a second or so.
const LOOKS: usize = 100_000_000;
/// To make a state of so many bytes costs about as much as to look at a call.
const BYTES_OF_A_LOOK: usize = 16;

/// One step of a dead end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Position of the call among the calls of the history.
    pub call: u32,
    /// The operation in words.
    pub operation: String,
    /// What the object holds afterwards.
    pub state: String,
}

/// One way that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadEnd {
    /// What the object holds at first.
    pub start: String,
    /// What may have happened then.
    pub steps: Vec<Step>,
    /// Why the call that cannot be explained is impossible then, and every other pending call too.
    pub reasons: Vec<String>,
}

/// What is known just before the return of the call that cannot be explained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Every state that the object may have been in, before any call that is pending then was taken on purpose.
    pub states: Vec<String>,
    /// At most 20, the shortest first.
    pub dead_ends: Vec<DeadEnd>,
}

/// Which calls have happened, and what the object holds.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Configuration<S> {
    done: Vec<u64>,
    state: S,
}

impl<S> Configuration<S> {
    fn has(&self, at: usize) -> bool {
        self.done[at / 64] >> (at % 64) & 1 == 1
    }
}

/// Explains calls, in the order of their invocations, that have no legal order. None if they have one, or too many
/// configurations to be looked at.
pub fn explain<M: Model>(model: &M, calls: &[Timed<M::Op>], names: &Names<'_>) -> Option<Explanation> {
    let mut returns: Vec<(u32, usize)> =
        calls.iter().enumerate().filter_map(|(at, call)| Some((call.returned?, at))).collect();
    returns.sort_unstable();
    let first = Configuration { done: vec![0; calls.len().div_ceil(64)], state: model.initial() };
    let (mut front, mut left) = (vec![first], LOOKS);
    for (returned, culprit) in returns {
        let ways = Ways::explore(model, calls, &front, (returned, culprit), &mut left)?;
        if ways.survivors.is_empty() {
            return Some(ways.explanation(model, calls, culprit, names, front.len()));
        }
        front = ways.survivors;
    }
    None
}

/// Everything that can be reached before one return.
struct Ways<S> {
    nodes: Vec<Configuration<S>>,
    came_from: Vec<Option<(usize, usize)>>,
    pending: Vec<usize>,
    survivors: Vec<Configuration<S>>,
}

impl<S: Clone + Eq + std::hash::Hash> Ways<S> {
    fn explore<M: Model<State = S>>(
        model: &M,
        calls: &[Timed<M::Op>],
        front: &[Configuration<S>],
        (returned, culprit): (u32, usize),
        left: &mut usize,
    ) -> Option<Self> {
        let pending: Vec<usize> = (0..calls.len()).filter(|at| calls[*at].invoked <= returned).collect();
        let mut ways =
            Ways { nodes: front.to_vec(), came_from: vec![None; front.len()], pending, survivors: Vec::new() };
        let mut seen: FxHashSet<Configuration<S>> = front.iter().cloned().collect();
        let mut open: VecDeque<usize> = (0..front.len()).collect();
        let mut states = Vec::new();
        while let Some(from) = open.pop_front() {
            let node = ways.nodes[from].clone();
            if node.has(culprit) {
                ways.survivors.push(node);
                continue;
            }
            let look = 1 + model.weight(&node.state) / BYTES_OF_A_LOOK;
            *left = left.checked_sub(ways.pending.len())?;
            for &at in ways.pending.iter().filter(|at| !node.has(**at)) {
                *left = left.checked_sub(look)?;
                model.steps(&node.state, &calls[at].op, &mut states);
                for state in states.drain(..) {
                    let mut next = Configuration { done: node.done.clone(), state };
                    next.done[at / 64] |= 1 << (at % 64);
                    if seen.insert(next.clone()) {
                        open.push_back(ways.nodes.len());
                        ways.nodes.push(next);
                        ways.came_from.push(Some((from, at)));
                    }
                }
            }
            if ways.nodes.len() > CONFIGURATIONS {
                return None;
            }
        }
        Some(ways)
    }

    fn explanation<M: Model<State = S>>(
        &self,
        model: &M,
        calls: &[Timed<M::Op>],
        culprit: usize,
        names: &Names<'_>,
        starts: usize,
    ) -> Explanation {
        let (mut states, mut ends) = (Vec::new(), FxHashMap::default());
        let mut dead_ends = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            let text = model.describe_state(&node.state, names);
            if at < starts && !states.contains(&text) {
                states.push(text);
            }
            if dead_ends.len() < DEAD_ENDS && ends.insert(&node.state, ()).is_none() {
                dead_ends.push(self.dead_end(model, calls, culprit, names, at));
            }
        }
        dead_ends.sort_by_key(|end: &DeadEnd| end.steps.len());
        Explanation { states, dead_ends }
    }

    fn dead_end<M: Model<State = S>>(
        &self,
        model: &M,
        calls: &[Timed<M::Op>],
        culprit: usize,
        names: &Names<'_>,
        end: usize,
    ) -> DeadEnd {
        let (mut steps, mut at) = (Vec::new(), end);
        while let Some((from, call)) = self.came_from[at] {
            let state = model.describe_state(&self.nodes[at].state, names);
            let operation = model.describe_op(&calls[call].op, names);
            steps.push(Step { call: calls[call].call, operation, state });
            at = from;
        }
        steps.reverse();
        let node = &self.nodes[end];
        let holds = model.describe_state(&node.state, names);
        let others = self.pending.iter().copied().filter(|at| *at != culprit && !node.has(*at));
        let impossible = |at: &usize| model.step(&node.state, &calls[*at].op).is_none();
        let reason = |at: usize| format!("{holds}, so no {}", model.describe_op(&calls[at].op, names));
        let reasons = std::iter::once(culprit).chain(others.filter(impossible)).map(reason).collect();
        DeadEnd { start: model.describe_state(&self.nodes[at].state, names), steps, reasons }
    }
}
