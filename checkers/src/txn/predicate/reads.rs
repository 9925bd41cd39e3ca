//! Which versions reads of a closed universe saw.

use super::versions::{Version, Versions};
use super::{matches, place};
use crate::txn::finding::Spot;
use crate::txn::inferred::{NOTHING, Part};
use crate::txn::object::Object;
use crate::txn::{INITIAL, InferOptions, Kind, Kinds, Phenomenon, Transactions};
use history::{CallOutcome, ValueId};
use std::collections::HashMap;

/// Reads of one object, and what each step of it saw or made.
pub(super) fn of_objects(object: &Object<'_, '_>, versions: &Versions, options: &InferOptions, part: &mut Part) {
    for run in object.runs() {
        let mut own: Option<usize> = None;
        let (mut is_consistent, mut has_written) = (true, false);
        for slot in run {
            let is_read = object.is_read(slot);
            has_written |= !is_read;
            let before = own.replace(slot).filter(|_| is_read && object.is_ok(slot) && options.own_writes);
            if is_consistent && before.is_some_and(|before| object.value(before) != object.value(slot)) {
                is_consistent = false;
                part.findings.add(Phenomenon::Internal, object.key, vec![object.spot(slot)], vec![object.value(slot)]);
            }
            let seen =
                if is_read { read(object, versions, slot, has_written, part) } else { place(object, versions, slot) };
            part.seen.push(seen);
        }
    }
}

/// The row that made the version which was read; of its own versions a row can only have read what it had written.
fn read(object: &Object<'_, '_>, versions: &Versions, slot: usize, has_written: bool, part: &mut Part) -> u32 {
    let (row, value) = (object.row(slot), object.value(slot));
    let is_silent = object.outcome(slot) == CallOutcome::Info && value.is_nil();
    if is_silent || object.has_failed(slot) || versions.is_unordered {
        return NOTHING;
    }
    let wanted = (!value.is_nil()).then_some(value);
    let invoked = object.transactions.timeline().invoked[row as usize];
    let is_possible = |version: &Version| has_written || version.writer != Some(row);
    let is_seen = |version: &Version| version.value == wanted && is_possible(version);
    let mut fitting = versions.visible(invoked).filter(|(_, version)| is_seen(version));
    let Some((at, version)) = fitting.next() else {
        stranger(object, slot, part);
        return NOTHING;
    };
    if fitting.next().is_some() {
        part.open_reads += u64::from(object.is_ok(slot));
        return NOTHING;
    }
    saw(object.transactions, versions, [at, at], row, Kinds::WR, |_| Some(Kinds::RW), part);
    match version.writer {
        None => INITIAL,
        Some(writer) if writer != row => writer,
        Some(_) => NOTHING,
    }
}

