//! Parts of the sentences in which checkers explain themselves.

use history::{DataType, History, Operation, Time};

/// Who asked: `process 4 (n2)`, or `process 4` if the node is not known.
pub(crate) fn who<D: DataType>(history: &History<D>, operation: &Operation<D>) -> String {
    match node(history, operation) {
        "" => format!("process {}", operation.process),
        node => format!("process {} ({node})", operation.process),
    }
}

/// The node that answered, as the subject of a sentence.
pub(crate) fn answerer<'a, D: DataType>(history: &'a History<D>, operation: &Operation<D>) -> &'a str {
    match node(history, operation) {
        "" => "the system",
        node => node,
    }
}

/// The name of an operation's node; empty if nobody knows it, or the history does not name it.
pub(crate) fn node<'a, D: DataType>(history: &'a History<D>, operation: &Operation<D>) -> &'a str {
    operation.node.and_then(|node| history.nodes.get(usize::from(node))).map_or("", String::as_str)
}

/// How an operation ended: `had completed at 11.900 s`, or that it never did.
pub(crate) fn ending<D: DataType>(operation: &Operation<D>) -> String {
    match operation.completed {
        Some(completed) => format!("had completed at {}", completed.time),
        None => format!("was sent at {} and never answered", operation.invoked.time),
    }
}

/// `1 read`, `2 reads`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A list for people: `a, b and c`.
pub(crate) fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The seconds from one time to a later one, with three digits: `0.120 s`.
pub(crate) fn span(from: Time, to: Time) -> String {
    Time(to.0.saturating_sub(from.0)).to_string()
}
