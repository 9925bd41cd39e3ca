//! One operation in words, for bars and tables.

use crate::samples::Kind;
use crate::words::{clean, shorten};
use history::{DataType, History, OpId, Operation, Outcome};

/// An operation without its data type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// Which operation of the history.
    pub id: OpId,
    /// Its process.
    pub process: u64,
    /// Its node; empty if unknown.
    pub node: String,
    /// Position of its function among those of the data type.
    pub function: usize,
    /// `write 5`, `read -> 3`, with an arrow: what was asked, and what was answered.
    pub text: String,
    /// What became of it.
    pub kind: Kind,
    /// Why it failed or is unknown; empty for ok.
    pub reason: String,
    /// Its invocation.
    pub invoked: Instant,
    /// Its completion; None: it may still take effect.
    pub completed: Option<Instant>,
    /// When its client gave up.
    pub gave_up: Option<Instant>,
}

/// A moment of the history in seconds, with the index that orders it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Instant {
    /// Seconds.
    pub time: f64,
    /// Position in the history.
    pub index: u64,
}

impl Call {
    /// Describes one operation; None if the history has none of that number.
    pub(crate) fn new<D: DataType>(history: &History<D>, id: OpId) -> Option<Call> {
        let operation = history.operations.get(id.0 as usize)?;
        let node = operation.node.and_then(|node| history.nodes.get(node as usize));
        let instant = |m: history::Moment| Instant { time: m.time.seconds(), index: m.index };
        let function = D::function(&operation.op);
        Some(Call {
            id,
            process: operation.process.0,
            node: node.map(|name| clean(name)).unwrap_or_default(),
            function: D::FUNCTIONS.iter().position(|f| *f == function).unwrap_or(0),
            text: text(operation),
            kind: Kind::of(&operation.outcome),
            reason: shorten(&clean(operation.outcome.reason().unwrap_or_default()), 200),
            invoked: instant(operation.invoked),
            completed: operation.completed.map(instant),
            gave_up: operation.gave_up.map(instant),
        })
    }

    /// The last moment that is known of it.
    pub(crate) fn last(&self) -> Instant {
        self.completed.or(self.gave_up).unwrap_or(self.invoked)
    }

    /// `process 3 - n1`, with a middle dot.
    pub(crate) fn who(&self) -> String {
        if self.node.is_empty() {
            format!("process {}", self.process)
        } else {
            format!("process {} \u{b7} {}", self.process, shorten(&self.node, 14))
        }
    }
}

fn text<D: DataType>(operation: &Operation<D>) -> String {
    let function = D::function(&operation.op);
    let argument = json(|out| D::write_argument(&operation.op, out));
    let result = match &operation.outcome {
        Outcome::Ok(ret) => json(|out| D::write_result(&operation.op, ret, out)),
        Outcome::Fail(_) | Outcome::Info(_) => argument.clone(),
    };
    let mut text = function.to_owned();
    if argument != "null" {
        text = format!("{text} {}", value(function, &argument));
    }
    if result != argument || D::is_read(&operation.op) && operation.ok().is_some() {
        text = format!("{text} \u{2192} {}", value(function, &result));
    }
    match operation.outcome {
        Outcome::Ok(_) => text,
        Outcome::Fail(_) => format!("{text} (failed)"),
        Outcome::Info(_) => format!("{text} (unknown)"),
    }
}

fn json(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes);
    clean(&String::from_utf8_lossy(&bytes))
}

/// A value as people read it: nothing for null, `3 -> 5` for what a compare-and-set compares and sets, and long lists
/// by their length.
fn value(function: &str, json: &str) -> String {
    const LIMIT: usize = 28;
    let inner = json.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let elements: Vec<&str> = inner.map(|list| list.split(',').collect()).unwrap_or_default();
    match &elements[..] {
        [expected, new] if function == "cas" => format!("{expected} \u{2192} {new}"),
        _ if json == "null" => "nothing".to_owned(),
        many if json.len() > LIMIT && !many.is_empty() => format!("{} elements", many.len()),
        _ => shorten(json, LIMIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use history::{Register, Set};

    fn texts<D: DataType>(jsonl: &str) -> Vec<String> {
        let history = History::<D>::parse(jsonl).unwrap();
        (0..history.operations.len()).filter_map(|n| Call::new(&history, OpId(n as u32))).map(|c| c.text).collect()
    }

    fn pair(f: &str, asked: &str, kind: &str, answered: &str) -> String {
        let head = format!(r#""process":0,"f":"{f}","key":1"#);
        format!(
            "{{{head},\"type\":\"invoke\",\"value\":{asked}}}\n{{{head},\"type\":\"{kind}\",\"value\":{answered}}}\n"
        )
    }

    #[test]
    fn operations_are_told_in_words() {
        for (jsonl, expected) in [
            (pair("read", "null", "ok", "3"), "read \u{2192} 3"),
            (pair("read", "null", "ok", "null"), "read \u{2192} nothing"),
            (pair("read", "null", "fail", "null"), "read (failed)"),
            (pair("write", "5", "ok", "5"), "write 5"),
            (pair("write", "5", "info", "5"), "write 5 (unknown)"),
            (pair("cas", "[3,5]", "ok", "[3,5]"), "cas 3 \u{2192} 5"),
        ] {
            assert_eq!(texts::<Register>(&jsonl), [expected]);
        }
    }

    #[test]
    fn long_lists_are_told_by_their_length() {
        let many: Vec<String> = (100..200).map(|n| n.to_string()).collect();
        let jsonl = pair("read", "null", "ok", &format!("[{}]", many.join(",")));
        assert_eq!(texts::<Set>(&jsonl), ["read \u{2192} 100 elements"]);
        assert_eq!(texts::<Set>(&pair("read", "null", "ok", "[1,2]")), ["read \u{2192} [1,2]"]);
    }
}