/// An ok read found a value that no committed transaction can have written.
fn stranger(object: &Object<'_, '_>, slot: usize, part: &mut Part) {
    let value = object.value(slot);
    if !object.is_ok(slot) {
        return;
    }
    if value.is_nil() {
        let key = object.transactions.key_text(object.key);
        let name = object.transactions.name(object.row(slot));
        return part.doubt(format!("{name} did not find key {key}, though it had been set up and nobody deleted it"));
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

/// The row saw a version that is not before the first place nor after the last: who made the first is before the row, and
/// who made later ones than the last is after it, as far as they make a difference to it.
fn saw(
    transactions: &Transactions<'_>,
    versions: &Versions,
    [first, last]: [usize; 2],
    row: u32,
    from: Kinds,
    differs: impl Fn(&Version) -> Option<Kinds>,
    part: &mut Part,
) {
    if let Some(writer) = versions.all[first].writer {
        part.edges.add(writer, row, from);
        let proves = transactions.outcome(row) == CallOutcome::Ok && row != writer;
        if proves && transactions.outcome(writer) == CallOutcome::Info {
            part.proven.push(writer);
        }
    }
    let later = versions.all[last + 1..].iter();
    let later = later.filter_map(|version| Some((version.writer?, differs(version)?)));
    later.for_each(|(writer, kinds)| part.edges.add(row, writer, kinds));
    part.old_reads += u64::from(last + 1 < versions.all.len());
}

/// Predicate reads of ok transactions.
pub(super) fn of_predicates(
    transactions: &Transactions<'_>,
    all: &[Versions],
    options: &InferOptions,
    part: &mut Part,
) {
    let mut tables: HashMap<Option<ValueId>, HashMap<ValueId, u32>> = HashMap::new();
    for key in 0..transactions.objects() {
        let table = transactions.object_tables.get(key as usize).copied().flatten();
        tables.entry(table).or_default().insert(transactions.key(key), key);
    }
    let none = HashMap::new();
    for row in (0..transactions.len() as u32).filter(|row| transactions.outcome(*row) == CallOutcome::Ok) {
        for (step, mop) in (0..).zip(transactions.mops(row)).filter(|(_, mop)| mop.kind == Kind::PredicateRead) {
            let arena = transactions.arena();
            let found: Vec<(ValueId, ValueId)> = match arena.get(mop.value).entries(arena) {
                Some(entries) => entries.collect(),
                None if mop.value.is_nil() => Vec::new(),
                None => {
                    part.doubt(format!("{} read a predicate and found no map", transactions.name(row)));
                    continue;
                }
            };
            let look =
                Look { transactions, read: Spot { row, step }, predicate: transactions.predicate(mop.key), found };
            let table = transactions.tables.get(row as usize).copied().flatten();
            let objects = tables.get(&table).unwrap_or(&none);
            look.strangers(objects, part);
            let mut objects: Vec<u32> = objects.values().copied().collect();
            objects.sort_unstable();
            for key in objects.into_iter().filter(|key| !all[*key as usize].is_unordered) {
                look.at(key, &all[key as usize], options, part);
            }
        }
    }
}

/// A predicate read, and what it found.
struct Look<'t, 'a> {
    transactions: &'t Transactions<'a>,
    read: Spot,
    predicate: ValueId,
    found: Vec<(ValueId, ValueId)>,
}

impl Look<'_, '_> {
    fn is_match(&self, version: &Version) -> bool {
        matches(self.transactions, self.predicate, version.value)
    }

    /// What cannot have been found.
    fn strangers(&self, objects: &HashMap<ValueId, u32>, part: &mut Part) {
        for (at, (key, value)) in self.found.iter().enumerate() {
            let is_strange = !objects.contains_key(key) || !matches(self.transactions, self.predicate, Some(*value));
            let is_again = self.found[..at].iter().any(|earlier| earlier.0 == *key);
            if is_strange || is_again {
                let (name, text) = (self.transactions.name(self.read.row), |id| self.transactions.text(id));
                let fault = if is_again { "twice" } else { "which nobody wrote or which does not match" };
                let (key, value) = (text(*key), text(*value));
                part.doubt(format!("the predicate read of {name} found {value} for key {key}, {fault}"));
            }
        }
    }

    /// What it saw of one object.
    fn at(&self, key: u32, versions: &Versions, options: &InferOptions, part: &mut Part) {
        let row = self.read.row;
        let returned = self.found.iter().find(|pair| pair.0 == self.transactions.key(key)).map(|pair| pair.1);
        let mut before = self.transactions.mops(row).take(self.read.step as usize);
        let has_changed = before.any(|mop| mop.key == key && mop.kind.is_write());
        let is_possible = |version: &Version| match version.writer == Some(row) {
            true => has_changed,
            false => !(has_changed && options.own_writes),
        };
        let is_seen = |version: &Version| match returned {
            Some(_) => version.value == returned,
            None => !self.is_match(version),
        };
        let invoked = self.transactions.timeline().invoked[row as usize];
        let seen = versions.visible(invoked).filter(|(_, version)| is_seen(version) && is_possible(version));
        let seen: Vec<usize> = seen.map(|(at, _)| at).collect();
        let (Some(&first), Some(&last)) = (seen.first(), seen.last()) else {
            return self.miss(key, versions, returned, part);
        };
        let is_open = returned.is_some() || versions.all[first..=last].iter().any(|version| self.is_match(version));
        if first < last && is_open {
            part.open_reads += 1;
            return;
        }
        let is_match = returned.is_some();
        let differs = |later: &Version| match self.is_match(later) == is_match {
            // Of what was returned the value was read too.
            true => is_match.then_some(Kinds::RW),
            false => Some(Kinds::RWP),
        };
        saw(self.transactions, versions, [first, last], row, Kinds::WRP, differs, part);
    }

    /// No version is as the read found the object.
    fn miss(&self, key: u32, versions: &Versions, returned: Option<ValueId>, part: &mut Part) {
        let Some(value) = returned else {
            let values = versions.all.iter().filter_map(|version| version.value).collect();
            return part.findings.add(Phenomenon::PredicateReadMiss, key, vec![self.read], values);
        };
        let (name, value) = (self.transactions.name(self.read.row), self.transactions.text(value));
        let key = self.transactions.key_text(key);
        part.doubt(format!("the predicate read of {name} found {value} for key {key}, which nobody may have written"));
    }
}
