//! A run of calls into columns; keys are numbered only when all runs are joined.

use super::words::{Vocabulary, Words, kind_of};
use crate::txn::Kind;
use history::{Call, CallOutcome, Calls, EdnText, Value, ValueId, Values};
use std::ops::Range;

/// The steps of a run of calls.
#[derive(Default)]
pub(super) struct Chunk {
    /// The step that each call begins with, counted from the first of the chunk.
    pub(super) first: Vec<u32>,
    pub(super) kinds: Vec<Kind>,
    pub(super) keys: Vec<ValueId>,
    pub(super) values: Vec<ValueId>,
    /// Lines of ok completions that do not repeat the steps of their invocation.
    pub(super) altered: Vec<u64>,
}

impl Chunk {
    /// Makes room for the steps that so many calls mostly have.
    fn reserve(&mut self, calls: usize) {
        let steps = 3 * calls;
        self.first.reserve(calls);
        self.kinds.reserve(steps);
        self.keys.reserve(steps);
        self.values.reserve(steps);
    }
}

/// Reads the values of calls as steps.
pub(super) struct Decoder<'c, 'a> {
    calls: &'c Calls<'a>,
    values: &'a Values,
    vocabulary: Vocabulary,
    words: Words,
    /// What the last transaction was called, so that most are never looked at as text.
    transaction: Option<ValueId>,
    chunk: Chunk,
}

/// What is to be read as steps.
#[derive(Clone, Copy)]
struct Source {
    value: ValueId,
    /// The event that it is of.
    event: u32,
    /// False: what was read is not known.
    has_results: bool,
}

impl<'c, 'a> Decoder<'c, 'a> {
    pub(super) fn new(calls: &'c Calls<'a>, vocabulary: Vocabulary) -> Self {
        let values = calls.recording().values();
        Decoder { calls, values, vocabulary, words: Words::default(), transaction: None, chunk: Chunk::default() }
    }

    pub(super) fn decode(mut self, range: Range<usize>) -> Result<Chunk, String> {
        self.chunk.reserve(range.len());
        for position in range {
            self.chunk.first.push(self.chunk.kinds.len() as u32);
            let call = self.calls.get(position);
            let source = self.source(&call);
            if Some(call.f) == self.transaction {
                self.transaction(source)?;
                self.compare(&call, source);
                continue;
            }
            match self.calls.function(position) {
                "" | "txn" => {
                    self.transaction = Some(call.f);
                    self.transaction(source)?;
                }
                "init" if self.vocabulary == Vocabulary::Predicate => self.init(source)?,
                name => match kind_of(name).filter(|kind| self.vocabulary.knows(*kind)) {
                    Some(kind) => self.single(kind, call.key, source)?,
                    None => return Err(self.complaint(source.event, "a transaction, :f :txn", call.f)),
                },
            }
            self.compare(&call, source);
        }
        Ok(self.chunk)
    }

    fn source(&self, call: &Call) -> Source {
        let invocation = Source { value: call.argument, event: call.invoked.unwrap_or(0), has_results: false };
        let Some(event) = call.completion else { return invocation };
        if call.outcome == CallOutcome::Ok {
            return Source { value: call.result, event, has_results: true };
        }
        let value = self.calls.recording().event(event).value;
        match self.values.get(value) {
            Value::Vector(_) | Value::Map(_) if !self.values.same(value, call.argument) => {
                Source { value, event, has_results: true }
            }
            _ if call.invoked.is_some() => invocation,
            _ => Source { value: ValueId::NIL, event, has_results: false },
        }
    }

    fn transaction(&mut self, source: Source) -> Result<(), String> {
        let steps = match self.values.get(source.value) {
            Value::Vector(steps) => steps,
            Value::Nil if !source.has_results => &[],
            _ => return Err(self.complaint(source.event, "the steps of a transaction in a vector", source.value)),
        };
        for step in steps {
            self.step(*step, source)?;
        }
        Ok(())
    }

