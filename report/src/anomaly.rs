//! A violation as it is told: its name in words, and the operations that are drawn of it.

use crate::finding::Finding;
use crate::timeline::{Legend, Selection, select};
use crate::words::clean;
use checkers::{Anomaly, Check, Interval, Verdict};
use history::{DataType, History};

/// Most violations that are drawn; the others are told in words.
pub(crate) const DRAWN: usize = 20;

/// One anomaly with what is drawn of it.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    /// The checker that found it.
    pub check: String,
    /// Its published name.
    pub name: String,
    /// What it means, in words: `two clients held lock 0 at the same time`.
    pub phrase: String,
    /// The checker's sentence.
    pub explanation: String,
    /// Of transactions, the argument step by step.
    pub argument: Option<Finding>,
    /// What is drawn.
    pub selection: Selection,
}

impl Violation {
    /// What stands around its timeline.
    pub(crate) fn legend(&self) -> Legend<'_> {
        Legend { label: &self.explanation, culprit: culprit_words(&self.name) }
    }
}

/// All anomalies in the order of their checks, at most [`DRAWN`].
pub(crate) fn violations<D: DataType>(history: &History<D>, checks: &[Check]) -> Vec<Violation> {
    let pairs = checks.iter().flat_map(|check| check.verdict.anomalies().iter().map(move |anomaly| (check, anomaly)));
    let violation = |(check, anomaly): (&Check, &Anomaly)| Violation {
        check: check.name.clone(),
        name: anomaly.name.clone(),
        phrase: phrase(anomaly),
        explanation: anomaly.explanation.clone(),
        argument: anomaly.argument.as_deref().map(Finding::of_argument),
        selection: select(history, anomaly),
    };
    pairs.take(DRAWN).map(violation).collect()
}

/// An anomaly in a few words.
pub(crate) fn phrase(anomaly: &Anomaly) -> String {
    if let Some(argument) = &anomaly.argument {
        let finding = Finding { name: clean(&anomaly.name), ..Finding::of_argument(argument) };
        return finding.phrase();
    }
    phrase_of(&anomaly.name, anomaly.key.map(|key| key.to_string()).as_deref())
}

/// An anomaly of that name, of that object, in a few words.
pub(crate) fn phrase_of(name: &str, key: Option<&str>) -> String {
    let of_key = key.map_or_else(String::new, |key| format!(" of key {key}"));
    let lock = key.map_or_else(|| "a lock".to_owned(), |key| format!("lock {key}"));
    match name {
        "mutual-exclusion" => format!("two clients held {lock} at the same time"),
        "nonlinearizable" => match key {
            Some(key) => format!("no order of the operations on key {key} explains what they returned"),
            None => "no order of the operations explains what they returned".to_owned(),
        },
        "stale-read" if key.is_none() => "a read returned an old state".to_owned(),
        "stale-read" => format!("a read{of_key} returned a value that was already overwritten"),
        "lost-update" => format!("an acknowledged update{of_key} was lost"),
        "lost" => "what was acknowledged was lost".to_owned(),
        "revived" => "what had gone came back".to_owned(),
        "phantom" | "phantom-read" => format!("a read{of_key} returned what nobody had written"),
        "aborted-read" => format!("a read{of_key} returned a write that had failed"),
        "duplicated" => "one element was stored twice".to_owned(),
        "token-order" => format!("the fencing tokens of {lock} did not grow"),
        "G1a" => "a transaction read what another had written and rolled back".to_owned(),
        "G1b" => "a transaction read what another had written only for the time being".to_owned(),
        "not-recovered" => "the system did not serve again after healing".to_owned(),
        name => match key {
            Some(key) => format!("{}, key {key}", name.replace('-', " ")),
            None => name.replace('-', " "),
        },
    }
}

/// What stands under the operation that cannot be explained.
pub(crate) fn culprit_words(name: &str) -> &'static str {
    match name {
        "mutual-exclusion" => "acquired although it was held",
        "stale-read" => "returned an old value",
        "phantom-read" | "phantom" => "returned what nobody had written",
        "aborted-read" => "returned what had failed",
        "token-order" => "its token is not greater",
        "lost-update" | "lost" => "lost",
        _ => "no order explains this",
    }
}

/// The same checks without control characters.
pub(crate) fn cleaned(checks: &[Check]) -> Vec<Check> {
    let check = |check: &Check| Check {
        name: clean(&check.name),
        promise: clean(&check.promise),
        verdict: cleaned_verdict(&check.verdict),
    };
    checks.iter().map(check).collect()
}

fn cleaned_verdict(verdict: &Verdict) -> Verdict {
    let evidence = verdict.evidence().iter().map(|(name, value)| (clean(name), clean(value))).collect();
    match verdict {
        Verdict::Valid { .. } => Verdict::Valid { evidence },
        Verdict::Unknown { reason, .. } => Verdict::Unknown { reason: clean(reason), evidence },
        Verdict::Invalid { anomalies, .. } => {
            Verdict::Invalid { anomalies: anomalies.iter().map(cleaned_anomaly).collect(), evidence }
        }
    }
}

fn cleaned_anomaly(anomaly: &Anomaly) -> Anomaly {
    let interval = |interval: &Interval| Interval { label: clean(&interval.label), ..interval.clone() };
    Anomaly {
        name: clean(&anomaly.name),
        intervals: anomaly.intervals.iter().map(interval).collect(),
        explanation: clean(&anomaly.explanation),
        ..anomaly.clone()
    }
}
