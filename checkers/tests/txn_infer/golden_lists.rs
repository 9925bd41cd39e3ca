//! Lists: each anomaly with its smallest history, and the edges of those that only a cycle shows.

use crate::support::transactions::{lists, recording};
use crate::{anomalies, edges, set};
use checkers::txn::{Accesses, INITIAL, InferOptions, Inferred, Read, Write, infer_append};
use history::{Calls, Recording};

fn infer(recording: &Recording, then: impl FnOnce(&Inferred<'_>)) {
    let calls = Calls::pair(recording).expect("pairs");
    then(&infer_append(&calls, &InferOptions::default()).expect("transactions of lists"));
}

/// The history shows these anomalies and these edges, and there is nothing strange about it.
#[track_caller]
fn check(text: &str, expected: &str, expected_edges: &[&str]) {
    infer(&lists(text), |inferred| {
        assert_eq!(anomalies(inferred), expected, "anomalies of {text}: {:#?}", inferred.findings);
        assert_eq!(edges(inferred), set(expected_edges), "edges of {text}");
        for finding in &inferred.findings {
            assert!(!finding.sentence.is_empty() && !finding.sentence.contains("  "), "{finding:?}");
        }
    });
}

/// The sentence of the first finding.
#[track_caller]
fn says(text: &str, sentence: &str) {
    infer(&lists(text), |inferred| assert_eq!(inferred.findings[0].sentence, sentence));
}

#[test]
fn cycles_of_writes() {
    check("ax1ay1 ax2ay2 rx12ry21", "", &["0 ww 1", "1 ww 0", "1 wr 2", "0 wr 2"]);
    let appended = &["0 ww 1", "1 wr 3", "1 ww 2", "1 wr 4", "1 ww 0", "3 rw 2", "4 rw 0", "4 rw 2"];
    check("ax1ay1 ax2ay2 ax3ay3 rx12 ry2", "", appended);
}

#[test]
fn aborted_reads() {
    check("!ax1 rx1", "G1a", &[]);
    check("!ax1 ax2 rx12", "G1a dirty-update", &["1 wr 2"]);
    check("!ax1 ?ax2 ax3 rx123", "G1a dirty-update", &["1 ww 2", "2 wr 3"]);
    check("ax1 !ax2 rx1", "", &["0 wr 2"]);
    says("!ax1 rx1", "for key :x, T3 read 1, which was written by T2, which had failed");
}

#[test]
fn intermediate_reads() {
    check("ax1ax2 rx1", "G1b", &["0 wr 1", "1 rw 0"]);
    check("ax1ax2 rx12", "", &["0 wr 1"]);
    check("ax1rx1ax2 rx12", "", &["0 wr 1"]);
}

#[test]
fn circles_of_information() {
    check("ax1ry1 ax2ay1 rx12", "", &["0 ww 1", "1 wr 0", "1 wr 2"]);
    check("p1:rx1ay1 p2:ry1 then p2:ax1", "", &["2 wr 0", "0 wr 1"]);
}

#[test]
fn anti_dependencies() {
    check("ax1ay1 rx1ry", "", &["0 wr 1", "1 rw 0"]);
    check("ax1ry ay1rx", "", &["0 rw 1", "1 rw 0"]);
    let fork = ["0 wr 1", "1 rw 2", "2 wr 3", "3 rw 0"];
    check("ax1 rx1ry ay1 ry1rx", "", &fork);
    check("rx5ay1 ryaz2 rzat3 rt3au4 ruax5", "", &["4 wr 0", "1 rw 0", "2 rw 1", "2 wr 3", "4 rw 3"]);
    check("ax1 then ax2 then rx1 then rx12", "", &["0 wr 2", "0 ww 1", "2 rw 1", "1 wr 3"]);
}

#[test]
fn own_writes() {
    check("rx1ax1", "future-read", &[]);
    check("ax2 rxrx2", "internal", &["0 wr 1", "1 rw 0"]);
    check("ax1 rx1ax2rx1", "internal", &["0 wr 1", "0 ww 1"]);
    check("ax1 rx1ax2rx12", "", &["0 wr 1", "0 ww 1"]);
    check("ax1 ax2rx12", "", &["0 ww 1"]);
    check("ax1 ax2rx1", "internal", &["0 wr 1", "0 ww 1"]);
    says("ax2 rxrx2", "for key :x, T3 should have read [] after what it had done, and read [2]");
}

#[test]
fn lost_updates() {
    let both = ["0 wr 1", "0 wr 2", "0 ww 1", "0 ww 2", "1 rw 2", "2 rw 1"];
    check("ax0 rx0ax1 rx0ax2", "lost-update", &both);
    check("rxax1ax2 rx12", "", &["0 wr 1"]);
    check("ax0 rx0ax1 rx01ax2 rx012", "", &["0 wr 1", "0 ww 1", "1 wr 2", "1 ww 2", "2 wr 3"]);
    says("ax0 rx0ax1 rx0ax2", "for key :x, T4 and T5 all read [0] and wrote after it");
}

#[test]
fn reads_that_no_order_explains() {
    check("ax1 ax2 ax3 rx13 rx123", "incompatible-order", &["2 wr 3", "2 wr 4"]);
    check("ax1 ax2 rx12 rx21", "incompatible-order", &["1 wr 2", "0 wr 3"]);
    check("ax1 rx11", "duplicate-elements", &["0 wr 1"]);
    check("ax1 rx2", "garbage-read", &["1 rw 0"]);
}

#[test]
fn acknowledged_elements_that_are_gone() {
    check("ax1 then ax2 then rx2", "lost-append", &["1 wr 2", "1 ww 0", "2 rw 0"]);
    check("ax1 ax2 then rx2", "lost-append", &["1 wr 2", "1 ww 0", "2 rw 0"]);
    check("ax1 ax2 rx2", "", &["1 wr 2", "1 ww 0", "2 rw 0"]);
    check("?ax1 then ax2 then rx2", "", &["1 wr 2", "1 ww 0", "2 rw 0"]);
}

#[test]
fn indeterminate_transactions_commit_when_somebody_sees_them() {
    // Nobody saw 1: what the crashed transaction read proves nothing.
    check("?ax1ry2 ay2 ay3 ry23", "", &["1 wr 0", "1 ww 2", "2 wr 3"]);
    check("?ax1ry2 ay2 ay3 ry23 rx1", "", &["1 wr 0", "0 rw 2", "1 ww 2", "2 wr 3", "0 wr 4"]);
    // It read a list that no committed read found; that is no order.
    check("ax1 ax2 ?rx21 rx1", "", &["0 wr 2", "0 wr 3", "0 ww 1", "3 rw 1"]);
}

#[test]
fn one_element_of_two_writers_decides_nothing() {
    infer(&lists("ax1 ax1 ax2 rx12"), |inferred| {
        assert_eq!(anomalies(inferred), "");
        assert_eq!(edges(inferred), set(&["2 wr 3"]));
        assert_eq!(inferred.doubts, ["for key :x, 1 is appended more than once, so nobody can tell whose it is"]);
    });
    check("ax1 ax1 rx11", "", &[]);
    check("ax1 ax1 rx111", "duplicate-elements", &[]);
    check("!ax1 ax1 rx1", "", &[]);
}

#[test]
fn nothing_is_no_evidence() {
    infer(&lists("ax1 ay1"), |inferred| assert_eq!(inferred.doubts, [checkers::txn::EMPTY_GRAPH]));
    infer(&lists("ax1 rx1"), |inferred| assert!(inferred.doubts.is_empty()));
}

#[test]
fn accesses_say_who_read_and_wrote_what() {
    infer(&lists("ax1ay5 rxrx1ax2 ?ax3 rx12 rx1ay6"), |inferred| {
        let mut expected = Accesses::default();
        let write = |key, version| Write { key, version };
        expected.push([], [write(0, 1), write(1, Write::UNORDERED)]);
        expected.push([Read { key: 0, from: INITIAL }, Read { key: 0, from: 0 }], [write(0, 2)]);
        expected.push([], []);
        expected.push([Read { key: 0, from: 1 }], []);
        expected.push([Read { key: 0, from: 0 }], [write(1, Write::UNORDERED)]);
        assert_eq!(inferred.accesses, expected);
    });
    infer(&lists("ax1 ax2 rx1"), |inferred| assert_eq!(inferred.accesses.writes(1), [Write { key: 0, version: 2 }]));
}

#[test]
fn many_readers_before_many_writers_take_few_edges_and_no_loop() {
    let updates: String = (0..9).map(|n| format!("rx0ax{} ", n + 1)).collect();
    let reads = "rx0 ".repeat(40);
    infer(&lists(&format!("ax0 {updates} {reads}")), |inferred| {
        assert!(inferred.graph.nodes() > inferred.graph.transactions(), "there are hubs");
        let all = edges(inferred);
        for reader in 1..50 {
            for writer in 1..10 {
                assert_eq!(all.contains(&format!("{reader} rw {writer}")), reader != writer, "{reader} {writer}");
            }
        }
    });
}

#[test]
fn a_history_of_completions_has_no_garbage_but_doubts() {
    let text = "{:type :ok, :process 0, :value [[:append :x 1]]}\n{:type :ok, :process 1, :value [[:r :x [1 2]]]}";
    infer(&recording(text), |inferred| {
        assert_eq!(anomalies(inferred), "");
        assert_eq!(inferred.doubts.len(), 2, "{:?}", inferred.doubts);
        assert_eq!(inferred.transactions.timeline().invoked, [0, 0]);
    });
}

#[test]
fn names_may_be_long_strings_or_missing() {
    let text = r#"[{"type":"invoke","process":1,"value":[["append","x",1],["read","x",null]]},
        {"type":"ok","process":1,"value":[["append","x",1],["read","x",[1]]]},
        {"type":"invoke","process":1,"f":"read","value":["x",null]},
        {"type":"ok","process":1,"f":"read","value":["x",[1]]}]"#;
    infer(&recording(text), |inferred| assert_eq!(edges(inferred), set(&["0 wr 1"])));
}

#[test]
fn what_is_no_transaction_is_named_with_its_line() {
    let complaint = |text: &str| {
        let recording = recording(text);
        infer_append(&Calls::pair(&recording).expect("pairs"), &InferOptions::default()).expect_err("a complaint")
    };
    let bad = "{:type :invoke, :process 0, :f :txn, :value [[:r :x nil]]}\n\
        {:type :ok, :process 0, :f :txn, :value [[:r :x 7]]}";
    assert_eq!(complaint(bad), "line 2: expected a list that was read, found 7");
    let bad = "{:type :invoke, :process 0, :f :txn, :value [[:w :x 1]]}";
    assert_eq!(complaint(bad), "line 1: expected a step [:r key list] or [:append key element], found [:w :x 1]");
    let bad = "{:type :invoke, :process 0, :f :transfer, :value 3}";
    assert_eq!(complaint(bad), "line 1: expected a transaction, :f :txn, found :transfer");
}
