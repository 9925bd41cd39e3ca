//! The page: a template, its style, and the data that is put into it. Every text is escaped by the template; only SVG
//! and data: URIs that were made in this crate are put in as they are.

use crate::anomaly::{DRAWN, Violation};
use crate::argument;
use crate::call::Call;
use crate::error_kinds::ErrorKind;
use crate::fault_rows::{FaultRow, fault_rows};
use crate::page::{Page, ReportError};
use crate::palette::{self, Theme};
use crate::pictures::{self, Image, Picture};
use crate::summary::unknown_reason;
use crate::timeline;
use crate::words::{counted, duration, grouped, moment, shorten};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use checkers::{Check, Word};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;

/// Most rows of any table.
pub(crate) const ROWS: usize = 200;
/// Most faults that are named beside a violation.
const FAULTS: usize = 4;
/// Most characters of any text of a checker or fault.
pub(crate) const TEXT: usize = 2_000;

/// Fills in the page.
pub(crate) fn html(page: &Page) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", include_str!("page.html"))?;
    environment.add_template("violation", include_str!("violation.html"))?;
    environment.add_filter("text", |text: String| shorten(&text, TEXT));
    let violation = environment.get_template("violation")?;
    let told = page
        .violations
        .iter()
        .zip(1..)
        .map(|(v, number)| Ok(violation.render(Value::from(Serde(&Told::new(number, v, page)?)))?));
    let view = View::new(page, told.collect::<Result<_, ReportError>>()?)?;
    Ok(environment.get_template("page")?.render(Value::from(Serde(&view)))?)
}

/// Everything that the template names.
#[derive(Serialize)]
struct View<'a> {
    style: String,
    title: &'a str,
    run: &'a str,
    started: &'a str,
    tested: &'a str,
    workload: &'a str,
    rerun: &'a str,
    word: (&'static str, &'static str),
    headline: &'a str,
    faults_line: &'a str,
    history_line: &'a str,
    served: &'a str,
    checks: Vec<CheckRow>,
    /// Each already filled in.
    violations: Vec<String>,
    violations_hidden: usize,
    pictures: Vec<Figure>,
    faults: Table<FaultRow>,
    errors: Table<ErrorRow>,
    settings: Table<(String, String)>,
    environment: Table<(String, String)>,
    durations: Table<(String, String)>,
    logs: Table<(String, String)>,
    warnings: Table<String>,
}

