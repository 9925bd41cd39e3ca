//! Small histories of transactions, judged: the anomalies that they show, the levels that those refute, and the words.

#![allow(clippy::print_stderr)] // Histories that are not on this machine are named.

mod support;

use checkers::Word;
use checkers::txn::level::Level;
use checkers::txn::{CycleOptions, InferOptions, Needs, Objects, TxnJudged, TxnOptions};
use checkers::txn::{judge_independent, judge_transactions};
use history::{Calls, ReadOptions, TransactionsOf, read};
use std::collections::BTreeSet;
use std::path::Path;
use support::transactions::{lists, recording, registers};

fn judged(text: &str, objects: Objects, options: &TxnOptions) -> TxnJudged {
    let recording = match objects {
        Objects::Lists => lists(text),
        Objects::Registers => registers(text),
        Objects::Predicates => recording(text),
    };
    let calls = Calls::pair(&recording).expect("pairs");
    judge_transactions(objects, &calls, options).expect("transactions")
}

/// What Elle would be asked: everything up to this order, and a level.
fn like_elle(expect: Level, orders: Needs) -> TxnOptions {
    TxnOptions {
        as_elle: true,
        expect: vec![expect],
        cycles: CycleOptions { orders, ..CycleOptions::default() },
        ..TxnOptions::default()
    }
}

