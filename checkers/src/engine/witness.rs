//! A few calls that have no legal order by themselves, out of many that have none.
//!
//! Leaving calls out is honest only if it cannot break a legal order; [`crate::object::Tie`] says when. A call that
//! cannot keep what it needs may stand for a weaker one, if the model knows one: a full read for what it says of the
//! elements that are left. Calls that return after the one that cannot be explained may have happened or not, as crashed
//! ones. A trial asks the monitor, if there is one that has an answer, and else a search.
//!
//! Source: Zeller and Hildebrandt 2002, "Simplifying and isolating failure-inducing input" (ddmin), over such sets.

use super::just_in_time::counted;
use super::{Answer, Limits, clean};
use crate::object::{Model, MonitorOf, Monitored, Tie, Timed, V};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// What one trial may cost.
const TRIAL: Limits = Limits { nodes: 50_000, bytes: 1 << 24, stall: u64::MAX, foresight: true };
/// What all trials on one object may cost: nodes, states by their size, and values that calls tell of. A second or two.
const ALL_TRIALS: u64 = 3_000_000;
/// The first window to be tried, in calls before the violation shows, and the last one of a search that only stalls.
const FIRST_WINDOW: usize = 6;
const LAST_LOCAL_WINDOW: usize = 800;

type Subset = BTreeSet<u32>;

/// What is added to calls that stand for weaker ones where they lack what they need.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tied {
    /// Nothing.
    Weakly,
    /// Everything that they need.
    Fully,
}

