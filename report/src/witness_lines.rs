//! A violation as lines for a terminal: the sentence, the calls of its witness as a table, what the object may have
//! held, and ways that lead nowhere. There are no colours and no control characters in it.

use crate::finding::{DeadEnd, Finding, Operation};
use crate::terminal::{cut, wrap};
use crate::words::{clean, columns, counted};

/// Most calls of a witness, states, ways and steps that are told.
const CALLS: usize = 16;
const STATES: usize = 4;
const WAYS: usize = 3;
const STEPS: usize = 6;
/// Lines that a state or reason may take.
const LINES: usize = 3;
/// Columns that a terminal is taken to have at least.
const NARROWEST: usize = 40;

/// Lines of at most `width` columns, without line ends.
pub(crate) fn witness_lines(finding: &Finding, width: usize) -> Vec<String> {
    let mut lines = Lines::new(width);
    if finding.transactions.is_empty() {
        lines.say(2, "", &format!("{}: {}", finding.name, finding.explanation), 8);
        lines.table(&finding.operations);
    } else {
        let named = finding.nickname.as_ref().map(|nickname| format!(": {nickname}")).unwrap_or_default();
        // The steps of a cycle say all of its sentence.
        let sentence = if finding.steps.is_empty() { format!(": {}", finding.explanation) } else { String::new() };
        let of_key = finding.key.as_ref().map(|key| format!(", key {key}")).unwrap_or_default();
        lines.say(2, "", &format!("{}{of_key}{named}{sentence}", finding.name), 8);
        lines.transactions(finding);
        lines.table(&finding.called_operations(|transaction| transaction.name.clone()));
    }
    if let Some(least) = &finding.minimal {
        lines.least(least);
    }
    lines.states(&finding.states);
    lines.ways(finding);
    if let Some(engine) = &finding.engine {
        let agree = finding.confirmed_by.join(" and ");
        let agree = if agree.is_empty() { agree } else { format!("; witness judged again by {agree}") };
        lines.say(2, "", &format!("found by {engine}{agree}"), LINES);
    }
    lines.lines
}

/// Lines that grow.
pub(crate) struct Lines {
    width: usize,
    /// So far, without line ends.
    pub lines: Vec<String>,
}

impl Lines {
    /// None yet, of that width; 40 columns at least.
    pub(crate) fn new(width: usize) -> Lines {
        Lines { width: width.max(NARROWEST), lines: Vec::new() }
    }

    /// An empty line, unless there is one.
    pub(crate) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// A text behind a label, wrapped within its own margin; an ellipsis says that there is more.
    pub(crate) fn say(&mut self, indent: usize, label: &str, text: &str, most: usize) {
        let margin = indent + columns(label);
        let room = self.width.saturating_sub(margin).max(10);
        let wrapped = wrap(&clean(text), room);
        for (number, line) in wrapped.iter().take(most).enumerate() {
            let head = if number == 0 { format!("{:indent$}{label}", "") } else { " ".repeat(margin) };
            let is_cut = number + 1 == most && wrapped.len() > most;
            let line = if is_cut {
                format!("{} \u{2026}", cut(line, room - 2).trim_end_matches('\u{2026}'))
            } else {
                line.clone()
            };
            self.lines.push(format!("{head}{line}").trim_end().to_owned());
        }
    }

    /// A text behind a head, wrapped to a margin of its own, which need not clear the head.
    pub(crate) fn hang(&mut self, indent: usize, margin: usize, head: &str, text: &str, most: usize) {
        // Spaces of the head are no places to break at.
        let whole = format!("{}{}", clean(head).replace(' ', "\u{a0}"), clean(text));
        let start = self.lines.len();
        let room = self.width.saturating_sub(margin);
        let wrapped = wrap(&whole, room);
        for (number, line) in wrapped.iter().take(most).enumerate() {
            let indent = if number == 0 { indent } else { margin };
            let line = line.replace('\u{a0}', " ");
            self.lines.push(format!("{:indent$}{line}", ""));
        }
        if wrapped.len() > most && self.lines.len() > start {
            let last = self.lines.last_mut().expect("a line was pushed");
            *last = format!("{} \u{2026}", cut(last, self.width - 2).trim_end_matches('\u{2026}'));
        }
    }

