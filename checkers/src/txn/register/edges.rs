//! Who precedes whom by one register, and what each step saw or made.

use super::order::Order;
use super::versions::{FIRST, NONE, Versions};
use crate::txn::hubs::all_before_all;
use crate::txn::inferred::{NOTHING, Part};
use crate::txn::object::Object;
use crate::txn::{INITIAL, Kinds};
use history::CallOutcome;

/// Adds the edges of one register to the part.
pub(super) fn infer(object: &Object<'_, '_>, versions: &Versions, order: &Order, part: &mut Part) {
    let readers = reads(object, versions, part);
    overwrites(object, versions, order, &readers, part);
    prove(object, versions, part);
    part.old_reads += old_reads(object, versions, order);
    part.seen.extend((0..object.len()).map(|slot| seen(object, versions, order, slot)));
}

/// Versions with the rows that read them from outside, sorted.
fn reads(object: &Object<'_, '_>, versions: &Versions, part: &mut Part) -> Vec<(u32, u32)> {
    let mut readers = Vec::new();
    for slot in (0..object.len()).filter(|slot| versions.is_outside[*slot]) {
        let version = versions.of[slot];
        readers.push((version, object.row(slot)));
        if let Some(writer) = versions.writer(object, version) {
            part.edges.add(object.row(writer), object.row(slot), Kinds::WR);
        }
    }
    readers.sort_unstable();
    readers.dedup();
    readers
}

/// Whoever made or read a version precedes those who made later ones.
fn overwrites(object: &Object<'_, '_>, versions: &Versions, order: &Order, readers: &[(u32, u32)], part: &mut Part) {
    for steps in order.steps.chunk_by(|a, b| a.from == b.from) {
        let from = steps[0].from;
        let writer = |version: u32| versions.writer(object, version).map(|slot| object.row(slot));
        let later: Vec<u32> = steps.iter().filter_map(|step| writer(step.to)).collect();
        if let Some(own) = writer(from) {
            later.iter().for_each(|to| part.edges.add(own, *to, Kinds::WW));
        }
        let start = readers.partition_point(|reader| reader.0 < from);
        let own = readers[start..].iter().take_while(|reader| reader.0 == from);
        let rows: Vec<u32> = own.map(|reader| reader.1).collect();
        all_before_all(&rows, &later, Kinds::RW, &mut part.edges);
    }
}

/// Indeterminate transactions whose writes an ok transaction read have committed.
fn prove(object: &Object<'_, '_>, versions: &Versions, part: &mut Part) {
    let seen = versions.all.iter().filter(|version| version.is_seen && version.writer != NONE && !version.is_ambiguous);
    let infos = seen.filter(|version| object.outcome(version.writer as usize) == CallOutcome::Info);
    part.proven.extend(infos.map(|version| object.row(version.writer as usize)));
}

fn old_reads(object: &Object<'_, '_>, versions: &Versions, order: &Order) -> u64 {
    let mut is_old = vec![false; versions.all.len()];
    order.steps.iter().for_each(|step| is_old[step.from as usize] = true);
    let reads = (0..object.len()).filter(|slot| object.is_ok(*slot) && versions.is_outside[*slot]);
    reads.filter(|slot| is_old[versions.of[*slot] as usize]).count() as u64
}

fn seen(object: &Object<'_, '_>, versions: &Versions, order: &Order, slot: usize) -> u32 {
    let version = versions.of[slot];
    if !object.is_read(slot) {
        let is_last = versions.touches.binary_search_by_key(&object.row(slot), |touch| touch.row);
        let is_last = is_last.is_ok_and(|at| versions.touches[at].write == slot as u32);
        return if is_last { order.places[version as usize] } else { NOTHING };
    }
    if !versions.is_outside[slot] || versions.all[version as usize].is_ambiguous {
        return NOTHING;
    }
    match versions.writer(object, version).map(|writer| object.row(writer)) {
        None if version == FIRST => INITIAL,
        Some(writer) if writer != object.row(slot) => writer,
        _ => NOTHING,
    }
}
