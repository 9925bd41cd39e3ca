//! A run in one word, one line, and a few numbers.

use crate::anomaly::phrase;
use crate::recovery::{Recovery, Served};
use crate::samples::{Kind, Samples};
use crate::words::{counted, duration, grouped};
use checkers::{Check, Verdict, Word};
use history::Fault;

/// What pages and terminals open with.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// The worst verdict; unknown where nothing was checked.
    pub word: Word,
    /// `VIOLATION: two clients held lock 0 at the same time`.
    pub headline: String,
    /// `3 injected, 3 in effect, 3 healed`.
    pub faults: String,
    /// `12 004 ok, 12 fail, 9 info`.
    pub history: String,
    /// `5 of 5 nodes back 2.1 s after healing`; empty where nothing was healed.
    pub served: String,
}

impl Summary {
    /// Sums up.
    pub(crate) fn new(checks: &[Check], faults: &[Fault], samples: &Samples, recovery: &Recovery) -> Summary {
        let word = checks.iter().map(|check| check.verdict.word()).max().unwrap_or(Word::Unknown);
        let last_heal = faults.iter().filter_map(|fault| fault.healed).max();
        let served = last_heal.map(|time| served(recovery.after(time.seconds(), |_| true)));
        Summary {
            word,
            headline: headline(word, checks),
            faults: fault_counts(faults),
            history: outcome_counts(samples),
            served: served.unwrap_or_default(),
        }
    }
}

fn headline(word: Word, checks: &[Check]) -> String {
    match word {
        Word::Invalid => {
            let first = checks.iter().flat_map(|check| check.verdict.anomalies()).next();
            format!("VIOLATION: {}", first.map_or_else(|| "a promise was broken".to_owned(), phrase))
        }
        Word::Unknown => {
            let reason =
                checks.iter().find_map(|check| unknown_reason(&check.verdict)).unwrap_or("nothing was checked");
            format!("Unknown: {reason}")
        }
        Word::Valid => "No violation found".to_owned(),
    }
}

/// Why a verdict is unknown.
pub(crate) fn unknown_reason(verdict: &Verdict) -> Option<&str> {
    match verdict {
        Verdict::Unknown { reason, .. } => Some(reason),
        _ => None,
    }
}

fn fault_counts(faults: &[Fault]) -> String {
    if faults.is_empty() {
        return "none were injected".to_owned();
    }
    let count = |wanted: fn(&Fault) -> bool| grouped(faults.iter().filter(|fault| wanted(fault)).count());
    let refused = faults.iter().filter(|fault| fault.injected.is_none()).count();
    let refused = if refused > 0 { format!(", {} not injected", grouped(refused)) } else { String::new() };
    format!(
        "{} injected, {} in effect, {} healed{refused}",
        count(|fault| fault.injected.is_some()),
        count(Fault::was_in_effect),
        count(|fault| fault.healed.is_some())
    )
}

fn outcome_counts(samples: &Samples) -> String {
    Kind::ALL.map(|kind| format!("{} {}", grouped(samples.count(kind)), kind.word())).join(", ")
}

/// `5 of 5 nodes back 2.1 s after healing`.
fn served(served: Served) -> String {
    match served {
        Served { asked: 0, .. } => String::new(),
        Served { served: 0, asked, .. } => format!("none of {} came back after healing", counted(asked, "node")),
        Served { served, asked, slowest } => {
            format!("{served} of {} back {} after healing", counted(asked, "node"), duration(slowest))
        }
    }
}
