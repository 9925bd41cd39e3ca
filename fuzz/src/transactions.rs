//! Arbitrary bytes as a small history of transactions, and what must hold of everything that is said about it.

use checkers::txn::level::Level;
use checkers::txn::{
    CycleOptions, InferOptions, Inferred, Objects, TxnOptions, cycles, infer_append, infer_predicate, infer_register,
    judge_transactions, verify, verify_finding,
};
use history::{Calls, ReadOptions, read_bytes};
use std::fmt::Write;

/// Events of one history, at most.
const MOST_EVENTS: usize = 64;
const CLIENTS: usize = 5;
const ODD: [&str; 8] = ["nil", ":k", "\"s\"", "[1 2]", "{1 2}", "-1", "9223372036854775808", "true"];

/// The bytes that are left; zeros after their end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn below(&mut self, limit: usize) -> usize {
        let (first, rest) = self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        usize::from(first) % limit
    }

    /// A small number; seldom something odd.
    fn small(&mut self) -> String {
        match self.below(64) {
            0 => ODD[self.below(ODD.len())].to_owned(),
            number => (number % 4).to_string(),
        }
    }

    fn list(&mut self) -> String {
        (0..self.below(4)).map(|_| self.small()).collect::<Vec<_>>().join(" ")
    }

    /// What an object was found to be.
    fn found(&mut self, objects: Objects) -> String {
        match (objects, self.below(8)) {
            (_, 0) => "nil".to_owned(),
            (Objects::Lists, _) => format!("[{}]", self.list()),
            _ => self.small(),
        }
    }

    fn predicate(&mut self) -> String {
        match self.below(8) {
            0..3 => ":true".to_owned(),
            3 | 4 => format!("[:mod 2 {}]", self.below(2)),
            5 | 6 => format!("[:= {}]", self.small()),
            _ => format!("[:mod {} {}]", self.small(), self.small()),
        }
    }

    fn rows(&mut self) -> String {
        let rows: Vec<String> = (0..self.below(4)).map(|row| format!("{row} {}", self.small())).collect();
        format!("{{{}}}", rows.join(", "))
    }

    fn mop(&mut self, objects: Objects) -> String {
        let (what, key) = (self.below(16), self.small());
        let written = match objects {
            Objects::Lists => "append",
            _ => "w",
        };
        match (objects, what) {
            (_, 0) if self.below(8) == 0 => format!("[:cas {key} 1]"),
            (Objects::Predicates, 1..3) => format!("[:insert {key} {}]", self.small()),
            (Objects::Predicates, 3) => format!("[:delete {key}]"),
            (Objects::Predicates, 4..10) => format!("[:rp {} {}]", self.predicate(), self.rows()),
            (_, 0..7) => format!("[:{written} {key} {}]", self.small()),
            _ => format!("[:r {key} {}]", self.found(objects)),
        }
    }

    fn transaction(&mut self, objects: Objects) -> String {
        let mops: Vec<String> = (0..=self.below(4)).map(|_| self.mop(objects)).collect();
        format!("[{}]", mops.join(" "))
    }
}

/// Judges what the bytes make.
///
/// # Panics
/// If the same history is judged in two ways, or if something is said of it that does not verify.
pub fn judge_transactions_of(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let objects = [Objects::Lists, Objects::Registers, Objects::Predicates][bytes.below(3)];
    let expect = Level::all().nth(bytes.below(Level::all().count())).expect("a level");
    let as_elle = bytes.below(4) == 0;
    let text = history_of(&mut bytes, objects);
    let Ok(recording) = read_bytes(text.as_bytes(), &ReadOptions::default()) else { return };
    let Ok(calls) = Calls::pair(&recording) else { return };
    for expect in [expect, Level::Serializable, Level::StrictSerializable] {
        let options = TxnOptions { expect: vec![expect], as_elle, visits: 100_000, ..TxnOptions::default() };
        let judge = || judge_transactions(objects, &calls, &options).map(|judged| (judged.verdict(), judged.boundary));
        assert_eq!(judge(), judge(), "not sure of {text}");
    }
    let options = InferOptions::default();
    let inferred = match objects {
        Objects::Lists => infer_append(&calls, &options),
        Objects::Registers => infer_register(&calls, &options),
        Objects::Predicates => infer_predicate(&calls, &options),
    };
    if let Ok(inferred) = inferred {
        verifies(&inferred, &text);
    }
}

fn verifies(inferred: &Inferred<'_>, text: &str) {
    let timeline = inferred.transactions.timeline();
    for cycle in cycles(&inferred.graph, timeline, &CycleOptions::default()).cycles {
        verify(&cycle, &inferred.graph, timeline).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    for finding in &inferred.findings {
        assert!(verify_finding(&inferred.transactions, finding), "{finding:?} does not verify: {text}");
    }
}

/// Clients that mostly do what clients do; now and then a completion without an invocation, or with other steps.
fn history_of(bytes: &mut Bytes<'_>, objects: Objects) -> String {
    let mut text = String::new();
    let mut open: [Option<String>; CLIENTS] = [const { None }; CLIENTS];
    for _ in 0..MOST_EVENTS {
        if bytes.0.is_empty() {
            break;
        }
        let client = bytes.below(CLIENTS);
        let (kind, f, value) = match open[client].take() {
            None if objects == Objects::Predicates && bytes.below(8) == 0 => ("ok", "init", bytes.rows()),
            None if bytes.below(32) == 0 => ("ok", "txn", bytes.transaction(objects)),
            None => {
                let value = bytes.transaction(objects);
                open[client] = Some(value.clone());
                ("invoke", "txn", value)
            }
            Some(value) => {
                let kind = ["ok", "ok", "ok", "ok", "ok", "ok", "fail", "info"][bytes.below(8)];
                (kind, "txn", if bytes.below(16) == 0 { bytes.transaction(objects) } else { value })
            }
        };
        let _ = writeln!(text, "{{:type :{kind}, :process {client}, :f :{f}, :value {value}}}");
    }
    text
}
