//! Checkers of one object each that need no search: a rule, a sweep over the calls, and a witness per violation.
//!
//! [`judge`] takes calls of any file and a checker's name. Where calls have keys, most checkers judge every key as an
//! object of its own; keys are never guessed out of values. Nothing here judges linearizability or transactions, and
//! nothing passes on nothing: a history that cannot show a violation is *unknown*.

mod availability;
mod bank;
mod bank_bounds;
mod causal;
mod causal_memory;
mod causal_order;
mod causal_reverse;
mod convergence;
mod counter;
mod fenced_lock;
mod found;
mod g2;
mod leader;
mod leader_log;
mod long_fork;
mod monotonic;
mod object;
mod options;
mod order;
mod queue;
mod rate_limiter;
mod replica;
mod sequential;
mod set;
mod set_full;
mod snowflake;
mod staleness;
mod token_bucket;
mod total_queue;
mod unique_ids;

use crate::Verdict;
use found::{Case, Found};
use history::Calls;
use object::Object;
pub use options::{Delivery, IdLayout, OptionError, Rate, SingleOptions};

/// A checker as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SingleEntry {
    /// What [`judge`] calls it.
    pub name: &'static str,
    /// What it promises, in one sentence.
    pub summary: &'static str,
    /// The functions that it understands; all others are left out.
    pub functions: &'static [&'static str],
    /// The keys of [`SingleOptions::parse`] that it looks at.
    pub options: &'static [&'static str],
}

/// A checker: what people see of it, and what it does.
struct Rule {
    entry: SingleEntry,
    /// True: every key is an object of its own.
    per_key: bool,
    judge: fn(&Object, &SingleOptions, &mut Found),
    /// Looks at the calls of a witness only, and says whether they show what the case says.
    confirm: fn(&Object, &SingleOptions, &Case) -> bool,
}

static RULES: [&Rule; 19] = [
    &availability::RULE,
    &bank::RULE,
    &causal::RULE,
    &causal_reverse::RULE,
    &convergence::RULE,
    &counter::RULE,
    &fenced_lock::RULE,
    &g2::RULE,
    &leader::RULE,
    &long_fork::RULE,
    &monotonic::RULE,
    &queue::RULE,
    &rate_limiter::RULE,
    &sequential::RULE,
    &set::RULE,
    &set_full::RULE,
    &staleness::RULE,
    &total_queue::RULE,
    &unique_ids::RULE,
];

/// Every checker, by name.
#[must_use]
pub fn checkers() -> &'static [SingleEntry] {
    static ENTRIES: std::sync::LazyLock<Vec<SingleEntry>> =
        std::sync::LazyLock::new(|| RULES.iter().map(|rule| rule.entry).collect());
    &ENTRIES
}

/// Judges calls by the checker of that name; None if there is none. Witnesses name calls by their position.
#[must_use]
pub fn judge(name: &str, calls: &Calls, options: &SingleOptions) -> Option<Verdict> {
    let rule = RULES.iter().find(|rule| rule.entry.name == name)?;
    let mut found = Found::default();
    if calls.is_empty() {
        found.lack(nothing(calls));
        return Some(found.conclude());
    }
    match object::split(calls, rule.per_key) {
        Ok(objects) => objects.for_each(|object| {
            found.begin(object.key_number());
            (rule.judge)(&object, options, &mut found);
        }),
        Err(reason) => found.doubt(reason),
    }
    found.confirm(|case| (rule.confirm)(&object::of_positions(calls, &case.operations), options, case));
    Some(found.conclude())
}

fn nothing(calls: &Calls) -> String {
    match calls.orphans().len() {
        0 => "no client did anything".to_owned(),
        orphans => format!("no client did anything; {orphans} events have no process, so nobody knows whose they are"),
    }
}
