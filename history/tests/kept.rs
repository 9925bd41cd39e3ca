//! Transactions that are kept as they stand are the same as those that are kept once: whatever the text, whatever the
//! chunks.

use history::{Calls, Format, ReadOptions, Recording, TransactionsOf, Value, read_bytes};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write;

fn options(format: Format, transactions: Option<TransactionsOf>, chunk: Option<usize>) -> ReadOptions {
    ReadOptions { format: Some(format), chunk, transactions, ..ReadOptions::default() }
}

/// One of them, the first more often than all others together.
fn mostly<'a>(rng: &mut ChaCha8Rng, words: &[&'a str]) -> &'a str {
    let at = if rng.random_range(0..4) > 0 { 0 } else { rng.random_range(0..words.len()) };
    words[at]
}

fn list(rng: &mut ChaCha8Rng, separator: &str) -> String {
    let elements: Vec<String> = (0..rng.random_range(0..6))
        .map(|_| match rng.random_range(0..20) {
            0 => "-3".to_owned(),
            1 => "007".to_owned(),
            2 => "123456789012".to_owned(),
            3 => "[4]".to_owned(),
            4 => "2.5".to_owned(),
            _ => 10_u32.pow(rng.random_range(0..9)).to_string(),
        })
        .collect();
    format!("[{}]", elements.join(separator))
}

fn step(rng: &mut ChaCha8Rng, format: Format) -> String {
    let is_edn = format == Format::Edn;
    let words: [&[&str]; 3] = if is_edn {
        [
            &[":r", ":read", ":r/s", "r", "::w", ":weirdest", "#_1 :r"],
            &[":append", ":w", ":é", ":r"],
            &[" ", ", ", "\n"],
        ]
    } else {
        [
            &["\"r\"", "\"read\"", "\"a\\\"\"", "\"\"", "7"],
            &["\"append\"", "\"w\"", "\"é\""],
            &[",", ", ", " , ", ",\n"],
        ]
    };
    let nil = if is_edn { "nil" } else { "null" };
    let separator = mostly(rng, words[2]).to_owned();
    let key = mostly(rng, &["3", "0", "12345678", "1234567", "-1", "\"k\"", "[1]"]);
    let (name, value) = match rng.random_range(0..4) {
        0 => (mostly(rng, words[1]), rng.random_range(0..2_000_000_000).to_string()),
        1 => (mostly(rng, words[0]), nil.to_owned()),
        2 => (mostly(rng, words[0]), rng.random_range(0..99).to_string()),
        _ if rng.random_range(0..2) == 0 => (mostly(rng, words[1]), list(rng, if is_edn { " " } else { "," })),
        _ => (mostly(rng, words[0]), list(rng, if is_edn { " " } else { "," })),
    };
    match rng.random_range(0..30) {
        0 => format!("[{name}{separator}{key}]"),
        1 => format!("[{name}{separator}{key}{separator}{value}{separator}1]"),
        2 => value,
        _ => format!("[{name}{separator}{key}{separator}{value}]"),
    }
}

fn event(rng: &mut ChaCha8Rng, format: Format, index: u32) -> String {
    let separator = if format == Format::Edn { " " } else { "," };
    let steps: Vec<String> = (0..rng.random_range(0..5)).map(|_| step(rng, format)).collect();
    let (value, kind) = (steps.join(separator), ["invoke", "ok", "fail", "info"][rng.random_range(0..4)]);
    match format {
        Format::Edn => format!("{{:type :{kind}, :process {index}, :f :txn, :value [{value}], :index {index}}}\n"),
        _ => format!("{{\"type\":\"{kind}\",\"process\":{index},\"f\":\"txn\",\"value\":[{value}]}}\n"),
    }
}

fn same(text: &[u8], format: Format, of: TransactionsOf) {
    let shown = || String::from_utf8_lossy(&text[..text.len().min(2_000)]).into_owned();
    let once = read_bytes(text, &options(format, None, None));
    for chunk in [None, Some(1), Some(300)] {
        match (&once, read_bytes(text, &options(format, Some(of), chunk))) {
            (Ok(once), Ok(kept)) => {
                assert!(*once == kept, "{}", shown());
                assert_eq!(once.notes(), kept.notes(), "{}", shown());
                let notes = |recording: &Recording| Calls::pair(recording).map(|calls| calls.notes().to_vec());
                assert_eq!(notes(once), notes(&kept), "{}", shown());
            }
            (Err(once), Err(kept)) => assert_eq!(*once, kept, "{}", shown()),
            (once, kept) => panic!("{once:?} and {kept:?} of {}", shown()),
        }
    }
}

#[test]
fn transactions_are_the_same_however_they_are_kept() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for seed in 0..2_000 {
        let format = [Format::Edn, Format::JsonLines][seed % 2];
        let of = [TransactionsOf::Lists, TransactionsOf::Registers][seed / 2 % 2];
        let mut text: Vec<u8> =
            (0..rng.random_range(1..8)).flat_map(|i| event(&mut rng, format, i).into_bytes()).collect();
        if seed % 3 == 0 {
            let at = rng.random_range(0..text.len());
            let pieces: [&[u8]; 8] = [b"", b" ", b"]", b"[", b"\"", b"\n", b"\xc3", b"9"];
            drop(text.splice(at..at + rng.random_range(0..2), pieces[rng.random_range(0..8)].iter().copied()));
        }
        same(&text, format, of);
    }
}

#[test]
fn lists_longer_than_a_page_and_files_of_many_pages_are_the_same() {
    let mut text = String::new();
    for index in 0..80 {
        let length = if index == 40 { 70_000 } else { 2_000 };
        let list: Vec<String> = (0..length).map(|element| element.to_string()).collect();
        let list = list.join(" ");
        writeln!(text, "{{:type :invoke, :process {index}, :f :txn, :value [[:r {index} nil]]}}").expect("memory");
        writeln!(text, "{{:type :ok, :process {index}, :f :txn, :value [[:r {index} [{list}]]]}}").expect("memory");
    }
    let once = read_bytes(text.as_bytes(), &options(Format::Edn, None, None)).expect("it is a history");
    for chunk in [None, Some(40_000)] {
        let kept = read_bytes(text.as_bytes(), &options(Format::Edn, Some(TransactionsOf::Lists), chunk));
        assert!(kept.expect("it is a history") == once);
    }
}

#[test]
fn what_is_equal_is_the_same_and_nothing_else_is() {
    let text = "{:type :ok, :process 0, :f :txn, :value [[:r 1 [1 2]] [:append 1 3]]}\n\
                {:type :ok, :process 0, :f :txn, :value [[:r 1 [1 2]] [:append 1 3]]}\n\
                {:type :ok, :process 0, :f :txn, :value [[:r 1 [1, 2]] [:append 1 3]]}\n\
                {:type :ok, :process 0, :f :txn, :value [[:r 1 [1 3]] [:append 1 3]]}\n";
    let kept = read_bytes(text.as_bytes(), &options(Format::Edn, Some(TransactionsOf::Lists), None));
    let kept = kept.expect("it is a history");
    let values: Vec<_> = kept.events().map(|event| event.value).collect();
    assert_ne!(values[0], values[1], "it was not kept as it stands");
    for (other, is_same) in [(0, true), (1, true), (2, true), (3, false)] {
        assert_eq!(kept.values().same(values[0], values[other]), is_same);
        assert_eq!(kept.values().same(values[other], values[0]), is_same);
    }
    let Value::Vector(&[_, append]) = kept.values().get(values[0]) else { panic!("it has two steps") };
    assert!(!kept.values().same(values[0], append));
}
