//! Total queue: what was enqueued comes out as often as the queue promises to deliver it.
//!
//! Multisets over the whole history. Duplicates break at-most-once and exactly-once, lost values break at-least-once
//! and exactly-once; a value that nobody enqueued, or whose enqueue failed, breaks all. A value can be called lost only
//! if somebody emptied the queue after its enqueue was acknowledged: a drain, or a dequeue that found nothing. A
//! crashed dequeue may have taken one value and a crashed drain all: then unknown, where Jepsen says lost.
//!
//! Source: Jepsen's `total-queue`. It misses all order.

use super::found::{Case, Found};
use super::object::{Object, Op};
use super::queue::{confirm, taken};
use super::{Delivery, Rule, SingleEntry, SingleOptions};
use history::ValueId;
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "total-queue",
        summary: "what was enqueued comes out: at least once, at most once, or exactly once",
        functions: &["enqueue", "dequeue", "drain"],
        options: &["delivery"],
    },
    per_key: true,
    judge,
    confirm,
};

/// What happened to one value.
#[derive(Default)]
struct Fate<'a> {
    attempts: u64,
    acknowledged: Vec<&'a Op<'a>>,
    failed: Option<&'a Op<'a>>,
    any: Option<&'a Op<'a>>,
    out: u64,
    /// The first and the last call that took it out.
    takers: Option<(&'a Op<'a>, &'a Op<'a>)>,
}

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let fates = fates(object);
    let mut values: Vec<(&ValueId, &Fate)> = fates.iter().collect();
    values.sort_unstable_by_key(|(id, _)| **id);
    let out: u64 = values.iter().map(|(_, fate)| fate.out).sum();
    let acknowledged: usize = values.iter().map(|(_, fate)| fate.acknowledged.len()).sum();
    let beyond = |fate: &Fate| fate.out.saturating_sub(fate.acknowledged.len() as u64).min(fate.attempts);
    found.fact("enqueues acknowledged", acknowledged);
    found.fact("values dequeued", out as usize);
    found.fact("recovered", values.iter().map(|(_, fate)| beyond(fate)).sum::<u64>() as usize);
    for (value, fate) in &values {
        judge_presence(object, **value, fate, options.delivery, found);
    }
    if options.delivery != Delivery::AtMostOnce {
        judge_lost(object, &values, found);
    }
    if acknowledged == 0 && out == 0 {
        found.lack("nothing was enqueued or dequeued");
    } else if out == 0 {
        found.lack("nothing was dequeued");
    }
}

fn fates<'a>(object: &'a Object<'a>) -> FxHashMap<ValueId, Fate<'a>> {
    let mut fates: FxHashMap<ValueId, Fate> = FxHashMap::default();
    for op in &object.ops {
        if op.f == "enqueue" {
            let fate = fates.entry(op.argument).or_default();
            match op.is_failed() {
                true => fate.failed = Some(op),
                false => {
                    fate.attempts += 1;
                    fate.any = Some(op);
                }
            }
            fate.acknowledged.extend(op.is_ok().then_some(op));
        }
        for value in taken(object, op) {
            let fate = fates.entry(*value).or_default();
            fate.out += 1;
            fate.takers = Some((fate.takers.map_or(op, |takers| takers.0), op));
        }
    }
    fates.values_mut().for_each(|fate| fate.acknowledged.sort_by_key(|op| op.returned));
    fates
}

fn judge_presence(object: &Object, value: ValueId, fate: &Fate, delivery: Delivery, found: &mut Found) {
    let Some((first, last)) = fate.takers else { return };
    let (name, what) = match (fate.any, fate.failed) {
        (None, None) => ("unexpected", "which nobody enqueued".to_owned()),
        (None, Some(_)) => ("revived", "whose enqueue failed".to_owned()),
        (Some(_), _) if fate.out > fate.attempts => {
            found.fact("duplicates", (fate.out - fate.attempts) as usize);
            ("duplicated", format!("which came out {} times and went in at most {}", fate.out, fate.attempts))
        }
        _ => return,
    };
    if name == "duplicated" && delivery == Delivery::AtLeastOnce {
        return;
    }
    let enqueue = fate.any.or(fate.failed).map(|op| op.at);
    found.case(name, u128::from(fate.out), || {
        let text = format!("{} dequeued {}, {what}", object.who(last), object.text(value));
        Case::new(last.at, enqueue.into_iter().chain([first.at]), text).about(value)
    });
}

fn judge_lost(object: &Object, values: &[(&ValueId, &Fate)], found: &mut Found) {
    let emptied = object.ops.iter().filter(|op| is_empty_handed(op)).max_by_key(|op| op.invoked);
    let mut lost: Vec<(ValueId, &Op, &Fate)> = Vec::new();
    let mut open = 0;
    for (value, fate) in values {
        let missing = fate.acknowledged.len().saturating_sub(fate.out as usize);
        // Those that were acknowledged first may be the ones that came out: then the fewest are surely lost.
        let late = &fate.acknowledged[fate.acknowledged.len() - missing..];
        for op in late {
            match emptied {
                Some(emptied) if op.precedes(emptied) => lost.push((**value, op, fate)),
                _ => open += 1,
            }
        }
    }
    let takers = |f: &str| object.ops.iter().filter(|op| op.is_crashed() && op.f == f).count();
    let (dequeues, drains) = (takers("dequeue"), takers("drain"));
    found.fact("crashed dequeues and drains", dequeues + drains);
    if drains > 0 && !lost.is_empty() {
        found.doubt(format!("{} values are missing, and a crashed drain may have taken them", lost.len()));
    } else if lost.len() > dequeues {
        let only = format!("of {} that are missing, crashed dequeues can have taken {dequeues}", lost.len());
        for (value, op, fate) in &lost {
            let others = fate.acknowledged.iter().copied().chain(emptied).map(|op| op.at);
            found.case("lost", 1, || case(object, *value, op, others, &only));
        }
    } else if !lost.is_empty() {
        found.doubt(format!("{} values are missing, and {dequeues} crashed dequeues may have taken them", lost.len()));
    }
    if open > 0 && lost.is_empty() {
        found.doubt(format!("{open} values did not come out, and nobody emptied the queue after they went in"));
    }
}

/// True of a call after which nothing was left: a drain, or a dequeue that found nothing.
fn is_empty_handed(op: &Op) -> bool {
    op.is_ok() && (op.f == "drain" || op.f == "dequeue" && op.result.is_nil())
}

fn case(object: &Object, value: ValueId, enqueue: &Op, others: impl Iterator<Item = u32>, only: &str) -> Case {
    let (who, text) = (object.who(enqueue), object.text(value));
    let text =
        format!("{text}, enqueued by {who}, was not in the queue when it was emptied, nor ever came out; {only}");
    Case::new(enqueue.at, others, text).about(value)
}
