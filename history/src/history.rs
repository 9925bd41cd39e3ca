//! A whole history: the operations that a list of events describes.

use crate::{DataType, Moment, OpId, Operation, Outcome, Process, Record, Time};
use std::collections::HashMap;

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind<D: DataType> {
    /// A client is about to send `op`.
    Invoke(D::Op),
    /// The operation that this process has in flight is over.
    Complete(Outcome<D::Ret>),
}

/// One event, as the interpreter tells it to a generator.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<D: DataType> {
    /// When.
    pub moment: Moment,
    /// Whose.
    pub process: Process,
    /// What.
    pub kind: EventKind<D>,
}

/// What is wrong with a history file, and where.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}, column {column}: expected {expected}")]
pub struct HistoryError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in bytes.
    pub column: usize,
    /// What was expected there, and what stood there instead.
    pub expected: String,
}

/// The operations of a run in the order of their invocations.
#[derive(Clone, Debug, PartialEq)]
pub struct History<D: DataType> {
    /// Every operation; `operations[i].id == OpId(i)`.
    pub operations: Vec<Operation<D>>,
    /// The names of the nodes, as operations refer to them.
    pub nodes: Vec<String>,
    /// True if the last line of the file was torn, as a crash leaves it, and was left out.
    pub torn: bool,
}

impl<D: DataType> Default for History<D> {
    fn default() -> Self {
        History { operations: Vec::new(), nodes: Vec::new(), torn: false }
    }
}

impl<D: DataType> History<D> {
    /// Reads JSON lines, as [`crate::EventWriter`] writes them. Blank lines are skipped; lines whose index or time is
    /// missing are counted by position. A last line without its line end that is not a whole record is left out, and
    /// [`History::torn`] says so.
    ///
    /// # Errors
    /// The first line that is no event, or an event that no client can have made: a second invocation before a
    /// completion, or a completion of nothing.
    pub fn parse(text: &str) -> Result<History<D>, HistoryError> {
        let mut pairing = Pairing::<D>::default();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str::<Record<'_>>(line) {
                Ok(record) => pairing.push(number, line, &record)?,
                Err(_) if !line.ends_with('\n') => pairing.history.torn = true,
                Err(error) => return Err(not_a_record(number, line, &error)),
            }
        }
        Ok(pairing.history)
    }

    /// The operation of that number.
    ///
    /// # Panics
    /// If the number is of another history.
    #[must_use]
    pub fn operation(&self, id: OpId) -> &Operation<D> {
        &self.operations[id.0 as usize]
    }

    /// The name of the node that an operation was sent to; empty if the recorder did not say.
    #[must_use]
    pub fn node_of(&self, operation: &Operation<D>) -> &str {
        operation.node.map_or("", |node| &self.nodes[node as usize])
    }

    /// The time of the last event.
    #[must_use]
    pub fn end(&self) -> Time {
        let last = |o: &Operation<D>| o.completed.or(o.gave_up).unwrap_or(o.invoked).time;
        self.operations.iter().map(last).max().unwrap_or_default()
    }
}

/// Events on their way to operations.
struct Pairing<D: DataType> {
    history: History<D>,
    in_flight: HashMap<Process, OpId>,
    node_numbers: HashMap<String, u16>,
    events: u64,
    last_index: Option<u64>,
}

impl<D: DataType> Default for Pairing<D> {
    fn default() -> Self {
        Pairing {
            history: History::default(),
            in_flight: HashMap::new(),
            node_numbers: HashMap::new(),
            events: 0,
            last_index: None,
        }
    }
}

impl<D: DataType> Pairing<D> {
    fn push(&mut self, number: usize, line: &str, record: &Record<'_>) -> Result<(), HistoryError> {
        let at = |needle: &str, expected: String| HistoryError {
            line: number + 1,
            column: line.find(needle).map_or(1, |byte| byte + 1),
            expected,
        };
        let moment = self.moment(record).map_err(|e| at("\"index\"", e))?;
        let process = Process(record.process);
        match record.kind.as_ref() {
            "invoke" => {
                let op = D::parse_op(&record.f, record.key, record.value_text()).map_err(|e| at("\"value\"", e))?;
                self.invoke(moment, process, record, op).map_err(|e| at("\"process\"", e))
            }
            "ok" | "fail" | "info" => {
                let id = self.in_flight.remove(&process).ok_or_else(|| {
                    at("\"process\"", format!("process {process} to have an operation in flight that this completes"))
                })?;
                self.complete(id, moment, record).map_err(|e| at("\"value\"", e))
            }
            other => Err(at("\"type\"", format!("`type` to be invoke, ok, fail or info, not `{other}`"))),
        }
    }

    fn moment(&mut self, record: &Record<'_>) -> Result<Moment, String> {
        let index = record.index.unwrap_or(self.events);
        self.events += 1;
        if let Some(last) = self.last_index.filter(|last| index <= *last) {
            return Err(format!("`index` to be greater than {last}, that of the event before, not {index}"));
        }
        self.last_index = Some(index);
        Ok(Moment { index, time: Time(record.time.unwrap_or(0)) })
    }

