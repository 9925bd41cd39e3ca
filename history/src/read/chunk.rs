//! A text in chunks that are parsed in parallel and joined as if it had been parsed in one go.
//!
//! Where a chunk begins is a guess: a brace after a closing one. It was right if the chunk before it ends exactly
//! there; if not, as inside a string, what was guessed is thrown away and parsed again from where the chunk before it
//! ended. So the result never depends on the chunks, only the time does.

use super::console::LineEvents;
use super::cursor::{Cursor, Fault};
use super::edn::Edn;
use super::edn_event::EdnEvents;
use super::event::{Count, Events, Next, Tally};
use super::json::Json;
use super::json_event::JsonEvents;
use super::steps::Steps;
use crate::format::Format;
use crate::read::TransactionsOf;
use crate::recording::{Columns, Language};
use crate::value::{Lane, Values};
use rayon::prelude::*;

/// What one chunk holds.
struct Parsed {
    columns: Columns,
    start: usize,
    /// Events that begin here or later are of the next chunk.
    until: usize,
    /// Where the next event begins, or the rest of the text.
    end: usize,
    /// Lines that ended between start and end.
    lines: u32,
    /// True if nothing more can follow.
    is_over: bool,
    torn: bool,
    fault: Option<Fault>,
    tally: Tally,
    lane: Lane,
}

/// The whole text.
pub(super) struct Whole {
    pub(super) columns: Columns,
    pub(super) tally: Tally,
    pub(super) torn: bool,
    /// Where the torn line begins, counted from 0.
    pub(super) torn_line: u32,
}

/// What the steps of transactions are mostly called.
const STEPS: [&str; 5] = ["r", "append", "w", "read", "write"];

/// A text, and how its events are enclosed.
struct Text<'a> {
    bytes: &'a [u8],
    format: Format,
    /// What closes the collection that holds all events.
    close: Option<u8>,
    transactions: Option<TransactionsOf>,
}

/// A part of a text that one thread parses.
struct Span {
    from: usize,
    until: usize,
    lane: Lane,
}

/// Parses a text in chunks of about that many bytes.
pub(super) fn parse(
    bytes: &[u8],
    format: Format,
    chunk: usize,
    transactions: Option<TransactionsOf>,
) -> Result<Whole, Fault> {
    let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let bytes = checked(bytes, format, chunk.max(1))?;
    let text = Text { bytes, format, close: None, transactions };
    let (close, start) = text.opening(start)?;
    let text = Text { close, ..text };
    let starts = text.starts(start, chunk.max(1));
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    let lane = |number| Lane { number, of: starts.len() };
    let spans = starts.iter().copied().zip(ends).enumerate();
    let spans: Vec<Span> = spans.map(|(number, (from, until))| Span { from, until, lane: lane(number) }).collect();
    let mut parsed: Vec<Parsed> = spans.par_iter().map(|span| text.parse(span)).collect();
    let rest = parsed.split_off(1);
    let Some(first) = parsed.pop() else { return Err(Fault { at: 0, expected: "a text".to_owned() }) };
    text.join(first, rest)
}

