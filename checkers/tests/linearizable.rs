//! Linearizability of registers: the smallest history of each violation, with a valid near-miss.

mod support;

use checkers::{Budget, Checker, Linearizable, Verdict, Word};
use support::notation::registers;

/// `valid`, `unknown`, or the names of the anomalies.
fn judge(text: &str) -> String {
    let verdict = Linearizable::default().check(&registers(text), Budget::default());
    match verdict.word() {
        Word::Invalid => verdict.anomalies().iter().map(|a| a.name.clone()).collect::<Vec<_>>().join(" "),
        word => word.to_string(),
    }
}

fn check(history: &str, expect: &str) {
    assert_eq!(judge(history), expect, "of{history}");
}

#[test]
fn one_after_the_other() {
    check("[r_][w1][r1][c1:2][r2]", "valid");
    check("[w1][c1:2][r1]", "stale-read");
}

#[test]
fn a_read_of_what_was_overwritten() {
    check("[w1][w2][r1]", "stale-read");
    check(
        "
        [w1][w2  ]
               [r1]",
        "valid",
    );
    check("[w1][r_]", "stale-read");
    check(
        "
        [w1]
          [r_]",
        "valid",
    );
}

#[test]
fn a_read_of_what_nobody_wrote() {
    check("[w1][r2]", "phantom-read");
    check(
        "
        [r1]
             [w1]",
        "phantom-read",
    );
    check(
        "
        [r1 ]
         [w1]",
        "valid",
    );
}

#[test]
fn a_read_of_what_failed() {
    check("[w1][w2![r2]", "aborted-read");
    check("[w1][w2?\n           [r2]", "valid");
    check("[w1][w2![r1]", "valid");
}

#[test]
fn two_updates_of_one_value() {
    check(
        "
        [w1][c1:2]  [r3]
             [c1:3]",
        "lost-update",
    );
    check(
        "
        [w1][c1:2]    [r3]
             [c1:3!",
        "aborted-read",
    );
    check(
        "
        [w1][c1:2]
             [c2:3][r3]",
        "valid",
    );
    check("[w1][w2][c1:3][r3]", "lost-update");
}

#[test]
fn two_readers_that_disagree_on_the_order() {
    check(
        "
        [w1       ]
        [w2       ]
                   [r1 ]
                        [r2 ]",
        "nonlinearizable",
    );
    check(
        "
        [w1            ]
        [w2       ]
                   [r2 ]
                        [r1 ]",
        "valid",
    );
}

#[test]
fn a_crashed_write_may_come_late_or_never() {
    check("[w1][r1]           [r1]      [r2]\n    [w2  ?", "valid");
    check("[w1][r1]           [r1]      [r1]\n    [w2  ?", "valid");
    check("[w1][r1]           [r2]      [r1]\n    [w2  ?", "nonlinearizable");
    check("[w1][r1]           [r2]      [r1]\n    [w2  ?\n         [w1  ?", "valid");
    check("[w1][r1]           [r2]  [r1]   [r2]\n    [w2  ?\n         [w1  ?", "nonlinearizable");
}

#[test]
fn a_crashed_compare_and_set_needs_what_it_needs() {
    check("[w1][r1]           [r1]      [r2]\n    [c1:2  ?", "valid");
    check("[w1][r1]           [r1]      [r2]\n    [c3:2  ?", "nonlinearizable");
    check("[w1][r1]           [r1]      [r2]\n    [c3:2  ?\n    [c1:3 ?", "valid");
    check("[w1][r1]           [r2]      [r3]\n    [c3:2  ?\n    [c1:3 ?", "nonlinearizable");
}

#[test]
fn keys_are_judged_by_themselves() {
    check("[w1@1][w2@2][r1@1][r2@2]", "valid");
    check("[w1@1][w1@2][w2@2][r1@1][r1@2][w3@1][r1@1]", "stale-read stale-read");
}

#[test]
fn without_an_answered_read_nobody_can_say() {
    check("", "unknown");
    check("[w1][r1?", "unknown");
    check("[w1][w2][c1:3]", "lost-update");
}

#[test]
fn a_sentence_names_values_processes_nodes_and_times() {
    let history = registers("[w3]      [r3@0]\n     [w5]");
    let verdict = Linearizable::default().check(&history, Budget::default());
    let [anomaly] = verdict.anomalies() else { panic!("{verdict:?}") };
    assert_eq!(
        anomaly.explanation,
        "n1 returned 3 to process 0 (read of key 0, index 1000, at 1.500 s) although write 5 by process 1 (n2) had \
         completed at 0.801 s before the read began, and nothing after it can have restored 3"
    );
    assert_eq!(anomaly.operations.iter().map(|id| id.0).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(anomaly.culprit.map(|id| id.0), Some(2));
}

#[test]
fn a_witness_holds_what_is_needed_and_no_more() {
    let history = registers(
        "
        [w7][r7][w1       ]        [r7  ]
                [w2       ]              [w8][r8]   [w9]
            [r7]           [r1 ][w7 ]
                                     [r2 ]",
    );
    let verdict = Linearizable::default().check(&history, Budget::default());
    let [anomaly] = verdict.anomalies() else { panic!("{verdict:?}") };
    assert_eq!(anomaly.name, "stale-read");
    let history = registers(
        "
        [w7][r7][w1         ]
                [w2         ]              [w8][r8]
            [r7]              [r1 ]   [r2 ]    [w9 ]
                                    [r2  ]",
    );
    let verdict = Linearizable::default().check(&history, Budget::default());
    let [anomaly] = verdict.anomalies() else { panic!("{verdict:?}") };
    assert_eq!((anomaly.name.as_str(), anomaly.operations.len()), ("nonlinearizable", 4), "{anomaly:?}");
}

#[test]
fn a_small_budget_says_how_far_it_came() {
    let history = registers("[w1  ]      [w3  ]\n[w2  ]      [w4  ]\n      [r2  ]      [r3]");
    let judge = |nodes| Linearizable::default().check(&history, Budget { nodes, bytes: 1 << 20 });
    assert_eq!(judge(100).word(), Word::Valid);
    let Verdict::Unknown { reason, .. } = judge(0) else { panic!("{:?}", judge(0)) };
    assert!(reason.contains("key 0") && reason.contains("fine up to index"), "{reason}");
}

#[test]
fn a_violation_that_shows_at_once_needs_no_budget() {
    let history = registers("[w1       ]\n[w2       ]\n           [r1 ]\n                [r2 ]");
    let verdict = Linearizable::default().check(&history, Budget { nodes: 0, bytes: 0 });
    assert_eq!(verdict.word(), Word::Invalid);
}
