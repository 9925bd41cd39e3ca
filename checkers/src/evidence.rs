//! Is there enough in a history for a verdict on it to mean something? A test in which nothing succeeded, or nothing
//! went wrong, proves nothing; that is said instead of praise.

use crate::phrase::{count, list};
use crate::{Evidence, Verdict};
use history::{DataType, Fault, History, Time};
use std::collections::BTreeMap;

/// What a run was meant to contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// How many operations of each function must have succeeded.
    pub min_ok_per_function: u64,
    /// The functions that the workload asks for; those that were asked for are looked at in any case.
    pub functions: Vec<String>,
    /// The nemeses of the plan, by name: each must have been in effect at least once.
    pub nemeses: Vec<String>,
    /// True if at least one fault must have been in effect, whatever its nemesis.
    pub faults_expected: bool,
}

impl Default for Expectations {
    /// Five of each function that was asked for, and no faults.
    fn default() -> Self {
        Expectations { min_ok_per_function: 5, functions: Vec::new(), nemeses: Vec::new(), faults_expected: false }
    }
}

/// Says whether a history holds what was expected of it: valid if it does, otherwise unknown with all that is missing.
/// It is never invalid.
#[must_use]
pub fn evidence<D: DataType>(history: &History<D>, faults: &[Fault], expectations: &Expectations) -> Verdict {
    let functions = tally(history, expectations);
    let mut missing = too_rare(&functions, expectations);
    missing.extend(no_read_after(history, faults, &functions));
    missing.extend(not_in_effect(faults, expectations));
    let evidence = facts(&functions, faults);
    if missing.is_empty() {
        return Verdict::Valid { evidence };
    }
    Verdict::Unknown { reason: format!("not enough evidence: {}", list(&missing)), evidence }
}

/// What became of the operations of one function.
#[derive(Clone, Copy, Default)]
struct Tally {
    ok: u64,
    fail: u64,
    info: u64,
}

fn tally<D: DataType>(history: &History<D>, expectations: &Expectations) -> BTreeMap<String, Tally> {
    let asked = expectations.functions.iter().map(|function| (function.clone(), Tally::default()));
    let mut functions: BTreeMap<String, Tally> = asked.collect();
    for operation in &history.operations {
        let function = D::function(&operation.op);
        if !functions.contains_key(function) {
            functions.insert(function.to_owned(), Tally::default());
        }
        if let Some(tally) = functions.get_mut(function) {
            match operation.outcome.word() {
                "ok" => tally.ok += 1,
                "fail" => tally.fail += 1,
                _ => tally.info += 1,
            }
        }
    }
    functions
}

fn too_rare(functions: &BTreeMap<String, Tally>, expectations: &Expectations) -> Vec<String> {
    if functions.is_empty() {
        return vec!["nothing was asked of the system".to_owned()];
    }
    let least = expectations.min_ok_per_function;
    let rare = functions.iter().filter(|(_, tally)| tally.ok < least);
    let words = |(function, tally): (&String, &Tally)| {
        let asked = tally.ok + tally.fail + tally.info;
        format!("{} of {} `{function}` succeeded, {least} are needed", tally.ok, asked)
    };
    rare.map(words).collect()
}

/// Reads that began before the last fault was healed cannot show what it left behind.
fn no_read_after<D: DataType>(
    history: &History<D>,
    faults: &[Fault],
    functions: &BTreeMap<String, Tally>,
) -> Option<String> {
    let mut reads = history.operations.iter().filter(|operation| D::is_read(&operation.op)).peekable();
    if reads.peek().is_none() && !functions.contains_key("read") {
        return None;
    }
    let done: Vec<&Fault> = faults.iter().filter(|fault| fault.injected.is_some()).collect();
    if let Some(fault) = done.iter().find(|fault| fault.healed.is_none()) {
        return Some(format!("`{}` is not known to have been healed", fault.description));
    }
    let healed = done.iter().filter_map(|fault| fault.healed).max().unwrap_or_default();
    let read_after = reads.any(|read| read.ok().is_some() && (done.is_empty() || read.invoked.time > healed));
    (!read_after).then(|| match done.is_empty() {
        true => "no read was answered".to_owned(),
        false => format!("no read that began after the last fault was healed at {healed} was answered"),
    })
}

fn not_in_effect(faults: &[Fault], expectations: &Expectations) -> Vec<String> {
    let works = |nemesis: &String| faults.iter().any(|fault| fault.nemesis == *nemesis && fault.was_in_effect());
    let mut missing: Vec<String> = expectations
        .nemeses
        .iter()
        .filter(|nemesis| !works(nemesis))
        .map(|nemesis| format!("the nemesis `{nemesis}` was never measured to be in effect"))
        .collect();
    if expectations.faults_expected && missing.is_empty() && !faults.iter().any(Fault::was_in_effect) {
        missing.push("no fault was measured to be in effect".to_owned());
    }
    missing
}

fn facts(functions: &BTreeMap<String, Tally>, faults: &[Fault]) -> Evidence {
    let outcome = |tally: &Tally| format!("{} ok, {} failed, {} indeterminate", tally.ok, tally.fail, tally.info);
    let mut evidence: Evidence = functions.iter().map(|(function, tally)| (function.clone(), outcome(tally))).collect();
    let in_effect = faults.iter().filter(|fault| fault.was_in_effect()).count();
    evidence.push(("faults".to_owned(), format!("{}, {in_effect} in effect", count(faults.len(), "fault"))));
    let healed: Option<Time> = faults.iter().filter_map(|fault| fault.healed).max();
    evidence.extend(healed.map(|healed| ("last fault healed".to_owned(), healed.to_string())));
    evidence
}
