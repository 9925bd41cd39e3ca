//! Tables of rows that are asked by predicate: a closed universe, in which every row that can ever be is known.
//!
//! A table is begun by one `init` that says which rows are there; after it, each row is changed by at most one
//! transaction. So there are at most three versions of a row (not there, as begun, after the change), and what a
//! predicate read did not return is known as well as what it did. The key of an operation is its table.

use super::{DataType, number, parse, required_key, shorten, unknown_function, write_integer};
use crate::{Decoder, Value, ValueId};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The data type of tables that are asked by predicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicates;

/// Rows and what they hold.
pub type Rows = BTreeMap<u64, i64>;

/// What a row must be like. A row that is not there never matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// Any row: `true`.
    Any,
    /// It holds this value: `["=", 3]`.
    Equals(i64),
    /// Its value leaves this remainder: `["mod", 2, 1]`.
    Remainder {
        /// By what it is divided; greater than 0.
        by: i64,
        /// What must be left.
        is: i64,
    },
}

impl Predicate {
    /// True if a row that holds `value` is like this.
    #[must_use]
    pub fn matches(self, value: i64) -> bool {
        match self {
            Predicate::Any => true,
            Predicate::Equals(other) => value == other,
            Predicate::Remainder { by, is } => value.rem_euclid(by) == is,
        }
    }
}

/// A part of a transaction on one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableMop {
    /// Make a row.
    Insert {
        /// Which row; it is not there.
        row: u64,
        /// What it holds afterwards.
        value: i64,
    },
    /// Take a row away.
    Delete {
        /// Which row.
        row: u64,
    },
    /// Let a row hold something else.
    Write {
        /// Which row.
        row: u64,
        /// What it holds afterwards.
        value: i64,
    },
    /// What does a row hold?
    Read {
        /// Which row.
        row: u64,
    },
    /// Which rows are like this, and what do they hold?
    Find(Predicate),
}

impl TableMop {
    /// True if it changes nothing.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, TableMop::Read { .. } | TableMop::Find(_))
    }
}

/// What can be asked of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOp {
    /// Which table.
    pub table: u64,
    /// What is asked of it.
    pub ask: TableAsk,
}

/// What is asked of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableAsk {
    /// Begin it with these rows.
    Init(Rows),
    /// All of these, in this order, or none.
    Txn(Vec<TableMop>),
}

/// What one read of a transaction found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableFound {
    /// The row holds this; None if it is not there.
    Value(Option<i64>),
    /// These rows are like the predicate.
    Rows(Rows),
}

/// What each read of a transaction found, in the order of its reads; nothing of an `init`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableRet(pub Vec<TableFound>);

