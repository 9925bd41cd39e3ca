//! `gainsay check` and `gainsay report`: judge again what was recorded.

use crate::answers::Answers;
use crate::cli::{CheckArgs, ConvertArgs, Like, Nil, Output};
use crate::exit::{Exit, Failure};
use crate::plan::LevelName;
use crate::recorded::{Asked, Recorded, judge_file, read, tell_run};
use crate::run::{Judged, judge_directory};
use crate::store::RunDirectory;
use crate::terminal::{print, say, width};
use crate::with_data_type;
use anyhow::Context;
use checkers::object::Compat;
use history::Format;
use report::{FilePage, JudgedFile, MOST_DRAWN, Told};
use std::path::Path;

/// What was found of one path.
struct Found {
    file: JudgedFile,
    /// The lines of a run; a file has none.
    lines: Option<String>,
}

/// Judges every path; the worst verdict decides the exit code.
pub(super) fn check(arguments: &CheckArgs) -> Result<Exit, Failure> {
    let mut files = Vec::new();
    let mut room = if arguments.report.is_some() { MOST_DRAWN } else { 0 };
    for path in &arguments.paths {
        let Found { file, lines } = judge_path(path, arguments, room)?;
        room = room.saturating_sub(file.told.iter().map(|told| told.drawings.len()).sum());
        match (arguments.brief, arguments.output, lines) {
            (true, _, _) => say(format!("{}\t{}", path.display(), file.word())),
            (false, Output::Human, Some(lines)) => print(&lines, file.word()),
            (false, Output::Human, None) => file.lines(width()).iter().for_each(say),
            (false, Output::Json, _) => {}
        }
        files.push(file);
    }
    if arguments.output == Output::Json {
        say(serde_json::to_string_pretty(&Answers::of(&files)).context("verdicts can be written")?);
    }
    let worst = checkers::merge(files.iter().map(JudgedFile::word));
    if let Some(to) = &arguments.report {
        let html = FilePage { files, command: command() }.html().context("while drawing the report")?;
        std::fs::write(to, html).with_context(|| format!("cannot write {}", to.display()))?;
        if !arguments.brief && arguments.output == Output::Human {
            say(format!("report: {}", to.display()));
        }
    }
    Ok(worst.into())
}

/// What was typed, so that it can be typed again.
fn command() -> String {
    let word = |word: String| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
        if !word.is_empty() && word.chars().all(is_plain) { word } else { cluster::Command::quote(&word) }
    };
    let words = std::env::args_os().skip(1).map(|argument| word(argument.to_string_lossy().into_owned()));
    std::iter::once("gainsay".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

fn judge_path(path: &Path, arguments: &CheckArgs, drawn: usize) -> Result<Found, Failure> {
    let is_run = path.is_dir() && arguments.model.is_none();
    if is_run && arguments.report.is_some() {
        let message = format!("{0} is a run and has a report of its own: `gainsay report {0}`", path.display());
        return Err(Failure::message(Exit::Usage, message));
    }
    if is_run {
        return found_run(path, arguments);
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
            Like::None | Like::Elle => Compat::None,
            Like::Knossos => Compat::Knossos,
            Like::Porcupine => Compat::Porcupine,
        },
        as_elle: arguments.compat == Like::Elle,
        expect: arguments.expect.iter().map(LevelName::level).collect(),
        options: arguments.options.clone(),
        drawn,
    };
    let Recorded { told, notes } = judge_file(path, &asked)?;
    let file = JudgedFile { path: path.display().to_string(), model: model.clone(), told, notes };
    Ok(Found { file, lines: None })
}

/// A run tells of its violations in its own report; machines are told of them as of those of a file.
fn found_run(path: &Path, arguments: &CheckArgs) -> Result<Found, Failure> {
    let (judged, workload) = judge_run(path)?;
    let told = match arguments.output {
        Output::Json => tell_run(&path.join("history.jsonl"), judged.checks)?,
        Output::Human => {
            judged.checks.into_iter().map(|check| Told { check, findings: Vec::new(), drawings: Vec::new() }).collect()
        }
    };
    let file = JudgedFile { path: path.display().to_string(), model: workload, told, notes: Vec::new() };
    Ok(Found { file, lines: Some(judged.lines) })
}

/// Judges a run again; with the name of its workload.
fn judge_run(path: &Path) -> Result<(Judged, String), Failure> {
    let (directory, plan, mut meta) = RunDirectory::open(path)?;
    let judged = with_data_type!(plan.workload.0.as_str(), D => judge_directory::<D>(&directory, &plan, &mut meta))?;
    directory.write_meta(&meta)?;
    Ok((judged, plan.workload.0))
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
    let (judged, _) = judge_run(path)?;
    say(path.join("report.html").display());
    Ok(judged.verdict.into())
}
