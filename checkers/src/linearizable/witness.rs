//! A few operations that are not linearizable by themselves, out of many that are not.
//!
//! Leaving operations out is honest only if it cannot break a legal order: a call may go only together with every
//! read that may have found what it made. A compare-and-set that is known to have happened and whose source is left out
//! stands for a plain write of its new value, which asks less of the order than the compare-and-set did; a crashed one
//! stays only with its sources, as a read does. So if the rest has no legal order, the whole has none either.
//!
//! Source: Zeller and Hildebrandt 2002, "Simplifying and isolating failure-inducing input" (ddmin), over such sets.

use super::call::{Call, Object, search};
use super::shape::{Finding, Shape};
use super::sources::Sources;
use crate::engine::{Answer, Limits};
use std::collections::BTreeSet;

/// What one trial may cost.
const TRIAL: Limits = Limits { nodes: 50_000, bytes: 1 << 26, stall: u64::MAX, foresight: true };
/// What all trials on one register may cost: this many nodes, a trial itself counting as a hundred.
const ALL_TRIALS: u64 = 5_000_000;
/// The first window to be tried, in calls on either side of the one that blocks the search, and the last one where it
/// is not known yet that there is a violation.
const FIRST_WINDOW: usize = 6;
const LAST_LOCAL_WINDOW: usize = 400;

/// Positions of calls, ascending, which is the order of their invocations.
type Subset = Vec<u32>;

/// Makes small witnesses on one register.
pub(crate) struct Minimiser<'a> {
    object: &'a Object,
    sources: &'a Sources<'a>,
    /// The call that blocks the search, near which the violation shows.
    at: usize,
    left: u64,
}

impl<'a> Minimiser<'a> {
    /// A minimiser with its whole budget, of what shows, or may show, near the call `at`.
    pub fn new(object: &'a Object, sources: &'a Sources<'a>, at: usize) -> Self {
        Minimiser { object, sources, at, left: ALL_TRIALS }
    }

    /// A violation among the calls nearby, if they are enough to show one.
    pub fn local(&mut self) -> Option<Finding> {
        let small = self.grow(LAST_LOCAL_WINDOW)?;
        Some(self.shrink(small))
    }

    /// A violation that is known to be there.
    pub fn proven(&mut self) -> Finding {
        let subset = self.grow(usize::MAX).unwrap_or_else(|| (0..self.object.calls.len() as u32).collect());
        self.shrink(subset)
    }

    /// Widens a window around the blocking call until what it holds is not linearizable.
    fn grow(&mut self, last_window: usize) -> Option<Subset> {
        let calls = &self.object.calls;
        let middle = calls.partition_point(|call| call.invoked <= calls[self.at].returned);
        let mut window = FIRST_WINDOW;
        loop {
            let nearby = middle.saturating_sub(window)..(middle + window / 2).min(calls.len());
            let nearby = nearby.map(|call| call as u32);
            let subset = self.with_sources(nearby.chain([self.at as u32]).collect());
            if self.broken(&subset, TRIAL).is_some() {
                return Some(subset);
            }
            if window >= calls.len() * 2 || window >= last_window || self.left == 0 {
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
                .flat_map(|&at| self.sources.of(at))
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
        let whole = self.sources.of(at).iter().all(|source| kept.contains(source));
        let stands_for_a_write = can_stand_for_a_write(call) && !self.is_made(needs, at, kept);
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
        let careful = Limits { foresight: false, ..TRIAL };
        let culprit = self.broken(&subset, careful).or_else(|| subset.last().copied()).unwrap_or_default();
        Finding { shape: Shape::Nameless, culprit, calls: subset }
    }

    fn shrink_by(&mut self, mut subset: Subset, piece: usize) -> Subset {
        let mut from = 0;
        while from < subset.len() && self.left > 0 {
            let mut rest = subset.clone();
            rest.drain(from..(from + piece).min(subset.len()));
            let rest = self.honest(rest);
            if self.broken(&rest, TRIAL).is_some() { subset = rest } else { from += piece }
        }
        subset
    }

    /// The call that blocks the search if these calls are not linearizable, as far as a trial can tell.
    fn broken(&mut self, subset: &Subset, limits: Limits) -> Option<u32> {
        let calls = self.cut_out(subset);
        let found = search(&calls, limits);
        self.left = self.left.saturating_sub(found.nodes + 100 + subset.len() as u64);
        match found.answer {
            Answer::Broken(at) => Some(subset[at]),
            _ => None,
        }
    }

    fn cut_out(&self, subset: &Subset) -> Vec<Call> {
        let kept: BTreeSet<u32> = subset.iter().copied().collect();
        let one = |&at: &u32| {
            let mut call = self.object.calls[at as usize];
            if can_stand_for_a_write(&call) && call.needs.is_some_and(|needs| !self.is_made(needs, at, &kept)) {
                call.needs = None;
            }
            call
        };
        subset.iter().map(one).collect()
    }
}

fn can_stand_for_a_write(call: &Call) -> bool {
    call.makes.is_some() && !call.crashed()
}
