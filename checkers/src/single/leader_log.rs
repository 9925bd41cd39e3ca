//! What the logs of nodes must fulfil, where observations show them: log matching, state machine safety, and leader
//! completeness.
//!
//! An observation may carry a `log`, a list of entries that follow one another: maps with `index`, `term` and `value`,
//! or `[index term value]`. The log is all that the node has beyond a snapshot, up to its end.
//!
//! - *log-matching*: entries of one index and one term are the same, and so are the terms of the entries before them.
//! - *state-machine-safety*: entries of one index up to the `commit` of their observations are the same.
//! - *leader-completeness*: an entry that a node in term T knew to be committed is in the log of every leader of a later
//!   term. A log that begins after the entry says nothing, nor does an empty one.
//!
//! Source: Ongaro and Ousterhout 2014, figure 3. Work is linear in the entries shown. With `wipes` the last two are not
//! judged: a node without its disk may elect a leader that lacks what was committed.

use super::SingleOptions;
use super::found::{Case, Found};
use super::leader::{commit, is_leader, term};
use super::object::{Object, Op};
use history::ValueId;
use rustc_hash::FxHashMap;

/// One entry of a log.
#[derive(Clone, Copy, Debug)]
struct Entry {
    index: i64,
    term: i64,
    /// Nil if it is not shown.
    value: ValueId,
}

impl Entry {
    fn has_other_value(&self, other: &Entry) -> bool {
        !self.value.is_nil() && !other.value.is_nil() && self.value != other.value
    }

    /// True if the two cannot be the same entry.
    fn contradicts(&self, other: &Entry) -> bool {
        self.index != other.index || self.term != other.term || self.has_other_value(other)
    }
}

/// What is known of an entry from the first log that shows it.
struct Known<'a> {
    entry: Entry,
    /// The term of the entry before it, with the log that shows that.
    previous: Option<(i64, &'a Op<'a>)>,
    by: &'a Op<'a>,
}

pub(super) fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let shown: Vec<(&Op, Vec<Entry>)> = object.ops.iter().filter_map(|op| Some((op, log(object, op)?))).collect();
    found.fact("logs", shown.len());
    let odd = object.ops.iter().filter(|op| has_log(object, op) && log(object, op).is_none()).count();
    if odd > 0 {
        found.doubt(format!("{odd} logs are no lists of entries `[index term value]` with ascending indices"));
    }
    judge_matching(object, &shown, found);
    if !options.wipes {
        judge_committed(object, &shown, found);
    }
}

fn has_log(object: &Object, op: &Op) -> bool {
    term(object, op).is_some() && object.field(op.result, "log").is_some()
}

/// The log of an observation, if it is one whose entries follow one another.
fn log(object: &Object, op: &Op) -> Option<Vec<Entry>> {
    term(object, op)?;
    let entries = object.value(object.field(op.result, "log")?).elements()?;
    let log: Vec<Entry> = entries.iter().map(|id| entry(object, *id)).collect::<Option<_>>()?;
    log.windows(2).all(|pair| pair[0].index.checked_add(1) == Some(pair[1].index)).then_some(log)
}

fn entry(object: &Object, id: ValueId) -> Option<Entry> {
    let (index, term, value) = match object.value(id).elements() {
        Some(&[index, term, value]) => (index, term, value),
        Some(_) => return None,
        None => {
            let value = object.field(id, "value").unwrap_or(ValueId::NIL);
            (object.field(id, "index")?, object.field(id, "term")?, value)
        }
    };
    Some(Entry { index: object.integer(index)?, term: object.integer(term)?, value })
}

fn judge_matching(object: &Object, shown: &[(&Op, Vec<Entry>)], found: &mut Found) {
    let mut known: FxHashMap<(i64, i64), Known> = FxHashMap::default();
    for (op, log) in shown {
        for (place, entry) in log.iter().enumerate() {
            let previous = place.checked_sub(1).map(|before| (log[before].term, *op));
            let first = known.entry((entry.index, entry.term)).or_insert(Known { entry: *entry, previous, by: op });
            if first.entry.has_other_value(entry) {
                found.case("log-matching", 1, || two_entries(object, (first.by, first.entry), (op, *entry)));
            }
            match (first.previous, previous) {
                (Some((term, by)), Some((own, _))) if term != own => {
                    found.case("log-matching", 1, || two_pasts(object, *entry, (by, term), (op, own)));
                }
                (None, Some(_)) => first.previous = previous,
                _ => {}
            }
        }
    }
}

fn two_entries(object: &Object, one: (&Op, Entry), other: (&Op, Entry)) -> Case {
    let words = |(op, entry): (&Op, Entry)| {
        format!("{} saw {} of term {}", object.who(op), object.text(entry.value), entry.term)
    };
    let text = format!("at index {} of the log, {}, and {}", one.1.index, words(one), words(other));
    Case::new(other.0.at, [one.0.at], text).bounded(i128::from(one.1.index))
}

