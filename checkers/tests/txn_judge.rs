//! Small histories of transactions, judged: the anomalies that they show, the levels that those refute, and the words.

#![allow(clippy::print_stderr)] // Histories that are not on this machine are named.

mod support;

use checkers::Word;
use checkers::txn::level::Level;
use checkers::txn::{CycleOptions, InferOptions, Needs, Objects, TxnJudged, TxnOptions, judge_transactions};
use history::{Calls, ReadOptions, read};
use std::collections::BTreeSet;
use std::path::Path;
use support::transactions::{lists, registers};

fn judged(text: &str, objects: Objects, options: &TxnOptions) -> TxnJudged {
    let recording = match objects {
        Objects::Lists => lists(text),
        Objects::Registers => registers(text),
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
fn what_a_valid_history_keeps_is_said() {
    let found = judged("ax1 then rx1ax2 then rx12", Objects::Lists, &TxnOptions::default());
    assert_eq!((found.word, found.strongest), (Word::Valid, vec![Level::StrictSerializable]));
    let skew = TxnOptions { expect: vec![Level::Serializable], ..TxnOptions::default() };
    let found = judged("ax1ry ay1rx", Objects::Lists, &skew);
    assert_eq!(found.word, Word::Invalid);
    assert!(found.strongest.contains(&Level::StrongSnapshotIsolation), "{:?}", found.strongest);
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
    let recording = read(&path, &ReadOptions::default()).expect("a history");
    let calls = Calls::pair(&recording).expect("pairs");
    Some(judge_transactions(objects, &calls, options).expect("transactions"))
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
