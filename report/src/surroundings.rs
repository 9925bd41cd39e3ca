//! A violation in a history of any file as a drawing: its witness, what else was asked of the same object meanwhile,
//! and the faults around it. All of it is bounded, however long the history.

use crate::anomaly::culprit_words;
use crate::drawing::{Band, Bar, Drawing, Edge, Event, Fate, PATHS, Part, Path};
use crate::finding::{DeadEnd, Finding, Source};
use crate::told;
use crate::upheaval::Upheaval;
use crate::words::shorten;
use history::{CallOutcome, Calls};
use std::collections::{BTreeSet, HashMap};

/// Most operations of a witness that are drawn.
const WITNESS: usize = 40;
/// Most bars in all.
const BARS: usize = 60;
/// Most rows that are there for the context only.
const CONTEXT_ROWS: usize = 8;
/// Most bands.
const BANDS: usize = 12;
/// Most characters on a bar, and of a line about it.
const TEXT: usize = 48;
const TITLE: usize = 400;

impl Drawing {
    /// Draws what a checker found among these calls, in the words of the finding.
    #[must_use]
    pub fn new(calls: &Calls<'_>, source: Source<'_>, finding: &Finding, faults: &[Upheaval]) -> Drawing {
        let scene = Scene::new(calls, source);
        let mut operations: Vec<String> = finding.operations.iter().map(|o| o.operation.clone()).collect();
        for transaction in &finding.transactions {
            if let Some(words) = operations.get_mut(transaction.operation) {
                *words = transaction.words();
            }
        }
        let words: HashMap<u32, &str> =
            source.calls(calls).into_iter().zip(operations.iter().map(String::as_str)).collect();
        let bars: Vec<Bar> = scene.shown().map(|(position, part)| scene.bar(position, part, &words)).collect();
        let bands = faults.iter().filter(|fault| fault.overlaps(scene.window)).take(BANDS);
        Drawing {
            events: scene.events.iter().map(|row| Event { label: calls.recording().index(*row).to_string() }).collect(),
            rows: scene.rows.iter().map(|process| scene.row(*process)).collect(),
            bands: bands.map(|fault| scene.band(fault)).collect(),
            paths: scene.paths(source, finding),
            label: finding.explanation.clone(),
            flag: culprit_words(&source.name()).to_owned(),
            left_out: scene.left_out,
            bars,
        }
    }
}

/// What is drawn of a history.
struct Scene<'a, 'v> {
    calls: &'a Calls<'v>,
    witness: Vec<u32>,
    context: Vec<u32>,
    culprit: Option<u32>,
    /// First and last row that matter.
    window: (u32, u32),
    /// Rows of events that are drawn, ascending.
    events: Vec<u32>,
    /// Processes, those of the witness first.
    rows: Vec<i64>,
    left_out: usize,
}

impl<'a, 'v> Scene<'a, 'v> {
    fn new(calls: &'a Calls<'v>, source: Source<'_>) -> Scene<'a, 'v> {
        let culprit = source.culprit();
        let mut witness = source.calls(calls);
        let all = witness.len();
        let point = culprit.or(witness.last().copied()).unwrap_or(0);
        witness.sort_by_key(|position| (Some(*position) != culprit, position.abs_diff(point)));
        witness.dedup();
        witness.truncate(WITNESS);
        witness.sort_unstable();
        let mut scene = Scene {
            calls,
            window: window(calls, &witness),
            left_out: all - witness.len(),
            witness,
            context: Vec::new(),
            culprit,
            events: Vec::new(),
            rows: Vec::new(),
        };
        // Transactions are about many objects: whatever else happened meanwhile would say nothing of a cycle.
        if !matches!(source, Source::Anomaly(anomaly) if anomaly.argument.is_some()) {
            scene.add_context(source, point);
        }
        scene.events = scene.events();
        scene.rows = scene.rows();
        scene
    }

    /// Calls on the same object that overlap the window: the nearest, in few rows.
    fn add_context(&mut self, source: Source<'_>, point: u32) {
        let key = source.key(self.calls);
        let (from, to) = self.window;
        let is_drawn: BTreeSet<u32> = source.calls(self.calls).into_iter().collect();
        let mut near: Vec<u32> = Vec::new();
        for (position, call) in self.calls.iter().enumerate() {
            // Calls stand in the order of their invocations.
            if call.invoked.is_some_and(|row| row > to) {
                break;
            }
            let is_over = call.completion.is_some_and(|row| row < from);
            let is_ahead = call.invoked.is_none() && call.completion.is_some_and(|row| row > to);
            let same = key.is_none() || call.key == key;
            if same && !is_over && !is_ahead && !is_drawn.contains(&(position as u32)) {
                near.push(position as u32);
            }
        }
        near.sort_by_key(|position| position.abs_diff(point));
        let mut rows: BTreeSet<i64> = self.witness.iter().map(|at| self.calls.get(*at as usize).process).collect();
        let most = rows.len() + CONTEXT_ROWS;
        let room = BARS.saturating_sub(self.witness.len());
        let total = near.len();
        for position in near {
            let process = self.calls.get(position as usize).process;
            if self.context.len() < room && (rows.contains(&process) || rows.len() < most) {
                rows.insert(process);
                self.context.push(position);
            }
        }
        self.context.sort_unstable();
        self.left_out += total - self.context.len();
    }

