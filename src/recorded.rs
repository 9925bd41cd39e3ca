//! Histories that somebody else recorded: read in any format, and judged by the name of a model or checker.

use crate::exit::{Exit, Failure};
use crate::judge::judge_history;
use crate::offered::Wanted;
use crate::transactional;
use checkers::object::{Compat, JudgeOptions, Judged, ModelEntry, NilRead, Violation, models};
use checkers::txn::level::Level;
use checkers::{Anomaly, Check, SingleOptions, Verdict, Word};
use history::{Calls, EdnText, History, Lock, OpId, ReadError, ReadOptions, Recording, Value};
use report::drawing::Drawing;
use report::{Finding, Source, Told, Upheaval};
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
    /// Of transactions, what Elle would say.
    pub as_elle: bool,
    /// The levels of isolation that transactions are promised.
    pub expect: Vec<Level>,
    /// What a checker must be told, as `key=value`.
    pub options: Vec<String>,
    /// How many violations are drawn.
    pub drawn: usize,
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
    let model = |entry: &'static ModelEntry| Judgeable {
        name: entry.name,
        summary: entry.summary.to_owned(),
        functions: entry.functions.to_owned(),
        options: entry.options.to_vec(),
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
    let single = checkers::checkers().iter().map(checker);
    models().iter().map(model).chain(transactional::judgeable()).chain(single).chain([lock]).collect()
}

/// A history, read and judged.
pub struct Recorded {
    /// What was found, promise by promise.
    pub told: Vec<Told>,
    /// What was tolerated, and what may be meant; for people.
    pub notes: Vec<String>,
}

/// Reads a file and judges it.
///
/// # Errors
/// Exit 64 for a model or option that does not exist, 65 for a file that cannot be read or is none of that model.
pub fn judge_file(path: &Path, asked: &Asked) -> Result<Recorded, Failure> {
    let transactions = transactional::objects(&asked.model).and_then(transactional::as_read);
    let options = ReadOptions { independent: asked.independent, transactions, ..ReadOptions::default() };
    let mut recording = read_with(path, &options)?;
    if asked.anonymous {
        recording.adopt_orphans();
    }
    let mut notes: Vec<String> = Vec::new();
    if !asked.independent && recording.looks_independent() {
        notes.push("every value has the shape [k v]: if these are keys, say --independent".to_owned());
    }
    let calls = Calls::pair(&recording).map_err(|error| malformed(path, error))?;
    notes.extend(calls.notes().iter().map(ToString::to_string));
    let faults = if asked.drawn > 0 { Upheaval::all(&calls) } else { Vec::new() };
    let drawn = Drawn { most: asked.drawn, faults };
    if asked.model == LEASED_LOCK {
        let history = History::<Lock>::from_recording(&recording).map_err(|error| malformed(path, error))?;
        let told = |check: Check| tell(check, &Seen::default(), &calls, &drawn);
        let wanted = Wanted { workload: LEASED_LOCK, threads: 1, seed: 0, expect: Level::StrictSerializable };
        return Ok(Recorded { told: judge_history::<Lock>(&history, wanted).into_iter().map(told).collect(), notes });
    }
    let (promise, verdict, mut seen) = by_name(path, asked, &calls)?;
    let check = Check { name: asked.model.clone(), promise, verdict };
    let besides = seen.besides.take().map(|check| tell(check, &Seen::default(), &calls, &drawn));
    let told = [tell(check, &seen, &calls, &drawn)].into_iter().chain(besides).collect();
    Ok(Recorded { told, notes })
}

/// What is drawn, and with which faults.
struct Drawn {
    most: usize,
    faults: Vec<Upheaval>,
}

/// What is known of violations besides the verdict.
#[derive(Default)]
struct Seen {
    /// Of a model.
    violations: Vec<Violation>,
    /// What else was promised of the same history.
    besides: Option<Check>,
}

/// Tells of a check by what was seen, or else by its anomalies, whose operations are calls.
fn tell(check: Check, seen: &Seen, calls: &Calls<'_>, drawn: &Drawn) -> Told {
    let of_anomalies = check.verdict.anomalies().iter().map(Source::Anomaly);
    let mut sources: Vec<Source<'_>> = seen.violations.iter().map(Source::Violation).collect();
    if sources.is_empty() {
        sources = of_anomalies.collect();
    }
    let findings: Vec<Finding> = sources.iter().map(|source| Finding::new(calls, *source)).collect();
    let pairs = sources.iter().zip(&findings).take(drawn.most);
    let drawings = pairs.map(|(source, finding)| Drawing::new(calls, *source, finding, &drawn.faults)).collect();
    Told { check, findings, drawings }
}

