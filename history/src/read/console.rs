//! Events as Jepsen prints them: `history.txt`, and the lines of its console.
//!
//! `0<tab>:invoke<tab>:read<tab>nil`, then perhaps an error. On the console a prefix that ends with `jepsen.util` stands
//! before it, and other lines stand between.

use super::cursor::{Cursor, Fault};
use super::edn::Edn;
use super::event::{Draft, Events, Next, Tally, name, process, unless_nil};
use crate::recording::{Columns, EventType};
use crate::value::{Build, Leaf, TextKind, ValueId, Values};

/// What stands before an event on the console.
pub(super) const PREFIX: &[u8] = b"jepsen.util";

/// Reads lines.
pub(super) struct LineEvents<'a> {
    cursor: Cursor<'a>,
    /// True if lines that are no events are expected between the others.
    is_console: bool,
    tally: Tally,
}

impl<'a> LineEvents<'a> {
    /// Begins at the start of a line.
    pub(super) fn new(cursor: Cursor<'a>, is_console: bool) -> Self {
        LineEvents { cursor, is_console, tally: Tally::default() }
    }

    /// Where the event on this line begins.
    fn payload(&self) -> Option<usize> {
        let line = self.line();
        if !self.is_console {
            return (!line.trim_ascii().is_empty()).then_some(self.cursor.at);
        }
        let prefix = line.windows(PREFIX.len()).position(|window| window == PREFIX)?;
        let after = &line[prefix + PREFIX.len()..];
        let blanks = after.iter().position(|byte| !matches!(byte, b' ' | b'-' | b'\t'))?;
        // `jepsen.util - :nemesis` and `jepsen.util: 3`.
        let colon = usize::from(blanks == 0 && after[0] == b':');
        let more = after[blanks + colon..].iter().take_while(|byte| **byte == b' ').count();
        let start = prefix + PREFIX.len() + blanks + colon + more;
        is_event(&line[start..]).then_some(self.cursor.at + start)
    }

    /// The present line without its end.
    fn line(&self) -> &'a [u8] {
        let bytes: &'a [u8] = self.cursor.bytes;
        let rest = &bytes[self.cursor.at..];
        &rest[..rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())]
    }

    fn next_line(&mut self) {
        self.cursor.at += self.line().len();
        if self.cursor.eat(b'\n') {
            self.cursor.line_ended();
        }
    }

    fn parse(&self, line: &[u8], from: usize, columns: &mut Columns) -> Result<(), Fault> {
        let mut draft = Draft::new(&self.cursor);
        // The parser sees the whole text up to the end of this line, so that places in it are places in the file.
        let end = self.cursor.at + line.len();
        let mut edn = Edn::new(Cursor { bytes: &self.cursor.bytes[..end], at: from, line: 0, line_start: 0 });
        let (values, row) = (&mut columns.values, &mut draft.row);
        row.process = process(field(&mut edn, "a process", values)?, values);
        row.kind = Some(event_type(&mut edn)?);
        row.f = name(field(&mut edn, "a function", values)?, values);
        row.value = field(&mut edn, "a value", values)?;
        let rest = self.cursor.bytes[edn.cursor.at..end].trim_ascii();
        if !rest.is_empty() {
            row.error = unless_nil(error(rest, values));
        }
        draft.finish(&self.cursor, columns)
    }
}

/// True of lines whose second field is the type of an event.
fn is_event(line: &[u8]) -> bool {
    let mut fields = line.split(|byte| *byte == b'\t').filter(|field| !field.is_empty());
    let kind = fields.nth(1).map(<[u8]>::trim_ascii).and_then(|word| word.strip_prefix(b":"));
    kind.is_some_and(|word| EventType::of(word).is_some())
}

fn field(edn: &mut Edn<'_>, expected: &str, values: &mut Values) -> Result<ValueId, Fault> {
    edn.blanks()?;
    if edn.cursor.peek().is_none() {
        return edn.cursor.expected(&format!("{expected} before the end of the line"));
    }
    edn.form(values, 1)
}

fn event_type(edn: &mut Edn<'_>) -> Result<EventType, Fault> {
    edn.blanks()?;
    let start = edn.cursor.at;
    edn.cursor.eat(b':');
    let kind = EventType::of(edn.token());
    kind.map_or_else(|| edn.cursor.expected_at(start, ":invoke, :ok, :fail or :info"), Ok)
}

/// An error is printed as it is: EDN if all of it can be read so, and text if not.
fn error(text: &[u8], values: &mut Values) -> ValueId {
    let mut edn = Edn::new(Cursor::new(text, 0));
    let mark = values.mark();
    match edn.form(values, 1) {
        Ok(id) if edn.cursor.at == text.len() => id,
        _ => {
            values.abandon(mark);
            values.leaf(Leaf::Text(TextKind::String, text))
        }
    }
}

impl<'a> Events<'a> for LineEvents<'a> {
    fn cursor(&self) -> &Cursor<'a> {
        &self.cursor
    }

    fn advance(&mut self) -> Result<Next, Fault> {
        while self.cursor.peek().is_some() {
            if self.payload().is_some() {
                return Ok(Next::Event);
            }
            if !self.line().trim_ascii().is_empty() {
                self.tally.other_lines.add(self.cursor.line);
            }
            self.next_line();
        }
        Ok(Next::End)
    }

    fn event(&mut self, columns: &mut Columns) -> Result<(), Fault> {
        let from = self.payload().unwrap_or(self.cursor.at);
        let line = self.line();
        self.parse(line, from, columns).map_err(|fault| Fault {
            expected: fault.expected.replace("the end of the file", "the end of the line"),
            ..fault
        })?;
        self.next_line();
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}
