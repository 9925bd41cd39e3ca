//! One operation in its place.

use crate::call::Call;
use crate::samples::Kind;
use crate::words::moment;

/// How a bar ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    /// At its completion.
    Closed,
    /// Right of the drawing.
    Cut,
    /// Never, as far as is known; the client gave up at this place, if it lies within the drawing.
    Open(Option<f64>),
}

/// What a bar says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    /// On it.
    pub text: String,
    /// Where a reader points at it.
    pub title: String,
    /// Which colour it has.
    pub colour: usize,
    /// What became of the operation.
    pub kind: Kind,
}

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// What it says.
    pub said: Said,
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// Top edge.
    pub top: f64,
    /// How it ends.
    pub end: End,
    /// False for what only stands around.
    pub is_witness: bool,
    /// True for the operation that cannot be explained.
    pub is_culprit: bool,
    /// Numbers of the paths that it is on, from 1.
    pub paths: Vec<usize>,
}

impl Said {
    /// Of an operation of a run.
    pub(crate) fn of(call: &Call) -> Said {
        Said { text: call.text.clone(), title: title(call), colour: call.function, kind: call.kind }
    }
}

fn title(call: &Call) -> String {
    let end = match (call.kind, call.completed, call.gave_up) {
        (Kind::Info, _, Some(at)) => format!("given up at {}: may still take effect", moment(at.time)),
        (_, Some(at), _) => format!("completed {}", moment(at.time)),
        _ => "never completed".to_owned(),
    };
    let reason = if call.reason.is_empty() { String::new() } else { format!(" ({})", call.reason) };
    format!("{}: {}, invoked {}, {end}{reason}", call.who(), call.text, moment(call.invoked.time))
}
