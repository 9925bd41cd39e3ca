//! Events in EDN: one map or record each, one after another or in one vector or list.

use super::cursor::{Cursor, Fault};
use super::edn::Edn;
use super::event::{Count, Draft, Events, Field, Next, Tally, integer, name, process, unless_nil};
use super::habit::{Habits, Words};
use super::steps::{OfEdn, Steps};
use crate::recording::{Columns, EventType};
use crate::value::{Build, Leaf, Skip, TextKind, ValueId, Values, is_delimiter};

/// Reads events in EDN.
pub(super) struct EdnEvents<'a> {
    edn: Edn<'a>,
    habits: Habits,
    functions: Words,
    /// What closes the collection that holds all events, if one does.
    close: Option<u8>,
    /// Some if values are transactions.
    steps: Option<Steps>,
    tally: Tally,
}

impl<'a> EdnEvents<'a> {
    /// Begins at an event, or at the first blank before it.
    pub(super) fn new(cursor: Cursor<'a>, close: Option<u8>, steps: Option<Steps>) -> Self {
        let tally = Tally { repeated_fields: Count::default(), other_lines: Count::default() };
        EdnEvents { edn: Edn::new(cursor), habits: Habits::new(), functions: Words::default(), close, steps, tally }
    }

    /// Steps over what may stand before the brace of an event: a tag, metadata.
    fn preamble(&mut self) -> Result<(), Fault> {
        let start = self.edn.cursor.at;
        if self.edn.cursor.eat(b'^') {
            self.edn.blanks()?;
            self.edn.form(&mut Skip, 1)?;
            self.edn.blanks()?;
        }
        if self.edn.cursor.peek() == Some(b'#') && self.edn.cursor.peek_after(1).is_some_and(|b| !is_delimiter(b)) {
            self.edn.token();
            self.edn.blanks()?;
        }
        if self.edn.cursor.peek() != Some(b'{') {
            return self.edn.cursor.expected_at(start, "an event as a map");
        }
        Ok(())
    }

    #[inline]
    fn field(&mut self, columns: &mut Columns, draft: &mut Draft) -> Result<(), Fault> {
        let (field, extra) = self.field_name(&mut columns.values, draft.place)?;
        self.edn.blanks()?;
        if self.edn.cursor.peek() == Some(b'}') {
            return self.edn.cursor.expected("a value for the last key of the event");
        }
        let Some(field) = field else {
            let start = self.edn.cursor.at;
            self.edn.form(&mut Skip, 1)?;
            return self.keep(extra, start, columns);
        };
        draft.see(field, &mut self.tally);
        let (values, row) = (&mut columns.values, &mut draft.row);
        match field {
            Field::Index => row.index = self.index(values)?,
            Field::Time => row.time = self.integer(values, "`:time` to be an integer of nanoseconds")?.unwrap_or(-1),
            Field::Type => row.kind = Some(self.event_type()?),
            Field::F => row.f = self.function(values)?,
            Field::Value => row.value = self.value(values)?,
            Field::Process => row.process = self.process(values)?,
            Field::Key => row.key = unless_nil(self.edn.form(values, 1)?),
            Field::Node => row.node = unless_nil(self.edn.form(values, 1)?),
            Field::Error => row.error = unless_nil(self.edn.form(values, 1)?),
        }
        Ok(())
    }

    #[inline]
    fn value(&mut self, values: &mut Values) -> Result<ValueId, Fault> {
        if let Some(steps) = &mut self.steps
            && let Some(transaction) = steps.read::<OfEdn>(&mut self.edn.cursor, values)
        {
            return Ok(transaction);
        }
        self.edn.form(values, 1)
    }

    #[inline]
    fn function(&mut self, values: &mut Values) -> Result<ValueId, Fault> {
        let start = self.edn.cursor.at;
        if let Some((id, length)) = self.functions.recall(&self.edn.cursor.bytes[start..]) {
            self.edn.cursor.at += length - 1;
            return Ok(id);
        }
        let is_keyword = self.edn.cursor.peek() == Some(b':');
        let id = name(self.edn.form(values, 1)?, values);
        // What ends a keyword belongs to it, so that no longer one is taken for it.
        if is_keyword && let Some(text) = self.edn.cursor.bytes.get(start..=self.edn.cursor.at) {
            self.functions.note(text, id);
        }
        Ok(id)
    }

    #[inline]
    fn process(&mut self, values: &mut Values) -> Result<ValueId, Fault> {
        let start = self.edn.cursor.at;
        let number = self.edn.cursor.small_integer().and_then(ValueId::small);
        if let Some(number) = number.filter(|_| self.edn.cursor.peek().is_some_and(is_delimiter)) {
            return Ok(number);
        }
        self.edn.cursor.at = start;
        Ok(process(self.edn.form(values, 1)?, values))
    }