    fn shown(&self) -> impl Iterator<Item = (u32, Part)> + '_ {
        let part = |position: u32| if Some(position) == self.culprit { Part::Culprit } else { Part::Witness };
        let witness = self.witness.iter().map(move |position| (*position, part(*position)));
        witness.chain(self.context.iter().map(|position| (*position, Part::Context)))
    }

    fn events(&self) -> Vec<u32> {
        let (from, to) = self.window;
        let calls = self.shown().map(|(position, _)| self.calls.get(position as usize));
        let rows = calls.flat_map(|call| [call.invoked, call.completion]).flatten();
        let rows: BTreeSet<u32> = rows.filter(|row| (from..=to).contains(row)).collect();
        rows.into_iter().collect()
    }

    fn rows(&self) -> Vec<i64> {
        let mut rows = Vec::new();
        for (position, _) in self.shown() {
            let process = self.calls.get(position as usize).process;
            if !rows.contains(&process) {
                rows.push(process);
            }
        }
        rows
    }

    fn row(&self, process: i64) -> String {
        let mut own = self.shown().filter(|(at, _)| self.calls.get(*at as usize).process == process);
        let node = own.find_map(|(at, _)| Some(told::node(self.calls, at as usize)).filter(|node| !node.is_empty()));
        node.map_or_else(|| format!("process {process}"), |n| format!("process {process} \u{b7} {}", shorten(&n, 14)))
    }

    /// Where a row is among the events that are drawn.
    fn rank(&self, row: u32) -> Option<usize> {
        self.events.binary_search(&row).ok()
    }

    fn bar(&self, position: u32, part: Part, words: &HashMap<u32, &str>) -> Bar {
        let call = self.calls.get(position as usize);
        let text =
            words.get(&position).map_or_else(|| told::operation(self.calls, position as usize), |w| (*w).to_owned());
        let edge = |row: u32| self.rank(row).map_or(Edge::Outside, Edge::At);
        let fate = match call.outcome {
            CallOutcome::Ok => Fate::Ok,
            CallOutcome::Fail => Fate::Fail,
            CallOutcome::Info => Fate::Info,
        };
        Bar {
            row: self.rows.iter().position(|process| *process == call.process).unwrap_or(0),
            from: call.invoked.map_or(Edge::Outside, edge),
            to: call.returned.map_or(Edge::Never(call.completion.and_then(|row| self.rank(row))), edge),
            title: shorten(&self.title(position, &text), TITLE),
            text: shorten(&text, TEXT),
            colour: self.colour(position),
            fate,
            part,
        }
    }

    fn title(&self, position: u32, text: &str) -> String {
        let call = self.calls.get(position as usize);
        let at = |row: u32| told::at(told::place(self.calls, row));
        let invoked = call.invoked.map_or("began at any time before".to_owned(), |row| format!("invoked {}", at(row)));
        let end = match (call.outcome, call.completion) {
            (CallOutcome::Info, Some(row)) => format!("given up {}: may still take effect", at(row)),
            (_, Some(row)) => format!("completed {}", at(row)),
            (_, None) => "never completed: may still take effect".to_owned(),
        };
        let reason = told::reason(self.calls, position as usize);
        let reason = if reason.is_empty() { reason } else { format!(" ({reason})") };
        format!("process {}: {text}, {invoked}, {end}{reason}", call.process)
    }

    /// Functions in the order in which they are drawn.
    fn colour(&self, position: u32) -> usize {
        let mut functions: Vec<&str> = Vec::new();
        for (at, _) in self.shown() {
            let function = self.calls.function(at as usize);
            if !functions.contains(&function) {
                functions.push(function);
            }
        }
        functions.iter().position(|f| *f == self.calls.function(position as usize)).unwrap_or(0)
    }

    /// A fault begins and ends beside the next event that is drawn.
    fn band(&self, fault: &Upheaval) -> Band {
        let after = |row: u32| self.events.partition_point(|event| *event < row);
        let begin = after(fault.from);
        let end = fault.to.map(after);
        Band {
            label: fault.label.clone(),
            title: fault.title.clone(),
            from: if begin == 0 { Edge::Outside } else { Edge::At(begin.min(self.events.len().saturating_sub(1))) },
            to: end.filter(|end| *end < self.events.len()).map_or(Edge::Outside, Edge::At),
        }
    }

    fn paths(&self, source: Source<'_>, finding: &Finding) -> Vec<Path> {
        let positions = source.calls(self.calls);
        let numbers: HashMap<u32, usize> = self.shown().map(|(at, _)| at).zip(0..).collect();
        let path = |(number, end): (usize, &DeadEnd)| {
            let bars = end.steps.iter().filter_map(|step| numbers.get(positions.get(step.operation)?).copied());
            let fails_at = self.culprit.and_then(|culprit| numbers.get(&culprit).copied());
            Path { bars: bars.collect(), fails_at, caption: format!("way {number}: {}", caption(end)) }
        };
        (1..).zip(finding.dead_ends.iter().take(PATHS)).map(path).collect()
    }
}

fn caption(end: &DeadEnd) -> String {
    let steps = end.steps.iter().map(|step| format!(" \u{2192} {} \u{2192} {}", step.text, step.state));
    let reason = end.whys().next().map(|reason| format!(" \u{2717} {reason}")).unwrap_or_default();
    format!("{}{}{reason}", end.start, steps.collect::<String>())
}

/// From the first invocation to the last return of a witness. What never returned ends with its invocation.
fn window(calls: &Calls<'_>, witness: &[u32]) -> (u32, u32) {
    let witness = || witness.iter().map(|position| calls.get(*position as usize));
    let from = witness().filter_map(|call| call.invoked.or(call.completion)).min().unwrap_or(0);
    let to = witness().filter_map(|call| call.returned.or(call.invoked)).max().unwrap_or(from);
    (from, to.max(from))
}
