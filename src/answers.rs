//! What `gainsay check --output json` prints; docs/CHECK.md describes it for people who write programs.
//!
//! A field that is renamed, removed or given another meaning is a new `schema`; a new field is not.

use checkers::{Check, Verdict, Word};
use report::{Finding, JudgedFile};
use serde::Serialize;

/// Everything that was judged.
#[derive(Debug, Serialize)]
pub struct Answers<'a> {
    /// The layout: 1.
    pub schema: u32,
    /// File by file, in the order in which they were named.
    pub files: Vec<Answer<'a>>,
}

/// One file or run.
#[derive(Debug, Serialize)]
pub struct Answer<'a> {
    /// Where it is.
    pub path: &'a str,
    /// What it was judged as: the name of a model, a checker, or the workload of a run.
    pub model: &'a str,
    /// The worst of its checks.
    pub verdict: Word,
    /// Promise by promise.
    pub checks: Vec<Answered<'a>>,
    /// How the file was read: what was tolerated, for people.
    pub notes: &'a [String],
}

/// One promise.
#[derive(Debug, Serialize)]
pub struct Answered<'a> {
    /// The checker's name.
    pub name: &'a str,
    /// The promise in words.
    pub promise: &'a str,
    /// What is said of it.
    pub verdict: Word,
    /// Why it is unknown; null otherwise.
    pub reason: Option<&'a str>,
    /// What was looked at: names and values, for people.
    pub evidence: &'a [(String, String)],
    /// Every violation.
    pub violations: &'a [Finding],
}

impl<'a> Answers<'a> {
    /// Of what was found.
    #[must_use]
    pub fn of(files: &'a [JudgedFile]) -> Answers<'a> {
        let answered = |told: &'a report::Told| Answered::of(&told.check, &told.findings);
        let answer = |file: &'a JudgedFile| Answer {
            path: &file.path,
            model: &file.model,
            verdict: file.word(),
            checks: file.told.iter().map(answered).collect(),
            notes: &file.notes,
        };
        Answers { schema: 1, files: files.iter().map(answer).collect() }
    }
}

impl<'a> Answered<'a> {
    fn of(check: &'a Check, violations: &'a [Finding]) -> Answered<'a> {
        Answered {
            name: &check.name,
            promise: &check.promise,
            verdict: check.verdict.word(),
            reason: match &check.verdict {
                Verdict::Unknown { reason, .. } => Some(reason),
                Verdict::Valid { .. } | Verdict::Invalid { .. } => None,
            },
            evidence: check.verdict.evidence(),
            violations,
        }
    }
}
