//! `gainsay check` and `gainsay report`: judge again what was recorded.

use crate::cli::{CheckArgs, ConvertArgs, Like, Nil, Output};
use crate::exit::{Exit, Failure};
use crate::judge::{first_reason, worst};
use crate::recorded::{Asked, judge_file, read};
use crate::run::judge_directory;
use crate::store::RunDirectory;
use crate::terminal::{print, say};
use crate::with_data_type;
use anyhow::Context;
use checkers::object::Compat;
use checkers::{Check, Word};
use history::Format;
use std::path::Path;

/// What was found of one path.
struct Found {
    verdict: Word,
    checks: Vec<Check>,
    /// What was tolerated in a file.
    notes: Vec<String>,
    /// The lines of a run; a file has none.
    lines: Option<String>,
}

/// Judges every path; the worst verdict decides the exit code.
pub(super) fn check(arguments: &CheckArgs) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    let mut worst = Word::Valid;
    for path in &arguments.paths {
        let found = judge_path(path, arguments)?;
        worst = worst.max(found.verdict);
        match (arguments.brief, arguments.output) {
            (true, _) => say(format!("{}\t{}", path.display(), found.verdict)),
            (false, Output::Human) => tell(path, &found),
            (false, Output::Json) => {
                let path = path.display().to_string();
                all.push(serde_json::json!({"path": path, "verdict": found.verdict, "checks": found.checks, "notes": found.notes}));
            }
        }
    }
    if arguments.output == Output::Json {
        say(serde_json::to_string_pretty(&all).context("verdicts can be written")?);
    }
    Ok(worst.into())
}

fn judge_path(path: &Path, arguments: &CheckArgs) -> Result<Found, Failure> {
    if path.is_dir() && arguments.model.is_none() {
        return judge_run(path);
    }
    let Some(model) = &arguments.model else {
        let message = format!(
            "{} is a file: say what it is judged as, with --model NAME; `gainsay list models` lists them",
            path.display()
        );
        return Err(Failure::message(Exit::Usage, message));
    };
    let asked = Asked {
        model: model.clone(),
        independent: arguments.independent,
        anonymous: arguments.anonymous,
        nil_is_wildcard: arguments.nil_read == Nil::Wildcard,
        compat: match arguments.compat {
            Like::None => Compat::None,
            Like::Knossos => Compat::Knossos,
            Like::Porcupine => Compat::Porcupine,
        },
        options: arguments.options.clone(),
    };
    let recorded = judge_file(path, &asked)?;
    Ok(Found { verdict: worst(&recorded.checks), checks: recorded.checks, notes: recorded.notes, lines: None })
}

fn judge_run(path: &Path) -> Result<Found, Failure> {
    let (directory, plan, mut meta) = RunDirectory::open(path)?;
    let judged = with_data_type!(plan.workload.0.as_str(), D => judge_directory::<D>(&directory, &plan, &mut meta))?;
    directory.write_meta(&meta)?;
    Ok(Found { verdict: judged.verdict, checks: judged.checks, notes: Vec::new(), lines: Some(judged.lines) })
}

fn tell(path: &Path, found: &Found) {
    match &found.lines {
        Some(lines) => print(lines, found.verdict),
        None => {
            say(format!("{}: {}", path.display(), found.verdict));
            if let Some(reason) = first_reason(&found.checks) {
                say(format!("  {reason}"));
            }
            found.notes.iter().for_each(|note| say(format!("  note: {note}")));
            let facts = found.checks.iter().flat_map(|check| check.verdict.evidence());
            facts.for_each(|(name, value)| say(format!("  {name}: {value}")));
        }
    }
}

/// Writes a history in the format that the ending of the new file promises; that file is made whole or not at all.
pub(super) fn convert(arguments: &ConvertArgs) -> Result<Exit, Failure> {
    let to = &arguments.to;
    let format = Format::of_path(to).filter(|format| matches!(format, Format::JsonLines | Format::Edn));
    let Some(format) = format else {
        let message = format!("{}: histories are written as .jsonl or .edn", to.display());
        return Err(Failure::message(Exit::Usage, message));
    };
    let recording = read(&arguments.from, arguments.independent)?;
    let temporary = to.with_extension("writing");
    let written = std::fs::File::create(&temporary)
        .and_then(|file| {
            let mut out = std::io::BufWriter::new(file);
            history::write(&recording, format, &mut out)?;
            std::io::Write::flush(&mut out)
        })
        .and_then(|()| std::fs::rename(&temporary, to));
    written.with_context(|| format!("cannot write {}", to.display()))?;
    recording.notes().iter().for_each(|note| say(format!("note: {note}")));
    say(format!("{}: {} events", to.display(), recording.len()));
    Ok(Exit::Valid)
}

/// Draws the report of a run again.
pub(super) fn report(path: &Path) -> Result<Exit, Failure> {
    let found = judge_run(path)?;
    say(path.join("report.html").display());
    Ok(found.verdict.into())
}
