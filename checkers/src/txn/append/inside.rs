//! Reads that do not agree with what their own transaction does to the list.

use super::order::{NOWHERE, Order};
use crate::txn::inferred::Part;
use crate::txn::object::Object;
use crate::txn::{InferOptions, Phenomenon};
use history::ValueId;
use std::ops::Range;

/// Finds what is wrong within single transactions.
pub(super) fn find(object: &Object<'_, '_>, order: &Order<'_>, options: &InferOptions, part: &mut Part) {
    let mut own = Vec::new();
    for run in object.runs().filter(|run| run.len() > 1 && object.is_ok(run.start)) {
        if options.own_writes {
            internal(object, order, run.clone(), &mut own, part);
        }
        future(object, order, run, part);
    }
}

/// The first read that is not what the transaction had found before, with what it appended since.
fn internal(object: &Object<'_, '_>, order: &Order<'_>, run: Range<usize>, own: &mut Vec<ValueId>, part: &mut Part) {
    let mut known: Option<&[ValueId]> = None;
    own.clear();
    for slot in run {
        if !object.is_read(slot) {
            own.push(object.value(slot));
            continue;
        }
        let list = order.lists[slot];
        let is_expected = match known {
            None => list.ends_with(own),
            Some(known) => list.len() == known.len() + own.len() && list.starts_with(known) && list.ends_with(own),
        };
        if !is_expected {
            part.findings.add(Phenomenon::Internal, object.key, vec![object.spot(slot)], vec![object.value(slot)]);
            return;
        }
        known = Some(list);
        own.clear();
    }
}

/// Reads that hold what the transaction appends only later.
fn future(object: &Object<'_, '_>, order: &Order<'_>, run: Range<usize>, part: &mut Part) {
    let mut longest: Option<usize> = None;
    let mut off_spine: Vec<usize> = Vec::new();
    for slot in run {
        if object.is_read(slot) {
            match order.at[slot] {
                NOWHERE => off_spine.push(slot),
                at if longest.is_none_or(|longest| order.at[longest] < at) => longest = Some(slot),
                _ => {}
            }
            continue;
        }
        if order.marks[slot].is_ambiguous {
            continue;
        }
        let position = order.at[slot];
        let on_spine = longest.filter(|read| position != NOWHERE && position < order.at[*read]);
        let holds = |read: &usize| order.lists[*read].contains(&object.value(slot));
        if let Some(read) = on_spine.or_else(|| off_spine.iter().copied().find(holds)) {
            let spots = vec![object.spot(read), object.spot(slot)];
            part.findings.add(Phenomenon::FutureRead, object.key, spots, vec![object.value(slot)]);
        }
    }
}
