//! Counter: a read lies between what was surely added before it began and what may have been added until it was over.
//!
//! Additions may be negative: then bounds count every sure one, and of the doubtful ones the positive above and the
//! negative below. If nothing is negative, the counter also never goes back from one read to a later one.
//!
//! Source: Jepsen's `counter` (bounds) and Maelstrom's `pn-counter`. Necessary, not sufficient: for increments by one
//! the linearizability of a counter says more.

use super::found::{Case, Found};
use super::object::{Edge, Object, Op};
use super::{Rule, SingleEntry, SingleOptions};

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "counter",
        summary: "reads of a counter lie between what was surely and what was possibly added",
        functions: &["add", "inc", "increment", "dec", "decrement", "read"],
        options: &[],
    },
    per_key: true,
    judge,
    confirm,
};

/// What was added so far: positive and negative parts, of what surely and of what possibly was.
#[derive(Clone, Copy, Default)]
struct Sums {
    sure_up: i128,
    sure_down: i128,
    possible_up: i128,
    possible_down: i128,
}

fn judge(object: &Object, _: &SingleOptions, found: &mut Found) {
    let odd = object.ops.iter().filter(|op| is_add(op) && delta(object, op).is_none()).count();
    let reads: Vec<&Op> = object.ok("read").filter(|read| object.integer(read.result).is_some()).collect();
    let adds = object.ops.iter().filter(|op| is_add(op) && !op.is_failed()).count();
    found.fact("additions", adds);
    found.fact("reads", reads.len());
    if odd > 0 {
        return found.doubt(format!("{odd} additions are of no integer"));
    }
    if reads.len() < object.ok("read").count() {
        found.doubt("some reads found no integer");
    }
    if reads.is_empty() {
        found.lack("no read of the counter was answered");
    } else if adds == 0 {
        found.lack("nothing was added");
    }
    judge_bounds(object, found);
    if object.ops.iter().all(|op| delta(object, op).is_none_or(|delta| delta >= 0)) {
        judge_growth(object, found);
    }
}

fn is_add(op: &Op) -> bool {
    matches!(op.f, "add" | "inc" | "increment" | "dec" | "decrement")
}

/// What a call adds.
fn delta(object: &Object, op: &Op) -> Option<i128> {
    if !is_add(op) {
        return None;
    }
    let number = match op.argument.is_nil() && op.f != "add" {
        true => Some(1),
        false => object.integer(op.argument),
    }?;
    let sign = if op.f.starts_with("dec") { -1 } else { 1 };
    Some(i128::from(number) * sign)
}

fn judge_bounds(object: &Object, found: &mut Found) {
    let (mut sums, mut at_begin) = (Sums::default(), vec![Sums::default(); object.ops.len()]);
    for edge in object.edges() {
        match edge {
            Edge::Begin(place) => {
                let op = &object.ops[place];
                at_begin[place] = sums;
                let delta = delta(object, op).filter(|_| !op.is_failed()).unwrap_or(0);
                sums.possible_up += delta.max(0);
                sums.possible_down += delta.min(0);
            }
            Edge::End(place) => {
                let op = &object.ops[place];
                let delta = delta(object, op).filter(|_| op.is_ok()).unwrap_or(0);
                sums.sure_up += delta.max(0);
                sums.sure_down += delta.min(0);
                let least = at_begin[place].sure_up + sums.possible_down;
                let most = sums.possible_up + at_begin[place].sure_down;
                judge_read(object, op, least, most, found);
            }
        }
    }
}

fn judge_read(object: &Object, op: &Op, least: i128, most: i128, found: &mut Found) {
    let Some(value) = object.integer(op.result).filter(|_| op.is_ok() && op.f == "read") else { return };
    let value = i128::from(value);
    if value < least {
        found.case("counter-too-low", value.abs_diff(least), || {
            let text = format!("the read of {} found {value}, where at least {least} had been added", object.who(op));
            Case::new(op.at, sure_before(object, op, value, least), text).bounded(least)
        });
    }
    if value > most {
        found.case("counter-too-high", value.abs_diff(most), || {
            let text =
                format!("the read of {} found {value}, where at most {most} can have been added", object.who(op));
            Case::new(op.at, None, text).bounded(most)
        });
    }
}

/// The fewest additions that surely came before a read and already make it too low.
fn sure_before(object: &Object, read: &Op, value: i128, least: i128) -> Vec<u32> {
    let before = object.ops.iter().filter(|op| op.is_ok() && op.precedes(read));
    let mut sure: Vec<(i128, u32)> =
        before.filter_map(|op| Some((delta(object, op)?, op.at))).filter(|add| add.0 > 0).collect();
    sure.sort_unstable_by_key(|add| std::cmp::Reverse(*add));
    let mut spare = sure.iter().map(|add| add.0).sum::<i128>() - (least - value) + 1;
    let needed = sure.iter().take_while(|add| {
        let is_needed = spare > 0;
        spare -= add.0;
        is_needed
    });
    needed.map(|add| add.1).collect()
}

/// In real time, reads of a counter that only grows do not go back.
fn judge_growth(object: &Object, found: &mut Found) {
    let mut greatest: Option<(i64, &Op)> = None;
    let mut at_begin: Vec<Option<(i64, &Op)>> = vec![None; object.ops.len()];
    for edge in object.edges() {
        match edge {
            Edge::Begin(place) => at_begin[place] = greatest,
            Edge::End(place) => {
                let op = &object.ops[place];
                let Some(value) = object.integer(op.result).filter(|_| op.is_ok() && op.f == "read") else { continue };
                if let Some((before, earlier)) = at_begin[place].filter(|before| before.0 > value) {
                    found.case("non-monotonic-read", u128::from(before.abs_diff(value)), || {
                        let (one, other) = (object.who(earlier), object.who(op));
                        Case::new(
                            op.at,
                            [earlier.at],
                            format!("{one} read {before}, and then {other} the smaller {value}"),
                        )
                    });
                }
                greatest = greatest.filter(|greatest| greatest.0 >= value).or(Some((value, op)));
            }
        }
    }
}

fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let Some(read) = object.ok("read").find(|op| op.at == case.culprit) else { return false };
    let Some(value) = object.integer(read.result) else { return false };
    match case.name {
        "counter-too-high" => i128::from(value) > case.bound,
        "counter-too-low" => {
            let before = object.ops.iter().filter(|op| op.is_ok() && op.precedes(read));
            let sure: i128 = before.filter_map(|op| delta(object, op)).sum();
            i128::from(value) < case.bound && sure > i128::from(value)
        }
        _ => object.ok("read").any(|op| op.precedes(read) && object.integer(op.result) > Some(value)),
    }
}
