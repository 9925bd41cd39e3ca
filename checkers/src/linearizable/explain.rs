//! A violation in words, with values, processes, nodes and times.

use super::call::Object;
use super::recheck::writes;
use super::shape::{Finding, Shape};
use crate::phrase::{answerer, ending, list, who};
use history::{History, OpId, Operation, Outcome, Register, RegisterOp, RegisterRet};

/// The published name of a violation, and one sentence on it.
pub(crate) fn explain(history: &History<Register>, object: &Object, finding: &Finding) -> (&'static str, String) {
    let culprit = operation(history, object, finding.culprit);
    match finding.shape {
        Shape::Phantom => unwritten(history, culprit),
        Shape::Stale => stale(history, object, finding, culprit),
        Shape::TwiceConsumed => twice_consumed(history, object, finding, culprit),
        Shape::Nameless => nameless(history, object, finding, culprit),
    }
}

fn operation<'a>(history: &'a History<Register>, object: &Object, call: u32) -> &'a Operation<Register> {
    history.operation(object.calls[call as usize].id)
}

/// A failed operation that wrote the value which this one found, if nobody else can have written it.
pub(crate) fn failed_writer(history: &History<Register>, finder: &Operation<Register>) -> Option<OpId> {
    let target = found(finder)?;
    let wrote = |o: &&Operation<Register>| matches!(o.outcome, Outcome::Fail(_)) && writes(o) == Some(target);
    history.operations.iter().position(|o| wrote(&o)).map(|position| OpId(position as u32))
}

/// The register that an operation found a value in, and the value; None if it found nothing.
fn found(operation: &Operation<Register>) -> Option<(u64, i64)> {
    match (operation.op, operation.ok()) {
        (RegisterOp::Read { key }, Some(RegisterRet::Value(Some(value)))) => Some((key, *value)),
        (RegisterOp::Cas { key, expected, .. }, _) => Some((key, expected)),
        _ => None,
    }
}

fn unwritten(history: &History<Register>, culprit: &Operation<Register>) -> (&'static str, String) {
    let answer = answer(history, culprit);
    match failed_writer(history, culprit) {
        Some(writer) => {
            let writer = history.operation(writer);
            let who = who(history, writer);
            let text = format!("{answer}, but only {} by {who} wrote it, and that failed", describe(writer));
            ("aborted-read", text)
        }
        None => ("phantom-read", format!("{answer}, which nobody had asked to be written by then")),
    }
}

fn stale(
    history: &History<Register>,
    object: &Object,
    finding: &Finding,
    culprit: &Operation<Register>,
) -> (&'static str, String) {
    let is_read = matches!(culprit.op, RegisterOp::Read { .. });
    let name = if is_read { "stale-read" } else { "lost-update" };
    let others = || finding.calls.iter().filter(|call| **call != finding.culprit);
    let overwriter = others().map(|&call| operation(history, object, call)).rfind(|o| o.precedes(culprit));
    let Some(overwriter) = overwriter else { return nameless(history, object, finding, culprit) };
    let text = format!(
        "{} although {} by {} {} before the {} began, and nothing after it can have restored {}",
        answer(history, culprit),
        describe(overwriter),
        who(history, overwriter),
        ending(overwriter),
        if is_read { "read" } else { "compare-and-set" },
        value(found(culprit).map(|(_, value)| value)),
    );
    (name, text)
}

fn twice_consumed(
    history: &History<Register>,
    object: &Object,
    finding: &Finding,
    culprit: &Operation<Register>,
) -> (&'static str, String) {
    let wanted = found(culprit);
    let first =
        finding.calls.iter().filter(|call| **call != finding.culprit).map(|&call| operation(history, object, call));
    let first = first.into_iter().find(|o| matches!(o.op, RegisterOp::Cas { .. }) && found(o) == wanted);
    let Some(first) = first else { return nameless(history, object, finding, culprit) };
    let text = format!(
        "{} although {} by {} {} too, and {} was written only once: one of the two updates is lost",
        answer(history, culprit),
        describe(first),
        who(history, first),
        if first.completed.is_some() { "succeeded" } else { "was sent" },
        value(wanted.map(|(_, value)| value)),
    );
    ("lost-update", text)
}

fn nameless(
    history: &History<Register>,
    object: &Object,
    finding: &Finding,
    culprit: &Operation<Register>,
) -> (&'static str, String) {
    let others = finding.calls.iter().filter(|call| **call != finding.culprit);
    let mut parts: Vec<String> =
        others.clone().take(8).map(|&call| part(history, operation(history, object, call))).collect();
    let more = others.count() - parts.len();
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    let text = format!("{}, and no order explains that together with {}", answer(history, culprit), list(&parts));
    ("nonlinearizable", text)
}

fn part(history: &History<Register>, operation: &Operation<Register>) -> String {
    let from = operation.invoked.time;
    let span = match operation.completed {
        Some(completed) => format!("{from} to {}", completed.time),
        None => format!("from {from} on, never answered"),
    };
    format!("{} by {} ({span})", describe(operation), who(history, operation))
}

/// What an operation was told, as the beginning of a sentence.
fn answer(history: &History<Register>, operation: &Operation<Register>) -> String {
    let node = answerer(history, operation);
    let time = operation.completed.unwrap_or(operation.invoked).time;
    let (process, index) = (operation.process, operation.invoked.index);
    match operation.op {
        RegisterOp::Read { key } => {
            let found = value(found(operation).map(|(_, value)| value));
            format!("{node} returned {found} to process {process} (read of key {key}, index {index}, at {time})")
        }
        RegisterOp::Cas { key, expected, new } => format!(
            "{node} told process {process} that key {key} held {expected} and holds {new} now (compare-and-set, index {index}, at {time})"
        ),
        RegisterOp::Write { key, value } => {
            format!("{node} told process {process} that key {key} holds {value} (write, index {index}, at {time})")
        }
    }
}

fn describe(operation: &Operation<Register>) -> String {
    match (operation.op, operation.ok()) {
        (RegisterOp::Read { .. }, Some(RegisterRet::Value(found))) => format!("read of {}", value(*found)),
        (RegisterOp::Read { .. }, _) => "read".to_owned(),
        (RegisterOp::Write { value, .. }, _) => format!("write {value}"),
        (RegisterOp::Cas { expected, new, .. }, _) => format!("compare-and-set {expected} to {new}"),
    }
}

fn value(value: Option<i64>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}
