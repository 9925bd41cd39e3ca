//! Lock with fencing tokens: tokens are unique and grow, and the resource never goes back to a smaller one.
//!
//! A token is the result of an `acquire`: a number, or `fence` or `token` in a map. The resource tells of what it
//! accepted by acknowledged calls of `access` or `write` with the token as argument. Two holders at a time are counted
//! and not held against the lock: a lease may run out, and tokens are there to make that harmless. A process that is
//! granted the token that it holds already has entered again, as reentrant locks allow.
//!
//! Source: Kleppmann 2016, "How to do distributed locking"; Jepsen's fenced mutex of Hazelcast. It misses overlaps.

use super::found::{Case, Found};
use super::object::{NEVER, Object, Op};
use super::{Rule, SingleEntry, SingleOptions, order};
use history::ValueId;
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "fenced-lock",
        summary: "fencing tokens are unique and grow, and no access with an older token follows one with a newer",
        functions: &["acquire", "release", "access", "write"],
        options: &[],
    },
    per_key: true,
    judge,
    confirm,
};

fn judge(object: &Object, _: &SingleOptions, found: &mut Found) {
    let acquires: Vec<&Op> = object.ops.iter().filter(|op| granted(object, op).is_some()).collect();
    let accesses = object.ops.iter().filter(|op| accepted(object, op).is_some()).count();
    found.fact("tokens granted", acquires.len());
    found.fact("accesses with a token", accesses);
    found.fact("holders that overlap another", overlaps(object));
    judge_unique(object, found);
    order::regressions(
        object,
        |op| granted(object, op),
        |before, after| {
            let weight = u128::from(before.0.abs_diff(after.0));
            found.case("token-regression", weight, || pair(object, before, after, "was granted"));
        },
    );
    order::regressions(
        object,
        |op| accepted(object, op),
        |before, after| {
            let weight = u128::from(before.0.abs_diff(after.0));
            found.case("stale-token-accepted", weight, || pair(object, before, after, "was let in with"));
        },
    );
    if acquires.len() < 2 && accesses < 2 {
        found.lack("fewer than two tokens were granted or accepted");
    }
}

/// Finds tokens that were granted twice, unless a process was that did not ask for its release in between.
fn judge_unique(object: &Object, found: &mut Found) {
    let mut first: FxHashMap<i64, &Op> = FxHashMap::default();
    let mut released: FxHashMap<i64, i64> = FxHashMap::default();
    let mut again = 0;
    for op in &object.ops {
        if op.f == "release" {
            released.insert(op.process, op.invoked);
        }
        let Some(token) = granted(object, op) else { continue };
        let before = *first.entry(token).or_insert(op);
        let is_held = released.get(&op.process).is_none_or(|row| *row < before.invoked);
        if before.at != op.at && before.process == op.process && is_held {
            again += 1;
        } else if before.at != op.at {
            found.case("duplicate-token", 1, || pair(object, (token, before), (token, op), "was granted"));
        }
    }
    found.fact("tokens granted to their holder again", again);
}

fn token(object: &Object, id: ValueId) -> Option<i64> {
    let field = |name| object.field(id, name).and_then(|token| object.integer(token));
    object.integer(id).or_else(|| field("fence")).or_else(|| field("token"))
}

fn granted(object: &Object, op: &Op) -> Option<i64> {
    (op.is_ok() && op.f == "acquire").then(|| token(object, op.result)).flatten()
}

fn accepted(object: &Object, op: &Op) -> Option<i64> {
    (op.is_ok() && matches!(op.f, "access" | "write")).then(|| token(object, op.argument)).flatten()
}

fn pair(object: &Object, before: (i64, &Op), after: (i64, &Op), what: &str) -> Case {
    let (one, other) = (object.who(before.1), object.who(after.1));
    let text = format!("{one} {what} token {}, and then {other} {what} token {}", before.0, after.0);
    Case::new(after.1.at, [before.1.at], text).bounded(i128::from(before.0))
}

/// How many acknowledged holders surely held the lock while an earlier one surely did too.
fn overlaps(object: &Object) -> usize {
    let mut open: FxHashMap<i64, i64> = FxHashMap::default();
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for op in &object.ops {
        match op.f {
            "acquire" if op.is_ok() => drop(open.insert(op.process, op.returned)),
            "release" if !op.is_failed() => spans.extend(open.remove(&op.process).map(|from| (from, op.invoked))),
            _ => {}
        }
    }
    spans.extend(open.into_values().map(|from| (from, NEVER)));
    spans.sort_unstable();
    let mut until = i64::MIN;
    let mut overlaps = 0;
    for (from, to) in spans {
        overlaps += usize::from(from < until);
        until = until.max(to);
    }
    overlaps
}

fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let [one, other] = &object.ops[..] else { return false };
    let (first, second) = if one.at == case.culprit { (other, one) } else { (one, other) };
    match case.name {
        "duplicate-token" => granted(object, one).is_some() && granted(object, one) == granted(object, other),
        "token-regression" => first.precedes(second) && granted(object, first) > granted(object, second),
        _ => first.precedes(second) && accepted(object, first) > accepted(object, second),
    }
}
