//! `commands.jsonl`: every command that was run on a node, and every file that was copied there or back, one line each,
//! with the node, the time, how long it took and its exit status.
//!
//! A script that was run before is not told again: `same_as` is the number of the line that has it. What is done before
//! there is a directory (reaching nodes, locking them) is kept until there is one.

use cluster::{Audit, Ran};
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::fs::File;
use std::io::{Result, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The name of the file in the directory of a run.
pub const FILE: &str = "commands.jsonl";

/// What was done on nodes so far.
#[derive(Default)]
pub struct AuditLog(Mutex<State>);

#[derive(Default)]
struct State {
    file: Option<File>,
    /// Lines from before there was a file.
    waiting: Vec<u8>,
    lines: u64,
    /// The line on which each script was told.
    told: FxHashMap<String, u64>,
    failed: u64,
}

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    line: u64,
    at: String,
    node: &'a str,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    problem: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<&'a str>,
}

impl AuditLog {
    /// Writes to a file in this directory from now on, beginning with all that was done before.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep_in(&self, directory: &Path) -> Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = File::create_new(directory.join(FILE))?;
        file.write_all(&std::mem::take(&mut state.waiting))?;
        state.file = Some(file);
        Ok(())
    }

    /// How much was done, in words; None if nothing was.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (lines, failed) = (state.lines, state.failed);
        (lines > 0).then(|| format!("{lines} commands on nodes, {failed} of them not answered by success; see {FILE}"))
    }
}

impl Audit for AuditLog {
    fn ran(&self, ran: &Ran<'_>) {
        let began = jiff::Timestamp::now() - jiff::SignedDuration::try_from(ran.took).unwrap_or_default();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = state.lines;
        state.lines += 1;
        state.failed += u64::from(ran.status != Some(0));
        let same_as = state.told.get(ran.script).copied();
        if same_as.is_none() {
            state.told.insert(ran.script.to_owned(), line);
        }
        let line = Line {
            line,
            at: began.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            node: ran.node,
            seconds: (ran.took.as_secs_f64() * 1e6).round() / 1e6,
            status: ran.status,
            problem: ran.problem,
            same_as,
            script: same_as.is_none().then_some(ran.script),
        };
        let mut text = serde_json::to_vec(&line).unwrap_or_default();
        text.push(b'\n');
        match &mut state.file {
            // A full disk must not end a run in which faults are to be healed.
            Some(file) => file.write_all(&text).unwrap_or_else(|error| tracing::warn!("cannot write {FILE}: {error}")),
            None => state.waiting.extend(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn everything_is_told_once_and_in_order() {
        let (log, directory) = (AuditLog::default(), tempfile::tempdir().unwrap());
        let ran = |node, script, status, problem| {
            log.ran(&Ran { node, script, took: Duration::from_millis(2), status, problem });
        };
        ran("n1", "echo 'one'", Some(0), "");
        log.keep_in(directory.path()).unwrap();
        ran("n2", "echo 'one'", Some(3), "");
        ran("n2", "sleep 9", None, "n2 did not answer");
        let text = std::fs::read_to_string(directory.path().join(FILE)).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[0]["script"], &lines[0]["node"]), (3, &"echo 'one'".into(), &"n1".into()));
        assert_eq!((&lines[1]["same_as"], &lines[1]["status"]), (&0.into(), &3.into()));
        assert_eq!(
            (&lines[2]["problem"], &lines[2]["status"]),
            (&"n2 did not answer".into(), &serde_json::Value::Null)
        );
        assert!(lines[1].get("script").is_none() && lines[2]["seconds"] == 0.002);
        assert_eq!(
            log.summary().unwrap(),
            "3 commands on nodes, 2 of them not answered by success; see commands.jsonl"
        );
    }
}
