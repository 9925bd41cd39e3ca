//! Which versions reads of a closed universe saw.

use super::versions::{Version, Versions};
use super::{matches, place};
use crate::txn::finding::Spot;
use crate::txn::inferred::{NOTHING, Part};
use crate::txn::object::Object;
use crate::txn::{INITIAL, InferOptions, Kind, Kinds, Mop, Phenomenon, Transactions};
use history::{CallOutcome, ValueId};

/// Reads of one object, and what each step of it saw or made.
pub(super) fn of_objects(object: &Object<'_, '_>, versions: &Versions, options: &InferOptions, part: &mut Part) {
    for run in object.runs() {
        let mut own: Option<usize> = None;
        let mut is_consistent = true;
        for slot in run {
            let is_read = object.is_read(slot);
            let before = own.replace(slot).filter(|_| is_read && object.is_ok(slot) && options.own_writes);
            if is_consistent && before.is_some_and(|before| object.value(before) != object.value(slot)) {
                is_consistent = false;
                part.findings.add(Phenomenon::Internal, object.key, vec![object.spot(slot)], vec![object.value(slot)]);
            }
            let seen = if is_read { read(object, versions, slot, part) } else { place(object, versions, slot) };
            part.seen.push(seen);
        }
    }
}

/// The row that made the version which was read.
fn read(object: &Object<'_, '_>, versions: &Versions, slot: usize, part: &mut Part) -> u32 {
    let (row, value) = (object.row(slot), object.value(slot));
    let is_silent = object.outcome(slot) == CallOutcome::Info && value.is_nil();
    if is_silent || object.has_failed(slot) || versions.is_changed_twice {
        return NOTHING;
    }
    let wanted = (!value.is_nil()).then_some(value);
    let invoked = object.transactions.timeline().invoked[row as usize];
    let mut fitting = versions.visible(invoked).filter(|(_, version)| version.value == wanted);
    let Some((at, version)) = fitting.next() else {
        stranger(object, slot, part);
        return NOTHING;
    };
    if fitting.next().is_some() {
        return NOTHING;
    }
    saw(object.transactions, versions, [at as u32, row], [Kinds::WR, Kinds::RW], |_| true, part);
    match version.writer {
        None => INITIAL,
        Some(writer) if writer != row => writer,
        Some(_) => NOTHING,
    }
}

/// An ok read found a value that no committed transaction can have written.
fn stranger(object: &Object<'_, '_>, slot: usize, part: &mut Part) {
    let value = object.value(slot);
    if !object.is_ok(slot) || value.is_nil() {
        return;
    }
    let writers = (0..object.len()).filter(|other| !object.is_read(*other) && object.value(*other) == value);
    let (read, writers): (Spot, Vec<usize>) = (object.spot(slot), writers.collect());
    match writers[..] {
        [] if object.transactions.has_invocations() => {
            part.findings.add(Phenomenon::GarbageRead, object.key, vec![read], vec![value]);
        }
        [writer] if object.has_failed(writer) => {
            part.findings.add(Phenomenon::G1a, object.key, vec![read, object.spot(writer)], vec![value]);
        }
        _ => {
            let (key, value) = (object.transactions.key_text(object.key), object.transactions.text(value));
            part.doubt(format!("for key {key}, {value} was read, and nobody can tell who wrote it"));
        }
    }
}

/// The row saw the version at that place: who made it is before the row, and who made later ones after it, as far as they
/// make a difference to it.
fn saw(
    transactions: &Transactions<'_>,
    versions: &Versions,
    [at, row]: [u32; 2],
    [from, to]: [Kinds; 2],
    differs: impl Fn(&Version) -> bool,
    part: &mut Part,
) {
    let at = at as usize;
    if let Some(writer) = versions.all[at].writer {
        part.edges.add(writer, row, from);
        let proves = transactions.outcome(row) == CallOutcome::Ok && row != writer;
        if proves && transactions.outcome(writer) == CallOutcome::Info {
            part.proven.push(writer);
        }
    }
    let later = versions.all[at + 1..].iter().filter(|version| differs(version));
    later.filter_map(|version| version.writer).for_each(|writer| part.edges.add(row, writer, to));
    part.old_reads += u64::from(at + 1 < versions.all.len());
}

/// Predicate reads of ok transactions.
pub(super) fn of_predicates(transactions: &Transactions<'_>, all: &[Versions], part: &mut Part) {
    for row in (0..transactions.len() as u32).filter(|row| transactions.outcome(*row) == CallOutcome::Ok) {
        for (step, mop) in (0..).zip(transactions.mops(row)).filter(|(_, mop)| mop.kind == Kind::PredicateRead) {
            predicate(transactions, all, Spot { row, step }, mop, part);
        }
    }
}

fn predicate(transactions: &Transactions<'_>, all: &[Versions], read: Spot, mop: Mop, part: &mut Part) {
    let arena = transactions.arena();
    let found: Vec<(ValueId, ValueId)> = match arena.get(mop.value).entries(arena) {
        Some(entries) => entries.collect(),
        None if mop.value.is_nil() => Vec::new(),
        None => return part.doubt(format!("{} read a predicate and found no map", transactions.name(read.row))),
    };
    let predicate = transactions.predicate(mop.key);
    let invoked = transactions.timeline().invoked[read.row as usize];
    for (key, versions) in (0..).zip(all).filter(|(_, versions)| !versions.is_changed_twice) {
        let returned = found.iter().find(|pair| pair.0 == transactions.key(key)).map(|pair| pair.1);
        let is_match = |version: &Version| matches(transactions, predicate, version.value);
        let is_seen = |version: &Version| match returned {
            Some(_) => version.value == returned,
            None => !is_match(version),
        };
        let mut seen = versions.visible(invoked).filter(|(_, version)| is_seen(version));
        match (seen.next(), seen.next(), returned) {
            (Some((at, version)), None, _) => {
                let differs = |later: &Version| is_match(later) != is_match(version);
                saw(transactions, versions, [at as u32, read.row], [Kinds::WRP, Kinds::RWP], differs, part);
            }
            (Some(_), Some(_), _) => {}
            (None, _, None) => {
                let values = versions.all.iter().filter_map(|version| version.value).collect();
                part.findings.add(Phenomenon::PredicateReadMiss, key, vec![read], values);
            }
            (None, _, Some(value)) => {
                let (name, value) = (transactions.name(read.row), transactions.text(value));
                let key = transactions.key_text(key);
                part.doubt(format!(
                    "the predicate read of {name} found {value} for key {key}, which nobody may have written"
                ));
            }
        }
    }
}
