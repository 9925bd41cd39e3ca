//! Append-only logs with full reads.
//!
//! Every read is a prefix of the longest; the position of an element in it and the length of a read are slots, and what
//! was appended and never seen comes last. Then real time: slot sweep. An element that was appended twice and seen
//! cannot be judged. Source: checkers.md 2.7 (g). Linear in the size of the reads, after sorting the calls.

use super::interval::{Ranged, sweep};
use super::{TOO_LONG, is_too_long, named, span};
use crate::model::{AppendLog, LogOp};
use crate::object::{Monitor, Monitored, Timed, V};
use rustc_hash::FxHashMap;

impl Monitor for AppendLog {
    fn monitor(&self, calls: &[Timed<LogOp>]) -> Monitored {
        if is_too_long(calls) {
            return Monitored::Unsupported(TOO_LONG);
        }
        let slots = match slots(calls) {
            Ok(slots) => slots,
            Err(verdict) => return verdict,
        };
        match sweep(&slots) {
            // The longest read tells in which order two elements came.
            Some((earlier, later)) => {
                let longest = reads(calls).max_by_key(|(all, _)| all.len()).map(|(_, tag)| tag);
                Monitored::Invalid(named(calls, [earlier, later].into_iter().chain(longest)))
            }
            None => Monitored::Valid,
        }
    }
}

/// An element: how often it was appended, and its place in the longest read, from 1.
#[derive(Default)]
struct Element {
    appends: u32,
    place: Option<u32>,
}

fn reads(calls: &[Timed<LogOp>]) -> impl Iterator<Item = (&[V], u32)> {
    calls.iter().zip(0..).filter_map(|(call, tag)| match &call.op {
        LogOp::ReadAll(all) if !call.crashed() => Some((&all[..], tag)),
        _ => None,
    })
}

fn slots(calls: &[Timed<LogOp>]) -> Result<Vec<Ranged>, Monitored> {
    let (longest, witness) = reads(calls).max_by_key(|(all, _)| all.len()).unwrap_or_default();
    let elements = elements(calls, longest, witness)?;
    let mut slots = Vec::with_capacity(calls.len());
    for (all, tag) in reads(calls) {
        if !longest.starts_with(all) {
            return Err(Monitored::Invalid(named(calls, [witness, tag])));
        }
        let slot = 2 * all.len() as u32 + 1;
        slots.push(Ranged { lowest: slot, highest: slot, span: span(&calls[tag as usize]), tag });
    }
    let last = longest.len() as u32 + 1;
    for (call, tag) in calls.iter().zip(0..) {
        let LogOp::Append(value) = &call.op else { continue };
        match elements.get(value).and_then(|element| element.place) {
            Some(place) => slots.push(Ranged { lowest: 2 * place, highest: 2 * place, span: span(call), tag }),
            None if call.crashed() => {}
            None => slots.push(Ranged { lowest: 2 * last, highest: u32::MAX, span: span(call), tag }),
        }
    }
    Ok(slots)
}

/// Every element that was appended, with its place in the longest read, which the call at `witness` saw.
fn elements(calls: &[Timed<LogOp>], longest: &[V], witness: u32) -> Result<FxHashMap<V, Element>, Monitored> {
    let mut elements: FxHashMap<V, Element> = FxHashMap::default();
    for call in calls {
        if let LogOp::Append(value) = &call.op {
            elements.entry(*value).or_default().appends += 1;
        }
    }
    let mut ambiguous = false;
    for (value, place) in longest.iter().zip(1..) {
        match elements.get_mut(value) {
            Some(element) if element.appends > 1 => ambiguous = true,
            Some(element) if element.place.is_none() => element.place = Some(place),
            // Seen twice and appended once, or never appended.
            _ => return Err(Monitored::Invalid(vec![witness as usize])),
        }
    }
    if ambiguous {
        return Err(Monitored::Unsupported("an element that was seen had been appended more than once"));
    }
    Ok(elements)
}
