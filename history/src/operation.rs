//! One call of one client, and the moments and outcome that a controller knows of it.

use crate::DataType;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Nanoseconds since the origin of the run, on the controller's monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// Seconds since the origin of the run.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The time that lies `nanoseconds` after this one.
    #[must_use]
    pub fn plus(self, nanoseconds: u64) -> Time {
        Time(self.0.saturating_add(nanoseconds))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s", self.seconds())
    }
}

/// Where an event stands. Order is by `index`; `time` is for people, plots, and promises that are stated in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// Position in the run's history, unique and ascending over invocations and completions.
    pub index: u64,
    /// When the controller recorded it.
    pub time: Time,
}

/// A logical client with at most one operation in flight. Retired after an indeterminate outcome: its thread then
/// goes on as process + number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Process(pub u64);

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Names an operation within one [`crate::History`]: its position in `History::operations`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpId(pub u32);

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// It took effect exactly once, between its invocation and its completion, and returned this.
    Ok(R),
    /// It took no effect and never will; the reason is for people.
    Fail(String),
    /// Nobody knows: it may take effect at any moment after its invocation, or never. The reason is for people.
    Info(String),
}

impl<R> Outcome<R> {
    /// The result, if the operation is known to have taken effect.
    pub fn ok(&self) -> Option<&R> {
        match self {
            Outcome::Ok(ret) => Some(ret),
            _ => None,
        }
    }

    /// The word that history files use: `ok`, `fail` or `info`.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Ok(_) => "ok",
            Outcome::Fail(_) => "fail",
            Outcome::Info(_) => "info",
        }
    }

    /// Why it failed or is indeterminate.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Outcome::Ok(_) => None,
            Outcome::Fail(reason) | Outcome::Info(reason) => Some(reason),
        }
    }
}

/// One call: what was asked, by whom, where, when, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation<D: DataType> {
    /// Its position in the history.
    pub id: OpId,
    /// The logical client that made the call.
    pub process: Process,
    /// The node it was sent to, as a position in [`crate::History::nodes`]; None if the recorder did not say.
    pub node: Option<u16>,
    /// What was asked.
    pub op: D::Op,
    /// The moment before the request was sent.
    pub invoked: Moment,
    /// What became of it. An operation whose completion was never recorded is `Info`.
    pub outcome: Outcome<D::Ret>,
    /// The moment at which it was known to be over. None: it may still take effect, however late.
    pub completed: Option<Moment>,
    /// The moment at which its client gave up on it; only for `Info`, for people and plots, never for a verdict.
    pub gave_up: Option<Moment>,
}

impl<D: DataType> Operation<D> {
    /// The result, if the operation is known to have taken effect.
    pub fn ok(&self) -> Option<&D::Ret> {
        self.outcome.ok()
    }

    /// True if this operation was over before `other` was invoked, so that every order must respect it.
    pub fn precedes(&self, other: &Operation<D>) -> bool {
        self.completed.is_some_and(|c| c.index < other.invoked.index)
    }
}
