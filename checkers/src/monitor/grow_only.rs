//! Grow-only sets with full reads.
//!
//! Reads must form a chain of inclusions; the rank of a read in it, and the rank at which an element is first seen, are
//! slots. Of several adds of one element the first invoked must make it appear, the others may come at any later time;
//! what was added and never seen comes after all reads. Then real time: slot sweep.
//! Source: checkers.md 2.7 (g); several adds are ours. Linear in the size of the reads, after sorting the calls.

use super::interval::{Ranged, sweep};
use super::{TOO_LONG, is_too_long, named, span};
use crate::model::{GrowOnlyOp, GrowOnlySet};
use crate::object::{Monitor, Monitored, Timed, V};
use rustc_hash::FxHashMap;

impl Monitor for GrowOnlySet {
    fn monitor(&self, calls: &[Timed<GrowOnlyOp>]) -> Monitored {
        if is_too_long(calls) {
            return Monitored::Unsupported(TOO_LONG);
        }
        match slots(calls) {
            Err(calls) => Monitored::Invalid(calls),
            Ok(slots) => match sweep(&slots) {
                Some((earlier, later)) => Monitored::Invalid(certificate(calls, earlier, later)),
                None => Monitored::Valid,
            },
        }
    }
}

/// Two calls in the wrong order, and the least read that sees what the second added, if that is an add.
fn certificate(calls: &[Timed<GrowOnlyOp>], earlier: u32, later: u32) -> Vec<usize> {
    let sees = |tag: &u32| match (&calls[*tag as usize], &calls[later as usize].op) {
        (Timed { op: GrowOnlyOp::ReadAll(all), returned: Some(_), .. }, GrowOnlyOp::Add(value)) => {
            all.binary_search(value).is_ok()
        }
        _ => false,
    };
    let size = |tag: &u32| if let GrowOnlyOp::ReadAll(all) = &calls[*tag as usize].op { all.len() } else { 0 };
    let least = (0..calls.len() as u32).filter(sees).min_by_key(size);
    named(calls, [earlier, later].into_iter().chain(least))
}

/// An element: the call that adds it first, and the rank of the first read that sees it.
struct Element {
    first: u32,
    rank: Option<u32>,
}

/// A read that completed: what it saw, and its position.
type Read<'c> = (&'c [V], u32);

/// The slots that the reads force, or the calls of which nobody can make sense.
fn slots(calls: &[Timed<GrowOnlyOp>]) -> Result<Vec<Ranged>, Vec<usize>> {
    let mut elements = elements(calls);
    let ranks = ranks(calls)?;
    let last = ranks.last().map_or(0, |read| read.1) + 1;
    let mut slots = Vec::with_capacity(calls.len());
    for ((seen, tag), rank) in ranks {
        for value in seen {
            let element = elements.get_mut(value).ok_or_else(|| vec![tag as usize])?;
            element.rank.get_or_insert(rank);
        }
        slots.push(Ranged { lowest: 2 * rank + 1, highest: 2 * rank + 1, span: span(&calls[tag as usize]), tag });
    }
    for (call, tag) in calls.iter().zip(0..) {
        let GrowOnlyOp::Add(value) = &call.op else { continue };
        let Some(element) = elements.get(value) else { continue };
        let lowest = 2 * element.rank.unwrap_or(last);
        let highest = if element.rank.is_some() && element.first == tag { lowest } else { u32::MAX };
        if highest == lowest || !call.crashed() {
            slots.push(Ranged { lowest, highest, span: span(call), tag });
        }
    }
    Ok(slots)
}

fn elements(calls: &[Timed<GrowOnlyOp>]) -> FxHashMap<V, Element> {
    let mut elements: FxHashMap<V, Element> = FxHashMap::default();
    for (call, tag) in calls.iter().zip(0..) {
        let GrowOnlyOp::Add(value) = &call.op else { continue };
        let element = elements.entry(*value).or_insert(Element { first: tag, rank: None });
        if call.invoked < calls[element.first as usize].invoked {
            element.first = tag;
        }
    }
    elements
}

/// The reads by size, each with its rank among those that differ.
fn ranks(calls: &[Timed<GrowOnlyOp>]) -> Result<Vec<(Read<'_>, u32)>, Vec<usize>> {
    let read = |(call, tag): (&'_ Timed<GrowOnlyOp>, u32)| match &call.op {
        GrowOnlyOp::ReadAll(all) if !call.crashed() => Some((&calls[tag as usize], all.len(), tag)),
        _ => None,
    };
    let mut reads: Vec<_> = calls.iter().zip(0..).filter_map(read).collect();
    reads.sort_unstable_by_key(|&(_, size, tag)| (size, tag));
    let mut ranks: Vec<(Read<'_>, u32)> = Vec::with_capacity(reads.len());
    for (call, _, tag) in reads {
        let GrowOnlyOp::ReadAll(all) = &call.op else { continue };
        // What a set holds is told in order, each element once.
        if !all.is_sorted_by(|one, next| one < next) {
            return Err(vec![tag as usize]);
        }
        let rank = match ranks.last() {
            None => 0,
            Some(((before, other), _)) if !is_subset(before, all) => return Err(named(calls, [*other, tag])),
            Some(((before, _), rank)) => rank + u32::from(before.len() < all.len()),
        };
        ranks.push(((all, tag), rank));
    }
    Ok(ranks)
}

/// Whether every element of one ascending list is in the other.
fn is_subset(one: &[V], other: &[V]) -> bool {
    if one.len() == other.len() {
        return one == other;
    }
    let mut others = other.iter();
    one.iter().all(|value| others.any(|other| other == value))
}
