//! Set: what was known to be there before the last read is in the last read, once, and nothing else ever was.
//!
//! An element is known by the acknowledgement of its addition, or by a read that has it. All reads are looked at:
//! duplicates, elements whose addition failed and elements that nobody added count wherever they appear.
//!
//! Source: Jepsen's `set`, which looks at the last read only, hides duplicates and counts failed additions as additions.
//! An addition that was acknowledged only while the last read was running is not judged. Removals are not understood.

use super::found::{Case, Found};
use super::object::{Object, Op};
use super::{Rule, SingleEntry, SingleOptions};
use history::{Value, ValueId};
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "set",
        summary: "what was added to a set is in its last read, once, and nothing else is in any",
        functions: &["add", "read"],
        options: &[],
    },
    per_key: true,
    judge,
    confirm,
};

/// What is known of one element.
#[derive(Clone, Copy, Default)]
pub(super) struct Element<'a> {
    /// An addition that did not fail: an acknowledged one if there is one.
    pub add: Option<&'a Op<'a>>,
    pub failed: Option<&'a Op<'a>>,
    /// The first call by whose return it was known: an acknowledged addition, or a read.
    pub known: Option<&'a Op<'a>>,
}

pub(super) type Elements<'a> = FxHashMap<ValueId, Element<'a>>;

fn judge(object: &Object, _: &SingleOptions, found: &mut Found) {
    let reads = reads(object);
    let elements = elements(object, &reads);
    if let Some(reason) = mismatch(object, &reads, &elements) {
        return found.doubt(reason);
    }
    presence(object, &reads, &elements, found);
    let acknowledged = object.ok("add").count();
    found.fact("elements", elements.len());
    found.fact("additions acknowledged", acknowledged);
    found.fact("reads", reads.len());
    let Some((last, has)) = reads.iter().max_by_key(|(read, _)| read.invoked) else {
        return found.lack("the set was never read");
    };
    let has: rustc_hash::FxHashSet<ValueId> = has.iter().copied().collect();
    let (mut due, mut recovered) = (0, 0);
    let mut lost: Vec<(&Op, ValueId)> = Vec::new();
    for (id, element) in &elements {
        let is_there = has.contains(id);
        recovered += usize::from(is_there && element.add.is_some_and(|add| !add.is_ok()));
        let Some(known) = element.known.filter(|known| known.precedes(last)) else { continue };
        due += 1;
        if !is_there {
            lost.push((known, *id));
        }
    }
    lost.sort_unstable_by_key(|(known, id)| (known.at, *id));
    for (known, id) in lost {
        found.case("lost", 1, || lost_case(object, id, known, last));
    }
    found.fact("recovered", recovered);
    if due == 0 {
        found.lack("nothing was known to be in the set when it was last read");
    }
}

/// Acknowledged reads of collections.
pub(super) fn reads<'a>(object: &'a Object<'a>) -> Vec<(&'a Op<'a>, &'a [ValueId])> {
    object.ok("read").filter_map(|read| Some((read, object.value(read.result).elements()?))).collect()
}

pub(super) fn elements<'a>(object: &'a Object<'a>, reads: &[(&'a Op<'a>, &'a [ValueId])]) -> Elements<'a> {
    let mut elements = Elements::default();
    let know = |element: &mut Element<'a>, op: &'a Op<'a>| {
        element.known = element.known.filter(|known| known.returned <= op.returned).or(Some(op));
    };
    for add in object.ops.iter().filter(|op| op.f == "add") {
        let element = elements.entry(add.argument).or_default();
        match add.is_failed() {
            true => element.failed = Some(add),
            false => element.add = element.add.filter(|before| before.is_ok() || !add.is_ok()).or(Some(add)),
        }
        if add.is_ok() {
            know(element, add);
        }
    }
    for (read, values) in reads {
        values.iter().for_each(|value| know(elements.entry(*value).or_default(), read));
    }
    elements
}

/// Judges every element that a read has.
pub(super) fn presence(object: &Object, reads: &[(&Op, &[ValueId])], elements: &Elements, found: &mut Found) {
    let removals = object.ops.iter().filter(|op| op.f == "remove" && !op.is_failed()).count();
    if removals > 0 {
        found.doubt(format!("{removals} removals, which this checker does not understand"));
    }
    let mut last_read: FxHashMap<ValueId, u32> = FxHashMap::default();
    for (read, values) in reads {
        for value in *values {
            let is_twice = last_read.insert(*value, read.at) == Some(read.at);
            let element = elements.get(value).copied().unwrap_or_default();
            if let Some((name, what, add)) = wrong(element, read, is_twice) {
                found.case(name, 1, || {
                    let text = format!("the read of {} found {} {what}", object.who(read), object.text(*value));
                    Case::new(read.at, add, text).about(*value)
                });
            }
        }
    }
}

fn wrong(element: Element, read: &Op, is_twice: bool) -> Option<(&'static str, &'static str, Option<u32>)> {
    let add = element.add.map(|add| add.at);
    match (element.add, element.failed) {
        _ if is_twice => Some(("duplicated", "more than once", add)),
        (None, None) => Some(("phantom", "which nobody added", None)),
        (None, Some(failed)) => Some(("revived", "whose addition failed", Some(failed.at))),
        (Some(add), None) if read.precedes(add) => Some(("phantom", "before it was added", Some(add.at))),
        _ => None,
    }
}

/// Additions of `[key element]` with reads of bare elements: keys that nobody unwrapped.
pub(super) fn mismatch(object: &Object, reads: &[(&Op, &[ValueId])], elements: &Elements) -> Option<String> {
    let is_pair = |id: ValueId| matches!(object.value(id), Value::Vector(pair) if pair.len() == 2);
    let mut adds = object.ops.iter().filter(|op| op.f == "add").peekable();
    let wrapped = adds.peek().is_some() && adds.all(|add| is_pair(add.argument));
    let is_foreign = |id: &ValueId| {
        !is_pair(*id) && elements.get(id).is_some_and(|element| element.add.is_none() && element.failed.is_none())
    };
    let foreign = reads.iter().any(|(_, values)| !values.is_empty() && values.iter().all(is_foreign));
    (wrapped && foreign).then(|| "additions are of `[key element]` and reads of elements: unwrap the keys".to_owned())
}

fn lost_case(object: &Object, id: ValueId, known: &Op, last: &Op) -> Case {
    let (who, by, text) = (object.who(last), object.who(known), object.text(id));
    let what = if known.f == "add" { "added" } else { "read" };
    let text = format!("{text} is missing in the last read, of {who}, which began after {by} had {what} it");
    Case::new(last.at, [known.at], text).about(id)
}

/// Also of `set-full`: what is lost or stale is known before a read that lacks it.
pub(super) fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let Some(read) = object.ok("read").find(|op| op.at == case.culprit) else { return false };
    let has = |read: &Op| {
        let values = object.value(read.result).elements().unwrap_or_default();
        values.iter().filter(|value| **value == case.subject).count()
    };
    let mut adds = object.ops.iter().filter(|op| op.f == "add" && op.argument == case.subject);
    let knows = |op: &Op| {
        op.is_ok() && op.precedes(read) && if op.f == "add" { op.argument == case.subject } else { has(op) > 0 }
    };
    match case.name {
        "duplicated" => has(read) > 1,
        "phantom" => has(read) > 0 && adds.all(|add| read.precedes(add)),
        "revived" => has(read) > 0 && adds.all(Op::is_failed),
        _ => has(read) == 0 && object.ops.iter().any(knows),
    }
}