impl<'a> View<'a> {
    fn new(page: &'a Page, violations: Vec<String>) -> Result<View<'a>, ReportError> {
        let facts = &page.facts;
        let summary = &page.summary;
        let anomalies: usize = page.checks.iter().map(|check| check.verdict.anomalies().len()).sum();
        let in_words = |(phase, seconds): &(String, f64)| (phase.clone(), duration(*seconds));
        Ok(View {
            style: style(),
            title: &facts.title,
            run: &facts.run,
            started: &facts.started,
            tested: &facts.tested,
            workload: &facts.workload,
            rerun: &facts.rerun,
            word: word(summary.word),
            headline: &summary.headline,
            faults_line: &summary.faults,
            history_line: &summary.history,
            served: &summary.served,
            checks: page.checks.iter().take(ROWS).map(CheckRow::new).collect(),
            violations,
            violations_hidden: anomalies.saturating_sub(DRAWN),
            pictures: pictures::all(page.subject())?.into_iter().map(Figure::new).collect(),
            faults: Table::new(fault_rows(&page.faults, &page.samples.nodes, &page.recovery)),
            errors: Table::new(page.errors.iter().map(ErrorRow::new).collect()),
            settings: Table::new(facts.settings.clone()),
            environment: Table::new(facts.environment.clone()),
            durations: Table::new(facts.durations.iter().map(in_words).collect()),
            logs: Table::new(facts.logs.iter().map(link).collect()),
            warnings: Table::new(facts.warnings.clone()),
        })
    }
}

/// The style of every page.
pub(crate) fn style() -> String {
    format!(
        ":root{{color-scheme:light dark;{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}\n{}}}\n{}\n{}{}{}",
        palette::variables(Theme::Light),
        palette::variables(Theme::Dark),
        palette::repaint(),
        include_str!("page.css"),
        include_str!("timeline/timeline.css"),
        include_str!("cycle.css"),
        timeline::path_rules(),
    )
}

/// The class of a verdict, and the word that stands for it.
pub(crate) fn word(word: Word) -> (&'static str, &'static str) {
    match word {
        Word::Valid => ("valid", "OK"),
        Word::Unknown => ("unknown", "Unknown"),
        Word::Invalid => ("invalid", "Violation"),
    }
}

/// The first rows of a list, and how many more there are.
#[derive(Serialize)]
struct Table<T> {
    rows: Vec<T>,
    more: String,
}

impl<T> Table<T> {
    fn new(mut rows: Vec<T>) -> Table<T> {
        let more = rows.len().saturating_sub(ROWS);
        rows.truncate(ROWS);
        Table { rows, more: if more > 0 { format!("{} more", grouped(more)) } else { String::new() } }
    }
}

/// A promise, and what was found of it.
#[derive(Serialize)]
pub(crate) struct CheckRow {
    name: String,
    promise: String,
    word: (&'static str, &'static str),
    found: String,
    evidence: Vec<(String, String)>,
}

impl CheckRow {
    /// Of what a checker says.
    pub(crate) fn new(check: &Check) -> CheckRow {
        let anomalies = check.verdict.anomalies().len();
        let found = match check.verdict.word() {
            Word::Valid => "No violation found.".to_owned(),
            Word::Unknown => unknown_reason(&check.verdict).unwrap_or_default().to_owned(),
            Word::Invalid if anomalies == 1 => "1 violation, below.".to_owned(),
            Word::Invalid => format!("{}, below.", counted(anomalies, "violation")),
        };
        CheckRow {
            name: check.name.clone(),
            promise: check.promise.clone(),
            word: word(check.verdict.word()),
            found,
            evidence: check.verdict.evidence().iter().take(30).cloned().collect(),
        }
    }
}

/// A violation with its drawing and tables.
#[derive(Serialize)]
struct Told {
    number: usize,
    name: String,
    check: String,
    phrase: String,
    explanation: String,
    /// Already filled in.
    argument: String,
    has_steps: bool,
    svg: String,
    is_right: bool,
    witness: Vec<OperationRow>,
    hidden: String,
    context: Vec<OperationRow>,
    faults: Vec<String>,
}

impl Told {
    fn new(number: usize, violation: &Violation, page: &Page) -> Result<Told, ReportError> {
        let selection = &violation.selection;
        let row = |call: &Call| OperationRow::new(call, selection.culprit == Some(call.id));
        let (from, to) = selection.window;
        let active = page.bands.iter().filter(|band| band.from <= to && from <= band.to);
        let fault =
            |band: &crate::bands::Band| format!("{} ({} to {})", band.label, moment(band.from), moment(band.to));
        let mut faults: Vec<String> = active.map(fault).collect();
        let more = faults.len().saturating_sub(FAULTS);
        faults.truncate(FAULTS);
        faults.extend((more > 0).then(|| format!("{} more", grouped(more))));
        let drawing = timeline::inline(selection, &page.bands, &violation.legend());
        let argument = violation.argument.as_ref().map(|finding| argument::html(finding, number)).transpose()?;
        Ok(Told {
            number,
            argument: argument.unwrap_or_default(),
            has_steps: violation.argument.as_ref().is_some_and(|finding| !finding.steps.is_empty()),
            name: violation.name.clone(),
            check: violation.check.clone(),
            phrase: violation.phrase.clone(),
            explanation: violation.explanation.clone(),
            svg: if selection.witness.is_empty() { String::new() } else { drawing.svg },
            is_right: drawing.is_right,
            witness: selection.witness.iter().map(row).collect(),
            hidden: if selection.hidden > 0 { counted(selection.hidden, "more operation") } else { String::new() },
            context: selection.context.iter().map(row).collect(),
            faults,
        })
    }
}

#[derive(Serialize)]
struct OperationRow {
    index: u64,
    process: u64,
    node: String,
    text: String,
    outcome: &'static str,
    reason: String,
    invoked: String,
    completed: String,
    is_culprit: bool,
}

impl OperationRow {
    fn new(call: &Call, is_culprit: bool) -> OperationRow {
        OperationRow {
            index: call.invoked.index,
            process: call.process,
            node: shorten(&call.node, 60),
            text: call.text.clone(),
            outcome: call.kind.word(),
            reason: call.reason.clone(),
            invoked: moment(call.invoked.time),
            completed: match (call.completed, call.gave_up) {
                (Some(at), _) => moment(at.time),
                (None, Some(at)) => format!("given up {}", moment(at.time)),
                (None, None) => "never".to_owned(),
            },
            is_culprit,
        }
    }
}

#[derive(Serialize)]
struct Figure {
    caption: String,
    svg: String,
    light: String,
    dark: String,
}

impl Figure {
    fn new(picture: Picture) -> Figure {
        let uri = |bytes: &[u8]| format!("data:image/png;base64,{}", STANDARD.encode(bytes));
        let (svg, light, dark) = match picture.image {
            Image::Svg(text) => (text, String::new(), String::new()),
            Image::Png { light, dark } => (String::new(), uri(&light), uri(&dark)),
        };
        Figure { caption: picture.caption, svg, light, dark }
    }
}

#[derive(Serialize)]
struct ErrorRow {
    reason: String,
    kind: &'static str,
    meaning: &'static str,
    count: String,
    during: String,
}

impl ErrorRow {
    fn new(error: &ErrorKind) -> ErrorRow {
        let inside = error.during.iter().map(|(nemesis, count)| format!("{nemesis} {}", grouped(*count)));
        let outside = (error.outside > 0).then(|| format!("no fault {}", grouped(error.outside)));
        let during: Vec<String> = inside.chain(outside).collect();
        let is_fail = error.kind == crate::samples::Kind::Fail;
        ErrorRow {
            reason: error.reason.clone(),
            kind: error.kind.word(),
            meaning: if is_fail { "did not happen" } else { "may have happened" },
            count: grouped(error.count),
            during: during.join(", "),
        }
    }
}

/// A log and where it is; no address that could do more than open a file beside the page.
fn link((name, path): &(String, String)) -> (String, String) {
    let is_relative = !path.starts_with('/') && !path.split('/').next().unwrap_or_default().contains(':');
    (name.clone(), if is_relative { path.clone() } else { String::new() })
}
