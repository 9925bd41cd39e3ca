//! The page of histories that somebody else recorded: per file the verdict, how it was read, and per violation the
//! sentence, the drawing, the ways that lead nowhere, and the calls. It has the style of a run's page and no other.

use crate::anomaly::cleaned;
use crate::argument;
use crate::drawing::{Drawing, PATHS, Part};
use crate::finding::{DeadEnd, Finding, Operation, Place};
use crate::html::{CheckRow, ROWS, TEXT, style, word};
use crate::page::ReportError;
use crate::timeline;
use crate::transactions::Transaction;
use crate::words::{capital, clean, counted, moment, shorten};
use checkers::{Check, Word};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;

/// Most violations that a page draws, of all its files.
pub const MOST_DRAWN: usize = 20;
/// Most calls of a witness, and steps of a way, that are listed.
const LISTED: usize = 60;
/// Most states that are listed.
const STATES: usize = 20;

/// Files that were judged.
#[derive(Clone, Debug, Default)]
pub struct FilePage {
    /// In the order in which they were named.
    pub files: Vec<JudgedFile>,
    /// The command that judges them again.
    pub command: String,
}

/// One file, and what was found in it.
#[derive(Clone, Debug, Default)]
pub struct JudgedFile {
    /// Where it is.
    pub path: String,
    /// What it was judged as.
    pub model: String,
    /// Promise by promise.
    pub told: Vec<Told>,
    /// How it was read: what was tolerated.
    pub notes: Vec<String>,
}

/// A promise with its violations, as people and machines are told of them.
#[derive(Clone, Debug)]
pub struct Told {
    /// What the checker says.
    pub check: Check,
    /// Each of its violations.
    pub findings: Vec<Finding>,
    /// Drawings of the first of them.
    pub drawings: Vec<Drawing>,
}

impl JudgedFile {
    /// The worst of its verdicts.
    #[must_use]
    pub fn word(&self) -> Word {
        checkers::merge(self.told.iter().map(|told| told.check.verdict.word()))
    }

    /// Every violation, promise by promise.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.told.iter().flat_map(|told| &told.findings)
    }
}

impl FilePage {
    /// One HTML document that needs no other file, no network and no script.
    ///
    /// # Errors
    /// A bug of this crate.
    pub fn html(&self) -> Result<String, ReportError> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_template("page", include_str!("file_page.html"))?;
        environment.add_filter("text", |text: String| shorten(&clean(&text), TEXT));
        Ok(environment.get_template("page")?.render(Value::from(Serde(&View::new(self)?)))?)
    }

    fn word(&self) -> Word {
        checkers::merge(self.files.iter().map(JudgedFile::word))
    }

    fn headline(&self) -> String {
        let word = self.word();
        let worst: Vec<&JudgedFile> = self.files.iter().filter(|file| file.word() == word).collect();
        let of = if self.files.len() > 1 {
            format!("{} of {} files: ", worst.len(), self.files.len())
        } else {
            String::new()
        };
        let first = worst.first();
        match word {
            Word::Valid if self.files.is_empty() => "Nothing was judged".to_owned(),
            Word::Valid => format!("{of}no violation found"),
            Word::Unknown => {
                let mut told = first.iter().flat_map(|file| &file.told);
                let reasons = told.find_map(|told| crate::summary::unknown_reason(&told.check.verdict));
                format!("{of}unknown: {}", reasons.unwrap_or("nobody can say"))
            }
            Word::Invalid => {
                let finding = first.and_then(|file| file.findings().next());
                finding.map_or("violation".to_owned(), |found| format!("{of}{}", found.phrase()))
            }
        }
    }
}

#[derive(Serialize)]
struct View {
    style: String,
    word: (&'static str, &'static str),
    headline: String,
    title: String,
    command: String,
    files: Vec<FileView>,
    left_out: usize,
}

#[derive(Serialize)]
struct FileView {
    path: String,
    model: String,
    word: (&'static str, &'static str),
    checks: Vec<CheckRow>,
    notes: Vec<String>,
    violations: Vec<FindingView>,
    more: String,
}

#[derive(Serialize)]
struct FindingView {
    id: String,
    number: usize,
    phrase: String,
    name: String,
    explanation: String,
    grounds: String,
    svg: String,
    is_right: bool,
    has_context: bool,
    /// Already filled in.
    argument: String,
    has_steps: bool,
    left_out: String,
    states: Vec<String>,
    more_states: String,
    ends: Vec<EndView>,
    operations: Vec<Row>,
    more_operations: String,
}

#[derive(Serialize)]
struct EndView {
    number: usize,
    start: String,
    steps: Vec<(String, String)>,
    more: String,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    process: i64,
    node: String,
    text: String,
    outcome: &'static str,
    reason: String,
    invoked: (String, String),
    completed: (String, String),
    is_culprit: bool,
}

