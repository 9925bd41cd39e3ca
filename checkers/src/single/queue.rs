//! Queue: nothing is dequeued that was not enqueued before, nor more often than it was enqueued.
//!
//! A bag, folded over events: every enqueue that did not fail may have taken effect when it began; an acknowledged
//! dequeue or drain takes its values out when it returns. Order does not count, nor does what is never dequeued; see
//! `total-queue`. Source: Jepsen's `queue` with Knossos' unordered queue.

use super::found::{Case, Found};
use super::object::{Edge, Object, Op};
use super::{Rule, SingleEntry, SingleOptions};
use history::{Value, ValueId};
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "queue",
        summary: "every dequeued value was enqueued before, and as often",
        functions: &["enqueue", "dequeue", "drain"],
        options: &[],
    },
    per_key: true,
    judge,
    confirm,
};

/// The enqueues of one value.
#[derive(Default)]
struct Enqueues {
    left: u64,
    any: Option<u32>,
    failed: Option<u32>,
    taken: Option<u32>,
}

fn judge(object: &Object, _: &SingleOptions, found: &mut Found) {
    let mut bag: FxHashMap<ValueId, Enqueues> = FxHashMap::default();
    let mut dequeued = 0;
    for edge in object.edges() {
        match edge {
            Edge::Begin(place) => begin(&object.ops[place], &mut bag),
            Edge::End(place) => {
                let op = &object.ops[place];
                for value in taken(object, op) {
                    dequeued += 1;
                    take(object, op, *value, bag.entry(*value).or_default(), found);
                }
            }
        }
    }
    found.fact("values dequeued", dequeued);
    if dequeued == 0 {
        found.lack("nothing was dequeued");
    }
}

fn begin(op: &Op, bag: &mut FxHashMap<ValueId, Enqueues>) {
    if op.f != "enqueue" {
        return;
    }
    let value = bag.entry(op.argument).or_default();
    match op.is_failed() {
        true => value.failed = Some(op.at),
        false => {
            value.left += 1;
            value.any = Some(op.at);
        }
    }
}

/// What an acknowledged dequeue or drain has taken out; nothing of an empty queue.
pub(super) fn taken<'b>(object: &Object<'b>, op: &'b Op) -> &'b [ValueId] {
    match op.f {
        "dequeue" if op.is_ok() && !op.result.is_nil() => std::slice::from_ref(&op.result),
        "drain" if op.is_ok() => match object.value(op.result) {
            Value::Vector(values) | Value::Set(values) => values,
            _ => &[],
        },
        _ => &[],
    }
}

fn take(object: &Object, op: &Op, value: ValueId, enqueues: &mut Enqueues, found: &mut Found) {
    if enqueues.left > 0 {
        enqueues.left -= 1;
        enqueues.taken = Some(op.at);
        return;
    }
    let (who, text) = (object.who(op), object.text(value));
    let (name, what) = match (enqueues.any, enqueues.failed) {
        (Some(_), _) => ("duplicated", "more often than it had been enqueued"),
        (None, Some(_)) => ("revived", "whose enqueue failed"),
        (None, None) => ("unexpected", "which nobody had enqueued"),
    };
    let others = [enqueues.any, enqueues.failed.filter(|_| enqueues.any.is_none()), enqueues.taken];
    let text = format!("{who} dequeued {text}, {what}");
    found.case(name, 1, || Case::new(op.at, others.into_iter().flatten(), text).about(value));
}

/// What both queue checkers call a duplicated, revived or unexpected value.
pub(super) fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let enqueues = || object.ops.iter().filter(|op| op.f == "enqueue" && op.argument == case.subject);
    let is_it = |value: &&ValueId| **value == case.subject;
    let times: usize = object.ops.iter().map(|op| taken(object, op).iter().filter(is_it).count()).sum();
    match case.name {
        "duplicated" => times > 1,
        "revived" => times > 0 && enqueues().next().is_some() && enqueues().all(Op::is_failed),
        "unexpected" => times > 0 && enqueues().next().is_none(),
        _ => enqueues().filter(|op| op.is_ok()).count() > times,
    }
}
