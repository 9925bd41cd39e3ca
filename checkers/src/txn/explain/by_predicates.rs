//! Why a transaction precedes another by a predicate: which predicate, and which row changed whether it matches. Nothing
//! is judged here: of several rows that did, the first is told of.

use crate::txn::predicate::matches;
use crate::txn::{Kind, Mop, Transactions};
use history::ValueId;

/// In words; None if no such row is found.
pub(super) fn why(transactions: &Transactions<'_>, from: u32, to: u32, kind: &str) -> Option<String> {
    let (reader, writer) = if kind == "wr" { (to, from) } else { (from, to) };
    let finds = |read: Mop, key: u32| {
        let arena = transactions.arena();
        let mut entries = arena.get(read.value).entries(arena)?;
        entries.find(|entry| entry.0 == transactions.key(key)).map(|entry| entry.1)
    };
    let reads = || transactions.mops(reader).filter(|mop| mop.kind == Kind::PredicateRead);
    let pairs = transactions.mops(writer).filter(|mop| mop.kind.is_write() && transactions.is_asked(reader, mop.key));
    let mut pairs = pairs.flat_map(|write| reads().map(move |read| (write, read)));
    let (write, read) = pairs.find(|(write, read)| {
        let (made, found) = (made(*write), finds(*read, write.key));
        let is_match = matches(transactions, transactions.predicate(read.key), made);
        // What was read is what was made; what was missed is something else.
        if kind == "wr" {
            found.is_some() == is_match && (found.is_none() || found == made)
        } else {
            found.is_some() != is_match
        }
    })?;
    let (reader, writer) = (transactions.name(reader), transactions.name(writer));
    let predicate = transactions.text(transactions.predicate(read.key));
    let key = transactions.key_text(write.key);
    let change = match write.kind {
        Kind::Delete => format!("delete of row {key}"),
        Kind::Insert => format!("insert of {} as row {key}", transactions.text(write.value)),
        Kind::Init => format!("setting up of row {key} as {}", transactions.text(write.value)),
        _ => format!("write of {} to row {key}", transactions.text(write.value)),
    };
    let is_match = matches(transactions, transactions.predicate(read.key), made(write));
    let now = if is_match { "matches" } else { "no longer matches" };
    let saw = if kind == "wr" { "observed" } else { "did not observe" };
    Some(format!("{reader}'s read by the predicate {predicate} {saw} {writer}'s {change}, which {now}"))
}

/// The value of a row after a step; None if the row is not there.
fn made(write: Mop) -> Option<ValueId> {
    Some(write.value).filter(|_| write.kind != Kind::Delete)
}
