//! A bank of registers: a transfer reads both accounts and writes both; a read looks at all accounts, one after another.

use super::{Access, Objects, Stop, Stored};
use history::{Bank, BankOp, BankRet};
use std::collections::BTreeMap;

/// The balances that were read, and how many were written.
#[derive(Debug, Default)]
pub struct Moved {
    balances: Vec<i64>,
    written: usize,
}

fn balance(access: &mut Access<'_>, account: u64) -> i64 {
    access.value(account).unwrap_or(Bank::OPENING_BALANCE)
}

impl Stored for Bank {
    const OBJECTS: Objects = Objects::Registers;
    type Progress = Moved;

    fn advance(op: &BankOp, progress: &mut Moved, access: &mut Access<'_>) -> Result<bool, Stop> {
        let BankOp::Transfer(transfer) = op else {
            let account = progress.balances.len() as u64;
            if account == Bank::ACCOUNTS {
                return Ok(false);
            }
            progress.balances.push(balance(access, account));
            return Ok(true);
        };
        match (&progress.balances[..], progress.written) {
            ([], _) => progress.balances.push(balance(access, transfer.from)),
            ([from], _) if *from < transfer.amount => {
                return Err(Stop::Refused(format!("account {} holds only {from}", transfer.from)));
            }
            ([_], _) => progress.balances.push(balance(access, transfer.to)),
            ([from, _, ..], 0) => {
                access.write(transfer.from, Some(from - transfer.amount))?;
                progress.written = 1;
            }
            ([_, to, ..], 1) => {
                access.write(transfer.to, Some(to + transfer.amount))?;
                progress.written = 2;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn answer(op: &BankOp, progress: Moved) -> BankRet {
        match op {
            BankOp::Read => BankRet::Balances((0..).zip(progress.balances).collect::<BTreeMap<_, _>>()),
            BankOp::Transfer(_) => BankRet::Done,
        }
    }
}