impl DataType for Predicates {
    const NAME: &'static str = "predicate";
    const FUNCTIONS: &'static [&'static str] = &["init", "txn"];
    type Op = TableOp;
    type Ret = TableRet;

    fn is_read(op: &TableOp) -> bool {
        matches!(&op.ask, TableAsk::Txn(mops) if mops.iter().all(|mop| mop.is_read()))
    }

    fn function(op: &TableOp) -> &'static str {
        match op.ask {
            TableAsk::Init(_) => "init",
            TableAsk::Txn(_) => "txn",
        }
    }

    fn key(op: &TableOp) -> Option<u64> {
        Some(op.table)
    }

    fn write_argument(op: &TableOp, json: &mut Vec<u8>) {
        write(op, &TableRet::default(), json);
    }

    fn write_result(op: &TableOp, ret: &TableRet, json: &mut Vec<u8>) {
        write(op, ret, json);
    }

    fn parse_op(function: &str, key: Option<u64>, argument: &str) -> Result<TableOp, String> {
        let table = required_key(key, function)?;
        let ask = match function {
            "init" => TableAsk::Init(parse(argument, ROWS)?),
            "txn" => TableAsk::Txn(parse_mops(argument)?.iter().map(|mop| parse_mop(mop)).collect::<Result<_, _>>()?),
            _ => return Err(unknown_function::<Self>(function)),
        };
        Ok(TableOp { table, ask })
    }

    fn parse_ret(op: &TableOp, result: &str) -> Result<TableRet, String> {
        let TableAsk::Txn(asked) = &op.ask else { return Ok(TableRet::default()) };
        let mops = parse_mops(result)?;
        if mops.len() != asked.len() {
            return Err(format!("the micro-operations of the invocation, not {}", shorten(result)));
        }
        let found = |(mop, asked): (&Vec<&RawValue>, &TableMop)| match (asked, &mop[..]) {
            (TableMop::Read { .. }, [_, _, value]) => {
                Some(parse(value.get(), "a value or null").map(TableFound::Value))
            }
            (TableMop::Find(_), [_, _, rows]) => Some(parse(rows.get(), ROWS).map(TableFound::Rows)),
            (TableMop::Read { .. } | TableMop::Find(_), _) => Some(Err(MOP.to_owned())),
            _ => None,
        };
        mops.iter().zip(asked).filter_map(found).collect::<Result<_, _>>().map(TableRet)
    }

    fn decode_op(
        function: &str,
        key: Option<u64>,
        argument: ValueId,
        decoder: &mut Decoder<'_>,
    ) -> Result<TableOp, String> {
        let ask = match function {
            "init" => TableAsk::Init(decode_rows(argument, decoder)?),
            "txn" => {
                let mops = decode_mops(argument, decoder)?;
                TableAsk::Txn(mops.into_iter().map(|mop| decode_mop(mop, decoder)).collect::<Result<_, _>>()?)
            }
            _ => return Err(unknown_function::<Self>(function)),
        };
        Ok(TableOp { table: key.unwrap_or(0), ask })
    }

    fn decode_ret(op: &TableOp, result: ValueId, decoder: &mut Decoder<'_>) -> Result<TableRet, String> {
        let TableAsk::Txn(asked) = &op.ask else { return Ok(TableRet::default()) };
        let mops = decode_mops(result, decoder)?;
        if mops.len() != asked.len() {
            return Err(format!("the micro-operations of the invocation, not {}", decoder.shown(result)));
        }
        let mut found = Vec::new();
        for (mop, asked) in mops.into_iter().zip(asked) {
            match (asked, mop) {
                (TableMop::Read { .. }, [_, _, value]) => found.push(TableFound::Value(decoder.number(*value))),
                (TableMop::Find(_), [_, _, rows]) => found.push(TableFound::Rows(decode_rows(*rows, decoder)?)),
                (TableMop::Read { .. } | TableMop::Find(_), _) => return Err(MOP.to_owned()),
                _ => {}
            }
        }
        Ok(TableRet(found))
    }
}

const ROWS: &str = "a map from rows to values";
const MOP: &str = "[insert, row, value], [delete, row], [w, row, value], [r, row, value] or [rp, predicate, rows]";
const PREDICATE: &str = "a predicate: true, [=, value] or [mod, by, remainder]";

fn write(op: &TableOp, ret: &TableRet, json: &mut Vec<u8>) {
    let mops = match &op.ask {
        TableAsk::Init(rows) => return write_rows(rows, json),
        TableAsk::Txn(mops) => mops,
    };
    let mut found = ret.0.iter();
    json.push(b'[');
    for (position, mop) in mops.iter().enumerate() {
        json.extend_from_slice(if position == 0 { b"[" } else { b",[" });
        match *mop {
            TableMop::Insert { row, value } => write_change("\"insert\",", row, Some(value), json),
            TableMop::Delete { row } => write_change("\"delete\",", row, None, json),
            TableMop::Write { row, value } => write_change("\"w\",", row, Some(value), json),
            TableMop::Read { row } => write_change("\"r\",", row, None, json),
            TableMop::Find(predicate) => write_predicate(predicate, json),
        }
        if mop.is_read() {
            json.push(b',');
            match found.next() {
                Some(TableFound::Value(Some(value))) => write_integer(*value, json),
                Some(TableFound::Rows(rows)) => write_rows(rows, json),
                Some(TableFound::Value(None)) | None => json.extend_from_slice(b"null"),
            }
        }
        json.push(b']');
    }
    json.push(b']');
}

fn write_change(start: &str, row: u64, value: Option<i64>, json: &mut Vec<u8>) {
    json.extend_from_slice(start.as_bytes());
    write_integer(row as i64, json);
    if let Some(value) = value {
        json.push(b',');
        write_integer(value, json);
    }
}

fn write_predicate(predicate: Predicate, json: &mut Vec<u8>) {
    let text = match predicate {
        Predicate::Any => "\"rp\",true".to_owned(),
        Predicate::Equals(value) => format!("\"rp\",[\"=\",{value}]"),
        Predicate::Remainder { by, is } => format!("\"rp\",[\"mod\",{by},{is}]"),
    };
    json.extend_from_slice(text.as_bytes());
}

fn write_rows(rows: &Rows, json: &mut Vec<u8>) {
    json.push(b'{');
    for (position, (row, value)) in rows.iter().enumerate() {
        json.extend_from_slice(if position == 0 { b"\"" } else { b",\"" });
        write_integer(*row as i64, json);
        json.extend_from_slice(b"\":");
        write_integer(*value, json);
    }
    json.push(b'}');
}

