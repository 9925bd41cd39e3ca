//! A history reduced to what pictures need: one small sample per operation, whatever its data type.

use history::{DataType, Fault, History, Operation, Outcome};
use std::collections::HashMap;

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// It took effect.
    Ok,
    /// It did not, and never will.
    Fail,
    /// Nobody knows.
    Info,
}

impl Kind {
    /// All of them, in the order of legends.
    pub(crate) const ALL: [Kind; 3] = [Kind::Ok, Kind::Fail, Kind::Info];

    /// Of an outcome.
    pub(crate) fn of<R>(outcome: &Outcome<R>) -> Kind {
        match outcome {
            Outcome::Ok(_) => Kind::Ok,
            Outcome::Fail(_) => Kind::Fail,
            Outcome::Info(_) => Kind::Info,
        }
    }

    /// The word of history files.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Ok => "ok",
            Kind::Fail => "fail",
            Kind::Info => "info",
        }
    }
}

/// One operation as a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Seconds at its invocation.
    pub at: f64,
    /// Seconds until its completion, until its client gave up, or until the end of the history.
    pub took: f64,
    /// Position in [`Samples::functions`].
    pub function: u8,
    /// What became of it.
    pub kind: Kind,
    /// Position in [`Samples::nodes`]; None if unknown.
    pub node: Option<u16>,
}

/// The part of the run's time that every picture shows, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    /// The left edge.
    pub from: f64,
    /// The right edge, at least a tenth of a second later.
    pub to: f64,
}

impl Axis {
    /// How long it is.
    pub(crate) fn length(self) -> f64 {
        self.to - self.from
    }
}

/// All operations as points, with the names that they refer to.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    /// In the order of the history.
    pub list: Vec<Sample>,
    /// The data type's functions.
    pub functions: &'static [&'static str],
    /// Nodes: those of the run first, then others that only the history names.
    pub nodes: Vec<String>,
    /// What pictures show.
    pub axis: Axis,
}

impl Samples {
    /// Reduces a history; `nodes` are those of the run.
    pub(crate) fn new<D: DataType>(history: &History<D>, nodes: &[String], faults: &[Fault]) -> Samples {
        let (nodes, translate) = join_nodes(nodes, &history.nodes);
        let end = history.end().seconds();
        let function = |op: &D::Op| {
            let name = D::function(op);
            D::FUNCTIONS.iter().position(|f| *f == name).unwrap_or(0) as u8
        };
        let sample = |operation: &Operation<D>| Sample {
            at: operation.invoked.time.seconds(),
            took: took(operation, end),
            function: function(&operation.op),
            kind: Kind::of(&operation.outcome),
            node: operation.node.and_then(|node| translate.get(node as usize).copied()),
        };
        let list: Vec<Sample> = history.operations.iter().map(sample).collect();
        let axis = axis(&list, end, faults);
        Samples { list, functions: D::FUNCTIONS, nodes, axis }
    }

    /// How many operations came to that.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.list.iter().filter(|sample| sample.kind == kind).count()
    }

    /// The functions that occur, by number.
    pub(crate) fn used_functions(&self) -> Vec<usize> {
        (0..self.functions.len()).filter(|f| self.list.iter().any(|s| usize::from(s.function) == *f)).collect()
    }
}

fn took<D: DataType>(operation: &Operation<D>, end: f64) -> f64 {
    let over = operation.completed.or(operation.gave_up).map_or(end, |moment| moment.time.seconds());
    (over - operation.invoked.time.seconds()).max(0.0)
}

/// The names of both lists without doubles, and where each of the second has gone.
fn join_nodes(run: &[String], seen: &[String]) -> (Vec<String>, Vec<u16>) {
    let mut joined: Vec<String> = run.to_vec();
    let mut places: HashMap<String, u16> = (0u16..).zip(run).map(|(n, name)| (name.clone(), n)).collect();
    let mut translate = Vec::with_capacity(seen.len());
    for name in seen {
        let place = *places.entry(name.clone()).or_insert_with(|| {
            joined.push(name.clone());
            (joined.len() - 1).min(usize::from(u16::MAX)) as u16
        });
        translate.push(place);
    }
    (joined, translate)
}

fn axis(list: &[Sample], end: f64, faults: &[Fault]) -> Axis {
    let fault_starts = faults.iter().map(|fault| fault.injected.unwrap_or(fault.planned).seconds());
    let fault_ends = faults.iter().map(|fault| fault.healed.or(fault.injected).unwrap_or(fault.planned).seconds());
    let first = list.iter().map(|sample| sample.at).chain(fault_starts).fold(f64::INFINITY, f64::min);
    let last = fault_ends.fold(end, f64::max);
    let from = if first.is_finite() { first.floor().max(0.0) } else { 0.0 };
    Axis { from, to: last.max(from + 0.1) }
}
