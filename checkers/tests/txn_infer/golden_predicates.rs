//! Predicate reads of a closed universe: version sets, edges, and reads that lack a row.

use crate::support::transactions::recording;
use crate::{anomalies, edges, set};
use checkers::txn::{InferOptions, infer_predicate};
use history::Calls;
use std::fmt::Write;

/// Transactions in words: what was asked, and what came back; all after the first are concurrent.
#[track_caller]
fn check(init: &str, transactions: &[(&str, &str)], expected: &str, expected_edges: &[&str]) {
    let mut text = String::new();
    for kind in ["invoke", "ok"] {
        let _ = writeln!(text, "{{:type :{kind}, :process 0, :f :init, :value {init}}}");
    }
    for (process, (asked, _)) in transactions.iter().enumerate() {
        let _ = writeln!(text, "{{:type :invoke, :process {}, :f :txn, :value {asked}}}", process + 1);
    }
    for (process, (asked, done)) in transactions.iter().enumerate() {
        let (kind, done) = match *done {
            "" => ("ok", *asked),
            "fail" | "info" => (*done, *asked),
            done => ("ok", done),
        };
        let _ = writeln!(text, "{{:type :{kind}, :process {}, :f :txn, :value {done}}}", process + 1);
    }
    let recording = recording(&text);
    let calls = Calls::pair(&recording).expect("pairs");
    let inferred = infer_predicate(&calls, &InferOptions::default()).expect("transactions");
    assert_eq!(anomalies(&inferred), expected, "{:?} {:?}", inferred.findings, inferred.doubts);
    assert_eq!(edges(&inferred), set(expected_edges), "{:?}", inferred.doubts);
}

#[test]
fn a_read_sees_what_it_returns_and_what_does_not_match() {
    let read = ("[[:rp :true nil]]", "[[:rp :true {:x 1}]]");
    check("{:x 1, :y 2}", &[read, ("[[:delete :y]]", "")], "", &["0 wrp 1", "0 ww 2", "2 wrp 1"]);
    let read = ("[[:rp [:mod 2 0] nil]]", "[[:rp [:mod 2 0] {:y 2}]]");
    check("{:x 1, :y 2}", &[read, ("[[:w :x 3]]", "")], "", &["0 wrp 1", "0 ww 2"]);
    check("{:x 1, :y 2}", &[read, ("[[:w :y 3]]", "")], "", &["0 wrp 1", "0 ww 2", "1 rwp 2"]);
    check(
        "{:x 1}",
        &[("[[:rp [:= 3] nil]]", "[[:rp [:= 3] {}]]"), ("[[:w :x 3]]", "")],
        "",
        &["0 wrp 1", "0 ww 2", "1 rwp 2"],
    );
}

#[test]
fn absent_objects_are_versions_too() {
    let read = ("[[:rp :true nil]]", "[[:rp :true {:x 1}]]");
    check("{:x 1}", &[read, ("[[:insert :y 2]]", "")], "", &["0 wrp 1", "1 rwp 2"]);
    check("{:x 1}", &[("[[:r :y nil]]", ""), ("[[:insert :y 2]]", "")], "", &["1 rw 2"]);
}

#[test]
fn phantoms_show_as_two_anti_dependencies() {
    let read = |key: &str| format!("[[:rp :true {{}}] [:insert {key} 1]]");
    let (x, y) = (read(":x"), read(":y"));
    check("{}", &[(&x, ""), (&y, "")], "", &["1 rwp 2", "2 rwp 1"]);
}

#[test]
fn a_row_that_must_match_is_missed() {
    let read = ("[[:rp :true nil]]", "[[:rp :true {}]]");
    check("{:x 1}", &[read, ("[[:w :x 2]]", "")], "predicate-read-miss", &["0 ww 2"]);
    check("{:x 1}", &[read, ("[[:delete :x]]", "info")], "", &["0 ww 2", "2 wrp 1"]);
    check("{:x 1}", &[read, ("[[:delete :x]]", "fail")], "predicate-read-miss", &[]);
}

#[test]
fn reads_of_objects_are_judged_as_those_of_registers() {
    check("{:x 1}", &[("[[:r :x nil]]", "[[:r :x 2]]"), ("[[:w :x 2]]", "fail")], "G1a", &[]);
    check("{:x 1}", &[("[[:r :x nil]]", "[[:r :x 5]]")], "garbage-read", &[]);
    check("{:x 1}", &[("[[:w :x 2] [:r :x nil]]", "[[:w :x 2] [:r :x 1]]")], "internal", &["0 wr 1", "0 ww 1"]);
    check("{:x 1}", &[("[[:r :x nil]]", "[[:r :x 1]]"), ("[[:w :x 2]]", "")], "", &["0 wr 1", "1 rw 2", "0 ww 2"]);
}

#[test]
fn an_object_that_changes_twice_is_a_doubt() {
    let text = "{:type :invoke, :process 0, :f :txn, :value [[:w :x 1]]}\n{:type :ok, :process 0, :f :txn, :value [[:w :x 1]]}\n\
        {:type :invoke, :process 0, :f :txn, :value [[:w :x 2]]}\n{:type :ok, :process 0, :f :txn, :value [[:w :x 2]]}";
    let recording = recording(text);
    let calls = Calls::pair(&recording).expect("pairs");
    let inferred = infer_predicate(&calls, &InferOptions::default()).expect("transactions");
    assert!(inferred.doubts[0].contains("several changes"), "{:?}", inferred.doubts);
}