/// Tells of the checks of a run, whose history stands in this file.
///
/// # Errors
/// Exit 65 if the file cannot be read.
pub fn tell_run(history: &Path, checks: Vec<Check>) -> Result<Vec<Told>, Failure> {
    let recording = read(history, false)?;
    let calls = Calls::pair(&recording).map_err(|error| malformed(history, error))?;
    let drawn = Drawn { most: 0, faults: Vec::new() };
    Ok(checks.into_iter().map(|check| tell(check, &Seen::default(), &calls, &drawn)).collect())
}

/// Reads a file of any format.
///
/// # Errors
/// Exit 65, with file, line and column.
pub fn read(path: &Path, independent: bool) -> Result<Recording, Failure> {
    read_with(path, &ReadOptions { independent, ..ReadOptions::default() })
}

fn read_with(path: &Path, options: &ReadOptions) -> Result<Recording, Failure> {
    history::read(path, options).map_err(|error: ReadError| Failure::new(Exit::Data, error))
}

fn by_name(path: &Path, asked: &Asked, calls: &Calls<'_>) -> Result<(String, Verdict, Seen), Failure> {
    let data = |message: String| Failure::message(Exit::Data, format!("{}: {message}", path.display()));
    if let Some(entry) = models().iter().find(|entry| entry.name == asked.model) {
        let nil_read = if asked.nil_is_wildcard { NilRead::Wildcard } else { NilRead::Initial };
        let mut options = JudgeOptions { nil_read, compat: asked.compat, ..JudgeOptions::default() };
        model_options(entry, &asked.options, &mut options)?;
        let judged = checkers::object::judge(&asked.model, calls, &options).map_err(data)?;
        let (verdict, violations) = verdict(judged, calls);
        return Ok((entry.summary.to_owned(), verdict, Seen { violations, ..Seen::default() }));
    }
    if let Some(objects) = transactional::objects(&asked.model) {
        let (promise, verdict, besides) = transactional::judge(objects, asked, calls, data)?;
        return Ok((promise, verdict, Seen { besides, ..Seen::default() }));
    }
    if !asked.expect.is_empty() {
        let message = format!("`{}` is judged by no level of isolation; leave --expect out", asked.model);
        return Err(Failure::message(Exit::Usage, message));
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
    Ok((entry.summary.to_owned(), judged, Seen::default()))
}

/// `initial`, `permits`, `least-first` and `strict-fail-cas` of models.
fn model_options(entry: &ModelEntry, pairs: &[String], options: &mut JudgeOptions) -> Result<(), Failure> {
    for pair in pairs {
        let understood = match pair.split_once('=') {
            Some(("initial", value)) => value.parse().map(|value| options.initial = Some(value)).is_ok(),
            Some(("permits", value)) => value.parse().map(|value| options.permits = Some(value)).is_ok(),
            Some(("strict-fail-cas", value)) => value.parse().map(|value| options.strict_fail_cas = value).is_ok(),
            Some(("least-first", value)) => value.parse().map(|value| options.least_first = value).is_ok(),
            _ => false,
        };
        let key = pair.split('=').next().unwrap_or_default();
        let is_known = entry.options.iter().any(|known| known.split('=').next() == Some(key));
        if !understood || !is_known {
            let expected = match entry.options {
                [] => "it has none".to_owned(),
                options => format!("it has {}", options.join(", ")),
            };
            let message = format!("cannot understand the option `{pair}` of {}: {expected}", entry.name);
            return Err(Failure::message(Exit::Usage, message));
        }
    }
    Ok(())
}

/// What an engine found, in the words of every checker.
fn verdict(judged: Judged, calls: &Calls<'_>) -> (Verdict, Vec<Violation>) {
    let anomaly = |violation: &Violation| Anomaly {
        name: "nonlinearizable".to_owned(),
        key: violation.key.and_then(|key| number(calls, key)),
        operations: violation.calls.iter().map(|call| OpId(*call)).collect(),
        culprit: Some(OpId(violation.culprit)),
        intervals: Vec::new(),
        explanation: violation.explanation.clone(),
        argument: None,
    };
    let evidence = judged.evidence;
    let verdict = match judged.word {
        Word::Valid => Verdict::Valid { evidence },
        Word::Unknown => Verdict::Unknown { reason: judged.reason, evidence },
        Word::Invalid => Verdict::Invalid { anomalies: judged.violations.iter().map(anomaly).collect(), evidence },
    };
    (verdict, judged.violations)
}

fn number(calls: &Calls<'_>, key: history::ValueId) -> Option<u64> {
    match calls.recording().values().get(key) {
        Value::Int(integer) => u64::try_from(integer).ok(),
        _ => EdnText { values: calls.recording().values(), id: key }.to_string().parse().ok(),
    }
}

fn malformed(path: &Path, error: history::HistoryError) -> Failure {
    let place = format!("{}:{}:{}", path.display(), error.line, error.column);
    Failure::message(Exit::Data, format!("{place}: expected {}", error.expected))
}