    pub(crate) fn more(&mut self, indent: usize, all: usize, shown: usize, noun: &str) {
        if all > shown {
            self.say(indent, "", &format!("and {}", counted(all - shown, &format!("more {noun}"))), 1);
        }
    }

    /// The culprit is marked, and never left out; of the others the nearest to it are shown.
    fn table(&mut self, operations: &[Operation]) {
        let culprit = operations.iter().position(|o| o.culprit).unwrap_or(operations.len().saturating_sub(1));
        let from = (culprit + 1).saturating_sub(CALLS).min(operations.len().saturating_sub(CALLS));
        let shown = &operations[from..operations.len().min(from + CALLS)];
        let rows: Vec<[String; 4]> = shown.iter().map(cells).collect();
        let head = ["process", "index", "until", "operation"].map(str::to_owned);
        let widest = |at: usize| rows.iter().chain([&head]).map(|row| columns(&row[at])).max().unwrap_or(0);
        let widths = [widest(0), widest(1), widest(2)];
        self.blank();
        for (row, is_culprit) in [(&head, false)].into_iter().chain(rows.iter().zip(shown.iter().map(|o| o.culprit))) {
            let mark = if is_culprit { '>' } else { ' ' };
            let [process, index, until] =
                [0, 1, 2].map(|at| format!("{}{}", " ".repeat(widths[at] - columns(&row[at])), row[at]));
            let head = format!("{mark} {process}  {index}  {until}  ");
            let room = self.width.saturating_sub(2 + columns(&head)).max(10);
            self.lines.push(format!("  {head}{}", cut(&row[3], room)).trim_end().to_owned());
        }
        self.more(4, operations.len(), shown.len(), "operation of the witness");
        self.blank();
    }

    fn states(&mut self, states: &[String]) {
        match states {
            [] => {}
            [one] => self.say(2, "before it: ", one, LINES),
            many => {
                self.lines.push("  before it, one of".to_owned());
                many.iter().take(STATES).for_each(|state| self.say(4, "- ", state, LINES));
                self.more(4, many.len(), STATES, "state");
            }
        }
    }

    fn ways(&mut self, finding: &Finding) {
        if finding.dead_ends.is_empty() {
            return;
        }
        self.lines.push("  every way leads nowhere".to_owned());
        for (end, number) in finding.dead_ends.iter().take(WAYS).zip(1..) {
            self.way(end, number);
        }
        self.more(4, finding.dead_ends.len(), WAYS, "way");
    }

    fn way(&mut self, end: &DeadEnd, number: usize) {
        self.say(4, &format!("{number}. "), &end.start, LINES);
        for step in end.steps.iter().take(STEPS) {
            self.say(7, "then ", &format!("{}: {}", step.text, step.state), LINES);
        }
        self.more(7, end.steps.len(), STEPS, "step");
        end.whys().take(2).for_each(|reason| self.say(7, "", reason, LINES));
    }
}

fn cells(operation: &Operation) -> [String; 4] {
    let index = |place: Option<crate::finding::Place>, none: &str| {
        place.map_or(none.to_owned(), |place| place.index.to_string())
    };
    let until = if operation.outcome == "info" { "open".to_owned() } else { index(operation.completed, "open") };
    let failed = if operation.outcome == "fail" { " (failed)" } else { "" };
    let text = clean(&operation.operation);
    let text = if text.ends_with(failed) { text } else { format!("{text}{failed}") };
    [operation.process.to_string(), index(operation.invoked, "before"), until, text]
}