fn parse_mops(json: &str) -> Result<Vec<Vec<&RawValue>>, String> {
    parse(json, "a list of micro-operations")
}

fn parse_mop(mop: &[&RawValue]) -> Result<TableMop, String> {
    let Some((f, rest)) = mop.split_first() else { return Err(MOP.to_owned()) };
    let f: Cow<'_, str> = parse(f.get(), MOP)?;
    let integer = |position: usize| rest.get(position).map_or(Err(MOP.to_owned()), |id| parse::<i64>(id.get(), MOP));
    let row = || integer(0).map(|row| row as u64);
    match f.as_ref() {
        "insert" => Ok(TableMop::Insert { row: row()?, value: integer(1)? }),
        "delete" => Ok(TableMop::Delete { row: row()? }),
        "w" => Ok(TableMop::Write { row: row()?, value: integer(1)? }),
        "r" => Ok(TableMop::Read { row: row()? }),
        "rp" => parse_predicate(rest.first().map_or("", |text| text.get())).map(TableMop::Find),
        _ => Err(MOP.to_owned()),
    }
}

fn parse_predicate(json: &str) -> Result<Predicate, String> {
    if json == "true" {
        return Ok(Predicate::Any);
    }
    let parts: Vec<&RawValue> = parse(json, PREDICATE)?;
    let integer = |position: usize| parse::<i64>(parts[position].get(), PREDICATE);
    match (parts.len(), parts.first().map_or("", |name| name.get())) {
        (2, "\"=\"") => Ok(Predicate::Equals(integer(1)?)),
        (3, "\"mod\"") => remainder(integer(1)?, integer(2)?),
        _ => Err(PREDICATE.to_owned()),
    }
}

fn remainder(by: i64, is: i64) -> Result<Predicate, String> {
    if by > 0 { Ok(Predicate::Remainder { by, is }) } else { Err(format!("a divisor greater than 0, not {by}")) }
}

fn decode_mops<'a>(id: ValueId, decoder: &Decoder<'a>) -> Result<Vec<&'a [ValueId]>, String> {
    let complaint = || format!("a list of {MOP}, not {}", decoder.shown(id));
    let mops = decoder.get(id).elements().ok_or_else(complaint)?;
    mops.iter().map(|mop| decoder.get(*mop).elements().ok_or_else(complaint)).collect()
}

fn decode_mop(mop: &[ValueId], decoder: &mut Decoder<'_>) -> Result<TableMop, String> {
    let Some((f, rest)) = mop.split_first() else { return Err(MOP.to_owned()) };
    let name = decoder.get(*f).name().unwrap_or_default();
    let mut integer = |position: usize| match rest.get(position) {
        Some(id) => number(*id, MOP, decoder),
        None => Err(MOP.to_owned()),
    };
    match name {
        "insert" => Ok(TableMop::Insert { row: integer(0)? as u64, value: integer(1)? }),
        "delete" => Ok(TableMop::Delete { row: integer(0)? as u64 }),
        "w" => Ok(TableMop::Write { row: integer(0)? as u64, value: integer(1)? }),
        "r" => Ok(TableMop::Read { row: integer(0)? as u64 }),
        "rp" => decode_predicate(rest.first().copied().unwrap_or(ValueId::NIL), decoder).map(TableMop::Find),
        _ => Err(MOP.to_owned()),
    }
}

fn decode_predicate(id: ValueId, decoder: &mut Decoder<'_>) -> Result<Predicate, String> {
    let name = |id: ValueId, decoder: &Decoder<'_>| decoder.get(id).name().unwrap_or_default().to_owned();
    match decoder.get(id) {
        Value::Bool(true) | Value::Keyword("true") => Ok(Predicate::Any),
        Value::Vector(&[f, value]) if name(f, decoder) == "=" => {
            Ok(Predicate::Equals(number(value, PREDICATE, decoder)?))
        }
        Value::Vector(&[f, by, is]) if name(f, decoder) == "mod" => {
            remainder(number(by, PREDICATE, decoder)?, number(is, PREDICATE, decoder)?)
        }
        _ => Err(format!("{PREDICATE}, not {}", decoder.shown(id))),
    }
}

/// Nil stands for no rows.
fn decode_rows(id: ValueId, decoder: &mut Decoder<'_>) -> Result<Rows, String> {
    if id.is_nil() {
        return Ok(Rows::new());
    }
    let Some(entries) = decoder.get(id).entries(decoder.values) else {
        return Err(format!("{ROWS}, not {}", decoder.shown(id)));
    };
    entries.map(|(row, value)| Ok((number(row, ROWS, decoder)? as u64, number(value, ROWS, decoder)?))).collect()
}
