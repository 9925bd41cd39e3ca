//! Violations that have a name, found by looking at intervals alone. They are certain, they need no search, and two or
//! three operations prove each of them.

use super::call::{Call, Object, State};
use super::sources::Sources;

/// Which violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// Something was found that nobody had asked to be written by then.
    Phantom,
    /// Something was found that had surely been overwritten before.
    Stale,
    /// Two compare-and-sets both found what was made only once, and both changed it.
    TwiceConsumed,
    /// No order explains the operations, and no simpler name fits.
    Nameless,
}

/// A violation on one register; positions are those of its calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Which violation.
    pub shape: Shape,
    /// The call that cannot be explained.
    pub culprit: u32,
    /// The calls that prove it, in the order of their invocations, the culprit among them.
    pub calls: Vec<u32>,
}

/// The first violation with a name, if there is one.
pub(crate) fn find(object: &Object, sources: &Sources<'_>) -> Option<Finding> {
    let known = object.calls.iter().enumerate().filter(|(_, call)| !call.crashed());
    for (at, call) in known {
        let Some(needs) = call.needs else { continue };
        if !sources.is_explicable(call, needs) {
            return Some(inexplicable(object, sources, at as u32, needs));
        }
    }
    twice_consumed(object, sources)
}

fn inexplicable(object: &Object, sources: &Sources<'_>, at: u32, needs: State) -> Finding {
    let call = &object.calls[at as usize];
    let begun = |&&other: &&u32| other != at && object.calls[other as usize].invoked <= call.returned;
    let made_by = sources.makers(needs).iter().rfind(begun).copied();
    if needs != 0 && made_by.is_none() {
        return Finding { shape: Shape::Phantom, culprit: at, calls: vec![at] };
    }
    let mut calls: Vec<u32> =
        made_by.into_iter().chain(overwriter(object, sources, made_by, call)).chain([at]).collect();
    calls.sort_unstable();
    Finding { shape: Shape::Stale, culprit: at, calls }
}

/// A call that surely made something else after `made_by` and before `call`; a plain write if there is one, since it
/// needs no explanation of its own.
fn overwriter(object: &Object, sources: &Sources<'_>, made_by: Option<u32>, call: &Call) -> Option<u32> {
    let between = |other: &Call| {
        let after = made_by.is_none_or(|made_by| object.calls[made_by as usize].precedes(other));
        other.makes.is_some() && after && other.precedes(call)
    };
    let plain = object.calls.iter().rposition(|other| other.needs.is_none() && between(other));
    plain.map(|at| at as u32).or_else(|| sources.barrier(call))
}

fn twice_consumed(object: &Object, sources: &Sources<'_>) -> Option<Finding> {
    let mut consumer: Vec<Option<u32>> = vec![None; object.values.len()];
    for (at, call) in object.calls.iter().enumerate().filter(|(_, call)| !call.crashed()) {
        let (Some(needs), Some(makes)) = (call.needs, call.makes) else { continue };
        let &[maker] = sources.makers(needs) else { continue };
        if makes == needs {
            continue;
        }
        if let Some(first) = consumer[needs as usize].replace(at as u32) {
            let mut calls = vec![maker, first, at as u32];
            calls.sort_unstable();
            let culprit = if object.calls[first as usize].returned > call.returned { first } else { at as u32 };
            return Some(Finding { shape: Shape::TwiceConsumed, culprit, calls });
        }
    }
    None
}
