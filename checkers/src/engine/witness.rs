//! A few calls that have no legal order by themselves, out of many that have none.
//!
//! Leaving calls out is honest only if it cannot break a legal order; [`crate::object::Tie`] says when. A call that
//! cannot keep what it needs may stand for a weaker one, if the model knows one. Calls that return after the one
//! that cannot be explained may have happened or not, as crashed ones.
//!
//! Source: Zeller and Hildebrandt 2002, "Simplifying and isolating failure-inducing input" (ddmin), over such sets.

use super::{Answer, Limits, clean, search};
use crate::object::{Model, Tie, Timed, V};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// What one trial may cost.
const TRIAL: Limits = Limits { nodes: 50_000, bytes: 1 << 26, stall: u64::MAX, foresight: true };
/// What all trials on one object may cost: this many nodes, every call of a trial counting as one.
const ALL_TRIALS: u64 = 3_000_000;
/// The first window to be tried, in calls before the violation shows, and the last one of a search that only stalls.
const FIRST_WINDOW: usize = 6;
const LAST_LOCAL_WINDOW: usize = 800;

type Subset = BTreeSet<u32>;

/// Makes witnesses of calls of one object.
pub struct Witness<'a, M: Model> {
    model: &'a M,
    calls: &'a [Timed<M::Op>],
    ties: Vec<Tie>,
    makers: FxHashMap<V, Vec<u32>>,
    culprit: u32,
    cut: u32,
    begun: Vec<u32>,
    left: u64,
}

impl<'a, M: Model> Witness<'a, M> {
    /// Of cleaned calls that have no legal order, or may have none, when the call `culprit` returns.
    #[must_use]
    pub fn new(model: &'a M, calls: &'a [Timed<M::Op>], culprit: usize) -> Self {
        let cut = calls.get(culprit).and_then(|call| call.returned).unwrap_or(u32::MAX);
        let begun: Vec<u32> = (0..calls.len() as u32).filter(|at| calls[*at as usize].invoked <= cut).collect();
        let ties: Vec<Tie> = calls.iter().map(|call| model.tie(&call.op)).collect();
        let mut makers: FxHashMap<V, Vec<u32>> = FxHashMap::default();
        for &at in &begun {
            for value in &ties[at as usize].makes {
                makers.entry(*value).or_default().push(at);
            }
        }
        Witness { model, calls, ties, makers, culprit: culprit as u32, cut, begun, left: ALL_TRIALS }
    }

    /// A small set of calls near the culprit that have no legal order, if there is one: what a search that got stuck
    /// asks for.
    pub fn local(&mut self) -> Option<Vec<Timed<M::Op>>> {
        let subset = self.grow(LAST_LOCAL_WINDOW)?;
        Some(self.shrink(subset))
    }

    /// A small set of calls that have no legal order, where all of them are known to have none.
    pub fn proven(&mut self) -> Vec<Timed<M::Op>> {
        let subset = self.grow(usize::MAX).unwrap_or_else(|| self.begun.iter().copied().collect());
        self.shrink(subset)
    }

    /// The same, starting from calls that somebody else named.
    pub fn named(&mut self, named: &[usize]) -> Option<Vec<Timed<M::Op>>> {
        let subset = self.with_needs(named.iter().map(|at| *at as u32).collect());
        self.is_broken(&subset).then(|| self.shrink(subset))
    }

    fn grow(&mut self, last_window: usize) -> Option<Subset> {
        let mut window = FIRST_WINDOW;
        loop {
            let recent = self.begun[self.begun.len().saturating_sub(window)..].iter().copied();
            let subset = self.with_needs(recent.chain([self.culprit]).collect());
            if self.is_broken(&subset) {
                return Some(subset);
            }
            if window >= self.begun.len() || window >= last_window || self.left == 0 {
                return None;
            }
            window *= 2;
        }
    }

    /// Adds what must not be left out.
    fn with_needs(&self, mut subset: Subset) -> Subset {
        subset.extend(self.begun.iter().copied().filter(|at| self.ties[*at as usize].fixed));
        subset.retain(|at| self.calls[*at as usize].invoked <= self.cut);
        let mut open: Vec<u32> = subset.iter().copied().collect();
        while let Some(at) = open.pop() {
            if self.weaker(at).is_some() {
                continue;
            }
            for value in &self.ties[at as usize].needs {
                for &maker in self.makers.get(value).map_or(&[][..], Vec::as_slice) {
                    if subset.insert(maker) {
                        open.push(maker);
                    }
                }
            }
        }
        subset
    }

    fn weaker(&self, at: u32) -> Option<M::Op> {
        self.model.weaken(&self.calls[at as usize].op)
    }

    fn is_whole(&self, at: u32, kept: &Subset) -> bool {
        let makers = |value: &V| self.makers.get(value).map_or(&[][..], Vec::as_slice);
        self.ties[at as usize].needs.iter().all(|value| makers(value).iter().all(|maker| kept.contains(maker)))
    }

    /// Takes out what must not stay; None if a call would have to go that may not.
    fn honest(&self, mut kept: Subset) -> Option<Subset> {
        loop {
            let unfit: Vec<u32> =
                kept.iter().copied().filter(|at| self.weaker(*at).is_none() && !self.is_whole(*at, &kept)).collect();
            if unfit.is_empty() {
                return Some(kept);
            }
            for at in unfit {
                if self.ties[at as usize].fixed {
                    return None;
                }
                kept.remove(&at);
            }
        }
    }

    /// Leaves out what can be left out: first in large pieces, in the end one call at a time.
    fn shrink(&mut self, mut subset: Subset) -> Vec<Timed<M::Op>> {
        let mut piece = subset.len().div_ceil(2);
        while piece > 0 && self.left > 0 {
            let before = subset.len();
            subset = self.shrink_by(subset, piece);
            let is_last = piece == 1 && subset.len() == before;
            piece = if is_last { 0 } else { piece.min(subset.len()).div_ceil(2).max(1) };
        }
        self.cut_out(&subset)
    }

    fn shrink_by(&mut self, mut subset: Subset, piece: usize) -> Subset {
        let mut from = 0;
        while from < subset.len() && self.left > 0 {
            let gone: FxHashSet<u32> =
                subset.iter().copied().skip(from).take(piece).filter(|at| !self.ties[*at as usize].fixed).collect();
            let rest = subset.iter().copied().filter(|at| !gone.contains(at)).collect();
            match self.honest(rest).filter(|_| !gone.is_empty()) {
                Some(rest) if self.is_broken(&rest) => subset = rest,
                _ => from += piece,
            }
        }
        subset
    }

    fn is_broken(&mut self, subset: &Subset) -> bool {
        let mut calls = self.cut_out(subset);
        clean(self.model, &mut calls);
        let found = search(self.model, &calls, TRIAL);
        self.left = self.left.saturating_sub(found.nodes + subset.len() as u64);
        matches!(found.answer, Answer::Broken(_))
    }

    fn cut_out(&self, subset: &Subset) -> Vec<Timed<M::Op>> {
        let one = |&at: &u32| {
            let mut call = self.calls[at as usize].clone();
            if let Some(weaker) = self.weaker(at).filter(|_| !self.is_whole(at, subset)) {
                call.op = weaker;
            }
            call.returned = call.returned.filter(|returned| *returned <= self.cut);
            call
        };
        let mut calls: Vec<Timed<M::Op>> = subset.iter().map(one).collect();
        calls.retain(|call| !(call.crashed() && self.model.is_read(&call.op)));
        calls
    }
}
