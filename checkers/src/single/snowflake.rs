//! What the bits of a unique id carry: a width, a time, and the worker that made it.
//!
//! `bits`: an id is not negative and has no more bits; ids that a JSON number of 53 bits cannot hold are counted.
//! Time: an id was made at some moment between the call's invocation and its return, so with clocks that are off by at
//! most `skew` its time lies between those. With `origin` each id is judged alone. Without, the origin is unknown but
//! the same for all ids: each id leaves a span of origins, and all spans must share one, which two ids refute. Worker:
//! all ids of a node carry one worker, or of a process where nobody knows the node.
//!
//! Names are those of Twitter's Snowflake. That a sequence wraps within a tick shows as a duplicate or an inversion, and
//! is not judged apart; two nodes that share a worker are counted only, for they may hand out different ranges.

use super::SingleOptions;
use super::found::{Case, Found};
use super::object::{Object, Op, seconds};
use super::options::IdLayout;
use history::{Value, ValueId};
use rustc_hash::FxHashMap;

/// The greatest number below which a JSON number is exact.
const JSON_EXACT: i64 = 1 << 53;

/// True if anything is said about what ids carry.
pub(super) fn is_asked(options: &SingleOptions) -> bool {
    options.layout.time_shift.is_some() || options.layout.worker_bits > 0
}

/// Judges width and sign, also of ids that no integer of 64 bits holds.
pub(super) fn judge_bits(object: &Object, calls: &[&Op], options: &SingleOptions, found: &mut Found) {
    let is_large = |op: &&&Op| object.integer(op.result).is_some_and(|id| !(-JSON_EXACT..=JSON_EXACT).contains(&id));
    found.fact("ids that a JSON number rounds", calls.iter().filter(is_large).count());
    let Some(bits) = options.bits else { return };
    let others = calls.iter().filter(|op| fits(object.value(op.result), bits).is_none()).count();
    if others > 0 {
        found.doubt(format!("{others} ids are no whole numbers, and have no bits"));
    }
    for op in calls.iter().filter(|op| fits(object.value(op.result), bits) == Some(false)) {
        found.case("id-out-of-range", 1, || {
            let text =
                format!("{} was given {}, which {bits} bits do not hold", object.who(op), object.text(op.result));
            Case::new(op.at, None, text).about(op.result)
        });
    }
}

/// Whether an id is not negative and has no more bits than that; None if it is no whole number.
fn fits(id: Value, bits: u32) -> Option<bool> {
    match id {
        Value::Int(id) => Some(id >= 0 && (bits >= 63 || id < 1 << bits)),
        // Too large for an integer of 64 bits, and no promise is above 63.
        Value::BigInt(_) => Some(false),
        _ => None,
    }
}

/// Judges the times and the workers of ids.
pub(super) fn judge(object: &Object, numbered: &[(i64, &Op)], options: &SingleOptions, found: &mut Found) {
    if let Some(shift) = options.layout.time_shift {
        judge_times(object, numbered, shift, &options.layout, found);
    }
    if options.layout.worker_bits > 0 {
        judge_workers(object, numbered, &options.layout, found);
    }
}

/// The origins, in nanoseconds, that an id leaves: its time is that of a moment of its call, give or take the skew.
fn origins(id: i64, op: &Op, shift: u32, layout: &IdLayout) -> (i128, i128) {
    let unit = i128::from(layout.time_unit_ns);
    let tick = i128::from(id >> shift) * unit;
    let skew = i128::from(layout.skew_ns);
    // Some moment m of the call has tick <= origin + m < tick + unit.
    (tick - i128::from(op.end) - skew, tick + unit - 1 - i128::from(op.begin) + skew)
}

fn judge_times(object: &Object, numbered: &[(i64, &Op)], shift: u32, layout: &IdLayout, found: &mut Found) {
    let spans: Vec<((i128, i128), &Op)> = numbered
        .iter()
        .filter(|(_, op)| op.is_timed())
        .map(|(id, op)| (origins(*id, op, shift, layout), *op))
        .collect();
    if spans.len() < numbered.len() {
        found.doubt(format!("{} ids were handed out at no known time", numbered.len() - spans.len()));
    }
    match layout.origin {
        Some(origin) => judge_origin(object, &spans, i128::from(origin) * i128::from(layout.time_unit_ns), found),
        None => judge_spans(object, &spans, layout, found),
    }
}

fn judge_origin(object: &Object, spans: &[((i128, i128), &Op)], origin: i128, found: &mut Found) {
    for ((least, most), op) in spans {
        let off = (least - origin).max(origin - most);
        if off > 0 {
            found.case("id-time-off", off.unsigned_abs(), || {
                let (who, id, off) = (object.who(op), object.text(op.result), seconds(off));
                let text = format!("{who} was given {id}, whose time is {off} away from the call, beyond the skew");
                Case::new(op.at, None, text).about(op.result)
            });
        }
    }
}

