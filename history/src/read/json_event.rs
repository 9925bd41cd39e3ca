//! Events in JSON: one object each, one after another or in one array.

use super::cursor::{Cursor, Fault};
use super::event::{Count, Draft, Events, Field, Next, Tally, integer, name, process, unless_nil};
use super::habit::{Habits, Words};
use super::json::Json;
use super::steps::{OfJson, Steps};
use crate::recording::{Columns, EventType, Language};
use crate::value::{Build, Leaf, Skip, TextKind, Value, ValueId, Values, decimal};

/// Reads events in JSON.
pub(super) struct JsonEvents<'a> {
    json: Json<'a>,
    habits: Habits,
    functions: Words,
    /// True inside one array that holds all events.
    in_array: bool,
    /// True if an event was read and nothing after it.
    after_event: bool,
    /// True if a comma was read and nothing after it.
    after_comma: bool,
    /// Some if values are transactions.
    steps: Option<Steps>,
    tally: Tally,
}

impl<'a> JsonEvents<'a> {
    /// Begins at an event, or at the first blank before it.
    pub(super) fn new(cursor: Cursor<'a>, in_array: bool, steps: Option<Steps>) -> Self {
        let tally = Tally { repeated_fields: Count::default(), other_lines: Count::default() };
        JsonEvents {
            json: Json::new(cursor),
            habits: Habits::new(),
            functions: Words::default(),
            in_array,
            after_event: false,
            after_comma: false,
            steps,
            tally,
        }
    }

    fn advance_in_array(&mut self) -> Result<Next, Fault> {
        if self.after_event && self.json.cursor.eat(b',') {
            self.after_comma = true;
            self.after_event = false;
            self.json.blanks();
        }
        match self.json.cursor.peek() {
            Some(b']') if !self.after_comma => {
                self.json.cursor.at += 1;
                Ok(Next::End)
            }
            Some(_) if !self.after_event => {
                self.after_comma = false;
                Ok(Next::Event)
            }
            _ => self.json.cursor.expected("`,` or `]` after an event"),
        }
    }

    #[inline]
    fn field_name(&mut self, values: &mut Values, place: usize) -> Result<(Option<Field>, ValueId), Fault> {
        let start = self.json.cursor.at;
        if let Some((field, length)) = self.habits.recall(place, &self.json.cursor.bytes[start..]) {
            self.json.cursor.at += length;
            self.json.blanks();
            return Ok((Some(field), ValueId::NIL));
        }
        let found = self.json.field(|name| match Field::of(name) {
            Some(field) => (Some(field), ValueId::NIL),
            None => extra_name(name, values),
        })?;
        let text = self.json.cursor.bytes[start..self.json.cursor.at].trim_ascii_end();
        if let Some(field) = found.0.filter(|_| text.ends_with(b"\":")) {
            self.habits.note(place, text, field);
        }
        Ok(found)
    }

    fn field(&mut self, columns: &mut Columns, draft: &mut Draft) -> Result<(), Fault> {
        let (field, extra) = self.field_name(&mut columns.values, draft.place)?;
        let Some(field) = field else {
            let start = self.json.cursor.at;
            self.json.value(&mut Skip, |_, _| (), 1)?;
            return self.keep(extra, start, columns);
        };
        draft.see(field, &mut self.tally);
        let (values, row) = (&mut columns.values, &mut draft.row);
        match field {
            Field::Index => row.index = self.index(values)?,
            Field::Time => row.time = self.integer(values, "`time` to be an integer of nanoseconds")?.unwrap_or(-1),
            Field::Type => row.kind = Some(self.event_type()?),
            Field::F => row.f = self.function(values)?,
            Field::Value => row.value = self.value(values)?,
            Field::Process => row.process = self.process(values)?,
            Field::Key => row.key = unless_nil(self.json.value(values, name_keys, 1)?),
            Field::Node => row.node = unless_nil(self.json.value(values, name_keys, 1)?),
            Field::Error => row.error = unless_nil(self.json.value(values, name_keys, 1)?),
        }
        Ok(())
    }

    #[inline]
    fn value(&mut self, values: &mut Values) -> Result<ValueId, Fault> {
        if let Some(steps) = &mut self.steps
            && let Some(transaction) = steps.read::<OfJson>(&mut self.json.cursor, values)
        {
            return Ok(transaction);
        }
        self.json.operation(values, name_keys)
    }

    fn keep(&mut self, name: ValueId, start: usize, columns: &mut Columns) -> Result<(), Fault> {
        let text = &self.json.cursor.bytes[start..self.json.cursor.at];
        if !columns.push_extra(name, text) {
            return self.json.cursor.expected_at(start, "a field of less than 4 GiB");
        }
        Ok(())
    }

    fn index(&mut self, values: &mut Values) -> Result<u64, Fault> {
        let start = self.json.cursor.at;
        match self.integer(values, "`index` to be an integer from 0")? {
            None => Ok(u64::MAX),
            Some(index) => match u64::try_from(index) {
                Ok(index) => Ok(index),
                Err(_) => self.json.cursor.expected_at(start, "`index` to be an integer from 0"),
            },
        }
    }

