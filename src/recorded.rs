//! Histories that somebody else recorded: read in any format, and judged by the name of a model or checker.

use crate::exit::{Exit, Failure};
use crate::judge::judge_history;
use checkers::object::{Compat, JudgeOptions, Judged, NilRead, models};
use checkers::{Anomaly, Check, SingleOptions, Verdict, Word};
use history::{Calls, EdnText, History, Lock, OpId, ReadError, ReadOptions, Recording, Value};
use std::path::Path;

/// The typed checker of locks under a lease, which judges by time what no model can.
const LEASED_LOCK: &str = "lock";

/// Checkers whose names are those of models, too: the model is exact, so it has the name.
const RENAMED: &[(&str, &str)] = &[("set-final", "set"), ("counter-bounds", "counter")];

/// How a history is to be understood and judged.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The name of a model or checker.
    pub model: String,
    /// Values are `[k v]` with independent keys.
    pub independent: bool,
    /// Events without a process are operations of clients of their own.
    pub anonymous: bool,
    /// A read of nil says nothing.
    pub nil_is_wildcard: bool,
    /// Whose choices are followed.
    pub compat: Compat,
    /// What a checker must be told, as `key=value`.
    pub options: Vec<String>,
}

/// What can be judged by name.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Judgeable {
    /// What `--model` takes.
    pub name: &'static str,
    /// What it is.
    pub summary: String,
    /// The functions that it understands.
    pub functions: String,
    /// The keys that `--option` takes.
    pub options: Vec<&'static str>,
}

/// Everything that can be judged by name: models first.
#[must_use]
pub fn judgeable() -> Vec<Judgeable> {
    let model = |entry: &'static checkers::object::ModelEntry| Judgeable {
        name: entry.name,
        summary: entry.summary.to_owned(),
        functions: entry.functions.to_owned(),
        options: Vec::new(),
    };
    let checker = |entry: &checkers::SingleEntry| Judgeable {
        name: RENAMED.iter().find(|(_, theirs)| *theirs == entry.name).map_or(entry.name, |(ours, _)| ours),
        summary: entry.summary.to_owned(),
        functions: entry.functions.join("; "),
        options: entry.options.to_vec(),
    };
    let lock = Judgeable {
        name: LEASED_LOCK,
        summary: "locks under a lease of 3 s: surely held spans never overlap".to_owned(),
        functions: "acquire; refresh; release; write".to_owned(),
        options: Vec::new(),
    };
    models().iter().map(model).chain(checkers::checkers().iter().map(checker)).chain([lock]).collect()
}

/// A history, read and judged.
pub struct Recorded {
    /// What was found.
    pub checks: Vec<Check>,
    /// What was tolerated, and what may be meant; for people.
    pub notes: Vec<String>,
}

/// Reads a file and judges it.
///
/// # Errors
/// Exit 64 for a model or option that does not exist, 65 for a file that cannot be read or is none of that model.
pub fn judge_file(path: &Path, asked: &Asked) -> Result<Recorded, Failure> {
    let mut recording = read(path, asked.independent)?;
    if asked.anonymous {
        recording.adopt_orphans();
    }
    let mut notes: Vec<String> = Vec::new();
    if !asked.independent && recording.looks_independent() {
        notes.push("every value has the shape [k v]: if these are keys, say --independent".to_owned());
    }
    let malformed = |error: history::HistoryError| malformed(path, error);
    if asked.model == LEASED_LOCK {
        let history = History::<Lock>::from_recording(&recording).map_err(malformed)?;
        notes.extend(recording.notes().iter().map(ToString::to_string));
        return Ok(Recorded { checks: judge_history::<Lock>(&history), notes });
    }
    let calls = Calls::pair(&recording).map_err(malformed)?;
    notes.extend(calls.notes().iter().map(ToString::to_string));
    let (promise, verdict) = by_name(path, asked, &calls)?;
    Ok(Recorded { checks: vec![Check { name: asked.model.clone(), promise, verdict }], notes })
}

/// Reads a file of any format.
///
/// # Errors
/// Exit 65, with file, line and column.
pub fn read(path: &Path, independent: bool) -> Result<Recording, Failure> {
    let options = ReadOptions { independent, ..ReadOptions::default() };
    history::read(path, &options).map_err(|error: ReadError| Failure::new(Exit::Data, error))
}

