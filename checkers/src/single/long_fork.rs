//! Long fork: of two reads of the same keys, each written once, one has seen everything that the other has seen.
//!
//! Reads of a group are sets of keys that were there; they must form a chain. Sorted by size it is enough to compare
//! neighbours, where Jepsen compares all pairs. A group is the set of keys of a read. Keys with several writes, and
//! reads of different values of one key, are beyond the rule: unknown. Reads of nothing or of all prove nothing.
//!
//! Source: Jepsen's `long-fork` test. It misses everything that needs two groups.

use super::found::{Case, Found};
use super::object::{Object, Op};
use super::{Rule, SingleEntry, SingleOptions};
use history::{Value, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "long-fork",
        summary: "no two reads disagree on the order of two independent writes",
        functions: &["read", "write", "txn"],
        options: &["group"],
    },
    per_key: false,
    judge,
    confirm,
};

/// Keys in ascending order, each with what was read.
type Seen = Vec<(ValueId, ValueId)>;

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let mut groups: FxHashMap<Vec<ValueId>, FxHashMap<Vec<bool>, u32>> = FxHashMap::default();
    let mut first_value: FxHashMap<ValueId, ValueId> = FxHashMap::default();
    let mut ambiguous: FxHashSet<ValueId> = FxHashSet::default();
    let (mut reads, mut early, mut late) = (0, 0, 0);
    for op in object.ops.iter().filter(|op| op.is_ok()) {
        let Some(seen) = seen(object, op) else { continue };
        reads += 1;
        if options.group.is_some_and(|group| group != seen.len()) {
            found.doubt("a read has another number of keys than a group");
            continue;
        }
        for (key, value) in seen.iter().filter(|entry| !entry.1.is_nil()) {
            if *first_value.entry(*key).or_insert(*value) != *value {
                found.doubt(format!("the key {} was read with different values", object.text(*key)));
                ambiguous.insert(*key);
            }
        }
        let mask: Vec<bool> = seen.iter().map(|entry| !entry.1.is_nil()).collect();
        let has = mask.iter().filter(|there| **there).count();
        early += usize::from(has == 0);
        late += usize::from(has == mask.len() && has > 0);
        groups.entry(seen.iter().map(|entry| entry.0).collect()).or_default().entry(mask).or_insert(op.at);
    }
    ambiguous.extend(judge_writes(object, found));
    groups.retain(|keys, _| !keys.iter().any(|key| ambiguous.contains(key)));
    found.fact("reads", reads);
    found.fact("reads of nothing", early);
    found.fact("reads of all", late);
    found.fact("groups", groups.len());
    groups.into_values().for_each(|reads| judge_group(object, reads, found));
    if early + late >= reads {
        found.lack("no read saw some keys of its group and not others");
    }
}

/// The keys of a call of nothing but reads, sorted; None of any other call.
fn seen(object: &Object, op: &Op) -> Option<Seen> {
    let Value::Vector(mops) = object.value(op.result) else { return None };
    let read = |mop: &ValueId| match object.value(*mop) {
        Value::Vector(&[f, key, value]) if matches!(object.value(f).name(), Some("r" | "read")) => Some((key, value)),
        _ => None,
    };
    let mut seen: Seen = mops.iter().map(read).collect::<Option<_>>()?;
    seen.sort_unstable();
    seen.dedup_by_key(|entry| entry.0);
    (!seen.is_empty()).then_some(seen)
}

/// Finds the keys of which nil does not mean that their one write was not seen.
fn judge_writes(object: &Object, found: &mut Found) -> Vec<ValueId> {
    let mut ambiguous = Vec::new();
    let mut written: FxHashMap<ValueId, u32> = FxHashMap::default();
    for op in &object.ops {
        let Value::Vector(mops) = object.value(op.argument) else { continue };
        for mop in mops {
            let Value::Vector(&[f, key, value]) = object.value(*mop) else { continue };
            let is_write = matches!(object.value(f).name(), Some("w" | "write"));
            if !is_write || op.is_failed() {
                continue;
            }
            if written.insert(key, op.at).is_some() || value.is_nil() {
                found.doubt(format!("the key {} was written more than once, or with nil", object.text(key)));
                ambiguous.push(key);
            }
        }
    }
    found.fact("keys written", written.len());
    ambiguous
}

fn judge_group(object: &Object, reads: FxHashMap<Vec<bool>, u32>, found: &mut Found) {
    let mut chain: Vec<(usize, u32, Vec<bool>)> =
        reads.into_iter().map(|(mask, at)| (mask.iter().filter(|there| **there).count(), at, mask)).collect();
    chain.sort_unstable();
    for pair in chain.windows(2) {
        if !is_within(&pair[0].2, &pair[1].2) {
            found.case("long-fork", 1, || fork(object, pair[0].1, pair[1].1));
        }
    }
}

fn is_within(smaller: &[bool], larger: &[bool]) -> bool {
    smaller.iter().zip(larger).all(|(smaller, larger)| !smaller || *larger)
}

fn fork(object: &Object, one: u32, other: u32) -> Case {
    let culprit = one.max(other);
    let result = |at: u32| {
        let op = object.ops.iter().find(|op| op.at == at);
        op.map_or(String::new(), |op| format!("{} read {}", object.who(op), object.text(op.result)))
    };
    let text = format!("{}, and {}: each has seen a write that the other has not", result(one), result(other));
    Case::new(culprit, [one, other], text)
}

fn confirm(object: &Object, _: &SingleOptions, _: &Case) -> bool {
    let [one, other] = &object.ops[..] else { return false };
    let (Some(one), Some(other)) = (seen(object, one), seen(object, other)) else { return false };
    let misses = |one: &Seen, other: &Seen| {
        one.iter().any(|(key, value)| !value.is_nil() && other.contains(&(*key, ValueId::NIL)))
    };
    misses(&one, &other) && misses(&other, &one)
}