    fn step(&mut self, step: ValueId, source: Source) -> Result<(), String> {
        let (word, key, value) = match self.values.get(step) {
            Value::Vector(&[word, key, value]) => (word, key, value),
            Value::Vector(&[word, key]) => (word, key, ValueId::NIL),
            _ => return Err(self.complaint(source.event, self.vocabulary.shape(), step)),
        };
        let kind = self.words.kind(word, self.values).filter(|kind| self.vocabulary.knows(*kind));
        let Some(kind) = kind else {
            return Err(self.complaint(source.event, self.vocabulary.shape(), step));
        };
        self.push(kind, key, value, source)
    }

    /// A call that is one step: its value is `[key value]`, or it has a key of its own.
    fn single(&mut self, kind: Kind, key: Option<ValueId>, source: Source) -> Result<(), String> {
        match (key, self.values.get(source.value)) {
            (Some(key), _) => self.push(kind, key, source.value, source),
            (None, Value::Vector(&[key, value])) => self.push(kind, key, value, source),
            _ => Err(self.complaint(source.event, "[key value]", source.value)),
        }
    }

    /// The objects that are there before everything else.
    fn init(&mut self, source: Source) -> Result<(), String> {
        let Some(entries) = self.values.get(source.value).entries(self.values) else {
            return Err(self.complaint(source.event, "the first objects in a map", source.value));
        };
        for (key, value) in entries {
            self.push(Kind::Init, key, value, source)?;
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind, key: ValueId, value: ValueId, source: Source) -> Result<(), String> {
        let read = match kind {
            Kind::Read | Kind::PredicateRead if !source.has_results => ValueId::NIL,
            Kind::Read if self.vocabulary == Vocabulary::Append => match self.values.get(value) {
                Value::Vector([]) => ValueId::NIL,
                Value::Vector(_) | Value::Nil => value,
                _ => return Err(self.complaint(source.event, "a list that was read", value)),
            },
            _ => value,
        };
        self.chunk.kinds.push(kind);
        self.chunk.keys.push(key);
        self.chunk.values.push(read);
        Ok(())
    }

    /// Notes it if an ok transaction did other things than it was asked for.
    fn compare(&mut self, call: &Call, source: Source) {
        if call.outcome != CallOutcome::Ok || call.invoked.is_none() || call.argument == call.result {
            return;
        }
        let (asked, done) = (self.values.get(call.argument), self.values.get(call.result));
        let (Value::Vector(asked), Value::Vector(done)) = (asked, done) else { return };
        let is_same =
            asked.len() == done.len() && asked.iter().zip(done).all(|(asked, done)| self.repeats(*asked, *done));
        if !is_same {
            self.chunk.altered.push(self.calls.recording().line(source.event));
        }
    }

    fn repeats(&mut self, asked: ValueId, done: ValueId) -> bool {
        match (self.values.get(asked), self.values.get(done)) {
            (Value::Vector(&[word, key, value]), Value::Vector(&[other, same, found]))
                if (word, key, value) == (other, same, found) =>
            {
                true
            }
            (Value::Vector(&[word, key, ..]), Value::Vector(&[other, same, ..])) if word == other && key == same => {
                let is_write = self.words.kind(word, self.values).is_none_or(Kind::is_write);
                !is_write || self.values.same(asked, done)
            }
            // Of a call that is one step.
            (_, _) => {
                asked == done
                    || self.values.same(asked, done)
                    || (self.words.kind(asked, self.values).is_none() && asked.is_nil())
            }
        }
    }

    fn complaint(&self, event: u32, expected: &str, found: ValueId) -> String {
        let mut text = EdnText { values: self.values, id: found }.to_string();
        if text.len() > 120 {
            let cut = (0..=117).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(cut);
            text.push_str("...");
        }
        format!("line {}: expected {expected}, found {text}", self.calls.recording().line(event))
    }
}