impl View {
    fn new(page: &FilePage) -> Result<View, ReportError> {
        let mut room = MOST_DRAWN;
        let files = page.files.iter().take(ROWS).zip(1..).map(|(file, number)| FileView::new(file, number, &mut room));
        let title = match page.files.as_slice() {
            [one] => format!("{} as {}", one.path, one.model),
            files => counted(files.len(), "history").replace("historys", "histories"),
        };
        Ok(View {
            style: style(),
            word: word(page.word()),
            headline: capital(&page.headline()),
            title,
            command: page.command.clone(),
            left_out: page.files.len().saturating_sub(ROWS),
            files: files.collect::<Result<_, _>>()?,
        })
    }
}

impl FileView {
    fn new(file: &JudgedFile, number: usize, room: &mut usize) -> Result<FileView, ReportError> {
        let all = file.findings().count();
        let shown = all.min(*room);
        *room -= shown;
        let pairs = file.told.iter().flat_map(|told| {
            let drawings = told.drawings.iter().map(Some).chain(std::iter::repeat(None));
            told.findings.iter().zip(drawings)
        });
        let view = |((finding, drawing), at): ((&Finding, Option<&Drawing>), usize)| {
            FindingView::new((number, at), finding, drawing)
        };
        let checks: Vec<Check> = file.told.iter().take(ROWS).map(|told| told.check.clone()).collect();
        Ok(FileView {
            path: file.path.clone(),
            model: file.model.clone(),
            word: word(file.word()),
            checks: cleaned(&checks).iter().map(CheckRow::new).collect(),
            notes: file.notes.iter().take(ROWS).cloned().collect(),
            violations: pairs.take(shown).zip(1..).map(view).collect::<Result<_, _>>()?,
            more: if all > shown { counted(all - shown, "more violation") } else { String::new() },
        })
    }
}

impl FindingView {
    fn new(
        (file, number): (usize, usize),
        finding: &Finding,
        drawing: Option<&Drawing>,
    ) -> Result<FindingView, ReportError> {
        let drawn = drawing.filter(|drawing| !drawing.bars.is_empty()).map(timeline::plain);
        let left_out = drawing.map_or(0, |drawing| drawing.left_out);
        let operations = finding.called_operations(Transaction::words);
        let more = |all: usize, most: usize, noun: &str| match all.saturating_sub(most) {
            0 => String::new(),
            rest => counted(rest, noun),
        };
        Ok(FindingView {
            id: format!("violation-{file}-{number}"),
            number,
            phrase: capital(&finding.phrase()),
            name: finding.name.clone(),
            explanation: finding.explanation.clone(),
            grounds: grounds(finding),
            is_right: drawn.as_ref().is_some_and(|drawn| drawn.is_right),
            svg: drawn.map(|drawn| drawn.svg).unwrap_or_default(),
            has_context: drawing.is_some_and(|drawing| drawing.bars.iter().any(|bar| bar.part == Part::Context)),
            argument: argument::html(finding, number)?,
            has_steps: !finding.steps.is_empty(),
            left_out: more(left_out, 0, "more operation"),
            states: finding.states.iter().take(STATES).cloned().collect(),
            more_states: more(finding.states.len(), STATES, "more state"),
            ends: finding.dead_ends.iter().take(PATHS).zip(1..).map(|(end, n)| EndView::new(end, n, finding)).collect(),
            operations: operations.iter().take(LISTED).map(Row::new).collect(),
            more_operations: more(finding.operations.len(), LISTED, "more operation"),
        })
    }
}

/// Which engine found it, and which agree.
fn grounds(finding: &Finding) -> String {
    let found = finding.engine.as_ref().map(|engine| format!("found by {engine}"));
    let agree = (!finding.confirmed_by.is_empty())
        .then(|| format!("the witness alone was judged again by {}", finding.confirmed_by.join(" and ")));
    found.into_iter().chain(agree).collect::<Vec<_>>().join("; ")
}

impl EndView {
    fn new(end: &DeadEnd, number: usize, finding: &Finding) -> EndView {
        let who =
            |at: usize| finding.operations.get(at).map(|o| format!(" by process {}", o.process)).unwrap_or_default();
        let step = |step: &crate::finding::Step| (format!("{}{}", step.text, who(step.operation)), step.state.clone());
        let more = end.steps.len().saturating_sub(LISTED);
        EndView {
            number,
            start: end.start.clone(),
            steps: end.steps.iter().take(LISTED).map(step).collect(),
            more: if more > 0 { counted(more, "more step") } else { String::new() },
            reasons: end.whys().take(STATES).map(str::to_owned).collect(),
        }
    }
}

impl Row {
    fn new(operation: &Operation) -> Row {
        let place = |place: Option<Place>, none: &str| match place {
            None => (none.to_owned(), String::new()),
            Some(Place { index, time }) => {
                (index.to_string(), time.map(|time| moment(time as f64 / 1e9)).unwrap_or_default())
            }
        };
        Row {
            process: operation.process,
            node: shorten(&operation.node, 60),
            text: operation.operation.clone(),
            outcome: operation.outcome,
            reason: operation.reason.clone(),
            invoked: place(operation.invoked, "any time before"),
            completed: place(operation.completed, "never"),
            is_culprit: operation.culprit,
        }
    }
}
