//! One violation in a history of any file, as it is told to people and machines: the calls of its witness, what the
//! object may have held, and every way that leads nowhere.
//!
//! It is made of what a checker found and of the calls; it judges nothing. Its shape is that of `--output json`
//! (docs/CHECK.md), so a field that is renamed here is a new schema there.

use crate::anomaly::phrase_of;
use crate::told;
use crate::transactions::{self, Least, Precedence, Transaction};
use crate::words::{clean, counted, shorten};
use checkers::Anomaly;
use checkers::object::Violation;
use history::{CallOutcome, Calls, ValueId};
use serde::Serialize;
use std::collections::HashMap;

/// Most characters of any text.
const LONGEST: usize = 4_000;

/// One violation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Finding {
    /// Its published name: `nonlinearizable`.
    pub name: String,
    /// The object, as EDN, where a history holds several.
    pub key: Option<String>,
    /// One sentence.
    pub explanation: String,
    /// The calls of the witness, in the order of their invocations. They alone already break the promise.
    pub operations: Vec<Operation>,
    /// Every state that the object may have been in just before the call that cannot be explained.
    pub states: Vec<String>,
    /// At most 20 ways that lead nowhere, the shortest first.
    pub dead_ends: Vec<DeadEnd>,
    /// Which engine found it; None for checkers that search nothing.
    pub engine: Option<String>,
    /// Which engines agree about the witness.
    pub confirmed_by: Vec<String>,
    /// What people call an anomaly of this shape: `write skew`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Of transactions, who is in it, in the order in which they are spoken of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transactions: Vec<Transaction>,
    /// Of a cycle, why each transaction precedes the next; the last step leads back to the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Precedence>,
    /// Of transactions, the least history that was found to show the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimal: Option<Least>,
}

/// One call of a witness.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Operation {
    /// The logical client.
    pub process: i64,
    /// The node that it talked to; empty if the file does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// What was asked and answered, in words.
    pub operation: String,
    /// `ok`, `fail` or `info`.
    pub outcome: &'static str,
    /// Why it failed or is unknown; empty if the file does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Where it was invoked; None in a history of completions only.
    pub invoked: Option<Place>,
    /// Where it was completed, or given up; None if it never was.
    pub completed: Option<Place>,
    /// True for the one that cannot be explained.
    pub culprit: bool,
}

/// An event of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The recorder's index.
    pub index: u64,
    /// Nanoseconds since its origin, if the file says.
    pub time: Option<u64>,
}

/// One way that leads nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeadEnd {
    /// What the object holds at first.
    pub start: String,
    /// What may have happened then.
    pub steps: Vec<Step>,
    /// Why it cannot go on: the call that cannot be explained comes first.
    pub reasons: Vec<String>,
}

/// One step of a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Position among the operations of the witness.
    pub operation: usize,
    /// The same in words.
    pub text: String,
    /// What the object holds afterwards.
    pub state: String,
}

/// What a checker says of a violation, whichever checker it is.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A model's, with states and dead ends.
    Violation(&'a Violation),
    /// Any other checker's. Its operations are positions among the calls.
    Anomaly(&'a Anomaly),
}

impl Source<'_> {
    /// The calls of the witness that there are, in the order of their invocations.
    pub(crate) fn calls(&self, calls: &Calls<'_>) -> Vec<u32> {
        let mut positions: Vec<u32> = match self {
            Source::Violation(violation) => violation.calls.clone(),
            Source::Anomaly(anomaly) => anomaly.operations.iter().map(|id| id.0).collect(),
        };
        positions.retain(|position| (*position as usize) < calls.len());
        positions
    }

    /// The call that cannot be explained.
    pub(crate) fn culprit(&self) -> Option<u32> {
        match self {
            Source::Violation(violation) => Some(violation.culprit),
            Source::Anomaly(anomaly) => anomaly.culprit.map(|id| id.0),
        }
    }

    /// The object: that of the culprit, where the checker does not say.
    pub(crate) fn key(&self, calls: &Calls<'_>) -> Option<ValueId> {
        let of_call = |position: u32| ((position as usize) < calls.len()).then(|| calls.get(position as usize).key)?;
        match self {
            Source::Violation(violation) => violation.key,
            Source::Anomaly(anomaly) => anomaly.key.and_then(|_| self.culprit().and_then(of_call)),
        }
    }

    /// Its published name.
    pub(crate) fn name(&self) -> String {
        match self {
            Source::Violation(_) => "nonlinearizable".to_owned(),
            Source::Anomaly(anomaly) => anomaly.name.clone(),
        }
    }

    /// What each call of the witness was, in the words of the model.
    pub(crate) fn words(&self) -> HashMap<u32, &str> {
        match self {
            Source::Violation(violation) => {
                violation.calls.iter().copied().zip(violation.operations.iter().map(String::as_str)).collect()
            }
            Source::Anomaly(_) => HashMap::new(),
        }
    }
}

