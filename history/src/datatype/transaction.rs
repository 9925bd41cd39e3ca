//! Transactions over many objects, as Elle reads them: a list of *micro-operations*, each a read of one object or a
//! write to it. The objects are lists that grow ([`ListAppend`]) or registers that are overwritten ([`RwRegister`]).
//!
//! In a history file `f` is `txn`, and the value `[["append",3,7],["r",4,null]]`, with what was read in the place of
//! null in an ok completion. Transactions over predicates are a data type of their own.

use super::{DataType, number, parse, shorten, unknown_function, write_integer};
use crate::{Decoder, Value, ValueId};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Debug;
use std::marker::PhantomData;

/// A part of a transaction that concerns one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mop {
    /// What does the object hold?
    Read {
        /// Which object.
        key: u64,
    },
    /// Append `value` to the list, or let the register hold it.
    Write {
        /// Which object.
        key: u64,
        /// A workload writes no value twice to one object.
        value: i64,
    },
}

impl Mop {
    /// The object that it concerns.
    #[must_use]
    pub fn key(self) -> u64 {
        match self {
            Mop::Read { key } | Mop::Write { key, .. } => key,
        }
    }

    /// True if it changes nothing.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, Mop::Read { .. })
    }
}

/// A transaction: all of its micro-operations, in this order, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Txn(pub Vec<Mop>);

/// What each read of a transaction found, in the order of its reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads<F>(pub Vec<F>);

/// What the objects of transactions are.
pub trait TxnObject: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The name of the data type.
    const NAME: &'static str;
    /// What a history file calls a write.
    const WRITE: &'static str;
    /// What a read finds.
    type Found: Clone + Debug + Default + PartialEq + Send + Sync;

    /// Appends what a read found as JSON.
    fn write_found(found: &Self::Found, json: &mut Vec<u8>);

    /// What a read found, from JSON.
    ///
    /// # Errors
    /// What was expected instead, as the end of a sentence.
    fn parse_found(json: &str) -> Result<Self::Found, String>;

    /// What a read found, from a recording of any format.
    ///
    /// # Errors
    /// What was expected instead, as the end of a sentence.
    fn decode_found(id: ValueId, decoder: &mut Decoder<'_>) -> Result<Self::Found, String>;
}

/// The data type of transactions over one kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transactions<O>(PhantomData<O>);

/// Lists, each append at the end of one. An empty list and one that is not there are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lists;

/// Registers, None if never written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registers;

/// Transactions that append to lists and read them: a read tells the whole order in which its list was written.
pub type ListAppend = Transactions<Lists>;

/// Transactions that write and read registers.
pub type RwRegister = Transactions<Registers>;

impl TxnObject for Lists {
    const NAME: &'static str = "list-append";
    const WRITE: &'static str = "append";
    type Found = Vec<i64>;

    fn write_found(found: &Vec<i64>, json: &mut Vec<u8>) {
        json.push(b'[');
        for (position, element) in found.iter().enumerate() {
            if position > 0 {
                json.push(b',');
            }
            write_integer(*element, json);
        }
        json.push(b']');
    }

    fn parse_found(json: &str) -> Result<Vec<i64>, String> {
        let found: Option<Vec<i64>> = parse(json, "a list of integers that was read, or null")?;
        Ok(found.unwrap_or_default())
    }

    fn decode_found(id: ValueId, decoder: &mut Decoder<'_>) -> Result<Vec<i64>, String> {
        let expected = "a list of elements that was read";
        let Some(elements) = decoder.get(id).elements() else {
            return Err(format!("{expected}, not {}", decoder.shown(id)));
        };
        elements.iter().map(|element| number(*element, expected, decoder)).collect()
    }
}

impl TxnObject for Registers {
    const NAME: &'static str = "rw-register";
    const WRITE: &'static str = "w";
    type Found = Option<i64>;

    fn write_found(found: &Option<i64>, json: &mut Vec<u8>) {
        match found {
            Some(value) => write_integer(*value, json),
            None => json.extend_from_slice(b"null"),
        }
    }

    fn parse_found(json: &str) -> Result<Option<i64>, String> {
        parse(json, "an integer that was read, or null")
    }

    fn decode_found(id: ValueId, decoder: &mut Decoder<'_>) -> Result<Option<i64>, String> {
        Ok(decoder.number(id))
    }
}

