//! Laws that every checker obeys, whatever its rule: what makes a history vaguer never turns valid into invalid, and
//! names mean nothing.

use crate::choices::{self, Choose};
use crate::notation::{verdict, words};
use crate::random::{history, rounds};
use checkers::Word;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A checker, how it is asked, what its clients do, and which functions may be forgotten: their effect is told by other
/// calls, or they have none. Availability is left out: it judges how long calls take and how they end.
const CASES: [(&str, &str, Choose, &[&str]); 21] = [
    ("bank", "total=10 accounts=2 realtime=true", choices::bank, &["transfer", "read"]),
    ("causal", "memory=true", choices::registers, &["read", "write"]),
    ("causal", "convergent=true", choices::registers, &["read", "write"]),
    ("causal-reverse", "", choices::comments, &["read", "write"]),
    ("convergence", "", choices::convergence, &[]),
    ("convergence", "local=true", choices::replicas, &["add"]),
    ("counter", "", choices::counter, &["add", "read"]),
    ("fenced-lock", "", choices::lock, &["acquire", "access"]),
    ("g2", "", choices::g2, &["insert", "read"]),
    ("leader-election", "commits=true", choices::leader, &["probe"]),
    ("leader-election", "commits=true", choices::logs, &["probe"]),
    ("long-fork", "", choices::forks, &["read"]),
    ("monotonic", "global=true", choices::monotonic, &["add"]),
    ("queue", "per-producer=true", choices::queue, &["enqueue"]),
    ("rate-limiter", "rate=1/4ms burst=2 limit=2 window=5ms", choices::requests, &["request"]),
    ("sequential", "", choices::sequential, &["read"]),
    ("set", "", choices::set, &["add"]),
    ("set-full", "linearizable=true", choices::set, &["add"]),
    ("staleness", "bound=2ms", choices::registers, &["read"]),
    ("total-queue", "", choices::queue, &["enqueue"]),
    ("unique-ids", "order=true process-order=true time-shift=1", choices::ids, &["generate"]),
];

fn for_each(seed: u64, mut law: impl FnMut(&str, &str, &[&str], &str, &mut ChaCha8Rng)) {
    for (checker, with, choose, forgettable) in CASES {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..rounds() / 10 {
            let text = history(&mut rng, 7, choose);
            law(checker, with, forgettable, &text, &mut rng);
        }
    }
}

fn process(line: &str) -> &str {
    line.split(' ').next().unwrap()
}

fn kind(line: &str) -> &str {
    line.split(' ').nth(1).unwrap()
}

#[test]
fn wider_calls_are_no_worse() {
    let mut widened = 0;
    for_each(3, |checker, with, _, text, rng| {
        let mut lines: Vec<&str> = text.lines().collect();
        for _ in 0..4 {
            // A return and the next invocation, of two clients, change places: both calls take longer.
            let at = rng.random_range(0..lines.len() - 1);
            if kind(lines[at]) != "i" && kind(lines[at + 1]) == "i" && process(lines[at]) != process(lines[at + 1]) {
                lines.swap(at, at + 1);
            }
        }
        let wide = lines.join("\n");
        if wide != text.trim_end() && verdict(checker, with, text).word() == Word::Valid {
            widened += 1;
            let judged = verdict(checker, with, &wide);
            assert_ne!(judged.word(), Word::Invalid, "{checker} {with}\n{text}\nwider:\n{wide}\n{judged:#?}");
        }
    });
    assert!(widened > rounds() / 20, "{widened}");
}

#[test]
fn forgotten_calls_that_nobody_observed_are_no_worse() {
    let mut forgotten = 0;
    for_each(5, |checker, with, forgettable, text, rng| {
        let lines: Vec<&str> = text.lines().collect();
        let at = rng.random_range(0..lines.len());
        let f = lines[at].split(' ').nth(2).unwrap();
        let is_last = !lines[at + 1..].iter().any(|line| process(line) == process(lines[at]));
        // What an update says is observed if another function's answer says it too.
        let value = lines[at].rsplit(' ').next().unwrap();
        let is_update = matches!(f, "add" | "write" | "enqueue");
        let tells = |line: &&str| kind(line) == "o" && line.split(' ').nth(2) != Some(f) && holds(line, value);
        if kind(lines[at]) != "o" || !is_last || !forgettable.contains(&f) || is_update && lines.iter().any(tells) {
            return;
        }
        let mut vague: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let invoked = lines[..at].iter().rev().find(|line| process(line) == process(lines[at])).unwrap();
        vague[at] = invoked.replacen(" i ", " c ", 1);
        let vague = vague.join("\n");
        if verdict(checker, with, text).word() == Word::Valid {
            forgotten += 1;
            let judged = verdict(checker, with, &vague);
            assert_ne!(judged.word(), Word::Invalid, "{checker} {with}\n{text}\nvaguer:\n{vague}\n{judged:#?}");
        }
    });
    assert!(forgotten > rounds() / 40, "{forgotten}");
}

/// True if a line's value has a number; of a value with several, any of them.
fn holds(line: &str, value: &str) -> bool {
    let numbers = |text: &str| -> Vec<String> {
        text.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let own = line.splitn(4, ' ').nth(3).unwrap_or_default();
    numbers(value).iter().any(|number| numbers(own).contains(number))
}

#[test]
fn names_mean_nothing() {
    for_each(7, |checker, with, _, text, _| {
        let expected = words(&verdict(checker, with, text));
        let clients: String = text.lines().map(|line| rename_process(line) + "\n").collect();
        assert_eq!(words(&verdict(checker, with, &clients)), expected, "{checker} {with}\n{text}\n{clients}");
        let keys =
            text.replace("key=1", "key=71").replace("key=2", "key=17").replace("#n1", "#m2").replace("#n2", "#m1");
        assert_eq!(words(&verdict(checker, with, &keys)), expected, "{checker} {with}\n{text}\n{keys}");
        if !matches!(checker, "bank" | "counter" | "rate-limiter") {
            let values: String = text.lines().map(|line| shift_values(line) + "\n").collect();
            assert_eq!(words(&verdict(checker, with, &values)), expected, "{checker} {with}\n{text}\n{values}");
        }
    });
}

fn rename_process(line: &str) -> String {
    let (process, rest) = line.split_once(' ').unwrap();
    format!("{} {rest}", process.parse::<i64>().unwrap() * 7 + 3)
}

/// Every positive number of a value, a thousand greater: the order of values stays, and so do neighbours.
fn shift_values(line: &str) -> String {
    let shift = |word: &str| -> String {
        let is_name = word.starts_with('#') || word.starts_with("key=");
        let digits = |letter: char| letter.is_ascii_digit();
        let mut rest = word;
        let mut shifted = String::new();
        while let Some(start) = rest.find(digits).filter(|_| !is_name) {
            let length = rest[start..].find(|letter| !digits(letter)).unwrap_or(rest.len() - start);
            let number: i64 = rest[start..start + length].parse().unwrap();
            shifted += &rest[..start];
            shifted += &(if number > 0 { number + 1000 } else { 0 }).to_string();
            rest = &rest[start + length..];
        }
        shifted + rest
    };
    let words: Vec<String> = line
        .split(' ')
        .enumerate()
        .map(|(place, word)| if place < 3 { word.to_owned() } else { shift(word) })
        .collect();
    words.join(" ")
}