impl Finding {
    /// Tells what a checker found among these calls.
    #[must_use]
    pub fn new(calls: &Calls<'_>, source: Source<'_>) -> Finding {
        let positions = source.calls(calls);
        let words = source.words();
        let operation = |position: &u32| {
            let text = words.get(position).map_or_else(|| told::operation(calls, *position as usize), |w| short(w));
            Operation::new(calls, *position as usize, text, source.culprit() == Some(*position))
        };
        let told = Finding {
            name: source.name(),
            key: source.key(calls).map(|key| told::value(calls.recording().values(), key)),
            operations: positions.iter().map(operation).collect(),
            ..Finding::default()
        };
        match source {
            Source::Anomaly(anomaly) => {
                let key = told.key.or_else(|| anomaly.key.map(|key| key.to_string()));
                let Some(argument) = &anomaly.argument else {
                    return Finding { explanation: short(&anomaly.explanation), key, ..told };
                };
                let transactions = transactions::transactions(argument, &positions);
                Finding {
                    explanation: short(transactions::without_nickname(&anomaly.explanation, argument)),
                    key,
                    nickname: argument.nickname.as_deref().map(|nickname| short(&clean(nickname))),
                    steps: transactions::steps(argument, &transactions),
                    minimal: argument.minimal.as_ref().map(Least::new),
                    transactions,
                    ..told
                }
            }
            Source::Violation(violation) => Finding {
                explanation: short(&violation.explanation),
                states: violation.states.iter().map(|state| short(state)).collect(),
                dead_ends: dead_ends(violation, &positions),
                engine: Some(violation.engine.to_owned()),
                confirmed_by: violation.confirmed_by.iter().map(|engine| (*engine).to_owned()).collect(),
                ..told
            },
        }
    }

    /// What an argument says, without the calls of the history.
    pub(crate) fn of_argument(argument: &checkers::Argument) -> Finding {
        let positions: Vec<u32> = argument.transactions.iter().map(|member| member.operation.0).collect();
        let transactions = transactions::transactions(argument, &positions);
        Finding {
            nickname: argument.nickname.as_deref().map(|nickname| short(&clean(nickname))),
            steps: transactions::steps(argument, &transactions),
            minimal: argument.minimal.as_ref().map(Least::new),
            transactions,
            ..Finding::default()
        }
    }

    /// What it is, in a few words.
    pub(crate) fn phrase(&self) -> String {
        let of_key = self.key.as_ref().map(|key| format!(", key {key}")).unwrap_or_default();
        match &self.nickname {
            Some(nickname) => format!("{nickname} ({}){of_key}", self.name),
            None if !self.steps.is_empty() => {
                format!("{}{of_key}: a cycle of {}", self.name, counted(self.steps.len(), "transaction"))
            }
            None => phrase_of(&self.name, self.key.as_deref()),
        }
    }
}

impl DeadEnd {
    /// Why it cannot go on, without saying again what the object holds then.
    pub(crate) fn whys(&self) -> impl Iterator<Item = &str> {
        let holds = self.steps.last().map_or(&self.start, |step| &step.state);
        self.reasons.iter().map(move |reason| {
            reason.strip_prefix(holds.as_str()).and_then(|rest| rest.strip_prefix(", ")).unwrap_or(reason)
        })
    }
}

impl Operation {
    fn new(calls: &Calls<'_>, position: usize, operation: String, culprit: bool) -> Operation {
        let call = calls.get(position);
        Operation {
            process: call.process,
            node: told::node(calls, position),
            operation,
            outcome: match call.outcome {
                CallOutcome::Ok => "ok",
                CallOutcome::Fail => "fail",
                CallOutcome::Info => "info",
            },
            reason: told::reason(calls, position),
            invoked: call.invoked.map(|row| told::place(calls, row)),
            completed: call.completion.map(|row| told::place(calls, row)),
            culprit,
        }
    }
}

fn dead_ends(violation: &Violation, positions: &[u32]) -> Vec<DeadEnd> {
    let step = |step: &checkers::engine::Step| {
        let operation = positions.iter().position(|position| *position == step.call)?;
        Some(Step { operation, text: short(&step.operation), state: short(&step.state) })
    };
    let end = |end: &checkers::engine::DeadEnd| DeadEnd {
        start: short(&end.start),
        steps: end.steps.iter().filter_map(step).collect(),
        reasons: end.reasons.iter().map(|reason| short(reason)).collect(),
    };
    violation.dead_ends.iter().map(end).collect()
}

fn short(text: &str) -> String {
    shorten(text, LONGEST)
}