impl<O: TxnObject> DataType for Transactions<O> {
    const NAME: &'static str = O::NAME;
    const FUNCTIONS: &'static [&'static str] = &["txn"];
    type Op = Txn;
    type Ret = Reads<O::Found>;

    fn is_read(op: &Txn) -> bool {
        op.0.iter().all(|mop| mop.is_read())
    }

    fn function(_: &Txn) -> &'static str {
        "txn"
    }

    fn key(_: &Txn) -> Option<u64> {
        None
    }

    fn write_argument(op: &Txn, json: &mut Vec<u8>) {
        write_mops::<O>(op, None, json);
    }

    fn write_result(op: &Txn, ret: &Self::Ret, json: &mut Vec<u8>) {
        write_mops::<O>(op, Some(ret), json);
    }

    fn parse_op(function: &str, _: Option<u64>, argument: &str) -> Result<Txn, String> {
        if function != "txn" {
            return Err(unknown_function::<Self>(function));
        }
        parse_mops(argument)?.into_iter().map(|(f, key, value)| parse_mop::<O>(&f, key, value)).collect()
    }

    fn parse_ret(op: &Txn, result: &str) -> Result<Self::Ret, String> {
        let mops = parse_mops(result)?;
        let mut reads = Vec::new();
        for (f, key, value) in &mops {
            reads.extend((f == "r").then(|| (*key, O::parse_found(value.get()))));
        }
        let asked = op.0.iter().filter(|mop| mop.is_read()).map(|mop| mop.key());
        if mops.len() != op.0.len() || !asked.eq(reads.iter().map(|read| read.0)) {
            return Err(format!("the micro-operations of the invocation, not {}", shorten(result)));
        }
        reads.into_iter().map(|(_, found)| found).collect::<Result<_, _>>().map(Reads)
    }

    /// Keys that are no integers become numbers from 2^63 on.
    fn decode_op(function: &str, _: Option<u64>, argument: ValueId, decoder: &mut Decoder<'_>) -> Result<Txn, String> {
        if function != "txn" {
            return Err(unknown_function::<Self>(function));
        }
        let mops = decode_mops(argument, decoder)?;
        mops.into_iter().map(|[f, key, value]| decode_mop::<O>(f, key, value, decoder)).collect()
    }

    fn decode_ret(op: &Txn, result: ValueId, decoder: &mut Decoder<'_>) -> Result<Self::Ret, String> {
        let mops = decode_mops(result, decoder)?;
        if mops.len() != op.0.len() {
            return Err(format!("the micro-operations of the invocation, not {}", decoder.shown(result)));
        }
        let reads = mops.into_iter().zip(&op.0).filter(|(_, asked)| asked.is_read());
        reads.map(|([_, _, found], _)| O::decode_found(found, decoder)).collect::<Result<_, _>>().map(Reads)
    }
}

impl FromIterator<Mop> for Txn {
    fn from_iter<T: IntoIterator<Item = Mop>>(mops: T) -> Txn {
        Txn(mops.into_iter().collect())
    }
}

const MOPS: &str = "a list of micro-operations [function, key, value]";

fn write_mops<O: TxnObject>(op: &Txn, ret: Option<&Reads<O::Found>>, json: &mut Vec<u8>) {
    let mut found = ret.map(|ret| ret.0.iter());
    json.push(b'[');
    for (position, mop) in op.0.iter().enumerate() {
        json.extend_from_slice(if position == 0 { b"[\"" } else { b",[\"" });
        json.extend_from_slice(if mop.is_read() { b"r" } else { O::WRITE.as_bytes() });
        json.extend_from_slice(b"\",");
        json.extend_from_slice(itoa::Buffer::new().format(mop.key()).as_bytes());
        json.push(b',');
        match (mop, found.as_mut().and_then(|found| if mop.is_read() { found.next() } else { None })) {
            (Mop::Write { value, .. }, _) => write_integer(*value, json),
            (Mop::Read { .. }, Some(found)) => O::write_found(found, json),
            (Mop::Read { .. }, None) => json.extend_from_slice(b"null"),
        }
        json.push(b']');
    }
    json.push(b']');
}

/// Function, key and value, as they stand in a line.
type RawMop<'a> = (Cow<'a, str>, u64, &'a RawValue);

fn parse_mops(json: &str) -> Result<Vec<RawMop<'_>>, String> {
    parse(json, MOPS)
}

fn parse_mop<O: TxnObject>(f: &str, key: u64, value: &RawValue) -> Result<Mop, String> {
    match f {
        "r" => Ok(Mop::Read { key }),
        f if f == O::WRITE => Ok(Mop::Write { key, value: parse(value.get(), "an integer to write")? }),
        f => Err(unknown_mop::<O>(f)),
    }
}

fn unknown_mop<O: TxnObject>(f: &str) -> String {
    format!("a micro-operation `r` or `{}`, not `{}`", O::WRITE, shorten(f))
}

fn decode_mops(id: ValueId, decoder: &Decoder<'_>) -> Result<Vec<[ValueId; 3]>, String> {
    let complaint = || format!("{MOPS}, not {}", decoder.shown(id));
    let mops = decoder.get(id).elements().ok_or_else(complaint)?;
    mops.iter()
        .map(|mop| match decoder.get(*mop) {
            Value::Vector(&[f, key, value]) => Ok([f, key, value]),
            _ => Err(complaint()),
        })
        .collect()
}

fn decode_mop<O: TxnObject>(
    f: ValueId,
    key: ValueId,
    value: ValueId,
    decoder: &mut Decoder<'_>,
) -> Result<Mop, String> {
    let name = decoder.get(f).name().unwrap_or_default();
    let is_write = name == O::WRITE;
    if !is_write && name != "r" {
        return Err(unknown_mop::<O>(name));
    }
    let key = number(key, "a key", decoder)? as u64;
    match is_write {
        true => Ok(Mop::Write { key, value: number(value, "a value to write", decoder)? }),
        false => Ok(Mop::Read { key }),
    }
}
