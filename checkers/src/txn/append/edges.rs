//! Who precedes whom by one list, and what each step saw or made.

use super::order::{NOWHERE, Order};
use crate::txn::hubs::all_before_all;
use crate::txn::inferred::{NOTHING, Part};
use crate::txn::object::Object;
use crate::txn::{INITIAL, Kinds, Write};
use history::CallOutcome;

/// Adds the edges of one list to the part.
pub(super) fn infer(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    overwrites(object, order, part);
    let mut last_readers = Vec::new();
    for slot in (0..object.len()).filter(|slot| object.is_read(*slot)) {
        read(object, order, slot, part);
        let is_last = order.at[slot] as usize == order.spine.len();
        if is_last && order.is_whole() {
            last_readers.push(object.row(slot));
        }
    }
    unseen(object, order, last_readers, part);
    prove(object, order, part);
    note(object, order, part);
}

/// Each element that was seen replaced the version before it.
fn overwrites(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    let mut before = None;
    for position in 0..order.trusted {
        let slot = order.installer(object, position);
        if let (Some(before), Some(slot)) = (before, slot) {
            part.edges.add(object.row(before), object.row(slot), Kinds::WW);
        }
        before = slot;
    }
}

fn read(object: &Object<'_, '_>, order: &Order<'_>, slot: usize, part: &mut Part) {
    let (length, row) = (order.at[slot] as usize, object.row(slot));
    if let Some(writer) = order.source(object, slot) {
        part.edges.add(object.row(writer), row, Kinds::WR);
    }
    if length < order.spine.len() {
        part.old_reads += u64::from(object.is_ok(slot));
    }
    if length < order.trusted
        && let Some(next) = order.installer(object, length)
    {
        part.edges.add(row, object.row(next), Kinds::RW);
    }
}

/// Appends that nobody saw come after the longest read.
fn unseen(object: &Object<'_, '_>, order: &Order<'_>, readers: Vec<u32>, part: &mut Part) {
    if !order.is_whole() {
        return;
    }
    let last = order.spine.len().checked_sub(1).and_then(|last| order.installer(object, last));
    let mut writers: Vec<u32> = order.unseen.iter().map(|slot| object.row(*slot)).collect();
    writers.dedup();
    for writer in &writers {
        if let Some(last) = last {
            part.edges.add(object.row(last), *writer, Kinds::WW);
        }
    }
    all_before_all(&readers, &writers, Kinds::RW, &mut part.edges);
}

/// Indeterminate transactions whose appends an ok read found have committed.
fn prove(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    for slot in (0..object.len()).filter(|slot| object.outcome(*slot) == CallOutcome::Info && !object.is_read(*slot)) {
        let marks = order.marks[slot];
        if !marks.is_ambiguous && (order.at[slot] != NOWHERE || marks.is_in_branch) {
            part.proven.push(object.row(slot));
        }
    }
}

/// What each step saw or made.
fn note(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    let mut newcomers = order.unseen.iter().map(|slot| object.row(*slot));
    let newcomer = newcomers.next().filter(|first| newcomers.all(|row| row == *first));
    for run in object.runs() {
        let mut has_appended = false;
        for slot in run {
            part.seen.push(if object.is_read(slot) {
                if has_appended { NOTHING } else { version_read(object, order, slot) }
            } else {
                has_appended = true;
                if order.marks[slot].is_intermediate { NOTHING } else { version_made(object, order, slot, newcomer) }
            });
        }
    }
}

fn version_read(object: &Object<'_, '_>, order: &Order<'_>, slot: usize) -> u32 {
    match order.at[slot] {
        0 => INITIAL,
        // Which version a read is of that no order explains, nobody knows.
        NOWHERE => NOTHING,
        _ => {
            let writer = order.source(object, slot).map(|writer| object.row(writer));
            writer.filter(|writer| *writer != object.row(slot)).unwrap_or(NOTHING)
        }
    }
}

fn version_made(object: &Object<'_, '_>, order: &Order<'_>, slot: usize, newcomer: Option<u32>) -> u32 {
    match order.at[slot] {
        // Where an element stands says nothing of either of those that append it.
        _ if order.marks[slot].is_ambiguous => NOTHING,
        NOWHERE if order.is_whole() && newcomer == Some(object.row(slot)) => order.spine.len() as u32 + 1,
        NOWHERE => Write::UNORDERED,
        position if (position as usize) < order.trusted => position + 1,
        _ => Write::UNORDERED,
    }
}
