//! Files and texts into recordings.

mod chunk;
mod console;
mod cursor;
mod edn;
mod edn_event;
mod event;
mod habit;
mod json;
mod json_event;
mod number;
mod source;
mod steps;

use crate::HistoryError;
use crate::format::Format;
use crate::recording::columns::{NO_INDEX, NO_TIME};
use crate::recording::note::Notes;
use crate::recording::{Columns, Language, Leniency, Recording};
use crate::value::{Build, ValueId, Values};
use cursor::{Cursor, Fault};
use std::path::{Path, PathBuf};

/// What stands before an event on Jepsen's console.
pub(crate) const CONSOLE_PREFIX: &[u8] = console::PREFIX;

/// How a file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// None: found by what the file begins with.
    pub format: Option<Format>,
    /// True: the values of clients are `[k v]` with independent keys; see [`Recording::unwrap_tuples`].
    pub independent: bool,
    /// Bytes that one thread parses at a time. None: the text is shared out evenly among the threads of rayon's pool,
    /// at least 1 MiB each. What is read does not depend on it.
    pub chunk: Option<usize>,
    /// Some: the values of clients are transactions, which are then kept as they stand, with their steps and the lists
    /// that they read, each as often as it is there. That takes a third of the time. What is equal has different names
    /// then, and is the same by [`Values::same`] only; keys and elements still have one name each. It is a hint: what
    /// is no transaction is read like any other value. Tuples, as of `independent`, are no transactions.
    pub transactions: Option<TransactionsOf>,
}

/// What transactions are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionsOf {
    /// Lists: `:r` and `:read` find a list.
    Lists,
    /// Anything else.
    Registers,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It could not be opened or mapped.
    #[error("cannot read the history {}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is no history.
    #[error("{}:{}:{}: expected {}", path.display(), error.line, error.column, error.expected)]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where, and what was expected.
        error: HistoryError,
    },
}

/// Reads a file of any format, or the `history.jsonl` of the directory of a run.
///
/// # Errors
/// If the file cannot be opened, or at the first thing in it that is no history.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Recording, ReadError> {
    let path = if path.is_dir() { path.join("history.jsonl") } else { path.to_owned() };
    let source = match source::Source::open(&path) {
        Ok(source) => source,
        Err(error) => return Err(ReadError::File { path, error }),
    };
    read_bytes(&source, options).map_err(|error| ReadError::Malformed { path, error })
}

/// Reads a text that is in memory.
///
/// # Errors
/// The first thing in it that is no history.
pub fn read_bytes(bytes: &[u8], options: &ReadOptions) -> Result<Recording, HistoryError> {
    /// Less is not worth a thread.
    const LEAST: usize = 1 << 20;
    if let Some(what) = crate::format::packed(bytes) {
        return Err(HistoryError { line: 1, column: 1, expected: format!("a history as text in UTF-8, not {what}") });
    }
    let format = options.format.unwrap_or_else(|| Format::sniff(bytes));
    let chunk = options.chunk.unwrap_or_else(|| (bytes.len() / rayon::current_num_threads() + 1).max(LEAST));
    let transactions = options.transactions.filter(|_| !options.independent);
    let whole = chunk::parse(bytes, format, chunk, transactions).map_err(|fault| fault.locate(bytes))?;
    if whole.columns.values.is_full() {
        let expected = "fewer than 1073741824 different values in one file".to_owned();
        return Err(HistoryError { line: 1, column: 1, expected });
    }
    let mut recording = finish(whole, format);
    if options.independent {
        recording.unwrap_tuples();
    }
    Ok(recording)
}

/// Parses the text of one value.
pub(crate) fn parse_value(text: &str, language: Language, values: &mut Values) -> Result<ValueId, HistoryError> {
    let mark = values.mark();
    let parsed = parse_value_at(text, language, values);
    parsed.map_err(|fault| {
        values.abandon(mark);
        fault.locate(text.as_bytes())
    })
}

fn parse_value_at(text: &str, language: Language, values: &mut Values) -> Result<ValueId, Fault> {
    let cursor = Cursor::new(text.as_bytes(), 0);
    let (id, rest) = match language {
        Language::Edn => {
            let mut edn = edn::Edn::new(cursor);
            edn.blanks()?;
            let id = edn.form(values, 1)?;
            edn.blanks()?;
            (id, edn.cursor)
        }
        Language::Json => {
            let mut json = json::Json::new(cursor);
            json.blanks();
            let id = json.value(values, json_event::name_keys, 1)?;
            json.blanks();
            (id, json.cursor)
        }
    };
    if rest.peek().is_some() { rest.expected("one value") } else { Ok(id) }
}

/// Settles the indices, and counts what is missing.
fn finish(whole: chunk::Whole, format: Format) -> Recording {
    let (mut columns, tally) = (whole.columns, whole.tally);
    let mut notes = Notes::default();
    let line = |line: u32| u64::from(line) + 1;
    if whole.torn {
        notes.add(Leniency::TornLine, line(whole.torn_line));
    }
    for (leniency, count) in
        [(Leniency::OtherLine, tally.other_lines), (Leniency::RepeatedField, tally.repeated_fields)]
    {
        if count.count > 0 {
            notes.add_many(leniency, count.count, line(count.first_line));
        }
    }
    count_missing(&columns, &mut notes);
    settle_indices(&mut columns, &mut notes);
    Recording { columns, notes: notes.finish(), format, torn: whole.torn }
}

fn count_missing(columns: &Columns, notes: &mut Notes) {
    let is_absent = |id: &ValueId| *id == ValueId::ABSENT;
    let is_named = |process: &ValueId| {
        let is_client = process.as_small().is_some() || is_absent(process);
        !is_client && columns.values.get(*process).integer().is_none()
    };
    let missing = [
        (Leniency::NoTime, missing(&columns.time, |time| *time == NO_TIME)),
        (Leniency::NoProcess, missing(&columns.process, is_absent)),
        (Leniency::NoFunction, missing(&columns.f, is_absent)),
        (Leniency::NamedProcess, missing(&columns.process, is_named)),
    ];
    for (leniency, (count, first)) in missing {
        if let Some(first) = first {
            notes.add_many(leniency, count, u64::from(columns.line[first]) + 1);
        }
    }
}

/// How many entries lack something, and the first of them.
fn missing<T>(column: &[T], is_missing: impl Fn(&T) -> bool) -> (u64, Option<usize>) {
    let count = column.iter().filter(|entry| is_missing(entry)).count() as u64;
    (count, if count == 0 { None } else { column.iter().position(is_missing) })
}

/// Ascending indices are kept; otherwise, and if one is missing, all are counted from 0.
fn settle_indices(columns: &mut Columns, notes: &mut Notes) {
    let (mut last, mut count_anew) = (None, false);
    let mut gaps = Notes::default();
    for (index, own) in columns.index.iter().zip(&columns.line) {
        let line = u64::from(*own) + 1;
        if *index == NO_INDEX {
            notes.add(Leniency::NoIndex, line);
            count_anew = true;
            continue;
        }
        match last {
            Some(last) if *index <= last => {
                notes.add(Leniency::Reindexed, line);
                count_anew = true;
            }
            Some(last) if *index > last + 1 => gaps.add(Leniency::SparseIndex, line),
            None if *index > 0 => gaps.add(Leniency::SparseIndex, line),
            _ => {}
        }
        last = Some(*index);
    }
    if count_anew {
        // No gap is left.
        columns.index = (0..columns.len() as u64).collect();
        return;
    }
    gaps.finish().into_iter().for_each(|gap| notes.add_many(gap.leniency, gap.count, gap.first_line));
}
