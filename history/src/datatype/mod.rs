//! What kinds of thing can be asked of a system under test. A data type says what an operation and its result are,
//! and how both look in a history file. What is *right* is not said here: that is a checker's business.

pub mod bank;
pub mod lock;
pub mod predicate;
pub mod register;
pub mod set;
pub mod transaction;

use crate::{Decoder, ValueId};
use std::fmt::Debug;

/// A family of operations with their results, for example reads and writes of registers.
///
/// In a history file an operation is `"f"` (its function), `"key"` (if it has one) and `"value"`: the argument in an
/// invocation, the result in an ok completion. The methods below translate, and are inverse to each other.
pub trait DataType: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The name that plans and run directories use.
    const NAME: &'static str;
    /// Every function, in the order in which people list them.
    const FUNCTIONS: &'static [&'static str];
    /// What is asked.
    type Op: Clone + Debug + PartialEq + Send + Sync;
    /// What is answered.
    type Ret: Clone + Debug + PartialEq + Send + Sync;

    /// True if `op` can change nothing, so that an unanswered one is as good as failed.
    fn is_read(op: &Self::Op) -> bool;

    /// Which of [`Self::FUNCTIONS`] this is.
    fn function(op: &Self::Op) -> &'static str;

    /// The object that `op` is about, where a history holds several of them.
    fn key(op: &Self::Op) -> Option<u64>;

    /// Appends the argument as JSON; `null` if there is none.
    fn write_argument(op: &Self::Op, json: &mut Vec<u8>);

    /// Appends the result of `op` as JSON; the argument again where the result says no more than that it happened.
    fn write_result(op: &Self::Op, ret: &Self::Ret, json: &mut Vec<u8>);

    /// The operation that an invocation describes.
    ///
    /// # Errors
    /// What was expected instead, as the end of a sentence.
    fn parse_op(function: &str, key: Option<u64>, argument: &str) -> Result<Self::Op, String>;

    /// The result that an ok completion of `op` describes.
    ///
    /// # Errors
    /// What was expected instead, as the end of a sentence.
    fn parse_ret(op: &Self::Op, result: &str) -> Result<Self::Ret, String>;

    /// The operation that an invocation describes in a recording of any format. Values that are no integers have
    /// numbers there; see [`Decoder`].
    ///
    /// # Errors
    /// What was expected instead, as the end of a sentence.
    fn decode_op(
        function: &str,
        key: Option<u64>,
        argument: ValueId,
        decoder: &mut Decoder<'_>,
    ) -> Result<Self::Op, String> {
        Self::parse_op(function, key, &decoder.json(argument))
    }

    /// The result that an ok completion of `op` describes in a recording of any format.
    ///
    /// # Errors
    /// What was expected instead, as the end of a sentence.
    fn decode_ret(op: &Self::Op, result: ValueId, decoder: &mut Decoder<'_>) -> Result<Self::Ret, String> {
        Self::parse_ret(op, &decoder.json(result))
    }
}

/// A value that is one number, or what was expected instead: nil is none.
fn number(id: ValueId, expected: &str, decoder: &mut Decoder<'_>) -> Result<i64, String> {
    decoder.number(id).ok_or_else(|| format!("{expected}, not nil"))
}

/// Appends a decimal integer.
fn write_integer(value: i64, json: &mut Vec<u8>) {
    json.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Parses JSON of one shape, or says which shape was expected.
fn parse<'a, T: serde::Deserialize<'a>>(json: &'a str, expected: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|_| format!("{expected}, not {}", shorten(json)))
}

/// The start of a text that may be long, for an error message.
pub(crate) fn shorten(text: &str) -> String {
    const LIMIT: usize = 60;
    match text.char_indices().nth(LIMIT) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.to_owned(),
    }
}

/// The key of an operation that must have one.
fn required_key(key: Option<u64>, function: &str) -> Result<u64, String> {
    key.ok_or_else(|| format!("a `key` for `{function}`"))
}

/// The complaint about a function that a data type does not have.
fn unknown_function<D: DataType>(function: &str) -> String {
    format!("`f` to be one of {}, not `{}`", D::FUNCTIONS.join(", "), shorten(function))
}