fn anomalies(judged: &TxnJudged) -> String {
    let names: BTreeSet<String> = judged.anomalies.iter().map(|anomaly| anomaly.phenomenon.name()).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

fn not(judged: &TxnJudged) -> String {
    let names: BTreeSet<&str> = judged.boundary.not.iter().map(|level| level.elle_name()).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// Anomalies and refuted levels without the orders of sessions and of real time.
#[track_caller]
fn check(text: &str, objects: Objects, expected: &str, refuted: &str) {
    let judged = judged(text, objects, &like_elle(Level::Serializable, Needs::Data));
    assert_eq!(anomalies(&judged), expected, "anomalies of {text}: {judged:#?}");
    assert_eq!(not(&judged), refuted, "refuted by {text}: {judged:#?}");
}

#[test]
fn lists_show_what_the_golden_table_says() {
    let lists = |text, expected, refuted| check(text, Objects::Lists, expected, refuted);
    lists("ax1ay1 ax2ay2 rx12ry21", "G0", "read-uncommitted");
    lists("!ax1 rx1", "G1a", "read-committed");
    lists("ax1ax2 rx1", "G-single-item G1b", "read-committed");
    lists("ax1ry1 ax2ay1 rx12", "G1c", "read-committed");
    lists("ax1ay1 rx1ry", "G-single-item", "consistent-view repeatable-read");
    lists("ax1ry ay1rx", "G2-item", "repeatable-read");
    lists("ax1 rx1ry ay1 ry1rx", "G-nonadjacent-item", "repeatable-read snapshot-isolation");
    lists("rx1ax1", "future-read", "read-committed");
    lists("ax2 rxrx2", "G-single-item internal", "consistent-view read-atomic repeatable-read");
    lists("ax0 rx0ax1 rx0ax2 rx012", "G-single-item lost-update", "cursor-stability update-atomic");
    lists("ax1 ax2 ax3 rx13 rx123", "incompatible-order", "read-committed");
    lists("ax1 rx11", "duplicate-elements", "read-uncommitted");
    lists("ax1ay1 ax2ay2 ax3ay3 rx12 ry2", "G-single-item G0", "read-uncommitted");
    lists("!ax1 ax2 rx12", "G1a dirty-update", "read-committed");
    lists("rxax1ax2 rx12", "", "");
}

#[test]
fn adjacent_anti_dependencies_do_not_break_snapshot_isolation() {
    for text in ["ax1ry ay1rx", "rx5ay1 ryaz2 rzat3 rt3au4 ruax5"] {
        let options = like_elle(Level::SnapshotIsolation, Needs::Data);
        assert_eq!(judged(text, Objects::Lists, &options).word, Word::Valid, "{text}");
        let ours = TxnOptions { as_elle: false, ..options };
        let found = judged(text, Objects::Lists, &ours);
        assert_eq!(found.word, Word::Valid, "{text}: {found:#?}");
        assert_eq!(found.boundary.not.contains(&Level::RepeatableRead), !found.anomalies.is_empty(), "{found:#?}");
    }
}

#[test]
fn orders_of_time_and_sessions_are_needed_only_where_nothing_less_does() {
    let stale = "ax1 then ax2 then rx1 then rx12";
    let data = judged(stale, Objects::Lists, &like_elle(Level::Serializable, Needs::Data));
    assert_eq!((data.word, anomalies(&data).as_str()), (Word::Valid, ""));
    let strict = judged(stale, Objects::Lists, &like_elle(Level::StrictSerializable, Needs::Realtime));
    assert_eq!((strict.word, anomalies(&strict).as_str()), (Word::Invalid, "G-single-item-realtime"));
    assert_eq!(not(&strict), "strong-snapshot-isolation");
    let session = "ax1 then p1:ax2 then p1:rx1 then rx12";
    let process = judged(session, Objects::Lists, &like_elle(Level::StrongSessionSnapshotIsolation, Needs::Process));
    assert_eq!(anomalies(&process), "G-single-item-process", "{process:#?}");
    assert_eq!(not(&process), "strong-session-snapshot-isolation");
    let flow = "p1:rx1ay1 p2:ry1 then p2:ax1";
    let process = judged(flow, Objects::Lists, &like_elle(Level::StrongSessionReadCommitted, Needs::Process));
    assert_eq!(
        (anomalies(&process).as_str(), not(&process).as_str()),
        ("G1c-process", "strong-session-read-committed")
    );
}

#[test]
fn registers_show_what_the_golden_table_says() {
    let registers = |text, expected, refuted| check(text, Objects::Registers, expected, refuted);
    registers("rx_ry1 wy1wx2", "G-single-item", "consistent-view repeatable-read");
    registers("wx0 rx0wx1 rx0wx2", "G2-item lost-update", "cursor-stability update-atomic");
    registers("wx1 rx1wx2rx1", "internal", "read-atomic");
    registers("wx1 rx2", "", "");
}

#[test]
fn a_value_that_nobody_wrote_is_invalid_to_us() {
    let ours = judged("wx1 rx2", Objects::Registers, &TxnOptions::default());
    assert_eq!((ours.word, anomalies(&ours).as_str()), (Word::Invalid, "garbage-read"));
}

#[test]
fn guarantees_of_sessions_follow_from_causal_consistency_of_registers() {
    for level in [Level::Causal, Level::Pram, Level::MonotonicReads] {
        let found = judged("p1:wx1 then p1:rx1wy2 then p2:ry2 then p2:rx1", Objects::Registers, &asked_of(level));
        assert_eq!(found.word, Word::Valid, "{level}: {}", found.reason);
    }
}

#[test]
fn what_a_valid_history_keeps_is_said() {
    let found = judged("ax1 then rx1ax2 then rx12", Objects::Lists, &TxnOptions::default());
    assert_eq!((found.word, found.strongest), (Word::Valid, vec![Level::StrictSerializable]));
    let skew = TxnOptions { expect: vec![Level::Serializable], ..TxnOptions::default() };
    let found = judged("ax1ry ay1rx", Objects::Lists, &skew);
    assert_eq!(found.word, Word::Invalid);
    assert!(found.strongest.contains(&Level::StrongSnapshotIsolation), "{:?}", found.strongest);
}

/// Transactions over rows, of which these are set up first; all others are concurrent.
fn rows(init: &str, transactions: &[&str]) -> String {
    let event = |kind: &str, process: usize, f: &str, value: &str| {
        format!("{{:type :{kind}, :process {process}, :f :{f}, :value {value}}}\n")
    };
    let of = |kind: &'static str| {
        transactions.iter().enumerate().map(move |(process, done)| event(kind, process + 1, "txn", done))
    };
    let set_up = ["invoke", "ok"].map(|kind| event(kind, 0, "init", init));
    set_up.into_iter().chain(of("invoke")).chain(of("ok")).collect()
}

fn asked_of(level: Level) -> TxnOptions {
    TxnOptions { expect: vec![level], ..TxnOptions::default() }
}

#[test]
fn phantoms_are_no_anomaly_of_items() {
    let text = rows("{:z 1}", &["[[:rp [:= 5] {}] [:insert :x 5]]", "[[:rp [:= 5] {}] [:insert :y 5]]"]);
    let found = judged(&text, Objects::Predicates, &asked_of(Level::Serializable));
    assert_eq!((found.word, anomalies(&found).as_str()), (Word::Invalid, "G2"), "{found:#?}");
    assert_eq!(not(&found), "serializable");
    let explained = &found.anomalies[0].explained;
    assert_eq!(explained.nickname, Some("phantom write skew"));
    assert_eq!(
        explained.hops[0].why,
        "T4's read by the predicate [:= 5] did not observe T5's insert of 5 as row :y, which matches"
    );
    for level in [Level::SnapshotIsolation, Level::RepeatableRead] {
        assert_eq!(judged(&text, Objects::Predicates, &asked_of(level)).word, Word::Valid, "{level}");
    }
}

#[test]
fn what_was_set_up_may_be_missed_only_where_real_time_is_not_promised() {
    let text = rows("{:x 1}", &["[[:rp :true {}]]", "[[:w :x 2]]"]);
    let found = judged(&text, Objects::Predicates, &asked_of(Level::StrictSerializable));
    assert_eq!((found.word, anomalies(&found).as_str()), (Word::Invalid, "predicate-read-miss"), "{found:#?}");
    assert!(!found.boundary.not.contains(&Level::Serializable), "{:?}", found.boundary);
    let found = judged(&text, Objects::Predicates, &asked_of(Level::Serializable));
    assert_eq!(found.word, Word::Valid, "{found:#?}");
    let found = judged(&text, Objects::Predicates, &like_elle(Level::Serializable, Needs::Data));
    assert_eq!((found.word, not(&found).as_str()), (Word::Invalid, "serializable"), "{found:#?}");
}

#[test]
fn rows_that_come_change_and_go_one_after_the_other_are_valid() {
    let text = rows(
        "{:x 1, :y 2}",
        &["[[:rp :true {:x 1}]]", "[[:delete :y] [:r :y nil]]", "[[:insert :z 3] [:rp [:mod 2 1] {:x 1, :z 3}]]"],
    );
    let found = judged(&text, Objects::Predicates, &TxnOptions::default());
    assert_eq!((found.word, found.strongest), (Word::Valid, vec![Level::StrictSerializable]), "{}", found.reason);
}

#[test]
fn reads_by_predicate_that_nothing_explains_are_never_valid() {
    for odd in [
        "[[:rp :true {:x 1, :q 7}]]",
        "[[:rp [:= 3] {:x 1}]]",
        "[[:rp :true {:x 9}]]",
        "[[:insert :q 7] [:rp :true {:x 1}]]",
        "[[:rp :true {:x 1, :q 7}] [:insert :q 7]]",
        "[[:r :q 7] [:insert :q 7]]",
        "[[:r :x nil] [:rp [:= 3] {}]]",
    ] {
        let found = judged(&rows("{:x 1}", &[odd, "[[:r :x 1]]"]), Objects::Predicates, &TxnOptions::default());
        assert_ne!(found.word, Word::Valid, "{odd}: {found:#?}");
    }
}

#[test]
fn what_breaks_a_promise_is_told_even_if_no_cycle_could_be_shown() {
    let spent = CycleOptions { expansions: 0, per_phenomenon: 0, ..CycleOptions::default() };
    let found = judged("ax1ry ay1rx", Objects::Lists, &TxnOptions { cycles: spent, ..TxnOptions::default() });
    assert_eq!(found.word, Word::Invalid);
    assert!(!found.verdict().anomalies().is_empty(), "{found:#?}");
    assert!(found.verdict().anomalies().iter().all(|anomaly| anomaly.operations.len() == 2), "{found:#?}");
}

#[test]
fn a_level_that_nothing_decides_is_not_valid() {
    let aborted = "!ax1 rx1ay1 ry1";
    let one_copy = TxnOptions { expect: vec![Level::OneCopySerializable], ..TxnOptions::default() };
    assert_eq!(judged(aborted, Objects::Lists, &one_copy).word, Word::Unknown);
    let committed = TxnOptions { expect: vec![Level::ReadCommitted], ..TxnOptions::default() };
    assert_eq!(judged(aborted, Objects::Lists, &committed).word, Word::Invalid);
}

#[test]
fn nothing_is_not_valid() {
    let nothing = judged("", Objects::Lists, &TxnOptions::default());
    assert_eq!(nothing.word, Word::Unknown);
    let unseen = judged("ax1 ay1", Objects::Lists, &TxnOptions::default());
    assert_eq!(unseen.word, Word::Unknown, "{}", unseen.reason);
    assert!(unseen.reason.contains("empty-transaction-graph"), "{}", unseen.reason);
}

#[test]
fn a_cycle_is_argued_step_by_step() {
    let found = judged("ax1ry ay1rx", Objects::Lists, &TxnOptions::default());
    let explained = &found.anomalies[0].explained;
    assert_eq!(explained.nickname, Some("write skew"));
    assert_eq!(
        explained.sentence,
        "T2 < T3, because T2 did not observe T3's append of 1 to key :y; however, T3 < T2, because T3 did not observe T2's \
         append of 1 to key :x: a contradiction"
    );
    assert_eq!(explained.programs, ["append :x 1, r :y []", "append :y 1, r :x []"]);
    let nickname = |text| judged(text, Objects::Lists, &TxnOptions::default()).anomalies[0].explained.nickname;
    assert_eq!(nickname("ax1 rx1ry ay1 ry1rx"), Some("long fork"));
    assert_eq!(nickname("ax1ay1 rx1ry"), Some("fractured read"));
}

/// A published history; None if this machine has none.
fn published(name: &str, objects: Objects, options: &TxnOptions) -> Option<TxnJudged> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/histories").join(name);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    let judged = |transactions| {
        let recording = read(&path, &ReadOptions { transactions, ..ReadOptions::default() }).expect("a history");
        let calls = Calls::pair(&recording).expect("pairs");
        judge_transactions(objects, &calls, options).expect("transactions")
    };
    let (once, kept) = (judged(None), judged(Some(as_read(objects))));
    let facts = |found: &TxnJudged| (found.word, found.reason.clone(), found.anomalies.clone(), found.evidence.clone());
    assert_eq!(facts(&once), facts(&kept), "{name} depends on how transactions are kept");
    Some(kept)
}

