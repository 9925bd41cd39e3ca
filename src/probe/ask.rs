//! One question of a probe, asked once.

use super::{Probe, Question};
use cluster::{Command, Node};
use std::process::Stdio;
use tokio::task::JoinSet;

/// Asks what needs no counting.
///
/// # Errors
/// What was answered instead, for people.
pub(super) async fn ask(probe: &Probe, nodes: &[Node]) -> Result<(), String> {
    let limit = probe.timeout.0;
    let asked = async {
        match &probe.question {
            Question::Http { url, expect } => {
                let status = url.get().await.map_err(|failure| failure.to_string())?.status;
                let is_well = expect.map_or((200..400).contains(&status), |expect| expect == status);
                if is_well { Ok(()) } else { Err(format!("it answered with status {status}")) }
            }
            Question::Command(line) => here(line).await,
            Question::OnNodes(script) => there(script, probe, nodes).await,
            Question::OkRate(_) => Ok(()),
        }
    };
    tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| Err(format!("no answer within {}", probe.timeout)))
}

async fn here(line: &str) -> Result<(), String> {
    let mut command = tokio::process::Command::new("sh");
    command.arg("-c").arg(line).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(told(&output.status.to_string(), &output.stderr)) }
}

async fn there(script: &str, probe: &Probe, nodes: &[Node]) -> Result<(), String> {
    let command = Command::new(script).idempotent().within(probe.timeout.0);
    let mut tasks = JoinSet::new();
    for node in nodes.iter().cloned() {
        let command = command.clone();
        tasks.spawn(async move {
            match node.execute(&command).await {
                Ok(output) if output.status == 0 => None,
                Ok(output) => {
                    Some(format!("{}: {}", node.name, told(&format!("status {}", output.status), &output.stderr)))
                }
                Err(error) => Some(error.to_string()),
            }
        });
    }
    let mut problems: Vec<String> = tasks.join_all().await.into_iter().flatten().collect();
    problems.sort();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
}

/// How it ended, with the last thing that it said.
fn told(status: &str, stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    match text.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(last) => format!("{status}: {}", last.trim()),
        None => status.to_owned(),
    }
}
