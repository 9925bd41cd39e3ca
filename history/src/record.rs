//! One event as one line of JSON: how a history is kept on disk while it happens.
//!
//! `{"index":0,"time":1203944,"process":3,"type":"invoke","f":"cas","key":5,"value":[1,2],"node":"n1"}`; a fail or info
//! completion has an `"error"` as well. Field names and meanings are Jepsen's, `key` and `node` are ours.

use crate::{DataType, History, Moment, Operation, Outcome, Process};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One line, not yet understood by a data type. Fields that are not named here are ignored.
#[derive(Debug, Deserialize)]
pub struct Record<'a> {
    /// Position in the history.
    #[serde(default)]
    pub index: Option<u64>,
    /// Nanoseconds since the origin of the run.
    #[serde(default)]
    pub time: Option<u64>,
    /// The logical client.
    pub process: u64,
    /// `invoke`, `ok`, `fail` or `info`.
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    /// The function.
    #[serde(borrow)]
    pub f: Cow<'a, str>,
    /// The object, where a history holds several of them.
    #[serde(default)]
    pub key: Option<u64>,
    /// Argument or result, as text.
    #[serde(default, borrow)]
    pub value: Option<&'a RawValue>,
    /// The node that the client talks to.
    #[serde(default, borrow)]
    pub node: Option<Cow<'a, str>>,
    /// Why it failed, or is indeterminate.
    #[serde(default, borrow)]
    pub error: Option<Cow<'a, str>>,
}

impl Record<'_> {
    /// The value's text; `null` if there is none.
    #[must_use]
    pub fn value_text(&self) -> &str {
        self.value.map_or("null", RawValue::get)
    }
}

/// Formats events into a buffer of bytes that its owner takes away and writes out. It allocates nothing per event.
#[derive(Debug, Default)]
pub struct EventWriter {
    buffer: Vec<u8>,
}

impl EventWriter {
    /// The bytes of whole lines formatted so far.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes the lines formatted so far, and goes on in `empty`.
    pub fn take(&mut self, mut empty: Vec<u8>) -> Vec<u8> {
        empty.clear();
        std::mem::replace(&mut self.buffer, empty)
    }

    /// Appends the line of an invocation.
    pub fn invocation<D: DataType>(&mut self, moment: Moment, process: Process, node: &str, op: &D::Op) {
        self.start::<D>(moment, process, "invoke", op);
        D::write_argument(op, &mut self.buffer);
        self.finish(node, None);
    }

    /// Appends the line of a completion.
    pub fn completion<D: DataType>(
        &mut self,
        moment: Moment,
        process: Process,
        node: &str,
        op: &D::Op,
        outcome: &Outcome<D::Ret>,
    ) {
        self.start::<D>(moment, process, outcome.word(), op);
        match outcome {
            Outcome::Ok(ret) => D::write_result(op, ret, &mut self.buffer),
            Outcome::Fail(_) | Outcome::Info(_) => D::write_argument(op, &mut self.buffer),
        }
        self.finish(node, outcome.reason());
    }

    fn start<D: DataType>(&mut self, moment: Moment, process: Process, kind: &str, op: &D::Op) {
        let buffer = &mut self.buffer;
        let mut integer = itoa::Buffer::new();
        buffer.extend_from_slice(b"{\"index\":");
        buffer.extend_from_slice(integer.format(moment.index).as_bytes());
        buffer.extend_from_slice(b",\"time\":");
        buffer.extend_from_slice(integer.format(moment.time.0).as_bytes());
        buffer.extend_from_slice(b",\"process\":");
        buffer.extend_from_slice(integer.format(process.0).as_bytes());
        buffer.extend_from_slice(b",\"type\":\"");
        buffer.extend_from_slice(kind.as_bytes());
        buffer.extend_from_slice(b"\",\"f\":\"");
        buffer.extend_from_slice(D::function(op).as_bytes());
        buffer.push(b'"');
        if let Some(key) = D::key(op) {
            buffer.extend_from_slice(b",\"key\":");
            buffer.extend_from_slice(integer.format(key).as_bytes());
        }
        buffer.extend_from_slice(b",\"value\":");
    }

    fn finish(&mut self, node: &str, error: Option<&str>) {
        self.string_field("node", node);
        if let Some(error) = error {
            self.string_field("error", error);
        }
        self.buffer.extend_from_slice(b"}\n");
    }

    fn string_field(&mut self, name: &str, value: &str) {
        self.buffer.extend_from_slice(b",\"");
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(b"\":");
        serde_json::to_writer(&mut self.buffer, value).expect("a string is written to memory without an error");
    }
}

impl<D: DataType> History<D> {
    /// Its events as lines of JSON again, for readers that know no data type; see [`crate::read_bytes`].
    #[must_use]
    pub fn lines(&self) -> Vec<u8> {
        let mut events: Vec<(Moment, bool, &Operation<D>)> = Vec::with_capacity(2 * self.operations.len());
        for operation in &self.operations {
            events.push((operation.invoked, true, operation));
            let over = operation.completed.or(operation.gave_up);
            events.extend(over.map(|moment| (moment, false, operation)));
        }
        events.sort_unstable_by_key(|event| event.0);
        let mut writer = EventWriter::default();
        for (moment, is_invocation, operation) in events {
            let (process, node, op) = (operation.process, self.node_of(operation), &operation.op);
            match is_invocation {
                true => writer.invocation::<D>(moment, process, node, op),
                false => writer.completion::<D>(moment, process, node, op, &operation.outcome),
            }
        }
        writer.take(Vec::new())
    }
}
