//! Events in columns, as one chunk of a file gives them, and chunks joined to a whole.

use super::{EventType, ExtraField};
use crate::value::{ValueId, Values};

/// What the text of extra fields is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Edn,
    Json,
}

/// An index that the file does not give.
pub(crate) const NO_INDEX: u64 = u64::MAX;

/// A time that the file does not give.
pub(crate) const NO_TIME: i64 = -1;

/// One event on its way into the columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) index: u64,
    pub(crate) time: i64,
    pub(crate) process: ValueId,
    pub(crate) kind: Option<EventType>,
    pub(crate) f: ValueId,
    pub(crate) key: ValueId,
    pub(crate) value: ValueId,
    pub(crate) node: ValueId,
    pub(crate) error: ValueId,
    /// Counted from 0.
    pub(crate) line: u32,
    /// Counted from 1; 65 535 if it is more.
    pub(crate) column: u16,
}

impl Default for Row {
    fn default() -> Self {
        Row {
            index: NO_INDEX,
            time: NO_TIME,
            process: ValueId::ABSENT,
            kind: None,
            f: ValueId::ABSENT,
            key: ValueId::ABSENT,
            value: ValueId::NIL,
            node: ValueId::ABSENT,
            error: ValueId::ABSENT,
            line: 0,
            column: 1,
        }
    }
}

/// A field without a column.
#[derive(Clone, Copy, Debug)]
struct Extra {
    row: u32,
    name: ValueId,
    start: u64,
    length: u32,
}

/// Events in columns.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) index: Vec<u64>,
    pub(crate) time: Vec<i64>,
    pub(crate) process: Vec<ValueId>,
    pub(crate) kind: Vec<EventType>,
    pub(crate) f: Vec<ValueId>,
    pub(crate) key: Vec<ValueId>,
    pub(crate) value: Vec<ValueId>,
    pub(crate) node: Vec<ValueId>,
    pub(crate) line: Vec<u32>,
    pub(crate) column: Vec<u16>,
    /// By row, ascending; most events have none.
    pub(crate) errors: Vec<(u32, ValueId)>,
    extras: Vec<Extra>,
    extra_text: Vec<u8>,
    pub(crate) language: Language,
    pub(crate) values: Values,
}

impl Columns {
    pub(crate) fn new(language: Language, values: Values) -> Self {
        Columns {
            index: Vec::new(),
            time: Vec::new(),
            process: Vec::new(),
            kind: Vec::new(),
            f: Vec::new(),
            key: Vec::new(),
            value: Vec::new(),
            node: Vec::new(),
            line: Vec::new(),
            column: Vec::new(),
            errors: Vec::new(),
            extras: Vec::new(),
            extra_text: Vec::new(),
            language,
            values,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.kind.len()
    }

    /// Makes room for that many more events.
    pub(crate) fn reserve(&mut self, events: usize) {
        self.index.reserve(events);
        self.time.reserve(events);
        self.process.reserve(events);
        self.kind.reserve(events);
        self.f.reserve(events);
        self.key.reserve(events);
        self.value.reserve(events);
        self.node.reserve(events);
        self.line.reserve(events);
        self.column.reserve(events);
    }

    /// Adds an event; its extra fields were added before it.
    #[inline]
    pub(crate) fn push(&mut self, row: &Row, kind: EventType) {
        if row.error != ValueId::ABSENT {
            self.errors.push((self.kind.len() as u32, row.error));
        }
        self.index.push(row.index);
        self.time.push(row.time);
        self.process.push(row.process);
        self.kind.push(kind);
        self.f.push(row.f);
        self.key.push(row.key);
        self.value.push(row.value);
        self.node.push(row.node);
        self.line.push(row.line);
        self.column.push(row.column);
    }

    /// Adds a field of the event that will be pushed next. False if its text is too long.
    pub(crate) fn push_extra(&mut self, name: ValueId, text: &[u8]) -> bool {
        let Ok(length) = u32::try_from(text.len()) else { return false };
        let (row, start) = (self.len() as u32, self.extra_text.len() as u64);
        self.extra_text.extend_from_slice(text);
        self.extras.push(Extra { row, name, start, length });
        true
    }

    pub(crate) fn error(&self, row: u32) -> Option<ValueId> {
        let at = self.errors.binary_search_by_key(&row, |entry| entry.0).ok()?;
        Some(self.errors[at].1)
    }

    pub(crate) fn extra_of(&self, row: u32) -> impl Iterator<Item = ExtraField<'_>> {
        let start = self.extras.partition_point(|extra| extra.row < row);
        self.extras[start..].iter().take_while(move |extra| extra.row == row).map(|extra| {
            let bytes = &self.extra_text[extra.start as usize..][..extra.length as usize];
            ExtraField { name: extra.name, text: std::str::from_utf8(bytes).unwrap_or_default() }
        })
    }

    /// Appends the events of the chunk that follows, whose lines are counted from `line`.
    pub(crate) fn append(&mut self, mut next: Columns, line: u32) {
        let renaming = self.values.absorb(&next.values);
        self.values.take_tape(&mut next.values, &renaming);
        let (rows, text) = (self.len() as u32, self.extra_text.len() as u64);
        let is_same = renaming.is_identity();
        let ids = |own: &mut Vec<ValueId>, mut next: Vec<ValueId>| match is_same {
            true => own.append(&mut next),
            false => own.extend(next.iter().map(|id| renaming.apply(*id))),
        };
        rayon::scope(|scope| {
            scope.spawn(|_| self.index.append(&mut next.index));
            scope.spawn(|_| self.time.append(&mut next.time));
            scope.spawn(|_| ids(&mut self.process, next.process));
            scope.spawn(|_| self.kind.append(&mut next.kind));
            scope.spawn(|_| ids(&mut self.f, next.f));
            scope.spawn(|_| ids(&mut self.key, next.key));
            scope.spawn(|_| ids(&mut self.value, next.value));
            scope.spawn(|_| ids(&mut self.node, next.node));
            scope.spawn(|_| self.line.extend(next.line.iter().map(|own| own + line)));
            scope.spawn(|_| self.column.append(&mut next.column));
        });
        self.errors.extend(next.errors.iter().map(|(row, id)| (row + rows, renaming.apply(*id))));
        self.extras.extend(next.extras.iter().map(|extra| Extra {
            row: extra.row + rows,
            name: renaming.apply(extra.name),
            start: extra.start + text,
            length: extra.length,
        }));
        self.extra_text.append(&mut next.extra_text);
    }

    /// True if fields without a column were seen.
    pub(crate) fn has_extras(&self) -> bool {
        !self.extras.is_empty()
    }
}
