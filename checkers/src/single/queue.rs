//! Queue: nothing is dequeued that was not enqueued before, nor more often than it was enqueued.
//!
//! A bag, folded over events: every enqueue that did not fail may have taken effect when it began; an acknowledged
//! dequeue or drain takes its values out when it returns. What is never dequeued does not count; see `total-queue`.
//! Order counts with `per-producer` only: what one process enqueued, call after call, another takes out call after call
//! in that order, as JMS and AMQP promise. Values that were enqueued twice are left out of it, and crashed enqueues, too.
//!
//! Source: Jepsen's `queue` with Knossos' unordered queue.

use super::found::{Case, Found};
use super::object::{Edge, Object, Op};
use super::{Rule, SingleEntry, SingleOptions};
use history::{Value, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "queue",
        summary: "every dequeued value was enqueued before, and as often",
        functions: &["enqueue", "dequeue", "drain"],
        options: &["per-producer"],
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

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
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
    if options.per_producer {
        judge_order(object, found);
    }
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

/// Enqueues of values that no other enqueue has, by value.
fn producers<'a>(object: &'a Object<'a>) -> FxHashMap<ValueId, &'a Op<'a>> {
    let mut producers: FxHashMap<ValueId, Option<&Op>> = FxHashMap::default();
    for op in object.ops.iter().filter(|op| op.f == "enqueue") {
        producers.entry(op.argument).and_modify(|other| *other = None).or_insert(Some(op).filter(|op| op.is_ok()));
    }
    producers.into_iter().filter_map(|(value, op)| Some((value, op?))).collect()
}

/// Of each producer and consumer, what came out must be in the order in which it went in.
fn judge_order(object: &Object, found: &mut Found) {
    let producers = producers(object);
    // The last enqueue that a consumer has seen of a producer, and the call that took it out.
    let mut seen: FxHashMap<(i64, i64), (&Op, &Op)> = FxHashMap::default();
    let mut pairs = 0;
    let mut given: FxHashSet<ValueId> = FxHashSet::default();
    let mut broken: Vec<(&Op, &Op, &Op, &Op)> = Vec::new();
    for op in &object.ops {
        for value in taken(object, op) {
            // What is delivered again is out of order rightly.
            let is_first = given.insert(*value);
            let Some(enqueue) = producers.get(value).copied().filter(|_| is_first) else { continue };
            let pair = (enqueue.process, op.process);
            let before = seen.get(&pair).copied();
            pairs += usize::from(before.is_some());
            if let Some((later, taker)) = before.filter(|before| enqueue.precedes(before.0)) {
                broken.push((later, taker, enqueue, op));
            } else {
                seen.insert(pair, (enqueue, op));
            }
        }
    }
    found.fact("values that followed another of their producer", pairs);
    let crashed = object.ops.iter().filter(|op| op.is_crashed() && matches!(op.f, "dequeue" | "drain")).count();
    if crashed > 0 && !broken.is_empty() {
        found.doubt(format!(
            "{} values are out of order, and {crashed} crashed dequeues may have given them back",
            broken.len()
        ));
        return;
    }
    for (later, taker, enqueue, op) in broken {
        found.case("producer-order", 1, || out_of_order(object, (later, taker), (enqueue, op)));
    }
    if pairs == 0 {
        found.lack("no consumer took two values of one producer");
    }
}

fn out_of_order(object: &Object, (later, taker): (&Op, &Op), (enqueue, op): (&Op, &Op)) -> Case {
    let (one, other) = (object.text(later.argument), object.text(enqueue.argument));
    let (producer, consumer) = (object.who(enqueue), object.who(op));
    let text = format!("{consumer} dequeued {other} after {one}, though {producer} had enqueued {other} first");
    Case::new(op.at, [later.at, enqueue.at, taker.at], text).about(enqueue.argument)
}

/// Whether two values came out of the witness in another order than they went in.
fn is_out_of_order(object: &Object, value: ValueId) -> bool {
    let out: Vec<(&Op, ValueId)> =
        object.ops.iter().flat_map(|op| taken(object, op).iter().map(move |value| (op, *value))).collect();
    let enqueue = |value: ValueId| object.ops.iter().find(|op| op.f == "enqueue" && op.is_ok() && op.argument == value);
    let late = out.iter().position(|(_, own)| *own == value);
    let Some((own, late)) = enqueue(value).zip(late) else { return false };
    out[..late].iter().any(|(op, other)| {
        let is_later = enqueue(*other).is_some_and(|other| other.process == own.process && own.precedes(other));
        let is_one = op.at == out[late].0.at || op.precedes(out[late].0);
        is_later && is_one && op.process == out[late].0.process
    })
}

/// What both queue checkers call a duplicated, revived or unexpected value.
pub(super) fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let enqueues = || object.ops.iter().filter(|op| op.f == "enqueue" && op.argument == case.subject);
    let is_it = |value: &&ValueId| **value == case.subject;
    let times: usize = object.ops.iter().map(|op| taken(object, op).iter().filter(is_it).count()).sum();
    match case.name {
        "duplicated" => times > 1,
        "producer-order" => is_out_of_order(object, case.subject),
        "revived" => times > 0 && enqueues().next().is_some() && enqueues().all(Op::is_failed),
        "unexpected" => times > 0 && enqueues().next().is_none(),
        _ => enqueues().filter(|op| op.is_ok()).count() > times,
    }
}
