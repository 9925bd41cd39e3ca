//! What was tolerated in a history, so that nothing is dropped without a word.

use std::fmt;

/// A departure from a complete history that is tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leniency {
    /// The last line is not whole, and left out.
    TornLine,
    /// Lines of a log that are no events, and left out.
    OtherLine,
    /// No `:index`: counted from 0.
    NoIndex,
    /// Indices that are not ascending, such as one that stands twice: all counted anew from 0.
    Reindexed,
    /// Indices that begin later than 0 or have gaps: kept.
    SparseIndex,
    /// No `:time`.
    NoTime,
    /// No `:process`: not of a client.
    NoProcess,
    /// No `:f`.
    NoFunction,
    /// A process that is no number: not of a client.
    NamedProcess,
    /// A field that stands twice in one event: the last counts.
    RepeatedField,
    /// An invocation without completion: its outcome is unknown.
    OpenInvocation,
    /// A completion without invocation, in a history without any: it may have begun at any time before.
    CompletionOnly,
    /// An info of a client that had nothing in flight: a remark.
    Remark,
    /// A fail or info with another value than its invocation: the argument is the invocation's.
    OtherArgument,
    /// Completions with another `:f` than their invocation: the function is the invocation's.
    OtherFunction,
}

/// How often something was tolerated, and where first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// What was tolerated.
    pub leniency: Leniency,
    /// In how many events or lines.
    pub count: u64,
    /// The line of the first, counted from 1.
    pub first_line: u64,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, many, what) = self.leniency.phrase();
        let noun = if self.count == 1 { one } else { many };
        write!(f, "{} {noun} {what} (first on line {})", self.count, self.first_line)
    }
}

impl Leniency {
    /// What is counted, one and many, and what is said of it.
    fn phrase(self) -> (&'static str, &'static str, &'static str) {
        let events = |what| ("event", "events", what);
        match self {
            Leniency::TornLine => ("last line", "last lines", "not whole, as a crash leaves it: left out"),
            Leniency::OtherLine => ("line", "lines", "without an event: left out"),
            Leniency::NoIndex => events("without :index: counted from 0 in the order of the file"),
            Leniency::Reindexed => events("with an :index not above the one before: all counted anew from 0"),
            Leniency::SparseIndex => ("gap", "gaps", "in :index: kept as it is"),
            Leniency::NoTime => events("without :time: ordered by their place alone"),
            Leniency::NoProcess => events("without :process: left out of client operations"),
            Leniency::NoFunction => events("without :f"),
            Leniency::NamedProcess => events("of a named process: not of a client"),
            Leniency::RepeatedField => ("field", "fields", "given twice in one event: the last counts"),
            Leniency::OpenInvocation => ("invocation", "invocations", "without completion: outcome unknown"),
            Leniency::CompletionOnly => {
                ("completion", "completions", "in a history without invocations: begun at any time before")
            }
            Leniency::Remark => ("client info", "client infos", "with nothing in flight: taken as a remark"),
            Leniency::OtherArgument => {
                ("fail or info", "fails or infos", "with a value that its invocation lacks: the invocation's counts")
            }
            Leniency::OtherFunction => {
                ("completion", "completions", "with another :f than the invocation: the invocation's counts")
            }
        }
    }
}

/// Counts what is tolerated.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    notes: Vec<Note>,
}

impl Notes {
    /// Counts one event or line; lines count from 1.
    pub(crate) fn add(&mut self, leniency: Leniency, line: u64) {
        self.add_many(leniency, 1, line);
    }

    pub(crate) fn add_many(&mut self, leniency: Leniency, count: u64, line: u64) {
        match self.notes.iter_mut().find(|note| note.leniency == leniency) {
            Some(note) => {
                note.count += count;
                note.first_line = note.first_line.min(line);
            }
            None => self.notes.push(Note { leniency, count, first_line: line }),
        }
    }

    /// The notes in a fixed order.
    pub(crate) fn finish(mut self) -> Vec<Note> {
        self.notes.sort_by_key(|note| note.leniency);
        self.notes
    }
}