fn by_name(path: &Path, asked: &Asked, calls: &Calls<'_>) -> Result<(String, Verdict), Failure> {
    let data = |message: String| Failure::message(Exit::Data, format!("{}: {message}", path.display()));
    if let Some(entry) = models().iter().find(|entry| entry.name == asked.model) {
        let nil_read = if asked.nil_is_wildcard { NilRead::Wildcard } else { NilRead::Initial };
        let mut options = JudgeOptions { nil_read, compat: asked.compat, ..JudgeOptions::default() };
        model_options(&asked.options, &mut options)?;
        let judged = checkers::object::judge(&asked.model, calls, &options).map_err(data)?;
        return Ok((entry.summary.to_owned(), verdict(judged, calls)));
    }
    let theirs = RENAMED.iter().find(|(ours, _)| *ours == asked.model).map_or(asked.model.as_str(), |(_, name)| name);
    let Some(entry) = checkers::checkers().iter().find(|entry| entry.name == theirs) else {
        let names: Vec<&str> = judgeable().iter().map(|entry| entry.name).collect();
        let message = format!("there is no model `{}`; there are {}", asked.model, names.join(", "));
        return Err(Failure::message(Exit::Usage, message));
    };
    let options = SingleOptions::parse(asked.options.iter().map(String::as_str))
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    let judged = checkers::judge(theirs, calls, &options);
    let judged = judged.ok_or_else(|| Failure::message(Exit::Bug, "a checker that is listed does not exist"))?;
    Ok((entry.summary.to_owned(), judged))
}

/// `initial`, `permits` and `least-first` of models.
fn model_options(pairs: &[String], options: &mut JudgeOptions) -> Result<(), Failure> {
    for pair in pairs {
        let understood = match pair.split_once('=') {
            Some(("initial", value)) => value.parse().map(|value| options.initial = Some(value)).is_ok(),
            Some(("permits", value)) => value.parse().map(|value| options.permits = Some(value)).is_ok(),
            Some(("least-first", value)) => value.parse().map(|value| options.least_first = value).is_ok(),
            _ => false,
        };
        if !understood {
            let expected = "initial=NUMBER, permits=NUMBER or least-first=true";
            let message = format!("cannot understand the option `{pair}` of a model: expected {expected}");
            return Err(Failure::message(Exit::Usage, message));
        }
    }
    Ok(())
}

/// What an engine found, in the words of every checker.
fn verdict(judged: Judged, calls: &Calls<'_>) -> Verdict {
    let anomaly = |violation: checkers::object::Violation| Anomaly {
        name: "nonlinearizable".to_owned(),
        key: violation.key.and_then(|key| number(calls, key)),
        operations: violation.calls.iter().map(|call| OpId(*call)).collect(),
        culprit: Some(OpId(violation.culprit)),
        intervals: Vec::new(),
        explanation: format!("{}{}", violation.explanation, dead_ends(&violation)),
    };
    let evidence = judged.evidence;
    match judged.word {
        Word::Valid => Verdict::Valid { evidence },
        Word::Unknown => Verdict::Unknown { reason: judged.reason, evidence },
        Word::Invalid => Verdict::Invalid { anomalies: judged.violations.into_iter().map(anomaly).collect(), evidence },
    }
}

fn number(calls: &Calls<'_>, key: history::ValueId) -> Option<u64> {
    match calls.recording().values().get(key) {
        Value::Int(integer) => u64::try_from(integer).ok(),
        _ => EdnText { values: calls.recording().values(), id: key }.to_string().parse().ok(),
    }
}

/// The states before the culprit, and the shortest ways that lead nowhere.
fn dead_ends(violation: &checkers::object::Violation) -> String {
    const MOST: usize = 3;
    let mut text = String::new();
    if !violation.states.is_empty() {
        text.push_str(&format!("\n  before it, the object may have been: {}", violation.states.join("; ")));
    }
    for end in violation.dead_ends.iter().take(MOST) {
        let steps = end.steps.iter().map(|step| format!(", then {} makes it: {}", step.operation, step.state));
        let steps: String = steps.collect();
        text.push_str(&format!("\n  dead end: {}{steps}; but {}", end.start, end.reasons.join("; ")));
    }
    text
}

fn malformed(path: &Path, error: history::HistoryError) -> Failure {
    let place = format!("{}:{}:{}", path.display(), error.line, error.column);
    Failure::message(Exit::Data, format!("{place}: expected {}", error.expected))
}