    #[inline]
    fn integer(&mut self, values: &mut Values, expected: &str) -> Result<Option<i64>, Fault> {
        let start = self.json.cursor.at;
        let small = self.json.cursor.small_integer();
        if small.is_some() && matches!(self.json.cursor.peek(), Some(b',' | b'}' | b' ')) {
            return Ok(small);
        }
        self.json.cursor.at = start;
        let id = self.json.value(values, name_keys, 1)?;
        integer(id, values).map_or_else(|| self.json.cursor.expected_at(start, expected), Ok)
    }

    #[inline]
    fn process(&mut self, values: &mut Values) -> Result<ValueId, Fault> {
        let start = self.json.cursor.at;
        let number = self.json.cursor.small_integer().and_then(ValueId::small);
        if let Some(number) = number.filter(|_| matches!(self.json.cursor.peek(), Some(b',' | b'}' | b' '))) {
            return Ok(number);
        }
        self.json.cursor.at = start;
        Ok(process(self.json.value(values, name_keys, 1)?, values))
    }

    #[inline]
    fn event_type(&mut self) -> Result<EventType, Fault> {
        let start = self.json.cursor.at;
        let rest = &self.json.cursor.bytes[start..];
        if rest.starts_with(b"\"invoke\"") {
            self.json.cursor.at += 8;
            return Ok(EventType::Invoke);
        }
        if rest.starts_with(b"\"ok\"") {
            self.json.cursor.at += 4;
            return Ok(EventType::Ok);
        }
        let kind = match self.json.cursor.peek() {
            Some(b'"') => self.json.text(|word| EventType::of(word.strip_prefix(b":").unwrap_or(word)))?,
            _ => None,
        };
        kind.map_or_else(|| self.json.cursor.expected_at(start, "`type` to be invoke, ok, fail or info"), Ok)
    }

    #[inline]
    fn function(&mut self, values: &mut Values) -> Result<ValueId, Fault> {
        let start = self.json.cursor.at;
        if let Some((id, length)) = self.functions.recall(&self.json.cursor.bytes[start..]) {
            self.json.cursor.at += length;
            return Ok(id);
        }
        if self.json.cursor.peek() == Some(b'"') && self.json.cursor.peek_after(1) != Some(b':') {
            let id = self.json.string(values, TextKind::Keyword)?;
            self.functions.note(&self.json.cursor.bytes[start..self.json.cursor.at], id);
            return Ok(id);
        }
        Ok(name(self.json.value(values, name_keys, 1)?, values))
    }
}

impl<'a> Events<'a> for JsonEvents<'a> {
    fn cursor(&self) -> &Cursor<'a> {
        &self.json.cursor
    }

    #[inline]
    fn advance(&mut self) -> Result<Next, Fault> {
        self.json.blanks();
        if self.in_array {
            return self.advance_in_array();
        }
        Ok(if self.json.cursor.peek().is_some() { Next::Event } else { Next::End })
    }

    fn event(&mut self, columns: &mut Columns) -> Result<(), Fault> {
        let mut draft = Draft::new(&self.json.cursor);
        if !self.json.cursor.eat(b'{') {
            return self.json.cursor.expected("an event as a JSON object");
        }
        self.json.blanks();
        if !self.json.cursor.eat(b'}') {
            loop {
                self.field(columns, &mut draft)?;
                self.json.blanks();
                match self.json.cursor.peek() {
                    Some(b',') => self.json.cursor.at += 1,
                    Some(b'}') => break,
                    _ => return self.json.cursor.expected("`,` or `}` after a field"),
                }
                self.json.blanks();
            }
            self.json.cursor.at += 1;
        }
        self.after_event = true;
        draft.finish(&self.json.cursor, columns)
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}

/// The name of a field without a column: a keyword, or any value as EDN, which may name a column after all.
fn extra_name(name: &[u8], values: &mut Values) -> (Option<Field>, ValueId) {
    let edn = name.strip_prefix(b"#edn ").and_then(|text| std::str::from_utf8(text).ok());
    let parsed = edn.and_then(|text| super::parse_value(text, Language::Edn, values).ok());
    match parsed {
        Some(id) => (values.get(id).name().and_then(|name| Field::of(name.as_bytes())), id),
        None => (None, values.leaf(Leaf::Text(TextKind::Keyword, name))),
    }
}

/// Keys of an object are integers if all of them can be, and else the keywords that they were read as.
pub(super) fn name_keys(values: &mut Values, mark: usize) {
    let keys: Vec<ValueId> = values.open_parts(mark).iter().step_by(2).copied().collect();
    let integer = |key: &ValueId| match values.get(*key) {
        Value::Keyword(name) => decimal(name.as_bytes()),
        _ => None,
    };
    let Some(integers) = keys.iter().map(integer).collect::<Option<Vec<i64>>>() else { return };
    for (position, key) in integers.into_iter().enumerate() {
        let id = values.integer(key);
        values.open_parts(mark)[position * 2] = id;
    }
}
