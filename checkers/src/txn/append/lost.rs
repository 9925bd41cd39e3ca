//! Updates that overwrote each other, and acknowledged elements that are gone.

use super::order::{NOWHERE, Order};
use crate::txn::inferred::Part;
use crate::txn::object::Object;
use crate::txn::{InferOptions, Phenomenon};
use history::ValueId;

/// Finds what was lost of one list.
pub(super) fn find(object: &Object<'_, '_>, order: &Order<'_>, options: &InferOptions, part: &mut Part) {
    updates(object, order, part);
    if options.realtime {
        appends(object, order, part);
    }
}

/// Transactions that found the same list first of all, and appended to it afterwards.
fn updates(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    // Lists on the spine are the same if they are as long; only others have to be looked into.
    let mut updates: Vec<(u32, &[ValueId], usize)> = Vec::new();
    for run in object.runs().filter(|run| run.len() > 1 && object.is_ok(run.start) && object.is_read(run.start)) {
        if run.clone().any(|slot| !object.is_read(slot)) {
            let length = order.at[run.start];
            updates.push((length, if length == NOWHERE { order.lists[run.start] } else { &[] }, run.start));
        }
    }
    updates.sort_unstable();
    let same = updates.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    let mut lost: Vec<_> = same.filter(|same| same.len() > 1).collect();
    lost.sort_unstable_by_key(|same| same[0].2);
    for same in lost {
        let spots = same.iter().map(|update| object.spot(update.2)).collect();
        part.findings.add(Phenomenon::LostUpdate, object.key, spots, vec![object.value(same[0].2)]);
    }
}

/// Appends that nobody saw, although they had been acknowledged before another element that was seen was even asked for,
/// or before the last read of the longest list.
fn appends(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    if !order.branches.is_empty() || order.unseen.is_empty() {
        return;
    }
    let timeline = object.transactions.timeline();
    let invoked = |slot: &usize| timeline.invoked[object.row(*slot) as usize];
    let later = (0..order.spine.len()).filter_map(|at| order.installer(object, at)).max_by_key(invoked);
    let length = order.spine.len() as u32;
    let reads = (0..object.len()).filter(|slot| object.is_read(*slot) && object.is_ok(*slot));
    let Some(last) = reads.max_by_key(invoked).filter(|last| order.at[*last] == length) else {
        return overtaken(object, order, later, part);
    };
    overtaken(object, order, later, part);
    for slot in order.unseen.iter().copied().filter(|slot| object.is_ok(*slot)) {
        let is_before = |other: usize| timeline.is_before(object.row(slot), object.row(other));
        if !later.is_some_and(is_before) && is_before(last) {
            let spots = vec![object.spot(slot), object.spot(last)];
            part.findings.add(Phenomenon::LostAppend, object.key, spots, vec![object.value(slot)]);
        }
    }
}

fn overtaken(object: &Object<'_, '_>, order: &Order<'_>, later: Option<usize>, part: &mut Part) {
    let Some(later) = later else { return };
    for slot in order.unseen.iter().copied().filter(|slot| object.is_ok(*slot)) {
        if object.transactions.timeline().is_before(object.row(slot), object.row(later)) {
            let spots = [slot, order.longest, later].map(|slot| object.spot(slot)).to_vec();
            let values = vec![object.value(slot), object.value(later)];
            part.findings.add(Phenomenon::LostAppend, object.key, spots, values);
        }
    }
}
