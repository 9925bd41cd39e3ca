//! Versions that nobody may see, and updates that were lost.

use super::versions::{FIRST, NONE, Version, Versions};
use crate::txn::inferred::Part;
use crate::txn::object::Object;
use crate::txn::{InferOptions, Phenomenon};
use std::ops::Range;

/// Finds what is wrong with one register.
pub(super) fn find(object: &Object<'_, '_>, versions: &Versions, options: &InferOptions, part: &mut Part) {
    for slot in (0..object.len()).filter(|slot| object.is_read(*slot) && object.is_ok(*slot)) {
        seen(object, versions, slot, part);
    }
    for run in object.runs().filter(|run| run.len() > 1 && object.is_ok(run.start)) {
        if options.own_writes {
            internal(object, run.clone(), part);
        }
        future(object, versions, run, part);
    }
    dirty_updates(object, versions, part);
    lost_updates(object, versions, part);
    for version in versions.all.iter().filter(|version| version.is_ambiguous) {
        let (key, value) = (object.transactions.key_text(object.key), object.transactions.text(version.value));
        let twice = "was there first or is written more than once, so nobody can tell whose it is";
        part.doubt(format!("for key {key}, {value} {twice}"));
    }
}

/// A read of a value that failed, that was overwritten at once, or that is nobody's.
fn seen(object: &Object<'_, '_>, versions: &Versions, slot: usize, part: &mut Part) {
    let (number, read) = (versions.of[slot], object.spot(slot));
    let Version { value, writer, is_ambiguous, is_intermediate, .. } = versions.all[number as usize];
    if is_ambiguous || number == FIRST {
        return;
    }
    if writer == NONE {
        if object.transactions.has_invocations() {
            part.findings.add(Phenomenon::GarbageRead, object.key, vec![read], vec![value]);
        } else {
            let (key, value) = (object.transactions.key_text(object.key), object.transactions.text(value));
            part.doubt(format!("for key {key}, {value} was read, and no transaction of the history wrote it"));
        }
        return;
    }
    let write = object.spot(writer as usize);
    if object.has_failed(writer as usize) {
        part.findings.add(Phenomenon::G1a, object.key, vec![read, write], vec![value]);
    } else if is_intermediate && read.row != write.row {
        part.findings.add(Phenomenon::G1b, object.key, vec![read, write], vec![value]);
    }
}

/// The first read that is not what the transaction had read or written before.
fn internal(object: &Object<'_, '_>, run: Range<usize>, part: &mut Part) {
    let wrong =
        run.clone().skip(1).find(|slot| object.is_read(*slot) && object.value(*slot) != object.value(*slot - 1));
    if let Some(slot) = wrong {
        part.findings.add(Phenomenon::Internal, object.key, vec![object.spot(slot)], vec![object.value(slot)]);
    }
}

/// Reads of what the transaction writes only later.
fn future(object: &Object<'_, '_>, versions: &Versions, run: Range<usize>, part: &mut Part) {
    let outside = run.filter(|slot| versions.is_outside[*slot]);
    for read in outside {
        let version = versions.all[versions.of[read] as usize];
        if version.writer == NONE || version.is_ambiguous || object.row(version.writer as usize) != object.row(read) {
            continue;
        }
        let spots = vec![object.spot(read), object.spot(version.writer as usize)];
        part.findings.add(Phenomenon::FutureRead, object.key, spots, vec![version.value]);
    }
}

/// Transactions that read a value that failed, and overwrote it.
fn dirty_updates(object: &Object<'_, '_>, versions: &Versions, part: &mut Part) {
    for touch in &versions.touches {
        if touch.read == NONE || touch.write == NONE || !object.is_ok(touch.write as usize) {
            continue;
        }
        let version = versions.all[versions.of[touch.read as usize] as usize];
        let own = versions.all[versions.of[touch.write as usize] as usize];
        let has_failed = version.writer != NONE && object.has_failed(version.writer as usize);
        if has_failed && !version.is_ambiguous && !own.is_ambiguous {
            let spots = [version.writer, touch.write, touch.read].map(|slot| object.spot(slot as usize)).to_vec();
            part.findings.add(Phenomenon::DirtyUpdate, object.key, spots, vec![version.value, own.value]);
        }
    }
}

/// Transactions that read the same version first of all, and overwrote it.
fn lost_updates(object: &Object<'_, '_>, versions: &Versions, part: &mut Part) {
    let updates = versions.touches.iter().filter(|touch| touch.read != NONE && touch.write != NONE);
    let ok = updates.filter(|touch| object.is_ok(touch.read as usize));
    let mut updates: Vec<(u32, u32)> = ok.map(|touch| (versions.of[touch.read as usize], touch.read)).collect();
    updates.sort_unstable();
    for same in updates.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        let version = versions.all[same[0].0 as usize];
        if !version.is_ambiguous {
            let spots = same.iter().map(|update| object.spot(update.1 as usize)).collect();
            part.findings.add(Phenomenon::LostUpdate, object.key, spots, vec![version.value]);
        }
    }
}
