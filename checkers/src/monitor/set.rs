//! Sets with add, remove and contains: each element is a bit of its own.
//!
//! A search over (bit, pending calls that took effect), one step per completion, with two rules that keep it narrow: a
//! call that only observes takes effect as soon as it can, and of pending calls of one kind the one that returns first
//! goes first. Elements with too much in flight, and full reads, are not judged. Source: checkers.md 2.7 (f), 2.6.
//! Polynomial while the calls in flight on one element are bounded, which the limits below enforce.

use super::named;
use crate::model::{Set, SetOp};
use crate::object::{Monitor, Monitored, Timed, V};
use rustc_hash::{FxHashMap, FxHashSet};

/// Calls of one element that may be pending at a time, crashed ones included.
const PENDING: usize = 32;
/// Ways in which the pending calls of one element may have taken effect.
const WAYS: usize = 4_096;

const FULL_READ: &str = "a full read concerns every element at once";
const CROWDED: &str = "too many calls on one element are in flight";

impl Monitor for Set {
    fn monitor(&self, calls: &[Timed<SetOp>]) -> Monitored {
        let mut elements: FxHashMap<V, usize> = FxHashMap::default();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (position, call) in calls.iter().enumerate() {
            let (SetOp::Add(value, _) | SetOp::Remove(value, _) | SetOp::Contains(value, _)) = &call.op else {
                return Monitored::Unsupported(FULL_READ);
            };
            let group = *elements.entry(*value).or_insert(groups.len());
            if group == groups.len() {
                groups.push(Vec::new());
            }
            groups[group].push(position);
        }
        let mut verdict = Monitored::Valid;
        for group in groups {
            match judge(calls, &group) {
                Monitored::Valid => {}
                Monitored::Unsupported(reason) => verdict = Monitored::Unsupported(reason),
                invalid @ Monitored::Invalid(_) => return invalid,
            }
        }
        verdict
    }
}

/// What a call asks of the bit, and what it leaves; what it may find is None if that is unknown.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kind {
    found: Option<bool>,
    leaves: Option<bool>,
}

fn kind(op: &SetOp) -> Kind {
    match *op {
        SetOp::Add(_, Some(false)) => Kind { found: Some(true), leaves: None },
        SetOp::Add(_, changed) => Kind { found: changed.map(|_| false), leaves: Some(true) },
        SetOp::Remove(_, Some(false)) => Kind { found: Some(false), leaves: None },
        SetOp::Remove(_, changed) => Kind { found: changed.map(|_| true), leaves: Some(false) },
        SetOp::Contains(_, there) => Kind { found: Some(there), leaves: None },
        SetOp::ReadAll(_) => Kind { found: None, leaves: None },
    }
}

impl Kind {
    fn fits(self, bit: bool) -> bool {
        self.found.is_none_or(|found| found == bit)
    }
}

/// The bit, and which pending calls took effect.
type Way = (bool, u32);

/// The pending calls of one element, and every way that they may have taken effect.
struct Search<'c> {
    calls: &'c [Timed<SetOp>],
    pending: [Option<usize>; PENDING],
    ways: FxHashSet<Way>,
}

fn judge(calls: &[Timed<SetOp>], group: &[usize]) -> Monitored {
    let mut events: Vec<(u32, bool, usize)> = Vec::with_capacity(2 * group.len());
    for &position in group {
        let call = &calls[position];
        if call.crashed() && kind(&call.op).leaves.is_none() {
            continue;
        }
        events.push((call.invoked, false, position));
        events.extend(call.returned.map(|returned| (returned, true, position)));
    }
    events.sort_unstable();
    let mut search = Search { calls, pending: [None; PENDING], ways: FxHashSet::from_iter([(false, 0)]) };
    for (_, returns, position) in events {
        let Some(slot) = search.slot(if returns { Some(position) } else { None }) else {
            return Monitored::Unsupported(CROWDED);
        };
        if !returns {
            search.invoke(slot, position);
        } else if !search.complete(slot) {
            return Monitored::Unsupported(CROWDED);
        } else if search.ways.is_empty() {
            // What was invoked since may be what left no room for this call.
            let returned = calls[position].returned.unwrap_or(u32::MAX);
            let rest = group.iter().filter(|&&other| other != position && calls[other].invoked <= returned);
            let mut positions = named(calls, rest.map(|&other| other as u32));
            positions.push(position);
            return Monitored::Invalid(positions);
        }
    }
    Monitored::Valid
}

impl Search<'_> {
    fn slot(&self, content: Option<usize>) -> Option<usize> {
        self.pending.iter().position(|pending| *pending == content)
    }

    fn kind(&self, slot: usize) -> Option<Kind> {
        self.pending[slot].map(|position| kind(&self.calls[position].op))
    }

    fn invoke(&mut self, slot: usize, position: usize) {
        self.pending[slot] = Some(position);
        self.ways = self.ways.iter().map(|&way| self.observed(way)).collect();
    }

    /// Everything that only observes, and can, has.
    fn observed(&self, (bit, mask): Way) -> Way {
        let observes = |slot: &usize| self.kind(*slot).is_some_and(|kind| kind.leaves.is_none() && kind.fits(bit));
        (bit, (0..PENDING).filter(observes).fold(mask, |mask, slot| mask | 1 << slot))
    }

    /// Keeps the ways in which this call took effect by now; false if there are too many.
    fn complete(&mut self, slot: usize) -> bool {
        let mut open: Vec<Way> = self.ways.drain().collect();
        let mut seen: FxHashSet<Way> = open.iter().copied().collect();
        while let Some(way) = open.pop() {
            if way.1 & 1 << slot != 0 {
                self.ways.insert((way.0, way.1 & !(1 << slot)));
                continue;
            }
            open.extend(self.changes(way).into_iter().filter(|next| seen.insert(*next)));
            if seen.len() > WAYS {
                return false;
            }
        }
        self.pending[slot] = None;
        true
    }

    /// Every way that one more change leads to.
    fn changes(&self, (bit, mask): Way) -> Vec<Way> {
        let mut first: Vec<(Kind, u32, usize)> = Vec::new();
        for slot in (0..PENDING).filter(|slot| mask & 1 << slot == 0) {
            let Some(kind) = self.kind(slot).filter(|kind| kind.leaves.is_some() && kind.fits(bit)) else { continue };
            let returned = self.pending[slot].and_then(|position| self.calls[position].returned).unwrap_or(u32::MAX);
            match first.iter_mut().find(|other| other.0 == kind) {
                Some(other) if returned < other.1 => (other.1, other.2) = (returned, slot),
                Some(_) => {}
                None => first.push((kind, returned, slot)),
            }
        }
        let after =
            |(kind, _, slot): &(Kind, u32, usize)| self.observed((kind.leaves.unwrap_or(bit), mask | 1 << slot));
        first.iter().map(after).collect()
    }
}
