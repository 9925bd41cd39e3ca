//! Elements that nobody may see, and reads that no order explains.

use super::order::{NOWHERE, Order, Scratch};
use super::writers::NOBODY;
use crate::txn::Phenomenon;
use crate::txn::inferred::Part;
use crate::txn::object::Object;
use history::{CallOutcome, ValueId};

/// Finds what is wrong with the elements of one list.
pub(super) fn find(object: &Object<'_, '_>, order: &Order<'_>, scratch: &Scratch, part: &mut Part) {
    spine(object, order, part);
    repeats(object, order, part);
    intermediate(object, order, part);
    for slot in &order.branches {
        branch(object, order, scratch, *slot, part);
    }
    if let Some(slot) = order.branches.first() {
        let spots = vec![object.spot(*slot), object.spot(order.longest)];
        let values = vec![object.value(*slot), object.value(order.longest)];
        part.findings.add(Phenomenon::IncompatibleOrder, object.key, spots, values);
    }
    dirty_updates(object, order, part);
    ambiguous(object, order, part);
}

/// Elements of failed transactions, and of nobody, where reads agree.
fn spine(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    let is_wrong = |slot: u32| slot == NOBODY || object.has_failed(slot as usize);
    let wrong: Vec<usize> = (0..order.spine.len()).filter(|at| is_wrong(order.writer[*at])).collect();
    if wrong.is_empty() {
        return;
    }
    let readers = first_readers(object, order);
    for position in wrong {
        if !order.repeats.contains(&position) {
            seen(object, order, [readers[position], order.writer[position]], order.spine[position], part);
        }
    }
}

/// By position: the first ok read that holds the element there.
fn first_readers(object: &Object<'_, '_>, order: &Order<'_>) -> Vec<u32> {
    let mut first = vec![NOBODY; order.spine.len()];
    for slot in (0..object.len()).filter(|slot| object.is_read(*slot) && object.is_ok(*slot)).rev() {
        if !matches!(order.at[slot], 0 | NOWHERE) {
            let length = order.at[slot];
            first[length as usize - 1] = slot as u32;
        }
    }
    for position in (1..first.len()).rev() {
        first[position - 1] = first[position - 1].min(first[position]);
    }
    first
}

/// An ok read holds an element whose writer failed or is nobody.
fn seen(object: &Object<'_, '_>, order: &Order<'_>, [read, writer]: [u32; 2], element: ValueId, part: &mut Part) {
    let read = object.spot(read as usize);
    if writer != NOBODY {
        if !order.marks[writer as usize].is_ambiguous {
            let spots = vec![read, object.spot(writer as usize)];
            part.findings.add(Phenomenon::G1a, object.key, spots, vec![element]);
        }
    } else if object.transactions.has_invocations() {
        part.findings.add(Phenomenon::GarbageRead, object.key, vec![read], vec![element]);
    } else {
        let (key, element) = (object.transactions.key_text(object.key), object.transactions.text(element));
        part.doubt(format!("for key {key}, {element} was read, and no transaction of the history wrote it"));
    }
}

fn repeats(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    let mut elements: Vec<ValueId> = order.repeats.iter().map(|at| order.spine[*at]).collect();
    elements.sort_unstable();
    elements.dedup();
    for element in elements {
        repeated(object, order.longest, element, part);
    }
}

/// An element stands in a read more often than it was appended.
fn repeated(object: &Object<'_, '_>, read: usize, element: ValueId, part: &mut Part) {
    let times = object.list(read).iter().filter(|own| **own == element).count();
    let is_append =
        |slot: &usize| !object.is_read(*slot) && !object.has_failed(*slot) && object.value(*slot) == element;
    if times > 1 && times > (0..object.len()).filter(is_append).count() {
        part.findings.add(Phenomenon::DuplicateElements, object.key, vec![object.spot(read)], vec![element]);
    }
}

/// Reads that end with an element after which its own transaction appended another.
fn intermediate(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    for slot in (0..object.len()).filter(|slot| object.is_read(*slot) && object.is_ok(*slot)) {
        let Some(writer) = order.source(object, slot) else { continue };
        if order.marks[writer].is_intermediate && object.row(writer) != object.row(slot) {
            let spots = vec![object.spot(slot), object.spot(writer)];
            part.findings.add(Phenomenon::G1b, object.key, spots, vec![object.value(writer)]);
        }
    }
}

/// What is wrong with the elements of a read that leaves the spine, from there on.
fn branch(object: &Object<'_, '_>, order: &Order<'_>, scratch: &Scratch, slot: usize, part: &mut Part) {
    let list = order.lists[slot];
    for element in &list[super::order::shared(list, order.spine)..] {
        let writer = scratch.writers.get(*element).unwrap_or(NOBODY);
        if writer == NOBODY || object.has_failed(writer as usize) {
            seen(object, order, [slot as u32, writer], *element, part);
        }
    }
    let mut sorted = list.to_vec();
    sorted.sort_unstable();
    for twice in sorted.chunk_by(|a, b| a == b).filter(|run| run.len() > 1) {
        repeated(object, slot, twice[0], part);
    }
}

/// Committed versions right after one that failed, or with only indeterminate ones between.
fn dirty_updates(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    let mut failed: Option<usize> = None;
    for position in 0..order.trusted {
        let slot = order.writer[position] as usize;
        if order.writer[position] == NOBODY || order.marks[slot].is_ambiguous {
            failed = None;
            continue;
        }
        match (object.outcome(slot), failed) {
            (CallOutcome::Fail, _) => failed = Some(slot),
            (CallOutcome::Info, _) => {}
            (CallOutcome::Ok, Some(first)) => {
                let spots = [first, slot, order.longest].map(|slot| object.spot(slot)).to_vec();
                let values = vec![object.value(first), object.value(slot)];
                part.findings.add(Phenomenon::DirtyUpdate, object.key, spots, values);
                failed = None;
            }
            (CallOutcome::Ok, None) => {}
        }
    }
}

fn ambiguous(object: &Object<'_, '_>, order: &Order<'_>, part: &mut Part) {
    if !order.has_ambiguous {
        return;
    }
    let slots = (0..object.len()).filter(|slot| order.marks[*slot].is_ambiguous);
    let mut elements: Vec<ValueId> = slots.map(|slot| object.value(slot)).collect();
    elements.sort_unstable();
    elements.dedup();
    for element in elements {
        let (key, element) = (object.transactions.key_text(object.key), object.transactions.text(element));
        part.doubt(format!("for key {key}, {element} is appended more than once, so nobody can tell whose it is"));
    }
}
