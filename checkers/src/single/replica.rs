//! What a replica that answers out of its own state may not do, in the middle of a run as well as in its end.
//!
//! - *strong-divergence*: a result that is a map with `applied` (the updates that the replica has applied, or a version
//!   vector, or their digest) and `state`; equal `applied` means equal `state`, on all nodes and at all times. So a state
//!   that changes though nothing new was applied is found too. This needs no promise.
//! - *resurrection*, with `local`: a node had an element, then lacked it, and then had it again, though at most one
//!   addition of it can have taken effect.
//! - *shrinkage*, with `local`: a node had an element and then lacks it, though nothing was ever removed.
//!
//! Without `local` a node may ask others, and show now this replica and now that: then both are legal. A node that may
//! lose its disk must not be judged with `local`. Source: Shapiro and others 2011, "Conflict-free replicated data types"
//! (strong eventual consistency).

use super::SingleOptions;
use super::found::{Case, Found};
use super::object::{Object, Op};
use history::{Value, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    judge_applied(object, options, found);
    if options.local {
        judge_elements(object, found);
    }
}

/// What a read says was applied, and the state that follows from it.
fn applied(object: &Object, read: &Op) -> Option<(ValueId, ValueId)> {
    let is_read = read.is_ok() && read.f == "read";
    is_read.then_some(())?;
    Some((object.field(read.result, "applied")?, object.field(read.result, "state")?))
}

/// A value with its elements sorted, where their order means nothing.
pub(super) fn unordered(object: &Object, id: ValueId, options: &SingleOptions) -> Vec<ValueId> {
    match object.value(id) {
        Value::Vector(elements) | Value::Set(elements) if options.unordered => {
            let mut elements = elements.to_vec();
            elements.sort_unstable();
            elements
        }
        _ => vec![id],
    }
}

/// A set of updates, whatever order it is told in.
fn updates(object: &Object, id: ValueId) -> Vec<ValueId> {
    unordered(object, id, &SingleOptions { unordered: true, ..SingleOptions::default() })
}

fn judge_applied(object: &Object, options: &SingleOptions, found: &mut Found) {
    let mut first: FxHashMap<Vec<ValueId>, (&Op, ValueId)> = FxHashMap::default();
    let mut told = 0;
    for read in &object.ops {
        let Some((applied, state)) = applied(object, read) else { continue };
        told += 1;
        let (before, other) = *first.entry(updates(object, applied)).or_insert((read, state));
        if unordered(object, other, options) != unordered(object, state, options) {
            found.case("strong-divergence", 1, || {
                let words = |op: &Op, state: ValueId| format!("{} found {}", object.who(op), object.text(state));
                let (one, another) = (words(before, other), words(read, state));
                let text = format!("with {} applied, {one}, and {another}", object.text(applied));
                Case::new(read.at, [before.at], text)
            });
        }
    }
    if told > 0 {
        found.fact("reads that say what was applied", told);
    }
}

/// What one node showed of one element.
#[derive(Clone, Copy)]
struct Shown<'a> {
    /// The read that returned first of those that have it.
    had: &'a Op<'a>,
    /// The read that returned first of those that lack it and began after that.
    lacked: Option<&'a Op<'a>>,
}

/// The elements of a read, of whatever shape; None if it has none.
fn elements<'a>(object: &Object<'a>, read: &Op) -> Option<&'a [ValueId]> {
    let state = object.field(read.result, "state").unwrap_or(read.result);
    if read.is_ok() && read.f == "read" { object.value(state).elements() } else { None }
}