/// Makes witnesses of calls of one object.
pub struct Witness<'a, M: Model> {
    model: &'a M,
    calls: &'a [Timed<M::Op>],
    ties: Vec<Tie>,
    makers: FxHashMap<V, Vec<u32>>,
    monitor: Option<MonitorOf<M>>,
    fixed: Vec<u32>,
    culprit: u32,
    cut: u32,
    begun: Vec<u32>,
    spent: u64,
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
        let fixed = begun.iter().copied().filter(|at| ties[*at as usize].fixed).collect();
        let culprit = culprit as u32;
        Witness { model, calls, ties, makers, monitor: None, fixed, culprit, cut, begun, spent: 0 }
    }

    /// With a monitor to be asked first.
    #[must_use]
    pub fn monitored(self, monitor: Option<MonitorOf<M>>) -> Self {
        Witness { monitor, ..self }
    }

    /// The work done so far, in nodes; states and calls count by their size.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.spent
    }

    /// What is left of the calls if only these may stay, and whatever must not be left out: what is honest to judge
    /// apart. None if that asks for more.
    #[must_use]
    pub fn kept(&self, wished: &[usize]) -> Option<Vec<Timed<M::Op>>> {
        let wished = wished.iter().map(|at| *at as u32).chain(self.fixed.iter().copied());
        let begun = wished.filter(|at| self.calls.get(*at as usize).is_some_and(|call| call.invoked <= self.cut));
        self.honest(begun.collect()).map(|subset| self.cut_out(&subset))
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

    /// The same, starting from calls that somebody else named: alone, then with everything that they are tied to.
    pub fn named(&mut self, named: &[usize]) -> Option<Vec<Timed<M::Op>>> {
        let named = || named.iter().map(|at| *at as u32).collect();
        for tied in [Tied::Weakly, Tied::Fully] {
            let subset = self.with_needs(named(), tied);
            if self.is_broken(&subset) {
                return Some(self.shrink(subset));
            }
        }
        None
    }

    fn grow(&mut self, last_window: usize) -> Option<Subset> {
        let mut window = FIRST_WINDOW;
        loop {
            let recent = self.begun[self.begun.len().saturating_sub(window)..].iter().copied();
            let subset = self.with_needs(recent.chain([self.culprit]).collect(), Tied::Weakly);
            if self.is_broken(&subset) {
                return Some(subset);
            }
            if window >= self.begun.len() || window >= last_window || self.spent >= ALL_TRIALS {
                return None;
            }
            window *= 2;
        }
    }

    /// Adds what must not be left out.
    fn with_needs(&self, mut subset: Subset, tied: Tied) -> Subset {
        subset.extend(&self.fixed);
        subset.retain(|at| self.calls.get(*at as usize).is_some_and(|call| call.invoked <= self.cut));
        let mut open: Vec<u32> = subset.iter().copied().collect();
        while let Some(at) = open.pop() {
            if tied == Tied::Weakly && self.weaker(at, &subset).is_some() {
                continue;
            }
            for value in &self.ties[at as usize].needs {
                for &maker in self.makers(*value) {
                    if subset.insert(maker) {
                        open.push(maker);
                    }
                }
            }
        }
        subset
    }

    fn makers(&self, value: V) -> &[u32] {
        self.makers.get(&value).map_or(&[], Vec::as_slice)
    }

    fn has(&self, value: V, kept: &Subset) -> bool {
        self.makers(value).iter().all(|maker| kept.contains(maker))
    }

    /// What a call may stand for among these.
    fn weaker(&self, at: u32, kept: &Subset) -> Option<M::Op> {
        self.model.weaken(&self.calls[at as usize].op, &|value| self.has(value, kept))
    }

    fn is_whole(&self, at: u32, kept: &Subset) -> bool {
        self.ties[at as usize].needs.iter().all(|value| self.has(*value, kept))
    }

    /// Takes out what must not stay; None if a call would have to go that may not.
    fn honest(&self, mut kept: Subset) -> Option<Subset> {
        loop {
            let is_unfit = |at: &u32| !self.is_whole(*at, &kept) && self.weaker(*at, &kept).is_none();
            let unfit: Vec<u32> = kept.iter().copied().filter(is_unfit).collect();
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
        while piece > 0 && self.spent < ALL_TRIALS {
            let before = subset.len();
            subset = self.shrink_by(subset, piece);
            let is_last = piece == 1 && subset.len() == before;
            piece = if is_last { 0 } else { piece.min(subset.len()).div_ceil(2).max(1) };
        }
        self.cut_out(&subset)
    }

    fn shrink_by(&mut self, mut subset: Subset, piece: usize) -> Subset {
        let mut from = 0;
        while from < subset.len() && self.spent < ALL_TRIALS {
            let gone: FxHashSet<u32> =
                subset.iter().copied().skip(from).take(piece).filter(|at| !self.ties[*at as usize].fixed).collect();
            let rest: Subset = subset.iter().copied().filter(|at| !gone.contains(at)).collect();
            self.spend(self.size(&rest));
            match (!gone.is_empty()).then(|| self.honest(rest)).flatten() {
                Some(rest) if self.is_broken(&rest) => subset = rest,
                _ => from += piece,
            }
        }
        subset
    }

    fn is_broken(&mut self, subset: &Subset) -> bool {
        self.spend(self.size(subset));
        let mut calls = self.cut_out(subset);
        clean(self.model, &mut calls);
        match self.monitor.map(|monitor| monitor(self.model, &calls)) {
            Some(Monitored::Valid) => return false,
            Some(Monitored::Invalid(_)) => return true,
            Some(Monitored::Unsupported(_)) | None => {}
        }
        let (found, work) = counted(self.model, &calls, TRIAL);
        self.spend(work);
        matches!(found.answer, Answer::Broken(_))
    }

    fn size(&self, subset: &Subset) -> u64 {
        let size = |at: &u32| 1 + self.ties[*at as usize].needs.len() as u64;
        subset.iter().map(size).sum()
    }

    fn spend(&mut self, work: u64) {
        self.spent += work;
    }

    fn cut_out(&self, subset: &Subset) -> Vec<Timed<M::Op>> {
        let one = |&at: &u32| {
            let mut call = self.calls[at as usize].clone();
            if !self.is_whole(at, subset) {
                call.op = self.weaker(at, subset).unwrap_or(call.op);
            }
            call.returned = call.returned.filter(|returned| *returned <= self.cut);
            call
        };
        let mut calls: Vec<Timed<M::Op>> = subset.iter().map(one).collect();
        calls.retain(|call| !(call.crashed() && self.model.is_read(&call.op)));
        calls
    }
}
