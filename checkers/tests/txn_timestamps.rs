//! Histories whose database gave timestamps: true ones show that a level was kept, wrong ones are told from broken isolation.

use checkers::txn::level::Level;
use checkers::txn::{Objects, StampFields, TxnJudged, TxnOptions, judge_timestamps, judge_transactions};
use checkers::{Verdict, Word};
use history::{Calls, ReadOptions, Recording, read_bytes};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is wrong with a store, or with its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    /// Now and then a read is of an older snapshot than the timestamp says.
    StaleReads,
    /// Conflicting writes are both taken.
    LostUpdates,
    /// All is well, but the timestamps are those of other transactions.
    LyingClock,
}

struct Open {
    process: u32,
    start: u64,
    snapshot: u64,
    program: Vec<(bool, u32, u64)>,
}

/// Registers under snapshot isolation, overwritten without being read, by clients that each do one transaction at a time.
fn store(seed: u64, flaw: Flaw, transactions: u64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut versions: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
    let (mut clock, mut value, mut text, mut begun) = (0_u64, 0_u64, String::new(), 0);
    let mut open: Vec<Option<Open>> = (0..4).map(|_| None).collect();
    while begun < transactions || open.iter().any(Option::is_some) {
        let process = rng.random_range(0..open.len());
        let Some(own) = open[process].take() else {
            if begun < transactions {
                begun += 1;
                let mut step = || {
                    value += 1;
                    (rng.random_bool(0.5), rng.random_range(0..3), value)
                };
                let program: Vec<(bool, u32, u64)> = (0..3).map(|_| step()).collect();
                let back = if flaw == Flaw::StaleReads && rng.random_bool(0.4) { 3 } else { 0 };
                event(&mut text, process as u32, "invoke", &program, |_, _| None, None);
                let snapshot = clock.saturating_sub(back);
                open[process] = Some(Open { process: process as u32, start: clock, snapshot, program });
            }
            continue;
        };
        let newest = |key: u32| versions.get(&key).and_then(|list| list.last()).map_or(0, |version| version.0);
        let is_late = own.program.iter().any(|(is_read, key, _)| !is_read && newest(*key) > own.start);
        if is_late && flaw != Flaw::LostUpdates {
            event(&mut text, own.process, "fail", &own.program, |_, _| None, None);
            continue;
        }
        clock += 1;
        let seen = |key: u32, upto: usize| {
            let written = own.program[..upto].iter().rev().find(|(is_read, other, _)| !is_read && *other == key);
            let list = versions.get(&key).map_or(&[][..], Vec::as_slice);
            let before = list.iter().rev().find(|version| version.0 <= own.snapshot).map(|version| version.1);
            written.map(|step| step.2).or(before)
        };
        let stamps = match flaw {
            Flaw::LyingClock => (clock ^ 5, clock ^ 5),
            _ => (own.start, clock),
        };
        event(&mut text, own.process, "ok", &own.program, seen, Some(stamps));
        for (is_read, key, value) in &own.program {
            if !is_read {
                versions.entry(*key).or_default().push((clock, *value));
            }
        }
    }
    text
}

fn event(
    text: &mut String,
    process: u32,
    kind: &str,
    program: &[(bool, u32, u64)],
    seen: impl Fn(u32, usize) -> Option<u64>,
    stamps: Option<(u64, u64)>,
) {
    let step = |(at, (is_read, key, value)): (usize, &(bool, u32, u64))| {
        let found = seen(*key, at).map_or("nil".to_owned(), |value| value.to_string());
        if *is_read { format!("[:r {key} {found}]") } else { format!("[:w {key} {value}]") }
    };
    let steps: Vec<String> = program.iter().enumerate().map(step).collect();
    let stamps = stamps.map(|(start, commit)| format!(", :start-ts {start}, :commit-ts {commit}")).unwrap_or_default();
    let _ = writeln!(text, "{{:process {process}, :type :{kind}, :f :txn, :value [{}]{stamps}}}", steps.join(" "));
}

fn recording(text: &str) -> Recording {
    read_bytes(text.as_bytes(), &ReadOptions::default()).expect("a history")
}