fn two_pasts(object: &Object, entry: Entry, one: (&Op, i64), other: (&Op, i64)) -> Case {
    let words = |(op, term): (&Op, i64)| format!("{} saw one of term {term}", object.who(op));
    let text = format!(
        "before the entry at index {} of term {}, {}, and {}",
        entry.index,
        entry.term,
        words(one),
        words(other)
    );
    Case::new(other.0.at, [one.0.at], text).bounded(i128::from(entry.index))
}

/// The committed entries of a log with the term in which they were known to be.
fn committed<'b>(object: &Object, op: &Op, log: &'b [Entry]) -> Option<(i64, &'b [Entry])> {
    let (term, commit) = (term(object, op)?, commit(object, op)?);
    Some((term, &log[..log.partition_point(|entry| entry.index <= commit)]))
}

fn judge_committed(object: &Object, shown: &[(&Op, Vec<Entry>)], found: &mut Found) {
    let mut first_at: FxHashMap<i64, (Entry, &Op)> = FxHashMap::default();
    // Of each entry the least term in which it was known to be committed.
    let mut known: FxHashMap<(i64, i64, ValueId), (Entry, i64, &Op)> = FxHashMap::default();
    for (op, log) in shown {
        let Some((term, entries)) = committed(object, op, log) else { continue };
        for entry in entries {
            let (first, by) = *first_at.entry(entry.index).or_insert((*entry, op));
            if first.contradicts(entry) {
                found.case("state-machine-safety", 1, || two_entries(object, (by, first), (op, *entry)));
            }
            let own = known.entry((entry.index, entry.term, entry.value)).or_insert((*entry, term, op));
            if term < own.1 {
                *own = (*entry, term, op);
            }
        }
    }
    let mut indices: Vec<&(Entry, i64, &Op)> = known.values().collect();
    indices.sort_unstable_by_key(|known| (known.0.index, known.2.at));
    found.fact("committed entries", indices.len());
    for (op, log) in shown.iter().filter(|(op, log)| is_leader(object, op) && !log.is_empty()) {
        let own = term(object, op).unwrap_or_default();
        let from = indices.partition_point(|known| known.0.index < log[0].index);
        let is_missing = |known: &&&(Entry, i64, &Op)| known.1 < own && lacks(log, known.0);
        if let Some((entry, committed, by)) = indices[from..].iter().find(is_missing) {
            found.case("leader-completeness", 1, || incomplete(object, *entry, (*committed, by), (own, op)));
        }
    }
}

/// True if a log that begins at or before an entry does not have it.
fn lacks(log: &[Entry], entry: Entry) -> bool {
    let place = entry.index - log[0].index;
    usize::try_from(place).ok().and_then(|place| log.get(place)).is_none_or(|own| own.contradicts(&entry))
}

fn incomplete(object: &Object, entry: Entry, before: (i64, &Op), after: (i64, &Op)) -> Case {
    let (one, other, value) = (object.who(before.1), object.who(after.1), object.text(entry.value));
    let text = format!(
        "{one} saw {value} committed at index {} in term {}, and {other} saw a leader of term {} without it",
        entry.index, before.0, after.0
    );
    Case::new(after.1.at, [before.1.at], text).bounded(i128::from(entry.index))
}

/// Compares the two logs of a witness around the entry that the case is about.
pub(super) fn confirm(object: &Object, case: &Case, one: &Op, other: &Op) -> bool {
    let (Some(first), Some(second)) = (log(object, one), log(object, other)) else { return false };
    let at = |log: &[Entry], index: i128| log.iter().copied().find(|entry| i128::from(entry.index) == index);
    let (own, its) = (at(&first, case.bound), at(&second, case.bound));
    let is_committed = |op: &Op| commit(object, op).is_some_and(|commit| i128::from(commit) >= case.bound);
    let misses = |op: &Op, entry: Option<Entry>, leader: &Op, log: &[Entry], its: Option<Entry>| {
        let is_later = term(object, op) < term(object, leader) && is_leader(object, leader);
        let begins = log.first().is_some_and(|first| i128::from(first.index) <= case.bound);
        let differ = entry.is_some_and(|entry| its.is_none_or(|its| its.contradicts(&entry)));
        differ && is_committed(op) && is_later && begins
    };
    match case.name {
        "log-matching" => own.zip(its).is_some_and(|(own, its)| {
            let before = (at(&first, case.bound - 1), at(&second, case.bound - 1));
            let differ = before.0.zip(before.1).is_some_and(|(one, other)| one.term != other.term);
            own.term == its.term && (own.has_other_value(&its) || differ)
        }),
        "state-machine-safety" => {
            let differ = own.zip(its).is_some_and(|(own, its)| own.contradicts(&its));
            differ && is_committed(one) && is_committed(other)
        }
        _ => misses(one, own, other, &second, its) || misses(other, its, one, &first, own),
    }
}
