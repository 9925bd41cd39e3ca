//! Causal reverse: whoever sees a write sees every write that was acknowledged before that write began.
//!
//! Writes put unique values, reads return all of them. Of the writes that a read has seen, the last to begin counts:
//! every write that was acknowledged before it must be there. A value that nobody wrote is a garbage read; one whose
//! write failed is G1a.
//!
//! Source: Jepsen's `causal-reverse` and CockroachDB's `comments` tests; n log n where they are quadratic. It misses
//! reads that are merely stale.

use super::found::{Case, Found};
use super::object::{Object, Op};
use super::{Rule, SingleEntry, SingleOptions};
use history::ValueId;
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "causal-reverse",
        summary: "a write is never visible without the writes that were acknowledged before it began",
        functions: &["write", "read"],
        options: &[],
    },
    per_key: true,
    judge,
    confirm,
};

fn judge(object: &Object, _: &SingleOptions, found: &mut Found) {
    let mut writes: FxHashMap<ValueId, &Op> = FxHashMap::default();
    for op in object.ops.iter().filter(|op| op.f == "write") {
        if let Some(before) = writes.insert(op.argument, op).filter(|before| !before.is_failed() && !op.is_failed()) {
            return found.doubt(format!("{} was written more than once", object.text(before.argument)));
        }
    }
    let mut acknowledged: Vec<&Op> = writes.values().copied().filter(|op| op.is_ok()).collect();
    acknowledged.sort_unstable_by_key(|op| op.returned);
    let (mut reads, mut telling) = (0, 0);
    for read in object.ok("read") {
        let Some(elements) = object.value(read.result).elements() else { continue };
        reads += 1;
        let seen: FxHashSet<ValueId> = elements.iter().copied().collect();
        let known: Vec<&Op> =
            seen.iter().filter_map(|value| judge_value(object, read, *value, &writes, found)).collect();
        let Some(last) = known.iter().max_by_key(|write| (write.invoked, write.at)) else { continue };
        let due = acknowledged.partition_point(|write| write.returned < last.invoked);
        telling += usize::from(due > 0);
        // Of the first seen + 1 that are due, one is missing if any is.
        if let Some(missing) = acknowledged[..due].iter().find(|write| !seen.contains(&write.argument)) {
            found.case("causal-reverse", 1, || case(object, read, last, missing));
        }
    }
    found.fact("writes acknowledged", acknowledged.len());
    found.fact("reads", reads);
    found.fact("reads of a write that had predecessors", telling);
    if telling == 0 {
        found.lack("no read saw a write that another had been acknowledged before");
    }
}

fn judge_value<'a, 'b>(
    object: &Object,
    read: &Op,
    value: ValueId,
    writes: &FxHashMap<ValueId, &'b Op<'a>>,
    found: &mut Found,
) -> Option<&'b Op<'a>> {
    let say = |what: &str| format!("the read of {} found {}, {what}", object.who(read), object.text(value));
    match writes.get(&value) {
        None => {
            found.case("garbage-read", 1, || Case::new(read.at, None, say("which nobody wrote")).about(value));
            None
        }
        Some(write) if write.is_failed() => {
            found.case("G1a", 1, || Case::new(read.at, [write.at], say("whose write failed")).about(value));
            None
        }
        Some(write) => Some(write),
    }
}

fn case(object: &Object, read: &Op, last: &Op, missing: &Op) -> Case {
    let (who, seen, unseen) = (object.who(read), object.text(last.argument), object.text(missing.argument));
    let text = format!(
        "the read of {who} found {seen} and not {unseen}, whose write was acknowledged before the write of {seen} began"
    );
    Case::new(read.at, [last.at, missing.at], text).about(missing.argument)
}

fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let Some(read) = object.ok("read").find(|op| op.at == case.culprit) else { return false };
    let seen = object.value(read.result).elements().unwrap_or_default();
    let write = |op: &&Op| op.f == "write" && op.argument == case.subject;
    let subject = object.ops.iter().find(write);
    match case.name {
        "garbage-read" => seen.contains(&case.subject) && subject.is_none(),
        "G1a" => seen.contains(&case.subject) && subject.is_some_and(Op::is_failed),
        _ => subject.is_some_and(|missing| {
            let later = |op: &Op| op.f == "write" && missing.precedes(op) && seen.contains(&op.argument);
            missing.is_ok() && !seen.contains(&case.subject) && object.ops.iter().any(later)
        }),
    }
}
