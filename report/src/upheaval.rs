//! Faults of a history that somebody else recorded, as far as its events tell them.
//!
//! No file says what its nemesis means. Events of one name follow each other in pairs that begin and end something,
//! each told once or, as Jepsen does, twice: when it is asked for, and when it was done. `start-X` and `stop-X` name
//! what they belong to; everything else alternates.

use crate::told;
use crate::words::shorten;
use history::Calls;

/// A fault from one row of a history to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upheaval {
    /// `nemesis: partition`.
    pub label: String,
    /// The same with indices and times.
    pub title: String,
    /// The first row of its beginning.
    pub from: u32,
    /// The last row of its end; None if it never ended.
    pub to: Option<u32>,
}

/// Most of them that are kept.
const MOST: usize = 10_000;

impl Upheaval {
    /// Every fault of a history in the order of their beginnings.
    #[must_use]
    pub fn all(calls: &Calls<'_>) -> Vec<Upheaval> {
        let mut spans: Vec<Span> = Vec::new();
        for row in calls.others() {
            if spans.len() >= MOST {
                break;
            }
            take(&mut spans, calls, *row);
        }
        spans.into_iter().map(|span| span.told(calls)).collect()
    }

    /// True if it was in force between these rows.
    #[must_use]
    pub fn overlaps(&self, (from, to): (u32, u32)) -> bool {
        self.from <= to && self.to.is_none_or(|end| from <= end)
    }
}

/// A fault that is being read.
struct Span {
    actor: String,
    what: String,
    begun_by: String,
    ended_by: Option<String>,
    from: u32,
    to: Option<u32>,
}

fn take(spans: &mut Vec<Span>, calls: &Calls<'_>, row: u32) {
    let actor = told::actor(calls, row);
    let function = calls.recording().function(row).to_owned();
    let (what, verb) = parted(&function);
    let mut own = spans.iter_mut().rev().filter(|span| span.actor == actor);
    let last = own.find(|span| verb == Verb::Either && is_alternating(&span.begun_by) || span.what == what);
    let Some(span) = last else {
        if verb != Verb::Stop {
            spans.push(Span { actor, what, begun_by: function, ended_by: None, from: row, to: None });
        }
        return;
    };
    if span.ended_by.is_none() && span.begun_by == function {
        return;
    }
    match &span.ended_by {
        None => {
            span.ended_by = Some(function);
            span.to = Some(row);
        }
        Some(ended) if *ended == function => span.to = Some(row),
        Some(_) if verb == Verb::Stop => {}
        Some(_) => spans.push(Span { actor, what, begun_by: function, ended_by: None, from: row, to: None }),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Start,
    Stop,
    Either,
}

/// What a function is about, and whether it begins or ends it.
fn parted(function: &str) -> (String, Verb) {
    for (prefix, verb) in [("start", Verb::Start), ("stop", Verb::Stop)] {
        let rest = function.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with(['-', '_']));
        if let Some(rest) = rest {
            return (rest.trim_start_matches(['-', '_']).to_owned(), verb);
        }
    }
    (function.to_owned(), Verb::Either)
}

fn is_alternating(function: &str) -> bool {
    parted(function).1 == Verb::Either
}

impl Span {
    fn told(self, calls: &Calls<'_>) -> Upheaval {
        let what = if self.what.is_empty() { String::new() } else { format!(": {}", crate::words::clean(&self.what)) };
        let label = shorten(&format!("{}{what}", self.actor), 60);
        let at = |row: u32| told::at(told::place(calls, row));
        let end = self.to.map_or("never ended".to_owned(), |row| format!("ended {}", at(row)));
        Upheaval { title: format!("{label}, began {}, {end}", at(self.from)), label, from: self.from, to: self.to }
    }
}
