//! A level that is refuted, in words: who is in the circle, and why each of its steps is there.

use super::{Explained, Hop, Pair, argument, program};
use crate::txn::level::{Before, Cause, Step, Why};
use crate::txn::{Inferred, Kinds, Transactions};

/// Most transactions whose programs are told of one refutation that is no circle.
const TOLD: usize = 64;

/// Tells of a circle of transactions whose versions are in a known order. `because` begins the sentence.
pub(in crate::txn) fn steps(inferred: &Inferred<'_>, because: &str, steps: &[Step]) -> Explained {
    let hop = |step: &Step| {
        let pair = Pair { inferred, from: step.from, to: step.to };
        let (from, to) = pair.names();
        match step.why {
            Why::Data(kinds) => {
                let reason = pair.reason(kinds);
                (reason.kind, reason.why)
            }
            Why::Session => ordered("process", &inferred.transactions, step.from, step.to),
            Why::Realtime => ordered("realtime", &inferred.transactions, step.from, step.to),
            Why::Stale { key } => {
                let key = inferred.transactions.key_text(key);
                ("rw".to_owned(), format!("{from} read key {key} as it was before {to} wrote it"))
            }
            Why::Overwritten { key } => {
                let key = inferred.transactions.key_text(key);
                ("ww".to_owned(), format!("{to} overwrote what {from} wrote to key {key}"))
            }
        }
    };
    circle(inferred, because, steps.iter().map(|step| (step.from, hop(step))).collect())
}

/// Tells of a circle of transactions whose versions are in no known order. One that needs the beginning of everything has
/// no steps, because that is no transaction.
pub(in crate::txn) fn befores(inferred: &Inferred<'_>, because: &str, steps: &[Before]) -> Explained {
    let rows = inferred.transactions.len() as u32;
    if steps.iter().any(|step| step.from >= rows || step.to >= rows) {
        let rows = steps.iter().flat_map(|step| [step.from, step.to]).filter(|row| *row < rows).collect();
        return some(&inferred.transactions, rows, because.to_owned());
    }
    let hop = |step: &Before| {
        let pair = Pair { inferred, from: step.from, to: step.to };
        let (from, to) = pair.names();
        match &step.cause {
            Cause::Reads => {
                let reason = pair.reason(Kinds::WR);
                (reason.kind, reason.why)
            }
            Cause::Session => ordered("process", &inferred.transactions, step.from, step.to),
            Cause::Realtime => ordered("realtime", &inferred.transactions, step.from, step.to),
            Cause::Beginning => ("ww".to_owned(), format!("{to} wrote after the beginning")),
            Cause::Overwritten { reader, key, .. } => {
                let (reader, key) = (inferred.transactions.name(*reader), inferred.transactions.key_text(*key));
                let why = format!("{reader} knew of {from}, which wrote key {key}, and yet read {to}'s write of it");
                ("ww".to_owned(), why)
            }
        }
    };
    circle(inferred, because, steps.iter().map(|step| (step.from, hop(step))).collect())
}

/// Transactions that are concerned, without an argument step by step.
pub(in crate::txn) fn some(transactions: &Transactions<'_>, mut rows: Vec<u32>, sentence: String) -> Explained {
    rows.retain(|row| (*row as usize) < transactions.len());
    rows.sort_unstable();
    rows.dedup();
    let told = &rows[..rows.len().min(TOLD)];
    Explained {
        names: told.iter().map(|row| transactions.name(*row)).collect(),
        programs: told.iter().map(|row| program(transactions, *row)).collect(),
        rows,
        sentence,
        ..Explained::default()
    }
}

/// Why an order of no data puts one before the other.
pub(super) fn ordered(kind: &str, transactions: &Transactions<'_>, from: u32, to: u32) -> (String, String) {
    let (timeline, recording) = (transactions.timeline(), transactions.recording());
    let (first, second) = (transactions.name(from), transactions.name(to));
    let why = if kind == "process" {
        let process = transactions.process(timeline.session[from as usize]);
        format!("process {process} did {first} before {second}")
    } else {
        let end = recording.index(timeline.completed[from as usize]);
        let begin = recording.index(timeline.invoked[to as usize]);
        format!("{first} completed at index {end}, before {second} was invoked at index {begin}")
    };
    (kind.to_owned(), why)
}

/// A transaction may be met twice on the way; each time it stands there for itself.
fn circle(inferred: &Inferred<'_>, because: &str, steps: Vec<(u32, (String, String))>) -> Explained {
    let transactions = &inferred.transactions;
    let (rows, reasons): (Vec<u32>, Vec<(String, String)>) = steps.into_iter().unzip();
    let count = rows.len();
    let names: Vec<String> = rows.iter().map(|row| transactions.name(*row)).collect();
    let hop = |(at, (kind, why)): (usize, (String, String))| Hop { from: at, to: (at + 1) % count, kind, why };
    let hops: Vec<Hop> = reasons.into_iter().enumerate().map(hop).collect();
    Explained {
        programs: rows.iter().map(|row| program(transactions, *row)).collect(),
        sentence: format!("{because}: {}", argument(&names, &hops)),
        nickname: None,
        rows,
        names,
        hops,
    }
}
