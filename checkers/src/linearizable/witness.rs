//! A few operations that are not linearizable by themselves, out of many that are not.
//!
//! Leaving operations out is honest only if it cannot break a legal order: a call may go only together with every
//! read that may have found what it made. A compare-and-set that is known to have happened and whose source is left out
//! stands for a plain write of its new value, which asks less of the order than the compare-and-set did; a crashed one
//! stays only with its sources, as a read does. So if the rest has no legal order, the whole has none either.
//!
//! Source: Zeller and Hildebrandt 2002, "Simplifying and isolating failure-inducing input" (ddmin), over such sets.

use super::call::{Call, FOREVER, Object};
use super::search::{Answer, Limits, search};
use super::shape::{Finding, Shape};
use super::sources::Sources;
use std::collections::BTreeSet;

/// What one trial may cost.
const TRIAL: Limits = Limits { nodes: 50_000, bytes: 1 << 26, stall: u64::MAX };
/// What all trials on one register may cost: this many nodes, a trial itself counting as a hundred.
const ALL_TRIALS: u64 = 5_000_000;
/// The first window to be tried, in calls before the violation shows, and the last one of a search that only stalls.
const FIRST_WINDOW: usize = 6;
const LAST_LOCAL_WINDOW: usize = 400;

/// Positions of calls, ascending, which is the order of their invocations.
type Subset = Vec<u32>;

/// Makes small witnesses on one register.
pub(crate) struct Minimiser<'a> {
    object: &'a Object,
    sources: &'a Sources<'a>,
    /// The call whose return shows the violation. Calls that return later may have happened or not, as crashed ones.
    at: usize,
    left: u64,
}

impl<'a> Minimiser<'a> {
    /// A minimiser with its whole budget, of what shows, or may show, when the call `at` returns.
    pub fn new(object: &'a Object, sources: &'a Sources<'a>, at: usize) -> Self {
        Minimiser { object, sources, at, left: ALL_TRIALS }
    }

    /// A violation among the last calls before that return, if they are enough to show one.
    pub fn local(&mut self) -> Option<Finding> {
        let small = self.grow(LAST_LOCAL_WINDOW)?;
        Some(self.shrink(small))
    }

    /// A violation that is known to show then.
    pub fn proven(&mut self) -> Finding {
        let subset = self.grow(usize::MAX).unwrap_or_else(|| self.begun());
        self.shrink(subset)
    }

    fn cut(&self) -> u64 {
        self.object.calls[self.at].returned
    }

    fn begun(&self) -> Subset {
        let begun = |call: &u32| self.object.calls[*call as usize].invoked <= self.cut();
        (0..self.object.calls.len() as u32).filter(begun).collect()
    }

    fn sources_of(&self, call: u32) -> Vec<u32> {
        let mut sources = self.sources.of(call);
        sources.retain(|&source| self.object.calls[source as usize].invoked <= self.cut());
        sources
    }

    /// Doubles a window that ends at the cut until what it holds is not linearizable.
    fn grow(&mut self, last_window: usize) -> Option<Subset> {
        let begun = self.begun();
        let mut window = FIRST_WINDOW;
        loop {
            let recent = begun[begun.len().saturating_sub(window)..].iter().copied();
            let subset = self.with_sources(recent.chain([self.at as u32]).collect());
            if self.broken(&subset).is_some() {
                return Some(subset);
            }
            if window >= begun.len() || window >= last_window || self.left == 0 {
                return None;
            }
            window *= 2;
        }
    }

    /// Adds what must not be left out: all sources of a read, and of a compare-and-set if any of them is there.
    fn with_sources(&self, mut subset: BTreeSet<u32>) -> Subset {
        loop {
            let missing: Vec<u32> = subset
                .iter()
                .filter(|&&at| !self.fits(at, &subset))
                .flat_map(|&at| self.sources_of(at))
                .filter(|source| !subset.contains(source))
                .collect();
            if missing.is_empty() {
                return self.honest(subset.into_iter().collect());
            }
            subset.extend(missing);
        }
    }

    /// Takes out what must not stay: reads without all their sources, and compare-and-sets with some of them only.
    fn honest(&self, subset: Subset) -> Subset {
        let mut kept: BTreeSet<u32> = subset.into_iter().collect();
        loop {
            let unfit: Vec<u32> = kept.iter().copied().filter(|&at| !self.fits(at, &kept)).collect();
            if unfit.is_empty() {
                return kept.into_iter().collect();
            }
            for at in unfit {
                kept.remove(&at);
            }
        }
    }

    fn fits(&self, at: u32, kept: &BTreeSet<u32>) -> bool {
        let call = &self.object.calls[at as usize];
        let Some(needs) = call.needs else { return true };
        let whole = self.sources_of(at).iter().all(|source| kept.contains(source));
        let stands_for_a_write = self.can_stand_for_a_write(call) && !self.is_made(needs, at, kept);
        whole || stands_for_a_write
    }

    fn is_made(&self, state: u32, by_other_than: u32, kept: &BTreeSet<u32>) -> bool {
        self.sources.makers(state).iter().any(|maker| *maker != by_other_than && kept.contains(maker))
    }

    /// Leaves out what can be left out: first in large pieces, in the end one call at a time.
    fn shrink(&mut self, mut subset: Subset) -> Finding {
        let mut piece = subset.len().div_ceil(2);
        loop {
            let before = subset.len();
            subset = self.shrink_by(subset, piece);
            if self.left == 0 || (piece <= 1 && subset.len() == before) {
                break;
            }
            piece = piece.min(subset.len()).div_ceil(2).max(1);
        }
        let culprit = self.broken(&subset).or_else(|| subset.last().copied()).unwrap_or_default();
        Finding { shape: Shape::Nameless, culprit, calls: subset }
    }

    fn shrink_by(&mut self, mut subset: Subset, piece: usize) -> Subset {
        let mut from = 0;
        while from < subset.len() && self.left > 0 {
            let mut rest = subset.clone();
            rest.drain(from..(from + piece).min(subset.len()));
            let rest = self.honest(rest);
            if self.broken(&rest).is_some() { subset = rest } else { from += piece }
        }
        subset
    }

    /// The call whose return shows that these calls are not linearizable, if a trial finds one.
    fn broken(&mut self, subset: &Subset) -> Option<u32> {
        let calls = self.cut_out(subset);
        let found = search(&calls, TRIAL);
        self.left = self.left.saturating_sub(found.nodes + 100 + subset.len() as u64);
        match found.answer {
            Answer::Broken { at } => Some(subset[at]),
            _ => None,
        }
    }

    fn cut_out(&self, subset: &Subset) -> Vec<Call> {
        let kept: BTreeSet<u32> = subset.iter().copied().collect();
        let one = |&at: &u32| {
            let mut call = self.object.calls[at as usize];
            if self.can_stand_for_a_write(&call) && call.needs.is_some_and(|needs| !self.is_made(needs, at, &kept)) {
                call.needs = None;
            }
            if call.returned > self.cut() {
                call.returned = FOREVER;
            }
            call
        };
        subset.iter().map(one).collect()
    }

    fn can_stand_for_a_write(&self, call: &Call) -> bool {
        call.makes.is_some() && call.returned <= self.cut()
    }
}
