//! Named locks that are held under a lease: acquire, refresh the lease, release; and writes that only keep the
//! system busy meanwhile.

use super::{DataType, parse, required_key, unknown_function, write_integer};
use crate::{Decoder, ValueId};

/// The data type of locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock;

/// What can be asked of a lock. `key` names the lock. A client holds at most one lock at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockOp {
    /// Wait until the lock is ours, and hold it under a lease.
    Acquire {
        /// Which lock.
        key: u64,
    },
    /// Extend the lease. Fails if the lease is known to be gone: the lock is then not ours any more.
    Refresh {
        /// Which lock.
        key: u64,
    },
    /// Give the lock back. From its invocation on, the lock may be anybody's.
    Release {
        /// Which lock.
        key: u64,
    },
    /// Write something elsewhere; it is not judged.
    Write {
        /// What is written.
        value: i64,
    },
}

/// What a lock answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockRet {
    /// The lock is held; `token` grows with every acquisition of the same lock.
    Acquired {
        /// The fencing token.
        token: i64,
    },
    /// The lease was extended, the lock given back, or the write done.
    Done,
}

impl DataType for Lock {
    const NAME: &'static str = "lock";
    const FUNCTIONS: &'static [&'static str] = &["acquire", "refresh", "release", "write"];
    type Op = LockOp;
    type Ret = LockRet;

    fn is_read(_: &LockOp) -> bool {
        false
    }

    fn function(op: &LockOp) -> &'static str {
        match op {
            LockOp::Acquire { .. } => "acquire",
            LockOp::Refresh { .. } => "refresh",
            LockOp::Release { .. } => "release",
            LockOp::Write { .. } => "write",
        }
    }

    fn key(op: &LockOp) -> Option<u64> {
        match op {
            LockOp::Acquire { key } | LockOp::Refresh { key } | LockOp::Release { key } => Some(*key),
            LockOp::Write { .. } => None,
        }
    }

    fn write_argument(op: &LockOp, json: &mut Vec<u8>) {
        match op {
            LockOp::Write { value } => write_integer(*value, json),
            _ => json.extend_from_slice(b"null"),
        }
    }

    fn write_result(op: &LockOp, ret: &LockRet, json: &mut Vec<u8>) {
        match ret {
            LockRet::Acquired { token } => write_integer(*token, json),
            LockRet::Done => Self::write_argument(op, json),
        }
    }

    fn parse_op(function: &str, key: Option<u64>, argument: &str) -> Result<LockOp, String> {
        match function {
            "acquire" => Ok(LockOp::Acquire { key: required_key(key, function)? }),
            "refresh" => Ok(LockOp::Refresh { key: required_key(key, function)? }),
            "release" => Ok(LockOp::Release { key: required_key(key, function)? }),
            "write" => Ok(LockOp::Write { value: parse(argument, "an integer to write")? }),
            _ => Err(unknown_function::<Self>(function)),
        }
    }

    fn parse_ret(op: &LockOp, result: &str) -> Result<LockRet, String> {
        match op {
            LockOp::Acquire { .. } => Ok(LockRet::Acquired { token: parse(result, "an integer fencing token")? }),
            _ => Ok(LockRet::Done),
        }
    }

    /// A lock without key is lock 0.
    fn decode_op(
        function: &str,
        key: Option<u64>,
        argument: ValueId,
        decoder: &mut Decoder<'_>,
    ) -> Result<LockOp, String> {
        Self::parse_op(function, Some(key.unwrap_or(0)), &decoder.json(argument))
    }
}
