//! Transactions in columns: what each did, in the order of its program, and what became of it.
//!
//! Nothing is inferred here. Rows are those of [`Calls`](history::Calls), failed transactions included.

use super::Timeline;
use history::{CallOutcome, EdnText, Recording, ValueId, Values};

/// What one step of a transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Reads an object.
    Read,
    /// Overwrites an object.
    Write,
    /// Puts an element at the end of a list.
    Append,
    /// Makes an object that was not there.
    Insert,
    /// Removes an object.
    Delete,
    /// Reads every object that a predicate matches.
    PredicateRead,
    /// Sets up an object before anything else happens.
    Init,
}

impl Kind {
    /// True if it makes a version.
    #[must_use]
    pub fn is_write(self) -> bool {
        !matches!(self, Kind::Read | Kind::PredicateRead)
    }
}

/// One step of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mop {
    /// What it does.
    pub kind: Kind,
    /// The object, numbered from 0; of a predicate read, the predicate, numbered from 0.
    pub key: u32,
    /// What was read or written. A list that is empty is nil.
    pub value: ValueId,
}

/// Transactions, a row each, and their steps, in flat columns of 9 bytes a step.
#[derive(Clone, Debug)]
pub struct Transactions<'a> {
    pub(super) recording: &'a Recording,
    /// The step that each row begins with; one more at the end.
    pub(super) first: Vec<u32>,
    pub(super) kinds: Vec<Kind>,
    pub(super) keys: Vec<u32>,
    pub(super) values: Vec<ValueId>,
    pub(super) outcomes: Vec<CallOutcome>,
    /// The event that says the most: the completion, or else the invocation.
    pub(super) events: Vec<u32>,
    pub(super) timeline: Timeline,
    pub(super) key_names: Vec<ValueId>,
    /// The table that each row asked; empty if there is only one.
    pub(super) tables: Vec<Option<ValueId>>,
    /// The table that each object is in; empty if there is only one.
    pub(super) object_tables: Vec<Option<ValueId>>,
    pub(super) predicates: Vec<ValueId>,
    pub(super) processes: Vec<i64>,
    pub(super) has_invocations: bool,
    pub(super) holds_lists: bool,
    /// What is strange about the history, in sentences.
    pub(super) doubts: Vec<String>,
}

impl<'a> Transactions<'a> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// The steps of a row, in the order of its program.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn mops(&self, row: u32) -> impl DoubleEndedIterator<Item = Mop> + ExactSizeIterator + Clone + '_ {
        let (from, to) = self.range(row);
        (from..to).map(|at| self.mop(at))
    }

    /// One step of a row, counted from 0; None if it has fewer.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn step(&self, row: u32, position: u32) -> Option<Mop> {
        let (from, to) = self.range(row);
        let at = from.checked_add(position)?;
        (at < to).then(|| self.mop(at))
    }

    /// How many steps there are in all rows.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.kinds.len()
    }

    /// What became of a row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn outcome(&self, row: u32) -> CallOutcome {
        self.outcomes[row as usize]
    }

    /// When the rows began and ended, and whose they are.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// How many objects there are.
    #[must_use]
    pub fn objects(&self) -> u32 {
        self.key_names.len() as u32
    }

    /// The name of an object, for people.
    ///
    /// # Panics
    /// If there is no such object.
    #[must_use]
    pub fn key_text(&self, key: u32) -> String {
        let name = self.text(self.key_names[key as usize]);
        match self.object_tables.get(key as usize) {
            Some(Some(table)) => format!("{name} of {}", self.text(*table)),
            _ => name,
        }
    }

    /// The key of an object, as the history has it.
    ///
    /// # Panics
    /// If there is no such object.
    #[must_use]
    pub fn key(&self, key: u32) -> ValueId {
        self.key_names[key as usize]
    }

    /// True if the object is in the table that the row asked.
    pub(super) fn is_asked(&self, row: u32, key: u32) -> bool {
        let table = |tables: &[Option<ValueId>], at: u32| tables.get(at as usize).copied().flatten();
        table(&self.tables, row) == table(&self.object_tables, key)
    }

    /// A predicate, as the history has it.
    ///
    /// # Panics
    /// If there is no such predicate.
    #[must_use]
    pub fn predicate(&self, number: u32) -> ValueId {
        self.predicates[number as usize]
    }

    /// The process of a session.
    ///
    /// # Panics
    /// If there is no such session.
    #[must_use]
    pub fn process(&self, session: u32) -> i64 {
        self.processes[session as usize]
    }

    /// What people call a row: `T` and the recorder's index of its completion, or of its invocation if it has none.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn name(&self, row: u32) -> String {
        format!("T{}", self.recording.index(self.events[row as usize]))
    }

    /// The event of a row that says the most: its completion, or else its invocation.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn event(&self, row: u32) -> u32 {
        self.events[row as usize]
    }

    /// A value as EDN.
    #[must_use]
    pub fn text(&self, value: ValueId) -> String {
        EdnText { values: self.arena(), id: value }.to_string()
    }

    /// The elements of a list; none of nil.
    #[must_use]
    pub fn list(&self, value: ValueId) -> &'a [ValueId] {
        self.recording.values().get(value).elements().unwrap_or_default()
    }

    /// The arena of every value.
    #[must_use]
    pub fn arena(&self) -> &'a Values {
        self.recording.values()
    }

    /// The events that the transactions are of.
    #[must_use]
    pub fn recording(&self) -> &'a Recording {
        self.recording
    }

    /// True if the history has invocations: then every write that may have happened is in it.
    #[must_use]
    pub fn has_invocations(&self) -> bool {
        self.has_invocations
    }

    /// True if the objects are lists that grow; otherwise they are registers.
    #[must_use]
    pub fn holds_lists(&self) -> bool {
        self.holds_lists
    }

    pub(super) fn range(&self, row: u32) -> (u32, u32) {
        (self.first[row as usize], self.first[row as usize + 1])
    }

    pub(super) fn mop(&self, at: u32) -> Mop {
        let at = at as usize;
        Mop { kind: self.kinds[at], key: self.keys[at], value: self.values[at] }
    }
}
