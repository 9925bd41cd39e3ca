//! One set of integers: add an element, read all of them.

use super::{DataType, number, parse, unknown_function, write_integer};
use crate::{Decoder, ValueId};

/// The data type of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set;

/// What can be asked of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOp {
    /// Put `element` into the set.
    Add {
        /// What is put there; a workload adds each element once.
        element: i64,
    },
    /// Which elements does it hold?
    Read,
}

/// What a set answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetRet {
    /// A read found these, in any order; an element that stands twice was stored twice.
    Elements(Vec<i64>),
    /// An addition took effect.
    Done,
}

impl DataType for Set {
    const NAME: &'static str = "set";
    const FUNCTIONS: &'static [&'static str] = &["add", "read"];
    type Op = SetOp;
    type Ret = SetRet;

    fn is_read(op: &SetOp) -> bool {
        matches!(op, SetOp::Read)
    }

    fn function(op: &SetOp) -> &'static str {
        match op {
            SetOp::Add { .. } => "add",
            SetOp::Read => "read",
        }
    }

    fn key(_: &SetOp) -> Option<u64> {
        None
    }

    fn write_argument(op: &SetOp, json: &mut Vec<u8>) {
        match op {
            SetOp::Add { element } => write_integer(*element, json),
            SetOp::Read => json.extend_from_slice(b"null"),
        }
    }

    fn write_result(op: &SetOp, ret: &SetRet, json: &mut Vec<u8>) {
        let SetRet::Elements(elements) = ret else {
            return Self::write_argument(op, json);
        };
        json.push(b'[');
        for (position, element) in elements.iter().enumerate() {
            if position > 0 {
                json.push(b',');
            }
            write_integer(*element, json);
        }
        json.push(b']');
    }

    fn parse_op(function: &str, _: Option<u64>, argument: &str) -> Result<SetOp, String> {
        match function {
            "add" => Ok(SetOp::Add { element: parse(argument, "an integer to add")? }),
            "read" => Ok(SetOp::Read),
            _ => Err(unknown_function::<Self>(function)),
        }
    }

    fn parse_ret(op: &SetOp, result: &str) -> Result<SetRet, String> {
        match op {
            SetOp::Add { .. } => Ok(SetRet::Done),
            SetOp::Read => Ok(SetRet::Elements(parse(result, "a list of integers that were read")?)),
        }
    }

    /// An element of any kind is one element.
    fn decode_op(
        function: &str,
        _: Option<u64>,
        argument: ValueId,
        decoder: &mut Decoder<'_>,
    ) -> Result<SetOp, String> {
        match function {
            "add" => Ok(SetOp::Add { element: number(argument, "an element to add", decoder)? }),
            "read" => Ok(SetOp::Read),
            _ => Err(unknown_function::<Self>(function)),
        }
    }

    /// Nil stands for no elements.
    fn decode_ret(op: &SetOp, result: ValueId, decoder: &mut Decoder<'_>) -> Result<SetRet, String> {
        let SetOp::Read = op else { return Ok(SetRet::Done) };
        let expected = "a list of elements that were read";
        let Some(elements) = decoder.get(result).elements() else {
            return Err(format!("{expected}, not {}", decoder.shown(result)));
        };
        elements.iter().map(|id| number(*id, expected, decoder)).collect::<Result<_, _>>().map(SetRet::Elements)
    }
}