    fn invoke(&mut self, moment: Moment, process: Process, record: &Record<'_>, op: D::Op) -> Result<(), String> {
        let id = u32::try_from(self.history.operations.len()).map(OpId);
        let id = id.map_err(|_| "fewer than 4294967296 operations in one file".to_owned())?;
        if self.in_flight.insert(process, id).is_some() {
            return Err(format!("process {process} to complete its operation before it invokes another"));
        }
        let node = record.node.as_deref().map(|name| self.node(name)).transpose()?;
        self.history.operations.push(Operation {
            id,
            process,
            node,
            op,
            invoked: moment,
            outcome: Outcome::Info("no completion was recorded".to_owned()),
            completed: None,
            gave_up: None,
        });
        Ok(())
    }

    fn complete(&mut self, id: OpId, moment: Moment, record: &Record<'_>) -> Result<(), String> {
        let operation = &mut self.history.operations[id.0 as usize];
        let reason = record.error.as_deref().unwrap_or_default().to_owned();
        match record.kind.as_ref() {
            "ok" => operation.outcome = Outcome::Ok(D::parse_ret(&operation.op, record.value_text())?),
            "fail" => operation.outcome = Outcome::Fail(reason),
            _ => operation.outcome = Outcome::Info(reason),
        }
        let over = !matches!(operation.outcome, Outcome::Info(_));
        operation.completed = over.then_some(moment);
        operation.gave_up = (!over).then_some(moment);
        Ok(())
    }

    fn node(&mut self, name: &str) -> Result<u16, String> {
        if let Some(number) = self.node_numbers.get(name) {
            return Ok(*number);
        }
        let number = u16::try_from(self.history.nodes.len()).map_err(|_| "at most 65536 nodes".to_owned())?;
        self.history.nodes.push(name.to_owned());
        self.node_numbers.insert(name.to_owned(), number);
        Ok(number)
    }
}

fn not_a_record(number: usize, line: &str, error: &serde_json::Error) -> HistoryError {
    let complaint = error.to_string();
    let complaint = complaint.split(" at line ").next().unwrap_or_default();
    HistoryError {
        line: number + 1,
        column: error.column().clamp(1, line.len().max(1)),
        expected: format!("one event as a JSON object ({complaint})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventWriter, Register, RegisterOp, RegisterRet};

    const RUN: &str = concat!(
        r#"{"index":0,"time":10,"process":0,"type":"invoke","f":"write","key":1,"value":5,"node":"n1"}"#,
        "\n",
        r#"{"index":1,"time":11,"process":1,"type":"invoke","f":"read","key":1,"value":null,"node":"n2"}"#,
        "\n",
        r#"{"index":2,"time":12,"process":1,"type":"ok","f":"read","key":1,"value":5,"node":"n2"}"#,
        "\n",
        r#"{"index":3,"time":13,"process":0,"type":"info","f":"write","key":1,"value":5,"node":"n1","error":"timeout"}"#,
        "\n",
    );

    #[test]
    fn events_are_paired_by_process_and_ordered_by_invocation() {
        let history = History::<Register>::parse(RUN).unwrap();
        assert_eq!(history.operations.len(), 2);
        let [write, read] = &history.operations[..] else { unreachable!() };
        assert_eq!(write.outcome, Outcome::Info("timeout".into()));
        assert_eq!(write.completed, None);
        assert_eq!(write.gave_up.unwrap().index, 3);
        assert_eq!(read.ok(), Some(&RegisterRet::Value(Some(5))));
        assert_eq!(history.node_of(read), "n2");
        assert_eq!(history.end(), Time(13));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let mut writer = EventWriter::default();
        let moment = |index: u64| Moment { index, time: Time(10 + index) };
        let write = RegisterOp::Write { key: 1, value: 5 };
        let read = RegisterOp::Read { key: 1 };
        writer.invocation::<Register>(moment(0), Process(0), "n1", &write);
        writer.invocation::<Register>(moment(1), Process(1), "n2", &read);
        writer.completion::<Register>(moment(2), Process(1), "n2", &read, &Outcome::Ok(RegisterRet::Value(Some(5))));
        writer.completion::<Register>(moment(3), Process(0), "n1", &write, &Outcome::Info("timeout".into()));
        assert_eq!(std::str::from_utf8(writer.bytes()).unwrap(), RUN);
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_said() {
        let history = History::<Register>::parse(&RUN[..RUN.len() - 20]).unwrap();
        assert!(history.torn);
        assert_eq!(history.operations[0].outcome, Outcome::Info("no completion was recorded".into()));
    }

    #[test]
    fn a_torn_line_in_the_middle_is_an_error_with_its_place() {
        let text = RUN.replacen("\"type\":\"ok\"", "\"type\":\"ok", 1);
        let error = History::<Register>::parse(&text).unwrap_err();
        assert_eq!(error.line, 3);
    }

    #[test]
    fn events_that_no_client_can_have_made_are_errors() {
        let lines: Vec<&str> = RUN.lines().collect();
        let twice = format!("{}\n{}\n", lines[0], lines[0].replace("\"index\":0", "\"index\":1"));
        let orphan = format!("{}\n", lines[2]);
        let unordered = format!("{}\n{}\n", lines[0], lines[1].replace("\"index\":1", "\"index\":0"));
        let kind = format!("{}\n", lines[0].replace("invoke", "invoked"));
        for (text, expected) in [
            (twice, "complete its operation"),
            (orphan, "operation in flight"),
            (unordered, "greater than 0"),
            (kind, "invoke, ok, fail or info"),
            (format!("{}\n", lines[0].replace(":5", ":\"five\"")), "an integer to write"),
            (format!("{}\n", lines[0].replace("write", "wrote")), "one of read, write, cas"),
        ] {
            let error = History::<Register>::parse(&text).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