    /// Reads the key of a field: mostly a keyword, but any form can be one.
    #[inline]
    fn field_name(&mut self, values: &mut Values, place: usize) -> Result<(Option<Field>, ValueId), Fault> {
        let start = self.edn.cursor.at;
        if let Some((field, length)) = self.habits.recall(place, &self.edn.cursor.bytes[start..]) {
            self.edn.cursor.at += length;
            return Ok((Some(field), ValueId::NIL));
        }
        if self.edn.cursor.peek() == Some(b':') {
            self.edn.cursor.at += 1;
            let name = self.edn.token();
            return match Field::of(name) {
                Some(field) => {
                    if self.edn.cursor.peek() == Some(b' ') {
                        self.habits.note(place, &self.edn.cursor.bytes[start..=self.edn.cursor.at], field);
                    }
                    Ok((Some(field), ValueId::NIL))
                }
                None if name.is_empty() => self.edn.cursor.expected_at(start, "a keyword"),
                None => Ok((None, values.leaf(Leaf::Text(TextKind::Keyword, name)))),
            };
        }
        let id = self.edn.form(values, 1)?;
        Ok((values.get(id).name().and_then(|name| Field::of(name.as_bytes())), id))
    }

    fn keep(&mut self, name: ValueId, start: usize, columns: &mut Columns) -> Result<(), Fault> {
        let text = &self.edn.cursor.bytes[start..self.edn.cursor.at];
        if !columns.push_extra(name, text) {
            return self.edn.cursor.expected_at(start, "a field of less than 4 GiB");
        }
        Ok(())
    }

    fn index(&mut self, values: &mut Values) -> Result<u64, Fault> {
        let start = self.edn.cursor.at;
        match self.integer(values, "`:index` to be an integer from 0")? {
            None => Ok(u64::MAX),
            Some(index) => match u64::try_from(index) {
                Ok(index) => Ok(index),
                Err(_) => self.edn.cursor.expected_at(start, "`:index` to be an integer from 0"),
            },
        }
    }

    #[inline]
    fn integer(&mut self, values: &mut Values, expected: &str) -> Result<Option<i64>, Fault> {
        let start = self.edn.cursor.at;
        let small = self.edn.cursor.small_integer();
        if small.is_some() && self.edn.cursor.peek().is_some_and(is_delimiter) {
            return Ok(small);
        }
        self.edn.cursor.at = start;
        let id = self.edn.form(values, 1)?;
        integer(id, values).map_or_else(|| self.edn.cursor.expected_at(start, expected), Ok)
    }

    #[inline]
    pub(super) fn event_type(&mut self) -> Result<EventType, Fault> {
        let start = self.edn.cursor.at;
        let rest = &self.edn.cursor.bytes[start..];
        if rest.starts_with(b":invoke,") {
            self.edn.cursor.at += 7;
            return Ok(EventType::Invoke);
        }
        if rest.starts_with(b":ok,") {
            self.edn.cursor.at += 3;
            return Ok(EventType::Ok);
        }
        let quoted = self.edn.cursor.eat(b'"');
        self.edn.cursor.eat(b':');
        let kind = EventType::of(self.edn.token());
        let is_closed = !quoted || self.edn.cursor.eat(b'"');
        kind.filter(|_| is_closed)
            .map_or_else(|| self.edn.cursor.expected_at(start, "`:type` to be :invoke, :ok, :fail or :info"), Ok)
    }
}

impl<'a> Events<'a> for EdnEvents<'a> {
    fn cursor(&self) -> &Cursor<'a> {
        &self.edn.cursor
    }

    #[inline]
    fn advance(&mut self) -> Result<Next, Fault> {
        self.edn.blanks()?;
        match (self.edn.cursor.peek(), self.close) {
            (None, None) => Ok(Next::End),
            (None, Some(close)) => {
                self.edn.cursor.expected(&format!("an event or `{}`, which closes the history", char::from(close)))
            }
            (Some(byte), Some(close)) if byte == close => {
                self.edn.cursor.at += 1;
                Ok(Next::End)
            }
            _ => Ok(Next::Event),
        }
    }

    fn event(&mut self, columns: &mut Columns) -> Result<(), Fault> {
        let mut draft = Draft::new(&self.edn.cursor);
        if self.edn.cursor.peek() != Some(b'{') {
            self.preamble()?;
        }
        self.edn.cursor.at += 1;
        loop {
            self.edn.blanks()?;
            match self.edn.cursor.peek() {
                Some(b'}') => break,
                None | Some(b')' | b']') => return self.edn.cursor.expected("a field or the `}` of an event"),
                _ => self.field(columns, &mut draft)?,
            }
        }
        self.edn.cursor.at += 1;
        draft.finish(&self.edn.cursor, columns)
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}
