//! `gainsay check` and `gainsay report`: judge again what was recorded.

use crate::cli::{CheckArgs, Model, Output};
use crate::exit::{Exit, Failure};
use crate::judge::{first_reason, judge_history, worst};
use crate::run::{judge_directory, read_history};
use crate::store::RunDirectory;
use crate::terminal::{print, say};
use crate::with_data_type;
use anyhow::Context;
use checkers::{Check, Word};
use std::path::Path;

/// What was found of one path.
struct Found {
    verdict: Word,
    checks: Vec<Check>,
    /// The lines of a run; a file has none.
    lines: Option<String>,
}

/// Judges every path; the worst verdict decides the exit code.
pub(super) fn check(arguments: &CheckArgs) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    let mut worst = Word::Valid;
    for path in &arguments.paths {
        let found = judge_path(path, arguments.model)?;
        worst = worst.max(found.verdict);
        match (arguments.brief, arguments.output) {
            (true, _) => say(format!("{}\t{}", path.display(), found.verdict)),
            (false, Output::Human) => tell(path, &found),
            (false, Output::Json) => {
                let path = path.display().to_string();
                all.push(serde_json::json!({"path": path, "verdict": found.verdict, "checks": found.checks}));
            }
        }
    }
    if arguments.output == Output::Json {
        say(serde_json::to_string_pretty(&all).context("verdicts can be written")?);
    }
    Ok(worst.into())
}

fn judge_path(path: &Path, model: Option<Model>) -> Result<Found, Failure> {
    if path.is_dir() {
        let (directory, plan, mut meta) = RunDirectory::open(path)?;
        let judged =
            with_data_type!(plan.workload.0.as_str(), D => judge_directory::<D>(&directory, &plan, &mut meta))?;
        directory.write_meta(&meta)?;
        return Ok(Found { verdict: judged.verdict, checks: judged.checks, lines: Some(judged.lines) });
    }
    let Some(model) = model else {
        let message =
            format!("{} is a file: say what it is judged as, with --model register, set or lock", path.display());
        return Err(Failure::message(Exit::Usage, message));
    };
    let checks = with_data_type!(model.workload(), D => judge_history::<D>(&read_history::<D>(path)?));
    Ok(Found { verdict: worst(&checks), checks, lines: None })
}

fn tell(path: &Path, found: &Found) {
    match &found.lines {
        Some(lines) => print(lines, found.verdict),
        None => {
            say(format!("{}: {}", path.display(), found.verdict));
            if let Some(reason) = first_reason(&found.checks) {
                say(format!("  {reason}"));
            }
        }
    }
}

/// Draws the report of a run again.
pub(super) fn report(path: &Path) -> Result<Exit, Failure> {
    let found = judge_path(path, None)?;
    say(path.join("report.html").display());
    Ok(found.verdict.into())
}
