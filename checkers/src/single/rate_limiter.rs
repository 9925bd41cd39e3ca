//! Rate limiter: in no window of time are more requests let through than the limit.
//!
//! A request is let through at some moment between its invocation and its return, so only a window that surely contains
//! more than `limit` whole requests is a violation. Windows are half-open, `[s, s + window)`, and slide. Crashed and
//! failed requests do not count, and neither do ok ones whose result is false or `denied`.
//!
//! Sweep: from the last beginning to the first, count returns in a Fenwick tree; n log n. It misses what the width of
//! the requests hides, and requests that were denied for no reason.

use super::found::{Case, Found};
use super::object::{Object, Op, seconds};
use super::{Rule, SingleEntry, SingleOptions};
use history::{Value, ValueId};

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "rate-limiter",
        summary: "no window of time has more requests let through than the limit",
        functions: &["request", "acquire", "allow"],
        options: &["limit", "window"],
    },
    per_key: true,
    judge,
    confirm,
};

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let (Some(limit), Some(window)) = (options.limit, options.window_ns) else {
        return found.lack("what is promised was not said: `limit=10` and `window=1s`");
    };
    let passed: Vec<&Op> = object.ops.iter().filter(|op| is_passed(object, op)).collect();
    let mut timed: Vec<&Op> = passed.iter().copied().filter(|op| op.is_timed()).collect();
    if timed.len() < passed.len() {
        found.doubt(format!("{} requests have no times", passed.len() - timed.len()));
    }
    timed.sort_unstable_by_key(|op| (op.begin, op.at));
    let most = sweep(object, &timed, limit, window as i64, found);
    found.fact("requests let through", timed.len());
    found.most("most requests surely in one window", most as i128);
    if (timed.len() as u64) <= limit {
        found.lack(format!("only {} requests were let through, {limit} are allowed at once", timed.len()));
    }
}

fn is_passed(object: &Object, op: &Op) -> bool {
    let is_denied = |id: ValueId| id == ValueId::FALSE || object.value(id).name() == Some("denied");
    let is_one = matches!(op.f, "request" | "acquire" | "allow");
    is_one && op.is_ok() && !is_denied(op.result) && !matches!(object.value(op.result), Value::Int(0))
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

fn confirm(object: &Object, options: &SingleOptions, _: &Case) -> bool {
    let (Some(limit), Some(window)) = (options.limit, options.window_ns) else { return false };
    let all_passed = object.ops.iter().all(|op| is_passed(object, op) && op.is_timed());
    let begin = object.ops.iter().map(|op| op.begin).min().unwrap_or(0);
    let end = object.ops.iter().map(|op| op.end).max().unwrap_or(0);
    all_passed && object.ops.len() as u64 > limit && i128::from(end) - i128::from(begin) < i128::from(window)
}
