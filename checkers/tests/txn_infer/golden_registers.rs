//! Registers: each anomaly with its smallest history, and what each source of version orders adds.

use crate::support::transactions::registers;
use crate::{anomalies, edges, set};
use checkers::txn::{INITIAL, InferOptions, Inferred, Initial, Write, infer_register};
use history::Calls;

fn infer(text: &str, options: &InferOptions, then: impl FnOnce(&Inferred<'_>)) {
    let recording = registers(text);
    let calls = Calls::pair(&recording).expect("pairs");
    then(&infer_register(&calls, options).expect("transactions of registers"));
}

#[track_caller]
fn check_with(text: &str, options: &InferOptions, expected: &str, expected_edges: &[&str]) {
    infer(text, options, |inferred| {
        assert_eq!(anomalies(inferred), expected, "anomalies of {text}: {:#?}", inferred.findings);
        assert_eq!(edges(inferred), set(expected_edges), "edges of {text}");
    });
}

#[track_caller]
fn check(text: &str, expected: &str, expected_edges: &[&str]) {
    check_with(text, &InferOptions::default(), expected, expected_edges);
}

fn without_wfr() -> InferOptions {
    InferOptions { writes_follow_reads: false, ..InferOptions::default() }
}

#[test]
fn the_initial_version_comes_first() {
    check("rx_ry1 wy1wx2", "", &["0 rw 1", "1 wr 0"]);
    // Only versions that nothing else precedes are linked to it.
    check("rx_ wx1 rx1wx2", "", &["0 rw 1", "1 wr 2", "1 ww 2"]);
}

#[test]
fn writes_follow_reads() {
    let text = "wy1 ry1wx1wy2 rx1ry1";
    check(text, "", &["0 wr 1", "0 wr 2", "1 wr 2", "0 ww 1", "2 rw 1"]);
    check_with(text, &without_wfr(), "", &["0 wr 1", "0 wr 2", "1 wr 2"]);
}

#[test]
fn sessions_order_keys_only_if_that_is_promised() {
    let text = "p1:wx1 p1:wx2 p1:rx1";
    check(text, "", &["0 wr 2"]);
    let options = InferOptions { sequential_keys: true, ..InferOptions::default() };
    check_with(text, &options, "cyclic-versions", &["0 wr 2"]);
    infer(text, &options, |inferred| {
        let told = "for key :x, 1 and 2 each precede the next, and the last the first: known from sequential keys";
        assert_eq!(inferred.findings[0].sentence, told);
    });
    // Another key keeps the source.
    check_with("p1:wx1 p1:wx2 p1:rx1 p2:wy1 p2:wy2", &options, "cyclic-versions", &["0 wr 2", "3 ww 4"]);
    check_with("p1:wx1 p1:rx_", &options, "cyclic-versions", &["1 rw 0"]);
}

#[test]
fn real_time_orders_keys_only_if_that_is_promised() {
    let text = "wx1 then wx2 rx1 then rx2";
    check(text, "", &["0 wr 2", "1 wr 3"]);
    let options = InferOptions { linearizable_keys: true, ..InferOptions::default() };
    check_with(text, &options, "", &["0 wr 2", "1 wr 3", "0 ww 1", "2 rw 1"]);
    check_with("wx1 then wx2 then rx1 then rx2", &options, "cyclic-versions", &["0 wr 2", "1 wr 3"]);
    check_with("wx1 wx2 then rx1 rx2", &options, "cyclic-versions", &["0 wr 2", "1 wr 3"]);
    check_with("wx1 wx2 rx1 then rx2", &options, "", &["0 wr 2", "1 wr 3", "0 ww 1", "2 rw 1"]);
}

#[test]
fn commits_order_versions() {
    let commit_order = vec![Some(7), Some(3), None];
    let options = InferOptions { commit_order, ..InferOptions::default() };
    check_with("wx1 wx2 rx2", &options, "", &["1 ww 0", "1 wr 2", "2 rw 0"]);
    infer("wx1 wx2 rx2", &options, |inferred| {
        assert_eq!(inferred.sources[1], ("commit order", 1));
        assert_eq!(inferred.accesses.writes(0), [Write { key: 0, version: 2 }]);
    });
}

#[test]
fn versions_that_nobody_may_see() {
    check("wx1 rx2", "garbage-read", &[]);
    check("!wx1 rx1", "G1a", &[]);
    check("wx1wx2 rx1", "G1b", &["0 wr 1"]);
    check("wx1wx2 rx2", "", &["0 wr 1"]);
    check("!wx1 rx1wx2", "G1a dirty-update", &[]);
    check("rx1wx1", "future-read", &[]);
    check("wx1 rx1wx2rx1", "internal", &["0 wr 1", "0 ww 1"]);
    check("wx1 rx1wx2rx2", "", &["0 wr 1", "0 ww 1"]);
}

#[test]
fn lost_updates() {
    let both = ["0 wr 1", "0 wr 2", "0 ww 1", "0 ww 2", "1 rw 2", "2 rw 1"];
    check("wx0 rx0wx1 rx0wx2", "lost-update", &both);
    check("rx_wx1 rx_wx2", "lost-update", &["0 rw 1", "1 rw 0"]);
    check("rx_wx1 rx1wx2", "", &["0 wr 1", "0 ww 1"]);
}

#[test]
fn what_registers_hold_first_can_be_told() {
    let zero = InferOptions { initial: Initial::All("0".into()), ..InferOptions::default() };
    check_with("rx0 wx1 rx1", &zero, "", &["0 rw 1", "1 wr 2"]);
    check("rx0 wx1 rx1", "garbage-read", &["1 wr 2"]);
    let keys = Initial::Keys([(":x".to_owned(), "5".to_owned())].into());
    let options = InferOptions { initial: keys, ..InferOptions::default() };
    check_with("rx5ry_ wx1wy2", &options, "", &["0 rw 1"]);
}

#[test]
fn one_value_of_two_writers_decides_nothing_but_for_itself() {
    infer("wx1 wx1 rx1wx2 rx2", &InferOptions::default(), |inferred| {
        assert_eq!(anomalies(inferred), "");
        assert_eq!(edges(inferred), set(&["2 wr 3"]));
        assert_eq!(inferred.doubts.len(), 1, "{:?}", inferred.doubts);
    });
    check("!wx1 wx1 rx1", "", &[]);
}

#[test]
fn indeterminate_transactions_commit_when_somebody_reads_them() {
    check("?rx1wy1 wx1 rx1wx2 ry_", "", &["1 wr 0", "1 wr 2", "1 ww 2", "3 rw 0"]);
    check("?rx1wy1 wx1 rx1wx2 ry1", "", &["1 wr 0", "1 wr 2", "1 ww 2", "0 rw 2", "0 wr 3"]);
}

#[test]
fn accesses_have_places_where_the_order_is_total() {
    infer("wx1 rx1wx2 rx_ rx2wx3wx4 wy1 wy2", &InferOptions::default(), |inferred| {
        let place = |row: u32| inferred.accesses.writes(row).iter().map(|write| write.version).collect::<Vec<_>>();
        let places: Vec<Vec<u32>> = (0..6).map(place).collect();
        assert_eq!(places, [vec![1], vec![2], vec![], vec![3], vec![Write::UNORDERED], vec![Write::UNORDERED]]);
        assert_eq!(inferred.accesses.reads(2)[0].from, INITIAL);
        assert_eq!(inferred.accesses.reads(3)[0].from, 1);
    });
}
