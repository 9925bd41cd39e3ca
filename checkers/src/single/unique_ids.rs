//! Unique ids: no id is handed out twice, and where that is promised, ids grow in roughly the order of time.
//!
//! Rough order: the id of a call that was over more than `slack` before another began is the smaller one. The smallest
//! slack that would do is reported for every history of numbers. With `process-order` ids grow from call to call of
//! each process. What the bits of an id carry is judged by `snowflake`. Source: Jepsen's `unique-ids`; the rest is
//! ours. It says nothing of ids that crashed calls were given.

use super::found::{Case, Found};
use super::object::{Object, Op, seconds};
use super::{Rule, SingleEntry, SingleOptions, snowflake};
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "unique-ids",
        summary: "no id is handed out twice; where it is promised, ids grow, and their bits carry a time and a worker",
        functions: &["generate"],
        options: &[
            "order",
            "slack",
            "process-order",
            "bits",
            "time-shift",
            "time-unit",
            "origin",
            "skew",
            "worker-shift",
            "worker-bits",
        ],
    },
    per_key: true,
    judge,
    confirm,
};

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let calls: Vec<&Op> = object.ok("generate").filter(|op| !op.result.is_nil()).collect();
    found.fact("ids", calls.len());
    let mut first = FxHashMap::default();
    for op in &calls {
        let before: &&Op = first.entry(op.result).or_insert(op);
        if before.at != op.at {
            found.case("duplicate-ids", 1, || {
                let (one, other) = (object.who(before), object.who(op));
                let text = format!("the id {} was given to {one} and to {other}", object.text(op.result));
                Case::new(op.at, [before.at], text).about(op.result)
            });
        }
    }
    judge_numbers(object, &calls, options, found);
    if calls.len() < 2 {
        found.lack("fewer than two ids were handed out");
    }
}

/// What is asked of ids that are numbers.
fn judge_numbers(object: &Object, calls: &[&Op], options: &SingleOptions, found: &mut Found) {
    let number = |op: &&'_ Op| object.integer(op.result);
    snowflake::judge_bits(object, calls, options, found);
    let numbered: Vec<(i64, &Op)> = calls.iter().filter_map(|op| Some((number(op)?, *op))).collect();
    let is_asked = options.order || options.process_order || snowflake::is_asked(options);
    if is_asked && numbered.len() < calls.len() {
        found.doubt("some ids are no integers of 64 bits, and have neither order nor bits");
    }
    let is_timed = numbered.iter().all(|(_, op)| op.is_timed());
    if is_timed && !numbered.is_empty() {
        let slack = smallest_slack(&numbered).map_or("none".to_owned(), |ns| seconds(ns.into()));
        found.note("smallest slack that the order holds with", slack);
    }
    if options.order && options.slack_ns > 0 && !is_timed {
        found.doubt("the history has no times to measure the slack by");
    } else if options.order {
        judge_order(object, &numbered, options, found);
    }
    if options.process_order {
        judge_processes(object, &numbered, found);
    }
    snowflake::judge(object, &numbered, options, found);
}

fn judge_order(object: &Object, numbered: &[(i64, &Op)], options: &SingleOptions, found: &mut Found) {
    let over =
        |op: &Op| if options.slack_ns > 0 { op.end.saturating_add(options.slack_ns as i64) } else { op.returned };
    let begun = |op: &Op| if options.slack_ns > 0 { op.begin } else { op.invoked };
    let (mut returns, mut begins) = (numbered.to_vec(), numbered.to_vec());
    returns.sort_unstable_by_key(|(_, op)| over(op));
    begins.sort_unstable_by_key(|(_, op)| begun(op));
    let (mut returns, mut greatest) = (returns.into_iter().peekable(), None::<(i64, &Op)>);
    for (id, op) in begins {
        while let Some(next) = returns.next_if(|(_, before)| over(before) < begun(op)) {
            greatest = greatest.filter(|greatest| greatest.0 >= next.0).or(Some(next));
        }
        let Some((before_id, before)) = greatest.filter(|greatest| greatest.0 > id) else { continue };
        found.case("order-inversion", u128::from(before_id.abs_diff(id)), || {
            let (one, other) = (object.who(before), object.who(op));
            Case::new(op.at, [before.at], format!("{one} was given {before_id}, and then {other} the smaller {id}"))
        });
    }
}

fn judge_processes(object: &Object, numbered: &[(i64, &Op)], found: &mut Found) {
    let mut greatest: FxHashMap<i64, (i64, &Op)> = FxHashMap::default();
    for (id, op) in numbered {
        let before = greatest.get(&op.process).copied();
        if before.is_none_or(|before| before.0 <= *id) {
            greatest.insert(op.process, (*id, op));
        }
        let is_broken = |before: &(i64, &Op)| before.0 > *id && before.1.precedes(op);
        let Some((before_id, before)) = before.filter(is_broken) else { continue };
        found.case("process-order-inversion", u128::from(before_id.abs_diff(*id)), || {
            let (one, other) = (object.who(before), object.who(op));
            Case::new(op.at, [before.at], format!("{one} was given {before_id}, and {other} after it the smaller {id}"))
        });
    }
}

/// The longest time from the end of one call to the beginning of another that was given a smaller id.
fn smallest_slack(numbered: &[(i64, &Op)]) -> Option<i64> {
    let mut by_id = numbered.to_vec();
    by_id.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    let (mut soonest, mut slack) = (i64::MAX, None);
    for equal in by_id.chunk_by(|a, b| a.0 == b.0) {
        let worst = equal.iter().map(|(_, op)| op.begin.saturating_sub(soonest)).max().filter(|worst| *worst > 0);
        slack = slack.max(worst);
        soonest = equal.iter().map(|(_, op)| op.end).fold(soonest, i64::min);
    }
    slack
}

fn confirm(object: &Object, options: &SingleOptions, case: &Case) -> bool {
    if let Some(shows) = snowflake::confirm(object, options, case) {
        return shows;
    }
    let [one, other] = &object.ops[..] else { return false };
    if !one.is_ok() || !other.is_ok() {
        return false;
    }
    let is_before = |one: &Op, other: &Op| match (case.name, options.slack_ns) {
        ("process-order-inversion", _) => one.process == other.process && one.precedes(other),
        (_, 0) => one.precedes(other),
        (_, slack) => i128::from(other.begin) - i128::from(one.end) > i128::from(slack),
    };
    let wrong =
        |one: &Op, other: &Op| is_before(one, other) && object.integer(one.result) > object.integer(other.result);
    match case.name {
        "duplicate-ids" => one.result == other.result,
        _ => wrong(one, other) || wrong(other, one),
    }
}
