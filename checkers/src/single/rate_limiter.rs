//! Rate limiter: in no window of time are more requests let through than the limit, and no bucket gives what it lacks.
//!
//! A request is let through at some moment between its invocation and its return, so only a window that surely contains
//! more than `limit` whole requests is a violation. Windows are half-open, `[s, s + window)`, and slide. Crashed and
//! failed requests do not count, and neither do ok ones whose result is false, 0 or `denied`. With `rate` and `burst` a
//! bucket is judged beside the window or without it; see `token_bucket`.
//!
//! A denial is *false* if at no moment of the call the window can have been full, whatever crashed requests did and
//! wherever in their calls the others were let through. False denials are counted, and broken promises only with
//! `denials`. A failed request is no denial: it may have failed for any reason.
//!
//! Sweep: from the last beginning to the first, count returns in a Fenwick tree; n log n. It misses what the width of
//! the requests hides. A limiter that promises to be near its limit is judged by the limit that it promises not to
//! pass; by how much the given one was surely passed is reported.

use super::found::{Case, Found};
use super::object::{Object, Op, seconds};
use super::{Rule, SingleEntry, SingleOptions, token_bucket};
use history::{Value, ValueId};

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "rate-limiter",
        summary: "no window of time has more requests let through than the limit, and no bucket gives what it lacks",
        functions: &["request", "acquire", "allow"],
        options: &["limit", "window", "rate", "burst", "denials"],
    },
    per_key: true,
    judge,
    confirm,
};

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let window = options.limit.zip(options.window_ns);
    if window.is_none() && options.rate.is_none() {
        return found.lack("what is promised was not said: `limit=10 window=1s`, or `rate=10/s burst=20`");
    }
    let passed: Vec<&Op> = object.ops.iter().filter(|op| is_passed(object, op)).collect();
    let mut timed: Vec<&Op> = passed.iter().copied().filter(|op| op.is_timed()).collect();
    if timed.len() < passed.len() {
        found.doubt(format!("{} requests have no times", passed.len() - timed.len()));
    }
    timed.sort_unstable_by_key(|op| (op.begin, op.at));
    found.fact("requests let through", timed.len());
    let denied: Vec<&Op> = object.ops.iter().filter(|op| is_denied(object, op) && op.is_timed()).collect();
    found.fact("requests denied", denied.len());
    let may_pass: Vec<&Op> = object.ops.iter().filter(|op| may_pass(object, op)).collect();
    if let Some((limit, window)) = window {
        judge_window(object, &timed, limit, window as i64, found);
        judge_denials(object, &denied, &may_pass, (limit, window as i64), options, found);
    }
    if let Some(rate) = options.rate {
        let bucket = token_bucket::Bucket::new(rate, options.burst);
        token_bucket::judge(object, &timed, bucket, found);
        token_bucket::judge_denials(object, &denied, &may_pass, bucket, options, found);
    }
}

fn judge_window(object: &Object, timed: &[&Op], limit: u64, window: i64, found: &mut Found) {
    let most = sweep(object, timed, limit, window, found);
    found.most("most requests surely in one window", most as i128);
    found.most("most requests surely above the limit", i128::from(most.saturating_sub(limit)));
    if (timed.len() as u64) <= limit {
        found.lack(format!("only {} requests were let through, {limit} are allowed at once", timed.len()));
    }
}

fn is_request(op: &Op) -> bool {
    matches!(op.f, "request" | "acquire" | "allow")
}

fn says_no(object: &Object, op: &Op) -> bool {
    let denied = op.result == ValueId::FALSE || object.value(op.result).name() == Some("denied");
    denied || matches!(object.value(op.result), Value::Int(0))
}

fn is_passed(object: &Object, op: &Op) -> bool {
    is_request(op) && op.is_ok() && !says_no(object, op)
}

fn is_denied(object: &Object, op: &Op) -> bool {
    is_request(op) && op.is_ok() && says_no(object, op)
}

/// True of a request that was let through, or may have been.
fn may_pass(object: &Object, op: &Op) -> bool {
    is_passed(object, op) || is_request(op) && op.is_crashed()
}

