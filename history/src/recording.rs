//! What a file says, event by event, before a data type understands it.

pub(crate) mod calls;
pub(crate) mod columns;
mod equality;
pub(crate) mod note;
mod tuples;

use crate::format::Format;
use crate::value::{Value, ValueId, Values};
pub(crate) use columns::{Columns, Language, Row};
pub use note::{Leniency, Note};
pub use tuples::Tuples;

/// The word that says what an event is: `:type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EventType {
    /// A request is about to be sent.
    Invoke,
    /// It took effect.
    Ok,
    /// It took no effect and never will.
    Fail,
    /// Nobody knows; or, of a nemesis, something was begun or ended.
    Info,
}

impl EventType {
    /// As files write it, without a colon.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            EventType::Invoke => "invoke",
            EventType::Ok => "ok",
            EventType::Fail => "fail",
            EventType::Info => "info",
        }
    }

    #[inline]
    pub(crate) fn of(word: &[u8]) -> Option<EventType> {
        match word {
            b"invoke" => Some(EventType::Invoke),
            b"ok" => Some(EventType::Ok),
            b"fail" => Some(EventType::Fail),
            b"info" => Some(EventType::Info),
            _ => None,
        }
    }
}

/// Whose event it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Actor<'a> {
    /// A logical client.
    Client(i64),
    /// Something else with a name, such as the nemesis.
    Other(Value<'a>),
    /// The file does not say.
    Unknown,
}

/// One event. Its values are of [`Recording::values`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordedEvent<'a> {
    /// Position in the recorder's history; ascending, perhaps with gaps.
    pub index: u64,
    /// Nanoseconds since the origin of the run, or -1 if the file does not say.
    pub time: i64,
    /// Whose it is.
    pub actor: Actor<'a>,
    /// What it is.
    pub kind: EventType,
    /// The function, mostly a keyword; None if the file does not say.
    pub f: Option<ValueId>,
    /// The object, where it has a field of its own; see also [`Recording::unwrap_tuples`].
    pub key: Option<ValueId>,
    /// Argument or result; nil if there is none.
    pub value: ValueId,
    /// The node that the client talks to, mostly a string.
    pub node: Option<ValueId>,
    /// Why it failed or is indeterminate: a string, keyword, or anything else.
    pub error: Option<ValueId>,
}

/// A field that has no column: its name, and its value as it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtraField<'a> {
    /// The name, mostly a keyword.
    pub name: ValueId,
    /// The text of the value, EDN or JSON as the file is.
    pub text: &'a str,
}

/// The events of one file in their order, in columns: 43 bytes each, and every different value once.
///
/// Events are named by their *row*, counted from 0. Order is by row, which is the order of the file; the recorder's own
/// `index` is what people see.
#[derive(Clone, Debug)]
pub struct Recording {
    pub(crate) columns: Columns,
    pub(crate) notes: Vec<Note>,
    pub(crate) format: Format,
    pub(crate) torn: bool,
}

impl Recording {
    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// True if there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The arena of every value in it.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.columns.values
    }

    /// The format of the file.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// True if the last line of the file was torn, as a crash leaves it, and was left out.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// Everything in the file that was tolerated, each with a count. What pairing tolerates is told by
    /// [`crate::Calls::notes`].
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// One event.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn event(&self, row: u32) -> RecordedEvent<'_> {
        let (c, at) = (&self.columns, row as usize);
        RecordedEvent {
            index: c.index[at],
            time: c.time[at],
            actor: self.actor(row),
            kind: c.kind[at],
            f: c.f[at].present(),
            key: c.key[at].present(),
            value: c.value[at],
            node: c.node[at].present(),
            error: c.error(row),
        }
    }

    /// All events in their order.
    pub fn events(&self) -> impl ExactSizeIterator<Item = RecordedEvent<'_>> + Clone {
        (0..self.len() as u32).map(|row| self.event(row))
    }

    /// Whose event it is.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    #[inline]
    pub fn actor(&self, row: u32) -> Actor<'_> {
        let process = self.columns.process[row as usize];
        if let Some(process) = process.as_small() {
            return Actor::Client(process);
        }
        match process.present().map(|id| self.values().get(id)) {
            None => Actor::Unknown,
            Some(Value::Int(process)) => Actor::Client(process),
            Some(other) => Actor::Other(other),
        }
    }

    /// The process number of a client's event.
    #[inline]
    pub(crate) fn client(&self, row: u32) -> Option<i64> {
        match self.actor(row) {
            Actor::Client(process) => Some(process),
            _ => None,
        }
    }

    /// The recorder's index of a row, for people.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn index(&self, row: u32) -> u64 {
        self.columns.index[row as usize]
    }

    /// The line that an event begins on, counted from 1.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn line(&self, row: u32) -> u64 {
        u64::from(self.columns.line[row as usize]) + 1
    }

    /// The column that an event begins at, counted from 1, in bytes.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn column(&self, row: u32) -> usize {
        usize::from(self.columns.column[row as usize])
    }

    /// The fields of an event that have no column, in the order of the file, as they stand there.
    pub fn extra_fields(&self, row: u32) -> impl Iterator<Item = ExtraField<'_>> {
        self.columns.extra_of(row)
    }

    /// The value of an extra field, which is parsed only now, and added to an arena of the caller's.
    ///
    /// # Errors
    /// Only if the text is of another recording.
    pub fn parse_extra(&self, text: &str, into: &mut Values) -> Result<ValueId, crate::HistoryError> {
        crate::read::parse_value(text, self.columns.language, into)
    }

    /// The name of an event's function, whether the file has it as keyword, string or symbol; empty if it has none.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn function(&self, row: u32) -> &str {
        let f = self.columns.f[row as usize].present();
        f.and_then(|id| self.values().get(id).name()).unwrap_or_default()
    }
}