impl Text<'_> {
    /// Finds what closes the collection that holds all events, and where its first event may begin.
    fn opening(&self, start: usize) -> Result<(Option<u8>, usize), Fault> {
        let cursor = Cursor::new(self.bytes, start);
        let found = match self.format {
            Format::Edn => {
                let mut edn = Edn::new(cursor);
                edn.blanks()?;
                if crate::format::is_nil(&self.bytes[edn.cursor.at..]) {
                    return Ok((None, self.bytes.len()));
                }
                edn.cursor
            }
            Format::Json => {
                let mut json = Json::new(cursor);
                json.blanks();
                if json.cursor.peek() != Some(b'[') {
                    return json.cursor.expected("an array of events");
                }
                json.cursor
            }
            Format::JsonLines | Format::Text | Format::Console => return Ok((None, start)),
        };
        Ok(match found.peek() {
            Some(b'[') => (Some(b']'), found.at + 1),
            Some(b'(') => (Some(b')'), found.at + 1),
            _ => (None, start),
        })
    }

    /// Where chunks begin, the first at `start`.
    fn starts(&self, start: usize, chunk: usize) -> Vec<usize> {
        let mut starts = vec![start];
        let mut near = start.saturating_add(chunk);
        while near < self.bytes.len() {
            let Some(next) = self.start_after(near) else { break };
            starts.push(next);
            near = next.saturating_add(chunk);
        }
        starts
    }

    /// A place after `near` where an event seems to begin: on a line of its own, or else anywhere.
    fn start_after(&self, near: usize) -> Option<usize> {
        /// Longer lines are not looked through for a better place.
        const FAR: usize = 1 << 20;
        let window = &self.bytes[near..self.bytes.len().min(near + FAR)];
        if matches!(self.format, Format::Text | Format::Console) {
            return window.iter().position(|byte| *byte == b'\n').map(|newline| near + newline + 1);
        }
        let after_line = between_braces(window, true);
        after_line.or_else(|| between_braces(window, false)).map(|at| near + at)
    }

    /// Parses events that begin before `until`.
    fn parse(&self, span: &Span) -> Parsed {
        let cursor = Cursor::new(self.bytes, span.from);
        let steps = self.transactions.map(Steps::new);
        match self.format {
            Format::JsonLines => self.run(JsonEvents::new(cursor, false, steps), span),
            Format::Json => self.run(JsonEvents::new(cursor, true, steps), span),
            Format::Edn => self.run(EdnEvents::new(cursor, self.close, steps), span),
            Format::Text => self.run(LineEvents::new(cursor, false), span),
            Format::Console => self.run(LineEvents::new(cursor, true), span),
        }
    }

    fn run<'a>(&self, mut events: impl Events<'a>, span: &Span) -> Parsed {
        let Span { from, until, lane } = *span;
        let language = match self.format {
            Format::JsonLines | Format::Json => Language::Json,
            Format::Edn | Format::Text | Format::Console => Language::Edn,
        };
        let mut values = Values::on(lane);
        if self.transactions.is_some() {
            // Chunks that call these the same are joined without a look at their transactions.
            for step in STEPS {
                values.keyword(step);
            }
        }
        let mut columns = Columns::new(language, values);
        // Lines of real histories are longer; what is too much is given back.
        columns.reserve(until.saturating_sub(from) / 64);
        let (mut is_over, mut fault) = (false, None);
        loop {
            match step(&mut events, until, &mut columns) {
                Ok(Step::Event) => {}
                Ok(Step::Boundary) => break,
                Ok(Step::End) => {
                    is_over = self.close.is_some();
                    break;
                }
                Err(found) => {
                    fault = Some(found);
                    break;
                }
            }
        }
        columns.values.abandon(0);
        let cursor = events.cursor();
        let torn = fault.as_ref().is_some_and(|fault| self.is_torn(cursor, fault));
        fault = fault.filter(|_| !torn);
        let end = if torn { self.bytes.len() } else { cursor.at };
        Parsed {
            start: from,
            until,
            end,
            lines: cursor.line,
            is_over,
            torn,
            fault,
            tally: events.tally(),
            columns,
            lane,
        }
    }

    /// True if what is wrong is on a last line that does not end, in a format of lines; an object that ends is whole.
    fn is_torn(&self, cursor: &Cursor<'_>, fault: &Fault) -> bool {
        let rest = self.bytes.get(cursor.line_start..).unwrap_or_default();
        let after = self.bytes.get(fault.at..).unwrap_or_default();
        match self.format {
            Format::JsonLines => !rest.contains(&b'\n') && !after.contains(&b'}'),
            Format::Text | Format::Console => !rest.contains(&b'\n'),
            Format::Json | Format::Edn => false,
        }
    }

    /// Joins chunks in their order; those that began at a wrong place are parsed again.
    fn join(&self, first: Parsed, rest: Vec<Parsed>) -> Result<Whole, Fault> {
        let mut line = 0;
        let mut whole = first;
        for mut next in rest {
            if whole.fault.is_some() || whole.is_over || whole.torn {
                break;
            }
            line += whole.lines;
            if whole.end != next.start {
                next = self.parse(&Span { from: whole.end, until: next.until, lane: next.lane });
            }
            whole.columns.append(next.columns, line);
            whole.tally = add(whole.tally, next.tally, line);
            (whole.end, whole.lines, whole.is_over) = (next.end, next.lines, next.is_over);
            (whole.torn, whole.fault) = (next.torn, next.fault);
        }
        if let Some(fault) = whole.fault {
            return Err(fault);
        }
        if whole.torn && whole.columns.len() == 0 && matches!(self.format, Format::Text | Format::Console) {
            // A torn line is left out because of the whole ones before it.
            return Err(Fault { at: 0, expected: "an event, or a line that ends".to_owned() });
        }
        if whole.is_over {
            self.expect_nothing(whole.end)?;
        }
        Ok(Whole { columns: whole.columns, tally: whole.tally, torn: whole.torn, torn_line: line + whole.lines })
    }

    /// Looks for something after the collection that held all events.
    fn expect_nothing(&self, from: usize) -> Result<(), Fault> {
        let mut edn = Edn::new(Cursor::new(self.bytes, from));
        match self.format {
            Format::Edn => edn.blanks()?,
            _ => {
                let mut json = Json::new(edn.cursor.clone());
                json.blanks();
                edn.cursor = json.cursor;
            }
        }
        match edn.cursor.peek() {
            None => Ok(()),
            Some(_) => edn.cursor.expected("nothing after the collection of all events"),
        }
    }
}