/// Counts denials at whose time no window can have been full.
fn judge_denials(
    object: &Object,
    denied: &[&Op],
    may_pass: &[&Op],
    (limit, window): (u64, i64),
    options: &SingleOptions,
    found: &mut Found,
) {
    let mut denied = denied.to_vec();
    denied.sort_unstable_by_key(|op| op.end);
    let mut begins: Vec<i64> = may_pass.iter().map(|op| op.begin).collect();
    let mut ends: Vec<i64> = may_pass.iter().map(|op| op.end).filter(|end| *end >= 0).collect();
    begins.sort_unstable();
    ends.sort_unstable();
    let mut false_denials = 0;
    for op in denied {
        // Those that began by the end of the denial, without those that were over a window before its beginning.
        let began = begins.partition_point(|begin| *begin <= op.end);
        let gone = ends.partition_point(|end| *end < op.begin.saturating_sub(window));
        let most = began.saturating_sub(gone) as u64;
        if most >= limit {
            continue;
        }
        false_denials += 1;
        if options.denials {
            found.case("false-denial", u128::from(limit - most), || {
                let text = format!(
                    "{} was denied, though at most {most} requests can have been let through in any window that ends \
                     during the call, where {limit} are allowed",
                    object.who(op)
                );
                Case::new(op.at, None, text)
            });
        }
    }
    found.fact("false denials", false_denials);
}

/// The most requests in one window. `timed` is in the order of beginnings.
fn sweep(object: &Object, timed: &[&Op], limit: u64, window: i64, found: &mut Found) -> u64 {
    let mut ends: Vec<i64> = timed.iter().map(|op| op.end).collect();
    ends.sort_unstable();
    let (mut tree, mut most) = (Fenwick(vec![0; ends.len() + 1]), 0);
    for (place, op) in timed.iter().enumerate().rev() {
        tree.add(ends.partition_point(|end| *end < op.end));
        if place > 0 && timed[place - 1].begin == op.begin {
            // Equal beginnings make one window; the others are not in the tree yet.
            continue;
        }
        let close = op.begin.saturating_add(window);
        let number = tree.sum(ends.partition_point(|end| *end < close));
        most = most.max(number);
        if number > limit {
            found.case("rate-limit-exceeded", u128::from(number - limit), || {
                case(object, &timed[place..], close, number, limit)
            });
        }
    }
    most
}

fn case(object: &Object, from: &[&Op], close: i64, number: u64, limit: u64) -> Case {
    let inside = from.iter().filter(|op| op.end < close).take(limit as usize + 1);
    let witness: Vec<u32> = inside.map(|op| op.at).collect();
    let last = witness.iter().copied().max().unwrap_or(from[0].at);
    let (begin, end) = (seconds(from[0].begin.into()), seconds(close.into()));
    let text = format!(
        "{number} requests began and ended between {begin} and {end}, where {limit} are allowed; the first is of {}",
        object.who(from[0])
    );
    Case::new(last, witness, text)
}

/// Prefix sums of counts.
struct Fenwick(Vec<u64>);

impl Fenwick {
    fn add(&mut self, place: usize) {
        let mut at = place + 1;
        while at < self.0.len() {
            self.0[at] += 1;
            at += at & at.wrapping_neg();
        }
    }

    /// How many there are at the first `places`.
    fn sum(&self, places: usize) -> u64 {
        let (mut at, mut sum) = (places, 0);
        while at > 0 {
            sum += self.0[at];
            at -= at & at.wrapping_neg();
        }
        sum
    }
}

fn confirm(object: &Object, options: &SingleOptions, case: &Case) -> bool {
    let all_passed = object.ops.iter().all(|op| is_passed(object, op) && op.is_timed());
    match (case.name, options.limit, options.window_ns) {
        ("bucket-overdrawn", ..) => all_passed && token_bucket::is_overdrawn(object, options),
        ("false-denial", ..) => options.denials && object.ops.iter().all(|op| is_denied(object, op)),
        (_, Some(limit), Some(window)) => {
            let begin = object.ops.iter().map(|op| op.begin).min().unwrap_or(0);
            let end = object.ops.iter().map(|op| op.end).max().unwrap_or(0);
            let is_short = i128::from(end) - i128::from(begin) < i128::from(window);
            all_passed && object.ops.len() as u64 > limit && is_short
        }
        _ => false,
    }
}
