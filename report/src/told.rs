//! Calls of any file in words: what was asked and answered, by whom, and when. Nothing here knows a data type.

use crate::finding::Place;
use crate::words::{clean, moment};
use history::{Actor, CallOutcome, Calls, EdnText, Value, ValueId, Values};
use std::fmt::Write;

/// `read -> 3` with an arrow: function, argument, and what was answered, where that says more.
pub(crate) fn operation(calls: &Calls<'_>, position: usize) -> String {
    let call = calls.get(position);
    let values = calls.recording().values();
    let mut text = clean(calls.function(position));
    if call.outcome == CallOutcome::Ok && is_filled_in(values, call.argument, call.result) {
        return format!("{text} {}", value(values, call.result));
    }
    if !call.argument.is_nil() {
        text = format!("{text} {}", value(values, call.argument));
    }
    match call.outcome {
        CallOutcome::Ok if call.result != call.argument || call.argument.is_nil() && !call.result.is_nil() => {
            format!("{text} \u{2192} {}", value(values, call.result))
        }
        CallOutcome::Ok => text,
        CallOutcome::Fail => format!("{text} (failed)"),
        CallOutcome::Info => format!("{text} (unknown)"),
    }
}

/// True if an answer is the question with its blanks filled in, as transactions have it.
fn is_filled_in(values: &Values, argument: ValueId, result: ValueId) -> bool {
    let is_step = |id: &ValueId| matches!(values.get(*id), Value::Vector(_));
    match (values.get(argument), values.get(result)) {
        (Value::Vector(asked), Value::Vector(answered)) => {
            asked.len() == answered.len() && asked.iter().chain(answered).all(is_step)
        }
        _ => false,
    }
}

/// A value, cut off where it is long, without reading more of it than that.
pub(crate) fn value(values: &Values, id: ValueId) -> String {
    const MOST: usize = 120;
    let mut bounded = Bounded { text: String::new(), room: MOST };
    let is_whole = write!(bounded, "{}", EdnText { values, id }).is_ok();
    let text = clean(&bounded.text);
    if is_whole { text } else { text + "\u{2026}" }
}

/// The node that a call went to, as its invocation or its completion says; empty if neither does.
pub(crate) fn node(calls: &Calls<'_>, position: usize) -> String {
    let call = calls.get(position);
    let of_row = |row: u32| calls.recording().event(row).node;
    let node = call.invoked.and_then(of_row).or_else(|| call.completion.and_then(of_row));
    node.map(|id| name(calls, id)).unwrap_or_default()
}

/// Why a call failed, or why nobody knows; empty if the file does not say.
pub(crate) fn reason(calls: &Calls<'_>, position: usize) -> String {
    match calls.get(position).outcome {
        CallOutcome::Ok => String::new(),
        _ => calls.error(position).map(|id| name(calls, id)).unwrap_or_default(),
    }
}

/// A name as it is, anything else as EDN.
fn name(calls: &Calls<'_>, id: ValueId) -> String {
    let values = calls.recording().values();
    values.get(id).name().map_or_else(|| value(values, id), clean)
}

/// Index and time of a row.
pub(crate) fn place(calls: &Calls<'_>, row: u32) -> Place {
    let event = calls.recording().event(row);
    Place { index: event.index, time: u64::try_from(event.time).ok() }
}

/// `812`, and `812 at 14.220 s` where the time is known.
pub(crate) fn at(place: Place) -> String {
    match place.time {
        Some(time) => format!("{} at {}", place.index, moment(time as f64 / 1e9)),
        None => place.index.to_string(),
    }
}

/// What an actor that is no client is called.
pub(crate) fn actor(calls: &Calls<'_>, row: u32) -> String {
    match calls.recording().actor(row) {
        Actor::Other(_) => clean(&calls.recording().actor_name(row)),
        Actor::Client(_) | Actor::Unknown => String::new(),
    }
}

/// A text that takes no more than it has room for, in bytes.
struct Bounded {
    text: String,
    room: usize,
}

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let mut fits = part.len().min(self.room);
        while !part.is_char_boundary(fits) {
            fits -= 1;
        }
        self.text.push_str(&part[..fits]);
        self.room -= fits;
        if fits == part.len() { Ok(()) } else { Err(std::fmt::Error) }
    }
}