/// Spans on a line share a point if the last beginning is not after the first end.
fn judge_spans(object: &Object, spans: &[((i128, i128), &Op)], layout: &IdLayout, found: &mut Found) {
    let last = spans.iter().max_by_key(|(span, _)| span.0);
    let first = spans.iter().min_by_key(|(span, _)| span.1);
    let (Some((late, one)), Some((early, other))) = (last, first) else { return };
    let needed = i128::from(layout.skew_ns) + (late.0 - early.1 + 1).div_euclid(2);
    found.note("least skew of the clocks in ids", seconds(needed.max(0)));
    if late.0 > early.1 {
        found.case("id-time-off", (late.0 - early.1).unsigned_abs(), || {
            let (first, second) = (object.who(one), object.who(other));
            let (id, rival) = (object.text(one.result), object.text(other.result));
            let off = seconds(late.0 - early.1);
            let text = format!(
                "{first} was given {id} and {second} {rival}: their times are {off} further apart than their calls and \
                 the skew allow"
            );
            Case::new(one.at.max(other.at), [one.at, other.at], text)
        });
    }
}

fn worker(id: i64, layout: &IdLayout) -> i64 {
    (id >> layout.worker_shift) & ((1 << layout.worker_bits) - 1)
}

/// Who made an id: the node that answered, or where nobody knows it the process that asked.
fn maker(object: &Object, op: &Op) -> Result<ValueId, i64> {
    object.node(op).ok_or(op.process)
}

fn judge_workers(object: &Object, numbered: &[(i64, &Op)], layout: &IdLayout, found: &mut Found) {
    let mut makers: FxHashMap<Result<ValueId, i64>, (i64, &Op)> = FxHashMap::default();
    for (id, op) in numbered {
        let own = worker(*id, layout);
        let (first, before) = *makers.entry(maker(object, op)).or_insert((own, op));
        if first != own {
            found.case("worker-changed", 1, || {
                let (one, other) = (object.who(before), object.who(op));
                let whose = object.node(op).map_or_else(String::new, |node| format!(" of node {}", object.text(node)));
                let text = format!("{one} was given an id{whose} by worker {first}, and {other} one by worker {own}");
                Case::new(op.at, [before.at], text)
            });
        }
    }
    let mut workers: Vec<i64> = makers.values().map(|(worker, _)| *worker).collect();
    workers.sort_unstable();
    found.fact(
        "workers that two nodes or processes share",
        workers.windows(2).filter(|pair| pair[0] == pair[1]).count(),
    );
}

/// Whether a witness shows a case of this file; None if the case is of another.
pub(super) fn confirm(object: &Object, options: &SingleOptions, case: &Case) -> Option<bool> {
    let (layout, all_ok) = (&options.layout, object.ops.iter().all(Op::is_ok));
    let ids: Vec<(i64, &Op)> = object.ops.iter().filter_map(|op| Some((object.integer(op.result)?, op))).collect();
    match case.name {
        "id-out-of-range" => {
            let is_out = |op: &Op| match object.value(op.result) {
                Value::Int(id) => id < 0 || i128::from(id) >> options.bits.unwrap_or(63) > 0,
                other => matches!(other, Value::BigInt(_)),
            };
            Some(all_ok && object.ops.iter().all(is_out))
        }
        "worker-changed" => {
            let [one, other] = &ids[..] else { return Some(false) };
            let is_same = maker(object, one.1) == maker(object, other.1);
            Some(all_ok && is_same && worker(one.0, layout) != worker(other.0, layout))
        }
        "id-time-off" => Some(all_ok && layout.time_shift.is_some_and(|shift| are_off(&ids, shift, layout))),
        _ => None,
    }
}

/// Whether no origin does for the ids: by ticks and moments, one by one.
fn are_off(ids: &[(i64, &Op)], shift: u32, layout: &IdLayout) -> bool {
    let (unit, skew) = (i128::from(layout.time_unit_ns), i128::from(layout.skew_ns));
    let fits = |origin: i128, (id, op): &(i64, &Op)| {
        let (begin, end) = (i128::from(op.begin) - skew + origin, i128::from(op.end) + skew + origin);
        let tick = i128::from(id >> shift);
        begin.div_euclid(unit) <= tick && tick <= end.div_euclid(unit)
    };
    if let Some(origin) = layout.origin {
        return ids.iter().any(|id| !fits(i128::from(origin) * unit, id));
    }
    // If any origin does, one does that puts the end of some call just into its tick.
    let starts = ids.iter().map(|(id, op)| i128::from(id >> shift) * unit - i128::from(op.end) - skew);
    !starts.into_iter().any(|origin| ids.iter().all(|id| fits(origin, id)))
}
