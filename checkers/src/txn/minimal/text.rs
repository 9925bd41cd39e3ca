//! A part of a history as events, for whoever reads histories.

use super::part::{At, Index, Part};
use crate::txn::{Kind, Mop};
use history::{CallOutcome, Calls};
use std::fmt::Write;

/// The events of what is left, in their order and with their indexes, as EDN.
pub(super) fn events(calls: &Calls<'_>, index: &Index<'_>, part: &Part) -> String {
    let mut events: Vec<(u32, String)> = Vec::new();
    for row in part.rows() {
        let call = calls.get(row as usize);
        let steps = part.steps_of(row);
        let kind = match call.outcome {
            CallOutcome::Ok => "ok",
            CallOutcome::Fail => "fail",
            CallOutcome::Info => "info",
        };
        let mut event = |at: u32, kind: &str, is_answer: bool| {
            let program: Vec<String> = steps.iter().map(|at| step(index, part, *at, is_answer)).collect();
            let mut text = String::new();
            let _ = writeln!(
                text,
                "{{:index {}, :type :{kind}, :process {}, :f :txn, :value [{}]}}",
                calls.recording().index(at),
                call.process,
                program.join(" ")
            );
            events.push((at, text));
        };
        if let Some(at) = call.invoked {
            event(at, "invoke", false);
        }
        if let Some(at) = call.completion {
            event(at, kind, true);
        }
    }
    events.sort_unstable_by_key(|event| event.0);
    events.into_iter().map(|event| event.1).collect()
}

fn step(index: &Index<'_>, part: &Part, at: At, is_answer: bool) -> String {
    let Some(mop) = index.mop(at) else { return String::new() };
    let transactions = index.transactions;
    let key = transactions.text(transactions.key(mop.key));
    let (word, value) = match mop.kind {
        Kind::Read if is_answer => ("r", found(index, part, mop)),
        Kind::Append => ("append", transactions.text(mop.value)),
        Kind::Write => ("w", transactions.text(mop.value)),
        _ => ("r", "nil".to_owned()),
    };
    format!("[:{word} {key} {value}]")
}

/// What a read found past that with which its list begins.
fn found(index: &Index<'_>, part: &Part, mop: Mop) -> String {
    let transactions = index.transactions;
    if !transactions.holds_lists() {
        return transactions.text(mop.value);
    }
    let begins = part.begins.get(&mop.key).copied().unwrap_or_default();
    let elements = index.found(mop).into_iter().skip(begins);
    let elements: Vec<String> = elements.map(|element| transactions.text(element)).collect();
    format!("[{}]", elements.join(" "))
}
