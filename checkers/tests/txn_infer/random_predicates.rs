//! Random closed universes of which the serial order is known: nothing that was done one after the other is ever called
//! invalid. Where two versions of a row are the same, or an answer was lost, it may be unknown; most of it is valid.

use crate::support::transactions::recording;
use checkers::Word;
use checkers::txn::{Objects, TxnOptions, judge_transactions};
use history::Calls;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::fmt::Write;

const SEEDS: u64 = 2_000;
const ROWS: u64 = 7;
const TRANSACTIONS: usize = 12;

type Table = BTreeMap<u64, u64>;

fn map(table: impl Iterator<Item = (u64, u64)>) -> String {
    let rows: Vec<String> = table.map(|(row, value)| format!("{row} {value}")).collect();
    format!("{{{}}}", rows.join(", "))
}

/// A step that is done at once, on a row that did not change before if it changes one.
fn step(table: &mut Table, unchanged: &mut Vec<u64>, rng: &mut ChaCha8Rng) -> String {
    let value = rng.random_range(1..6);
    match rng.random_range(0..8) {
        0..3 if !unchanged.is_empty() => {
            let row = unchanged.swap_remove(rng.random_range(0..unchanged.len()));
            let was_there = table.contains_key(&row);
            if was_there && rng.random_bool(0.5) {
                table.remove(&row);
                return format!("[:delete {row}]");
            }
            table.insert(row, value);
            format!("[:{} {row} {value}]", if was_there { "w" } else { "insert" })
        }
        3 => {
            let row = rng.random_range(0..ROWS);
            format!("[:r {row} {}]", table.get(&row).map_or("nil".to_owned(), u64::to_string))
        }
        4 => format!("[:rp [:= {value}] {}]", map(rows(table).filter(|row| row.1 == value))),
        5 => format!("[:rp [:mod 2 {}] {}]", value % 2, map(rows(table).filter(|row| row.1 % 2 == value % 2))),
        _ => format!("[:rp :true {}]", map(rows(table))),
    }
}

fn rows(table: &Table) -> impl Iterator<Item = (u64, u64)> + '_ {
    table.iter().map(|(row, value)| (*row, *value))
}

/// A serial execution in which some answers are late or lost, so that transactions seem concurrent.
fn history(seed: u64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut table: Table = (0..4).map(|row| (row, rng.random_range(1..6))).collect();
    let mut unchanged: Vec<u64> = (0..ROWS).collect();
    let mut text = String::new();
    let event = |text: &mut String, kind: &str, process: usize, f: &str, value: &str| {
        let _ = writeln!(text, "{{:type :{kind}, :process {process}, :f :{f}, :value {value}}}");
    };
    for kind in ["invoke", "ok"] {
        event(&mut text, kind, 1_000, "init", &map(rows(&table)));
    }
    let mut late: Vec<(usize, String)> = Vec::new();
    for process in 0..TRANSACTIONS {
        let steps: Vec<String> =
            (0..rng.random_range(1..4)).map(|_| step(&mut table, &mut unchanged, &mut rng)).collect();
        let done = format!("[{}]", steps.join(" "));
        event(&mut text, "invoke", process, "txn", &done);
        late.push((process, done));
        while !late.is_empty() && rng.random_bool(0.5) {
            let (process, done) = late.swap_remove(rng.random_range(0..late.len()));
            let kind = if rng.random_bool(0.1) { "info" } else { "ok" };
            event(&mut text, kind, process, "txn", &done);
        }
    }
    late.iter().for_each(|(process, done)| event(&mut text, "ok", *process, "txn", done));
    text
}

#[test]
fn what_was_done_one_after_the_other_is_never_invalid() {
    let mut valid = 0;
    for seed in 0..SEEDS {
        let text = history(seed);
        let recording = recording(&text);
        let calls = Calls::pair(&recording).expect("pairs");
        let found = judge_transactions(Objects::Predicates, &calls, &TxnOptions::default()).expect("transactions");
        assert_ne!(found.word, Word::Invalid, "seed {seed}:\n{text}{found:#?}");
        valid += u64::from(found.word == Word::Valid);
    }
    assert!(valid * 10 > SEEDS * 6, "only {valid} of {SEEDS} are valid");
}
