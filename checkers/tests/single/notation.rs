//! A notation for histories: one event per line, `process type f value`, with a value in JSON, and `@ms`, `#node` and
//! `key=k` before it where they matter. Types are `i`, `o`, `f` and `c` (crashed: info). Without `@`, an event is one
//! millisecond after the one before.

use checkers::{SingleOptions, Verdict, judge};
use history::{Calls, ReadOptions, Recording, read_bytes};
use std::fmt::Write;

/// JSON lines of a history.
pub fn json(text: &str) -> String {
    let (mut lines, mut time) = (String::new(), 0_i64);
    for (index, line) in text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        let mut words = line.split_whitespace().peekable();
        let (process, kind, f) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        time += 1;
        let mut fields = String::new();
        while let Some(word) = words.next_if(|word| word.starts_with(['@', '#']) || word.starts_with("key=")) {
            match word.split_at(1) {
                ("@", ms) => time = ms.parse().unwrap(),
                ("#", node) => write!(fields, ",\"node\":\"{node}\"").unwrap(),
                _ => write!(fields, ",\"key\":{}", &word[4..]).unwrap(),
            }
        }
        let kind = match kind {
            "i" => "invoke",
            "o" => "ok",
            "f" => "fail",
            "c" => "info",
            other => panic!("no type: {other}"),
        };
        let value: Vec<&str> = words.collect();
        let value = if value.is_empty() { "null".to_owned() } else { value.join(" ") };
        let time = time * 1_000_000;
        writeln!(
            lines,
            "{{\"index\":{index},\"time\":{time},\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\"{fields},\"value\":{value}}}"
        )
        .unwrap();
    }
    lines
}

pub fn recording(text: &str) -> Recording {
    let json = json(text);
    read_bytes(json.as_bytes(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{error:?}\n{json}"))
}

pub fn options(text: &str) -> SingleOptions {
    SingleOptions::parse(text.split_whitespace()).unwrap()
}

/// The verdict of a checker on a history in the notation.
pub fn verdict(checker: &str, with: &str, text: &str) -> Verdict {
    let recording = recording(text);
    let calls = Calls::pair(&recording).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    judge(checker, &calls, &options(with)).expect("a checker of that name")
}

/// `valid`, `unknown`, or the names of the anomalies, each once, sorted.
pub fn words(verdict: &Verdict) -> String {
    if verdict.anomalies().is_empty() {
        return verdict.word().to_string();
    }
    let mut names: Vec<&str> = verdict.anomalies().iter().map(|anomaly| anomaly.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

/// Judges, and compares with what is expected.
pub fn check(checker: &str, with: &str, expected: &str, text: &str) {
    let verdict = verdict(checker, with, text);
    assert_eq!(words(&verdict), expected, "{checker} {with}\n{text}\n{verdict:#?}");
}