/// Looks for what is no UTF-8. A last line that is torn within a character ends before it.
fn checked(bytes: &[u8], format: Format, chunk: usize) -> Result<&[u8], Fault> {
    let is_boundary = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    let ends: Vec<usize> =
        (0..=bytes.len()).step_by(chunk).skip(1).map(|at| (at..at + 4).find(is_boundary).unwrap_or(at)).collect();
    let starts: Vec<usize> = [0].into_iter().chain(ends.iter().copied()).collect();
    let ends = ends.into_iter().chain([bytes.len()]);
    let spans: Vec<(usize, usize)> = starts.into_iter().zip(ends).filter(|(start, end)| start < end).collect();
    if spans.par_iter().all(|&(start, end)| std::str::from_utf8(&bytes[start..end]).is_ok()) {
        return Ok(bytes);
    }
    // What is wrong at a boundary depends on both sides of it.
    let Err(error) = std::str::from_utf8(bytes) else { return Ok(bytes) };
    let at = error.valid_up_to();
    if error.error_len().is_none() && !matches!(format, Format::Edn | Format::Json) {
        return Ok(&bytes[..at]);
    }
    Err(Fault { at, expected: format!("text in UTF-8, not the byte {}", bytes[at]) })
}

/// What one step through a chunk found.
enum Step {
    Event,
    /// The next event is of the next chunk.
    Boundary,
    End,
}

#[inline]
fn step<'a>(events: &mut impl Events<'a>, until: usize, columns: &mut Columns) -> Result<Step, Fault> {
    match events.advance()? {
        Next::End => Ok(Step::End),
        Next::Event if events.cursor().at >= until => Ok(Step::Boundary),
        Next::Event if columns.len() >= MOST_EVENTS => {
            events.cursor().expected(&format!("at most {MOST_EVENTS} events in one file"))
        }
        Next::Event => events.event(columns).map(|()| Step::Event),
    }
}

/// Rows are 32 bits, and one number means none.
const MOST_EVENTS: usize = u32::MAX as usize - 1;

/// A brace that opens after one that closes, with nothing but blanks between, or also a line end.
fn between_braces(window: &[u8], needs_line: bool) -> Option<usize> {
    let mut at = 0;
    loop {
        at += 1 + window[at..].iter().position(|byte| *byte == b'}')?;
        let blanks = window[at..].iter().take_while(|byte| crate::value::is_blank(**byte)).count();
        let between = &window[at..at + blanks];
        let begins = match window.get(at + blanks) {
            Some(b'{') => true,
            Some(b'#') => window.get(at + blanks + 1).is_some_and(u8::is_ascii_alphabetic),
            _ => false,
        };
        if begins && (!needs_line || between.contains(&b'\n')) {
            return Some(at + blanks);
        }
    }
}

fn add(sum: Tally, next: Tally, line: u32) -> Tally {
    let add = |sum: Count, next: Count| match (sum.count, next.count) {
        (_, 0) => sum,
        (0, _) => Count { count: next.count, first_line: next.first_line + line },
        _ => Count { count: sum.count + next.count, first_line: sum.first_line },
    };
    Tally {
        repeated_fields: add(sum.repeated_fields, next.repeated_fields),
        other_lines: add(sum.other_lines, next.other_lines),
    }
}
