//! Bank: transfers move money between accounts, so every read of all accounts has the same sum.
//!
//! Of each read the first class that fits is reported: an account that nobody knows, a balance that is none, a wrong
//! sum, a balance below zero. A read of some accounts only is partial: its balances are judged, not its sum. Balances
//! are also held against what transfers allow; see `bank_bounds`.
//!
//! Source: Jepsen's `bank` test. We differ: partial reads, bounds, and a total that is inferred is said to be.
//! It misses transfers that are lost whole, unless reads are real-time.

use super::found::{Case, Found};
use super::object::{Object, Op};
use super::{Rule, SingleEntry, SingleOptions, bank_bounds};
use history::ValueId;
use rustc_hash::FxHashSet;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "bank",
        summary: "transfers between accounts neither make nor destroy money",
        functions: &["read", "transfer"],
        options: &["total", "accounts", "negative-balances", "realtime"],
    },
    per_key: true,
    judge,
    confirm,
};

/// What all accounts must be and hold.
struct Expected {
    accounts: FxHashSet<ValueId>,
    total: Option<i128>,
    /// The read that accounts and total are inferred from.
    reference: Option<u32>,
}

fn judge(bank: &Object, options: &SingleOptions, found: &mut Found) {
    let reads: Vec<&Op> = bank.ok("read").filter(|read| balances(bank, read).is_some()).collect();
    found.fact("reads", reads.len());
    let odd = bank.ok("read").count() - reads.len();
    if odd > 0 {
        found.doubt(format!("{odd} reads are no map from accounts to balances"));
    }
    let expected = expected(bank, &reads, options);
    let whole = reads.iter().filter(|read| is_whole(bank, read, &expected)).count();
    found.fact("reads of all accounts", whole);
    match (expected.total, expected.reference) {
        (Some(total), Some(_)) => found.note("total", format!("{total}, taken from the first read of all accounts")),
        (Some(total), None) => found.note("total", total.to_string()),
        (None, _) => {}
    }
    for read in &reads {
        judge_read(bank, read, &expected, options, found);
    }
    bank_bounds::judge(bank, options, found);
    if whole < 1 + usize::from(expected.reference.is_some()) {
        found.lack("too few reads of all accounts to compare");
    }
}

/// The accounts of a read and what they hold.
pub(super) fn balances(bank: &Object, read: &Op) -> Option<Vec<(ValueId, ValueId)>> {
    let entries = bank.value(read.result).entries(bank.values())?;
    Some(entries.collect()).filter(|balances: &Vec<_>| !balances.is_empty())
}

fn expected(bank: &Object, reads: &[&Op], options: &SingleOptions) -> Expected {
    let accounts: FxHashSet<ValueId> = match options.accounts {
        Some(number) => (0..i64::from(number)).filter_map(ValueId::small).collect(),
        None => {
            // Of equal size, the first.
            let largest = reads.iter().rev().max_by_key(|read| balances(bank, read).map_or(0, |all| all.len()));
            largest.and_then(|read| balances(bank, read)).unwrap_or_default().iter().map(|entry| entry.0).collect()
        }
    };
    let mut expected = Expected { accounts, total: options.total.map(i128::from), reference: None };
    if expected.total.is_none() {
        let first = reads.iter().find(|read| is_whole(bank, read, &expected) && sum(bank, read).is_some());
        expected.total = first.and_then(|read| sum(bank, read));
        expected.reference = first.map(|read| read.at);
    }
    expected
}

fn is_whole(bank: &Object, read: &Op, expected: &Expected) -> bool {
    let balances = balances(bank, read).unwrap_or_default();
    balances.len() == expected.accounts.len() && balances.iter().all(|entry| expected.accounts.contains(&entry.0))
}

fn sum(bank: &Object, read: &Op) -> Option<i128> {
    balances(bank, read)?.iter().map(|entry| bank.integer(entry.1).map(i128::from)).sum()
}

fn judge_read(bank: &Object, read: &Op, expected: &Expected, options: &SingleOptions, found: &mut Found) {
    let balances = balances(bank, read).unwrap_or_default();
    let case = |account: ValueId, what: String| {
        let text = format!("the read of {} found {what}", bank.who(read));
        Case::new(read.at, None, text).about(account)
    };
    if let Some((account, _)) = balances.iter().find(|entry| !expected.accounts.contains(&entry.0)) {
        return found.case("unexpected-key", 1, || {
            case(*account, format!("the account {}, which nobody knows", bank.text(*account)))
        });
    }
    if let Some((account, balance)) = balances.iter().find(|entry| bank.integer(entry.1).is_none()) {
        return found.case("nil-balance", 1, || {
            case(*account, format!("{} in account {}, which is no balance", bank.text(*balance), bank.text(*account)))
        });
    }
    let (whole, sum) = (is_whole(bank, read, expected), sum(bank, read).unwrap_or_default());
    if let Some(total) = expected.total.filter(|total| whole && sum != *total) {
        return found.case("wrong-total", sum.abs_diff(total), || {
            let text = format!("the read of {} found {sum} in all accounts together, not {total}", bank.who(read));
            Case::new(read.at, expected.reference, text).bounded(total)
        });
    }
    let lowest = balances.iter().filter_map(|entry| Some((bank.integer(entry.1)?, entry.0))).min();
    if let Some((balance, account)) = lowest.filter(|lowest| lowest.0 < 0 && !options.negative_balances) {
        let weight = u128::from(balance.unsigned_abs());
        found.case("negative-value", weight, || case(account, format!("{balance} in account {}", bank.text(account))));
    }
}

fn confirm(bank: &Object, options: &SingleOptions, case: &Case) -> bool {
    let Some(culprit) = bank.ok("read").find(|read| read.at == case.culprit) else { return false };
    let balance = balances(bank, culprit).unwrap_or_default().into_iter().find(|entry| entry.0 == case.subject);
    let number = balance.and_then(|entry| bank.integer(entry.1));
    match case.name {
        "unexpected-key" => balance.is_some(),
        "nil-balance" => balance.is_some() && number.is_none(),
        "negative-value" => number.is_some_and(|number| number < 0),
        "wrong-total" => {
            let total = match options.total {
                Some(total) => Some(i128::from(total)),
                None => bank.ok("read").find(|read| read.at != case.culprit).and_then(|read| sum(bank, read)),
            };
            total == Some(case.bound) && sum(bank, culprit) != total
        }
        _ => bank_bounds::confirm(bank, case, number),
    }
}
