//! What the readers of all formats share: the fields of an event, and what stands in them.

use super::cursor::{Cursor, Fault};
use crate::recording::{Columns, Row};
use crate::value::{Value, ValueId, Values};

/// What comes next at the top of a file.
pub(super) enum Next {
    /// An event begins here.
    Event,
    /// The file is over, or the collection that holds all events is closed.
    End,
}

/// A reader of the events of one format.
pub(super) trait Events<'a> {
    /// Where it is.
    fn cursor(&self) -> &Cursor<'a>;

    /// Goes to the next event.
    fn advance(&mut self) -> Result<Next, Fault>;

    /// Reads the event that begins here.
    fn event(&mut self, columns: &mut Columns) -> Result<(), Fault>;

    /// What was tolerated so far.
    fn tally(&self) -> Tally;
}

/// How many times something was tolerated, and the line of the first, counted from the beginning of the chunk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) count: u64,
    pub(super) first_line: u32,
}

impl Count {
    pub(super) fn add(&mut self, line: u32) {
        if self.count == 0 {
            self.first_line = line;
        }
        self.count += 1;
    }
}

/// What only a reader sees of what is tolerated.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) repeated_fields: Count,
    pub(super) other_lines: Count,
}

/// The fields that have a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Field {
    Index,
    Time,
    Process,
    Type,
    F,
    Key,
    Value,
    Node,
    Error,
}

impl Field {
    #[inline]
    pub(super) fn of(name: &[u8]) -> Option<Field> {
        match name {
            b"index" => Some(Field::Index),
            b"time" => Some(Field::Time),
            b"process" => Some(Field::Process),
            b"type" => Some(Field::Type),
            b"f" => Some(Field::F),
            b"key" => Some(Field::Key),
            b"value" => Some(Field::Value),
            b"node" => Some(Field::Node),
            b"error" => Some(Field::Error),
            _ => None,
        }
    }
}

/// An event that is being read.
pub(super) struct Draft {
    pub(super) row: Row,
    seen: u16,
    /// How many fields were read.
    pub(super) place: usize,
    pub(super) start: usize,
}

impl Draft {
    #[inline]
    pub(super) fn new(cursor: &Cursor<'_>) -> Draft {
        let column = u16::try_from(cursor.at - cursor.line_start + 1).unwrap_or(u16::MAX);
        Draft { row: Row { line: cursor.line, column, ..Row::default() }, seen: 0, place: 0, start: cursor.at }
    }

    /// Notes a field, and counts it if it was there before.
    #[inline]
    pub(super) fn see(&mut self, field: Field, tally: &mut Tally) {
        let bit = 1 << field as u8;
        if self.seen & bit != 0 {
            tally.repeated_fields.add(self.row.line);
        }
        self.seen |= bit;
        self.place += 1;
    }

    /// Puts the event into its columns.
    #[inline]
    pub(super) fn finish(self, cursor: &Cursor<'_>, columns: &mut Columns) -> Result<(), Fault> {
        let Some(kind) = self.row.kind else {
            return cursor.expected_at(self.start, "an event with a `type`");
        };
        columns.push(&self.row, kind);
        Ok(())
    }
}

/// A process: numbers stay, names become keywords whatever the format, nil is nobody.
#[inline]
pub(super) fn process(id: ValueId, values: &mut Values) -> ValueId {
    if id.as_small().is_some() { id } else { name(id, values) }
}

/// The name of a function or of a process: a keyword whatever the format has; None for nil.
pub(super) fn name(id: ValueId, values: &mut Values) -> ValueId {
    match values.get(id) {
        Value::Nil => ValueId::ABSENT,
        Value::String(text) | Value::Symbol(text) => {
            let text = text.strip_prefix(':').unwrap_or(text).to_owned();
            values.keyword(&text)
        }
        _ => id,
    }
}

/// What is not nil.
pub(super) fn unless_nil(id: ValueId) -> ValueId {
    if id.is_nil() { ValueId::ABSENT } else { id }
}

/// An index or a time that is no small integer: larger, a float, or nil, which is none.
pub(super) fn integer(id: ValueId, values: &Values) -> Option<Option<i64>> {
    match values.get(id) {
        Value::Nil => Some(None),
        Value::Int(integer) => Some(Some(integer)),
        Value::Float(float) if float.is_finite() => Some(Some(float as i64)),
        _ => None,
    }
}