fn as_read(objects: Objects) -> TransactionsOf {
    if objects == Objects::Lists { TransactionsOf::Lists } else { TransactionsOf::Registers }
}

#[test]
fn published_histories_get_their_verdicts() {
    let strict = TxnOptions::default();
    if let Some(found) = published("elle/huge-scc.edn", Objects::Lists, &strict) {
        assert_eq!(found.word, Word::Invalid);
        assert!(
            found.boundary.not.contains(&Level::StrongSnapshotIsolation) || {
                let lattice = checkers::txn::level::Lattice::corrected();
                found.boundary.not.iter().any(|level| lattice.implies(Level::StrongSnapshotIsolation, *level))
            }
        );
        assert!(found.evidence.iter().all(|(name, _)| name != "search for cycles to show"), "{:?}", found.evidence);
        assert!(anomalies(&found).contains("G-single-item-realtime"), "{}", anomalies(&found));
    }
    if let Some(found) = published("elle/si-without-g-single.edn", Objects::Lists, &strict) {
        assert!(anomalies(&found).contains("G2-item"), "{}", anomalies(&found));
        let si = TxnOptions { expect: vec![Level::SnapshotIsolation], ..TxnOptions::default() };
        let found = published("elle/si-without-g-single.edn", Objects::Lists, &si);
        assert_ne!(found.map(|found| found.word), Some(Word::Invalid));
    }
    if let Some(found) = published("elle/paper-example.edn", Objects::Lists, &strict) {
        assert_eq!(found.word, Word::Unknown);
    }
    if let Some(found) = published("elle-cli/paper-example.json", Objects::Lists, &strict) {
        assert_eq!(found.word, Word::Invalid);
    }
    if let Some(found) = published("elle-cli/list-append-gh-30.edn", Objects::Lists, &strict) {
        assert_eq!(found.word, Word::Invalid);
        assert!(found.boundary.not.iter().chain(&found.boundary.also_not).any(|level| *level == Level::Serializable));
    }
    if let Some(found) = published("elle-cli/rw-register.edn", Objects::Registers, &strict) {
        assert_eq!((found.word, anomalies(&found).contains("garbage-read")), (Word::Invalid, true));
        let elle = TxnOptions { as_elle: true, infer: InferOptions::default(), ..TxnOptions::default() };
        let found = published("elle-cli/rw-register.edn", Objects::Registers, &elle);
        assert_eq!(found.map(|found| found.word), Some(Word::Valid));
    }
}

