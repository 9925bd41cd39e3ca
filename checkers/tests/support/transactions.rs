//! A notation for small histories of transactions.
//!
//! One word is one transaction: `ax1` appends 1 to x, `rx12` reads the list [1 2] of x and `rx` an empty one; `wx1` writes
//! 1 to the register x, `rx1` reads 1 and `rx_` nil; `ax1ry` does both, in that order. Every element is one digit.
//! `!ax1` failed; of `?ax1` nobody knows what became. `p3:ax1` is of process 3; others have a process of their own.
//!
//! All are concurrent, except that those before the word `then` completed before those after it began, and that a process
//! does one after the other.

use history::{ReadOptions, Recording, read_bytes};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What the objects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objects {
    Lists,
    Registers,
}

pub fn lists(text: &str) -> Recording {
    recording(&edn(text, Objects::Lists))
}

pub fn registers(text: &str) -> Recording {
    recording(&edn(text, Objects::Registers))
}

pub fn recording(edn: &str) -> Recording {
    read_bytes(edn.as_bytes(), &ReadOptions::default()).expect("a history")
}

/// The history as EDN, an event a line.
pub fn edn(text: &str, objects: Objects) -> String {
    let mut writer = Writer::default();
    for (number, word) in text.split_whitespace().enumerate() {
        match word {
            "then" => writer.complete(|_| true),
            _ => writer.invoke(&Transaction::parse(number, word, objects)),
        }
    }
    writer.complete(|_| true);
    writer.text
}

struct Transaction {
    process: usize,
    outcome: &'static str,
    asked: String,
    done: String,
}

impl Transaction {
    fn parse(number: usize, word: &str, objects: Objects) -> Transaction {
        let (process, word) = match word.strip_prefix('p').and_then(|rest| rest.split_once(':')) {
            Some((process, rest)) => (process.parse().expect("a process"), rest),
            None => (100 + number, word),
        };
        let (outcome, word) = match (word.strip_prefix('!'), word.strip_prefix('?')) {
            (Some(rest), _) => ("fail", rest),
            (_, Some(rest)) => ("info", rest),
            _ => ("ok", word),
        };
        let starts: Vec<usize> = word.match_indices(['a', 'r', 'w']).map(|(at, _)| at).collect();
        let (mut asked, mut done) = (String::new(), String::new());
        for (at, start) in starts.iter().enumerate() {
            let end = starts.get(at + 1).copied().unwrap_or(word.len());
            let (f, key, value) = (&word[*start..=*start], &word[start + 1..start + 2], &word[start + 2..end]);
            match f {
                "a" => step(&mut asked, &mut done, ":append", key, value),
                "w" => step(&mut asked, &mut done, ":w", key, value),
                _ => {
                    let _ = write!(asked, "[:r :{key} nil] ");
                    let _ = write!(done, "[:r :{key} {}] ", found(value, objects));
                }
            }
        }
        Transaction { process, outcome, asked, done }
    }
}

fn step(asked: &mut String, done: &mut String, f: &str, key: &str, value: &str) {
    for text in [asked, done] {
        let _ = write!(text, "[{f} :{key} {value}] ");
    }
}

fn found(value: &str, objects: Objects) -> String {
    let digits: Vec<String> = value.chars().map(String::from).collect();
    match (objects, value) {
        (Objects::Lists, _) => format!("[{}]", digits.join(" ")),
        (Objects::Registers, "_" | "") => "nil".to_owned(),
        (Objects::Registers, _) => value.to_owned(),
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    open: Vec<(usize, &'static str, String)>,
    retired: BTreeSet<usize>,
}

impl Writer {
    fn invoke(&mut self, transaction: &Transaction) {
        let process = transaction.process;
        self.complete(|open| open == process);
        assert!(!self.retired.contains(&process), "process {process} crashed before");
        self.event(process, "invoke", &transaction.asked);
        self.open.push((process, transaction.outcome, transaction.done.clone()));
    }

    fn complete(&mut self, is_due: impl Fn(usize) -> bool) {
        for (process, outcome, done) in std::mem::take(&mut self.open) {
            if !is_due(process) {
                self.open.push((process, outcome, done));
                continue;
            }
            self.event(process, outcome, &done);
            if outcome == "info" {
                self.retired.insert(process);
            }
        }
    }

    fn event(&mut self, process: usize, kind: &str, steps: &str) {
        let steps = steps.trim_end();
        let _ = writeln!(self.text, "{{:type :{kind}, :process {process}, :f :txn, :value [{steps}]}}");
    }
}
