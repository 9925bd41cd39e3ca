//! A bank: a fixed number of accounts, money that moves between them, and a look at all balances at once.

use super::{DataType, number, parse, unknown_function, write_integer};
use crate::{Decoder, Value, ValueId};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The data type of a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank;

impl Bank {
    /// The accounts are numbered from 0 up to, not including, this.
    pub const ACCOUNTS: u64 = 8;
    /// What every account holds at first.
    pub const OPENING_BALANCE: i64 = 100;
    /// What all accounts hold together, at any time.
    pub const TOTAL: i64 = Bank::ACCOUNTS as i64 * Bank::OPENING_BALANCE;
}

/// What can be asked of a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BankOp {
    /// What does every account hold?
    Read,
    /// Move money; fails if there is not enough of it in `from`.
    Transfer(Transfer),
}

/// Money that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct Transfer {
    /// The account that it leaves.
    pub from: u64,
    /// The account that it comes to, another one.
    pub to: u64,
    /// How much; greater than 0.
    pub amount: i64,
}

/// What a bank answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankRet {
    /// A read found these: account and balance.
    Balances(BTreeMap<u64, i64>),
    /// The money was moved.
    Done,
}

impl DataType for Bank {
    const NAME: &'static str = "bank";
    const FUNCTIONS: &'static [&'static str] = &["transfer", "read"];
    type Op = BankOp;
    type Ret = BankRet;

    fn is_read(op: &BankOp) -> bool {
        matches!(op, BankOp::Read)
    }

    fn function(op: &BankOp) -> &'static str {
        match op {
            BankOp::Read => "read",
            BankOp::Transfer(_) => "transfer",
        }
    }

    fn key(_: &BankOp) -> Option<u64> {
        None
    }

    fn write_argument(op: &BankOp, json: &mut Vec<u8>) {
        let BankOp::Transfer(transfer) = op else { return json.extend_from_slice(b"null") };
        for (name, number) in
            [("{\"from\":", transfer.from as i64), (",\"to\":", transfer.to as i64), (",\"amount\":", transfer.amount)]
        {
            json.extend_from_slice(name.as_bytes());
            write_integer(number, json);
        }
        json.push(b'}');
    }

    fn write_result(op: &BankOp, ret: &BankRet, json: &mut Vec<u8>) {
        let BankRet::Balances(balances) = ret else {
            return Self::write_argument(op, json);
        };
        json.push(b'{');
        for (position, (account, balance)) in balances.iter().enumerate() {
            json.extend_from_slice(if position == 0 { b"\"" } else { b",\"" });
            write_integer(*account as i64, json);
            json.extend_from_slice(b"\":");
            write_integer(*balance, json);
        }
        json.push(b'}');
    }

    fn parse_op(function: &str, _: Option<u64>, argument: &str) -> Result<BankOp, String> {
        match function {
            "read" => Ok(BankOp::Read),
            "transfer" => parse(argument, TRANSFER).map(BankOp::Transfer),
            _ => Err(unknown_function::<Self>(function)),
        }
    }

    fn parse_ret(op: &BankOp, result: &str) -> Result<BankRet, String> {
        match op {
            BankOp::Read => parse(result, BALANCES).map(BankRet::Balances),
            BankOp::Transfer(_) => Ok(BankRet::Done),
        }
    }

    fn decode_op(
        function: &str,
        _: Option<u64>,
        argument: ValueId,
        decoder: &mut Decoder<'_>,
    ) -> Result<BankOp, String> {
        match function {
            "read" => Ok(BankOp::Read),
            "transfer" => {
                let amount = field(argument, "amount", decoder)?;
                let (from, to) = (field(argument, "from", decoder)? as u64, field(argument, "to", decoder)? as u64);
                Ok(BankOp::Transfer(Transfer { from, to, amount }))
            }
            _ => Err(unknown_function::<Self>(function)),
        }
    }

    /// Accounts that are no integers become numbers from 2^63 on.
    fn decode_ret(op: &BankOp, result: ValueId, decoder: &mut Decoder<'_>) -> Result<BankRet, String> {
        let BankOp::Read = op else { return Ok(BankRet::Done) };
        let Some(entries) = decoder.get(result).entries(decoder.values) else {
            return Err(format!("{BALANCES}, not {}", decoder.shown(result)));
        };
        let entry =
            |(account, balance)| Ok((number(account, BALANCES, decoder)? as u64, number(balance, BALANCES, decoder)?));
        entries.map(entry).collect::<Result<_, String>>().map(BankRet::Balances)
    }
}

const TRANSFER: &str = "a transfer {from, to, amount} of integers";
const BALANCES: &str = "a map from accounts to balances";

/// A field of a map whose keys are keywords or strings.
fn field(map: ValueId, name: &str, decoder: &mut Decoder<'_>) -> Result<i64, String> {
    let missing = format!("{TRANSFER}, not {}", decoder.shown(map));
    let values = decoder.values;
    let named =
        |id: ValueId| matches!(values.get(id), Value::Keyword(n) | Value::String(n) | Value::Symbol(n) if n == name);
    let mut entries = decoder.get(map).entries(values).ok_or_else(|| missing.clone())?;
    let (_, value) = entries.find(|entry| named(entry.0)).ok_or(missing)?;
    number(value, TRANSFER, decoder)
}