fn judge_elements(object: &Object, found: &mut Found) {
    if let Some(op) = object.ops.iter().find(|op| !matches!(op.f, "add" | "remove" | "read")) {
        return found.doubt(format!("nobody knows what `{}` does to the elements of a replica", op.f));
    }
    let mut additions: FxHashMap<ValueId, usize> = FxHashMap::default();
    for op in object.ops.iter().filter(|op| op.f == "add" && !op.is_failed()) {
        *additions.entry(op.argument).or_default() += 1;
    }
    let only_grows = object.ops.iter().all(|op| op.f != "remove");
    let mut nodes: FxHashMap<ValueId, Vec<(&Op, &[ValueId])>> = FxHashMap::default();
    for read in &object.ops {
        let (Some(node), Some(elements)) = (object.node(read), elements(object, read)) else { continue };
        nodes.entry(node).or_default().push((read, elements));
    }
    let mut nodes: Vec<_> = nodes.into_values().collect();
    nodes.sort_unstable_by_key(|reads| reads[0].0.at);
    for mut reads in nodes {
        reads.sort_unstable_by_key(|(read, _)| read.returned);
        judge_node(object, &reads, &additions, only_grows, found);
    }
}

/// Reads of one node, in the order of their returns.
fn judge_node(
    object: &Object,
    reads: &[(&Op, &[ValueId])],
    additions: &FxHashMap<ValueId, usize>,
    only_grows: bool,
    found: &mut Found,
) {
    let mut shown: FxHashMap<ValueId, Shown> = FxHashMap::default();
    for (read, elements) in reads {
        let has: FxHashSet<ValueId> = elements.iter().copied().collect();
        for (element, shown) in &mut shown {
            let is_after = shown.had.precedes(read) && !has.contains(element);
            if is_after && shown.lacked.is_none() {
                shown.lacked = Some(read);
                if only_grows {
                    found.case("shrinkage", 1, || shrunk(object, *element, shown.had, read));
                }
            }
        }
        for element in elements.iter().filter(|element| additions.get(element).copied().unwrap_or(0) < 2) {
            let own = shown.entry(*element).or_insert(Shown { had: read, lacked: None });
            if let Some(lacked) = own.lacked.filter(|lacked| lacked.precedes(read)) {
                found.case("resurrection", 1, || risen(object, *element, own.had, lacked, read));
                *own = Shown { had: read, lacked: None };
            }
        }
    }
}

fn shrunk(object: &Object, element: ValueId, had: &Op, lacked: &Op) -> Case {
    let (one, other, text) = (object.who(had), object.who(lacked), object.text(element));
    let text = format!("{one} read {text} from a node, and {other} after it not, though nothing was ever removed");
    Case::new(lacked.at, [had.at], text).about(element)
}

fn risen(object: &Object, element: ValueId, had: &Op, lacked: &Op, again: &Op) -> Case {
    let (one, other, third) = (object.who(had), object.who(lacked), object.who(again));
    let text = format!(
        "{one} read {} from a node, {other} after it not, and then {third} again, though it was added once at most",
        object.text(element)
    );
    Case::new(again.at, [had.at, lacked.at], text).about(element)
}

/// Whether the reads of a witness show a case of this file; None if it is of another.
pub(super) fn confirm(object: &Object, options: &SingleOptions, case: &Case) -> Option<bool> {
    let has = |op: &Op| elements(object, op).map(|elements| elements.contains(&case.subject));
    let is_one_node = object.ops.windows(2).all(|pair| object.node(&pair[0]) == object.node(&pair[1]));
    let mut ops: Vec<&Op> = object.ops.iter().collect();
    ops.sort_unstable_by_key(|op| op.returned);
    let follow = ops.windows(2).all(|pair| pair[0].precedes(pair[1]));
    let shows = |pattern: &[bool]| {
        let seen: Option<Vec<bool>> = ops.iter().map(|op| has(op)).collect();
        options.local && is_one_node && follow && seen.as_deref() == Some(pattern)
    };
    match case.name {
        "shrinkage" => Some(shows(&[true, false])),
        "resurrection" => Some(shows(&[true, false, true])),
        "strong-divergence" => {
            let told: Option<Vec<(ValueId, ValueId)>> = ops.iter().map(|op| applied(object, op)).collect();
            let Some([one, other]) = told.as_deref() else { return Some(false) };
            let is_same = updates(object, one.0) == updates(object, other.0);
            Some(is_same && unordered(object, one.1, options) != unordered(object, other.1, options))
        }
        _ => None,
    }
}
