//! Many registers, each holding one integer or nothing: read, write, compare-and-set.

use super::{DataType, number, parse, required_key, unknown_function, write_integer};
use crate::{Decoder, Value, ValueId};

/// The data type of registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register;

/// What can be asked of a register. `key` names the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisterOp {
    /// What does it hold?
    Read {
        /// Which register.
        key: u64,
    },
    /// Let it hold `value`, whatever it held before.
    Write {
        /// Which register.
        key: u64,
        /// What it holds afterwards.
        value: i64,
    },
    /// Let it hold `new` if, and only if, it holds `expected`; otherwise the operation fails.
    Cas {
        /// Which register.
        key: u64,
        /// What it must hold.
        expected: i64,
        /// What it holds afterwards.
        new: i64,
    },
}

/// What a register answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisterRet {
    /// A read found this; None if the register was never written.
    Value(Option<i64>),
    /// A write or compare-and-set took effect.
    Done,
}

impl DataType for Register {
    const NAME: &'static str = "register";
    const FUNCTIONS: &'static [&'static str] = &["read", "write", "cas"];
    type Op = RegisterOp;
    type Ret = RegisterRet;

    fn is_read(op: &RegisterOp) -> bool {
        matches!(op, RegisterOp::Read { .. })
    }

    fn function(op: &RegisterOp) -> &'static str {
        match op {
            RegisterOp::Read { .. } => "read",
            RegisterOp::Write { .. } => "write",
            RegisterOp::Cas { .. } => "cas",
        }
    }

    fn key(op: &RegisterOp) -> Option<u64> {
        match op {
            RegisterOp::Read { key } | RegisterOp::Write { key, .. } | RegisterOp::Cas { key, .. } => Some(*key),
        }
    }

    fn write_argument(op: &RegisterOp, json: &mut Vec<u8>) {
        match op {
            RegisterOp::Read { .. } => json.extend_from_slice(b"null"),
            RegisterOp::Write { value, .. } => write_integer(*value, json),
            RegisterOp::Cas { expected, new, .. } => {
                json.push(b'[');
                write_integer(*expected, json);
                json.push(b',');
                write_integer(*new, json);
                json.push(b']');
            }
        }
    }

    fn write_result(op: &RegisterOp, ret: &RegisterRet, json: &mut Vec<u8>) {
        match ret {
            RegisterRet::Value(Some(value)) => write_integer(*value, json),
            RegisterRet::Value(None) => json.extend_from_slice(b"null"),
            RegisterRet::Done => Self::write_argument(op, json),
        }
    }

    fn parse_op(function: &str, key: Option<u64>, argument: &str) -> Result<RegisterOp, String> {
        let key = required_key(key, function)?;
        match function {
            "read" => Ok(RegisterOp::Read { key }),
            "write" => Ok(RegisterOp::Write { key, value: parse(argument, "an integer to write")? }),
            "cas" => {
                let (expected, new) = parse(argument, "two integers [expected, new]")?;
                Ok(RegisterOp::Cas { key, expected, new })
            }
            _ => Err(unknown_function::<Self>(function)),
        }
    }

    fn parse_ret(op: &RegisterOp, result: &str) -> Result<RegisterRet, String> {
        match op {
            RegisterOp::Read { .. } => Ok(RegisterRet::Value(parse(result, "an integer or null that was read")?)),
            RegisterOp::Write { .. } | RegisterOp::Cas { .. } => Ok(RegisterRet::Done),
        }
    }

    /// A register without key is register 0; a value of any kind is one value.
    fn decode_op(
        function: &str,
        key: Option<u64>,
        argument: ValueId,
        decoder: &mut Decoder<'_>,
    ) -> Result<RegisterOp, String> {
        let key = key.unwrap_or(0);
        match function {
            "read" => Ok(RegisterOp::Read { key }),
            "write" => Ok(RegisterOp::Write { key, value: number(argument, "a value to write", decoder)? }),
            "cas" => {
                let expected = "two values [expected new]";
                let Value::Vector(&[old, new]) = decoder.get(argument) else {
                    return Err(format!("{expected}, not {}", decoder.shown(argument)));
                };
                let (expected, new) = (number(old, expected, decoder)?, number(new, expected, decoder)?);
                Ok(RegisterOp::Cas { key, expected, new })
            }
            _ => Err(unknown_function::<Self>(function)),
        }
    }

    fn decode_ret(op: &RegisterOp, result: ValueId, decoder: &mut Decoder<'_>) -> Result<RegisterRet, String> {
        Ok(match op {
            RegisterOp::Read { .. } => RegisterRet::Value(decoder.number(result)),
            RegisterOp::Write { .. } | RegisterOp::Cas { .. } => RegisterRet::Done,
        })
    }
}