/// What is said of the isolation, with and without timestamps, and of the timestamps themselves.
fn judged(text: &str, level: Level, visits: u64) -> (TxnJudged, TxnJudged, Verdict) {
    let recording = recording(text);
    let calls = Calls::pair(&recording).expect("pairs");
    let without = TxnOptions { expect: vec![level], visits, ..TxnOptions::default() };
    let with = TxnOptions { stamps: StampFields::default().of(&calls), ..without.clone() };
    let judge = |options: &TxnOptions| judge_transactions(Objects::Registers, &calls, options).expect("transactions");
    let verdict = judge_timestamps(Objects::Registers, &calls, &with).expect("a level of timestamps");
    (judge(&without), judge(&with), verdict)
}

#[test]
fn true_timestamps_decide_what_is_too_much_to_search() {
    for seed in 0..100 {
        let text = store(seed, Flaw::None, 40);
        let (without, with, verdict) = judged(&text, Level::SnapshotIsolation, 0);
        assert_eq!((without.word, with.word, verdict.word()), (Word::Unknown, Word::Valid, Word::Valid), "seed {seed}");
        let relied = with.evidence.iter().find(|fact| fact.0 == "relied on").expect("it is said what it relies on");
        assert!(relied.1.contains("timestamps that the database gave, for snapshot-isolation"), "{relied:?}");
        assert!(without.evidence.iter().all(|fact| fact.0 != "relied on"));
        let (_, with, _) = judged(&text, Level::StrongSnapshotIsolation, 0);
        assert_eq!(with.word, Word::Valid, "seed {seed}: real time is kept, too");
    }
}

#[test]
fn a_lying_clock_is_told_and_no_isolation_is_called_broken() {
    let mut lies = 0;
    for seed in 0..100 {
        let text = store(seed, Flaw::LyingClock, 40);
        let (without, with, verdict) = judged(&text, Level::SnapshotIsolation, 1_000_000);
        assert_eq!((without.word, with.word), (Word::Valid, Word::Valid), "seed {seed}: {}", with.reason);
        lies += u64::from(verdict.word() == Word::Invalid);
        if let Verdict::Invalid { anomalies, .. } = &verdict {
            assert!(anomalies.iter().all(|anomaly| anomaly.name == "timestamp-contradiction"), "{anomalies:?}");
        }
    }
    assert!(lies > 90, "{lies} of 100 lies were found");
}

#[test]
fn a_store_that_does_not_do_what_its_timestamps_say_is_found() {
    for flaw in [Flaw::StaleReads, Flaw::LostUpdates] {
        let mut found = 0;
        for seed in 0..100 {
            let (.., verdict) = judged(&store(seed, flaw, 40), Level::SnapshotIsolation, 100_000);
            found += u64::from(verdict.word() == Word::Invalid);
        }
        assert!(found > 80, "{flaw:?}: {found} of 100 were found");
    }
}

#[test]
fn what_timestamps_cannot_say_is_not_said() {
    let text = "{:process 0, :type :invoke, :f :txn, :value [[:w 1 1]]}\n{:process 0, :type :ok, :f :txn, :value [[:w 1 1]]}\n";
    let (_, _, verdict) = judged(text, Level::Serializable, 1_000);
    assert_eq!(verdict.word(), Word::Unknown, "nobody gave any");
    let recording = recording(text);
    let calls = Calls::pair(&recording).expect("pairs");
    let options = TxnOptions { expect: vec![Level::ReadCommitted], ..TxnOptions::default() };
    assert!(judge_timestamps(Objects::Registers, &calls, &options).is_err());
    assert!(judge_timestamps(Objects::Predicates, &calls, &TxnOptions::default()).is_err());
}

#[test]
fn fields_have_the_names_that_they_are_given_in_every_format() {
    let json = r#"{"index":0,"process":0,"type":"invoke","f":"txn","value":[["w",1,1]],"begin":7}
{"index":1,"process":0,"type":"ok","f":"txn","value":[["w",1,1]],"end":"9"}"#;
    let recording = recording(json);
    let calls = Calls::pair(&recording).expect("pairs");
    let stamps = StampFields { start: "begin".to_owned(), commit: "end".to_owned() }.of(&calls);
    assert_eq!(stamps.iter().flatten().map(|stamps| (stamps.start, stamps.commit)).collect::<Vec<_>>(), [(7, 9)]);
    let one = StampFields { start: "none".to_owned(), commit: "end".to_owned() }.of(&calls);
    assert_eq!(one.iter().flatten().map(|stamps| (stamps.start, stamps.commit)).collect::<Vec<_>>(), [(9, 9)]);
    assert_eq!(StampFields::default().of(&calls), [None]);
}