#[test]
fn a_read_from_a_transaction_that_nobody_saw_commit_refutes_nothing() {
    for level in [Level::ReadAtomic, Level::StrongSessionCausal, Level::MonotonicAtomicView, Level::Serializable] {
        let options = TxnOptions { expect: vec![level], ..TxnOptions::default() };
        let found = judged("?wy1 then ?ry1wx1 then rx1", Objects::Registers, &options);
        assert_ne!(found.word, Word::Invalid, "{level}: {found:#?}");
    }
}

#[test]
fn an_element_that_two_transactions_append_has_no_place() {
    // The append in doubt never happened; the other one did, and its session saw it.
    let text = "?ax1 p1:ax1 then ax2 then p1:rx12 az1au1 rz1ru";
    for level in Level::all() {
        let options = TxnOptions { expect: vec![level], ..TxnOptions::default() };
        let found = judged(text, Objects::Lists, &options);
        let by_skew = judged("az1au1 rz1ru", Objects::Lists, &options);
        assert_eq!(found.word == Word::Invalid, by_skew.word == Word::Invalid, "{level}: {found:#?}");
    }
}

#[test]
fn independent_keys_are_histories_of_their_own() {
    // Each key by itself is serializable, and both together are not: they share names of objects and nothing else.
    let skew = |key: &str, one: &str, other: &str| {
        let event = |process: u32, kind: &str, value: &str| {
            format!("{{:process {process}, :type :{kind}, :f :txn, :value [{key} [{value}]]}}\n")
        };
        [event(1, "invoke", one), event(2, "invoke", other), event(1, "ok", one), event(2, "ok", other)].concat()
    };
    let (read_x, read_y) = ("[:r :x []] [:append :y 1]", "[:r :y []] [:append :x 1]");
    let judge = |text: &str| {
        let options = ReadOptions { independent: true, ..ReadOptions::default() };
        let recording = history::read_bytes(text.as_bytes(), &options).expect("a history");
        let calls = Calls::pair(&recording).expect("pairs");
        let options = TxnOptions { minimise: TxnOptions::MINIMISE, ..TxnOptions::default() };
        judge_independent(Objects::Lists, &calls, &options).expect("transactions").isolation
    };
    let apart = skew("5", read_x, "[:r :z []]") + &skew("6", read_y, "[:r :z []]");
    assert_eq!(judge(&apart).word(), Word::Unknown, "nobody precedes anybody: {:?}", judge(&apart));
    let seen = "[:r :x []] [:append :x 1]";
    let fine = skew("5", seen, "[:r :x [1]]") + &skew("6", seen, "[:r :x [1]]");
    assert_eq!(judge(&fine).word(), Word::Valid, "{:?}", judge(&fine));
    let broken = fine + &skew("7", read_x, read_y);
    let verdict = judge(&broken);
    let [anomaly] = verdict.anomalies() else { panic!("{verdict:?}") };
    assert!(anomaly.explanation.starts_with("key 7: write skew: "), "{anomaly:?}");
    let rows: Vec<u32> = anomaly.operations.iter().map(|id| id.0).collect();
    assert_eq!(rows, [4, 5]);
    let minimal = anomaly.argument.as_ref().and_then(|argument| argument.minimal.clone()).expect("it has one");
    assert_eq!((minimal.of, minimal.transactions[1].operation.0), (2, 5));
}
