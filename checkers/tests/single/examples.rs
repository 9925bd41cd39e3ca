//! The smallest history of each anomaly, and what is nearly one.

use crate::notation::{check, recording, verdict, words};
use checkers::{Verdict, checkers, judge};
use history::{Calls, OpId};

#[test]
fn nothing_is_unknown_to_every_checker() {
    for entry in checkers() {
        check(entry.name, "limit=1 window=1s bound=1s", "unknown", "");
        check(entry.name, "", "unknown", "0 i odd\n0 o odd 3");
    }
}

#[test]
fn odd_histories_do_no_harm() {
    let values = [
        "null",
        "1",
        "-1",
        "[]",
        "[1,[2,3]]",
        "{}",
        "{\"a\":1}",
        "\"x\"",
        "[[\"r\",1,1]]",
        "9223372036854775807",
        "1.5",
    ];
    let functions =
        ["read", "write", "add", "transfer", "enqueue", "dequeue", "drain", "generate", "acquire", "insert", "txn"];
    for (number, f) in functions.iter().enumerate() {
        for (place, value) in values.iter().enumerate() {
            let other = values[(place + number) % values.len()];
            let kinds = ["o", "f", "c"];
            let text = format!(
                "0 i {f} {value}\n1 i {f} {other}\n1 {} {f} {value}\n0 o {f} {other}\n0 i read\n0 o read {value}\n2 i {f} {value}",
                kinds[place % 3]
            );
            for entry in checkers() {
                for with in ["", "limit=0 window=1ns bound=1ns after=1ms order=true global=true convergent=true"] {
                    let verdict = verdict(entry.name, with, &text);
                    let is_bug = matches!(&verdict, Verdict::Unknown { reason, .. } if reason.contains("bug"));
                    assert!(!is_bug, "{} {with}\n{text}\n{verdict:#?}", entry.name);
                }
            }
        }
    }
}

#[test]
fn nobody_judges_by_a_name_that_does_not_exist() {
    let recording = recording("0 i read");
    let calls = Calls::pair(&recording).unwrap();
    assert_eq!(judge("sets", &calls, &crate::notation::options("")), None);
}

#[test]
fn cases_are_capped_and_counted() {
    let mut text = String::from("0 i generate\n0 o generate 7\n");
    (0..30).for_each(|_| text += "0 i generate\n0 o generate 7\n");
    let verdict = verdict("unique-ids", "", &text);
    assert_eq!(verdict.anomalies().len(), 10);
    assert_eq!(verdict.anomalies()[0].operations, [OpId(0), OpId(1)]);
    assert!(verdict.evidence().contains(&("total duplicate-ids".to_owned(), "30".to_owned())));
    assert_eq!(words(&verdict), "duplicate-ids");
}

#[test]
fn bank() {
    let start = "0 i read\n0 o read {\"0\":10,\"1\":0}\n";
    let transfer = "1 i transfer {\"from\":0,\"to\":1,\"amount\":5}\n1 o transfer {\"from\":0,\"to\":1,\"amount\":5}\n";
    let check = |with, expected, rest: &str| check("bank", with, expected, &format!("{start}{transfer}{rest}"));
    check("", "valid", "0 i read\n0 o read {\"0\":5,\"1\":5}");
    check("", "unknown", "");
    check("total=11", "wrong-total", "");
    check("", "balance-too-high wrong-total", "0 i read\n0 o read {\"0\":5,\"1\":6}");
    check("", "nil-balance", "0 i read\n0 o read {\"0\":5,\"1\":null}");
    check("accounts=2", "unexpected-key", "0 i read\n0 o read {\"0\":5,\"2\":5}");
    check("", "balance-too-high balance-too-low negative-value", "0 i read\n0 o read {\"0\":-1,\"1\":11}");
    check("negative-balances=true", "balance-too-high balance-too-low", "0 i read\n0 o read {\"0\":-1,\"1\":11}");
    check("", "balance-too-high balance-too-low", "0 i read\n0 o read {\"0\":4,\"1\":6}");
    check("", "valid", "0 i read\n0 o read {\"0\":10,\"1\":0}");
    check("realtime=true", "balance-too-high balance-too-low", "0 i read\n0 o read {\"0\":10,\"1\":0}");
    check("", "valid", "0 i read\n0 o read {\"0\":5,\"1\":5}\n0 i read\n0 o read {\"0\":5}");
}

#[test]
fn long_fork() {
    let writes = "0 i write [[\"w\",1,1]]\n0 o write [[\"w\",1,1]]\n1 i write [[\"w\",2,1]]\n1 o write [[\"w\",2,1]]\n";
    let read = |x: &str, y: &str| format!("2 i read\n2 o read [[\"r\",1,{x}],[\"r\",2,{y}]]\n");
    let check =
        |with, expected, reads: &[String]| check("long-fork", with, expected, &format!("{writes}{}", reads.concat()));
    check("", "long-fork", &[read("1", "null"), read("null", "1")]);
    check("", "valid", &[read("1", "null"), read("1", "1"), read("null", "null")]);
    check("", "unknown", &[read("1", "1"), read("null", "null")]);
    check("group=3", "unknown", &[read("1", "null"), read("null", "1")]);
    check("", "unknown", &[read("1", "null"), read("2", "1"), "0 i write [[\"w\",1,2]]".to_owned()]);
}

#[test]
fn causal() {
    let write = "0 i write 1\n0 o write 1\n";
    check("causal", "", "unknown", write);
    check("causal", "", "valid", &format!("{write}1 i read\n1 o read 1\n1 i read\n1 o read 1"));
    check("causal", "", "thin-air-read", &format!("{write}1 i read\n1 o read 3"));
    check("causal", "", "G1a", "0 i write 1\n0 f write 1\n1 i read\n1 o read 1");
    check("causal", "", "write-co-init-read", &format!("{write}1 i read\n1 o read 1\n1 i read\n1 o read null"));
    let second = "1 i read\n1 o read 1\n1 i write 2\n1 o write 2\n";
    check("causal", "", "write-co-read", &format!("{write}{second}2 i read\n2 o read 2\n2 i read\n2 o read 1"));
    check("causal", "", "valid", &format!("{write}{second}2 i read\n2 o read 1\n2 i read\n2 o read 2"));
    let cycle = "0 i read key=1\n0 o read key=1 1\n0 i write key=2 1\n0 o write key=2 1\n\
                 1 i read key=2\n1 o read key=2 1\n1 i write key=1 1\n1 o write key=1 1";
    check("causal", "", "cyclic-causality", cycle);
    // Two readers see two concurrent writes in two orders: causal, but not convergent.
    let orders = "0 i write 1\n0 o write 1\n1 i write 2\n1 o write 2\n2 i read\n2 o read 1\n2 i read\n2 o read 2\n\
                  3 i read\n3 o read 2\n3 i read\n3 o read 1";
    check("causal", "", "valid", orders);
    check("causal", "convergent=true", "cyclic-conflict", orders);
}

#[test]
fn causal_reverse() {
    let writes = "0 i write 1\n0 o write 1\n1 i write 2\n1 o write 2\n";
    let check =
        |expected, read: &str| check("causal-reverse", "", expected, &format!("{writes}2 i read\n2 o read {read}"));
    check("causal-reverse", "[2]");
    check("valid", "[1,2]");
    check("unknown", "[1]");
    check("unknown", "[]");
    check("garbage-read", "[1,2,3]");
}

#[test]
fn g2() {
    let first = "0 i insert key=1 [1,null]\n0 o insert key=1 [1,null]\n1 i insert key=1 [null,2]\n";
    check("g2", "", "G2", &format!("{first}1 o insert key=1 [null,2]"));
    check("g2", "", "valid", &format!("{first}1 f insert key=1 [null,2]"));
    check("g2", "", "valid", &format!("{first}1 c insert key=1 [null,2]"));
    check("g2", "", "G2", &format!("{first}1 c insert key=1 [null,2]\n2 i read key=1\n2 o read key=1 [1,2]"));
    check("g2", "", "unknown", "0 i insert [1,[1,null]]\n0 o insert [1,[1,null]]");
}

#[test]
fn sets() {
    let adds = "0 i add 1\n0 o add 1\n0 i add 2\n0 o add 2\n1 i add 3\n1 c add 3\n2 i add 4\n2 f add 4\n";
    for name in ["set", "set-full"] {
        let check = |expected, reads: &str| check(name, "", expected, &format!("{adds}{reads}"));
        check("valid", "3 i read\n3 o read [1,2]");
        check("valid", "3 i read\n3 o read [2,3,1]");
        check("lost", "3 i read\n3 o read [2,3]");
        check("lost", "3 i read\n3 o read [1,2,3]\n3 i read\n3 o read [1,2]");
        check("phantom", "3 i read\n3 o read [1,2,5]");
        check("revived", "3 i read\n3 o read [1,2,4]");
        check("duplicated", "3 i read\n3 o read [1,2,2]");
        check("unknown", "3 i read\n3 f read");
        check("valid", "3 i read\n3 o read [1]\n3 i read\n3 o read [1,2]");
        check("unknown", "3 i remove 1\n3 i remove 1".split('\n').next().unwrap());
    }
    check(
        "set-full",
        "linearizable=true",
        "stale-read",
        &format!("{adds}3 i read\n3 o read [1]\n3 i read\n3 o read [1,2]"),
    );
    check("set", "", "phantom", "1 i read\n1 o read [1]\n0 i add 1\n0 o add 1\n1 i read\n1 o read [1]");
}

#[test]
fn keys_are_not_guessed() {
    let text = "0 i add [0,1]\n0 o add [0,1]\n0 i add [0,2]\n0 o add [0,2]\n1 i read\n1 o read [1,2,3]";
    check("set-full", "", "lost", &text.replace("[1,2,3]", "[[0,1]]"));
    let verdict = verdict("set", "", &text.replace("[1,2,3]", "[1,2]"));
    assert!(matches!(&verdict, Verdict::Invalid { .. } | Verdict::Unknown { .. }), "{verdict:#?}");
}

#[test]
fn queue() {
    let first = "0 i enqueue 1\n0 o enqueue 1\n";
    check("queue", "", "valid", &format!("{first}1 i dequeue\n1 o dequeue 1"));
    check("queue", "", "unknown", &format!("{first}1 i dequeue\n1 o dequeue null"));
    check("queue", "", "duplicated", &format!("{first}1 i dequeue\n1 o dequeue 1\n1 i drain\n1 o drain [1]"));
    check("queue", "", "unexpected", &format!("{first}1 i dequeue\n1 o dequeue 2"));
    check("queue", "", "unexpected", "1 i dequeue\n1 o dequeue 1\n0 i enqueue 1\n0 o enqueue 1");
    check("queue", "", "revived", "0 i enqueue 1\n0 f enqueue 1\n1 i dequeue\n1 o dequeue 1");
    check("queue", "", "valid", "0 i enqueue 1\n0 c enqueue 1\n1 i dequeue\n1 o dequeue 1");
}

#[test]
fn total_queue() {
    let both = "0 i enqueue 1\n0 o enqueue 1\n0 i enqueue 2\n0 o enqueue 2\n1 i dequeue\n1 o dequeue 1\n";
    let check = |with, expected, rest: &str| check("total-queue", with, expected, &format!("{both}{rest}"));
    check("", "valid", "1 i drain\n1 o drain [2]");
    check("", "lost", "1 i drain\n1 o drain []");
    check("", "lost", "1 i dequeue\n1 o dequeue null");
    check("", "unknown", "");
    check("delivery=at-most-once", "valid", "");
    check("delivery=at-most-once", "valid", "1 i drain\n1 o drain []");
    check("", "unknown", "2 i dequeue\n2 c dequeue\n1 i drain\n1 o drain []");
    check("", "unknown", "2 i drain\n2 c drain\n1 i drain\n1 o drain []");
    check("", "duplicated", "1 i drain\n1 o drain [1,2]");
    check("delivery=at-least-once", "valid", "1 i drain\n1 o drain [1,2]");
    check("delivery=at-least-once", "unexpected", "1 i drain\n1 o drain [3,2]");
}

#[test]
fn unique_ids() {
    let text = "0 i generate\n0 o generate 5\n1 i generate\n1 o generate 3";
    check("unique-ids", "", "valid", text);
    check("unique-ids", "order=true", "order-inversion", text);
    check("unique-ids", "order=true slack=1ms", "valid", text);
    check("unique-ids", "order=true", "valid", "0 i generate\n1 i generate\n0 o generate 5\n1 o generate 3");
    check("unique-ids", "", "duplicate-ids", &text.replace('5', "3"));
    check("unique-ids", "", "unknown", "0 i generate\n0 o generate 5");
}

#[test]
fn counter() {
    let add = "0 i add 2\n0 o add 2\n1 i add 3\n1 c add 3\n";
    let check = |expected, rest: &str| check("counter", "", expected, &format!("{add}{rest}"));
    for value in [2, 5, 4] {
        check("valid", &format!("2 i read\n2 o read {value}"));
    }
    check("counter-too-low", "2 i read\n2 o read 1");
    check("counter-too-high", "2 i read\n2 o read 6");
    check("non-monotonic-read", "2 i read\n2 o read 5\n2 i read\n2 o read 2");
    check("valid", "2 i read\n3 i read\n3 o read 5\n2 o read 2");
    check("valid", "4 i add -2\n4 c add -2\n2 i read\n2 o read 0\n2 i read\n2 o read 5");
    check("counter-too-low", "4 i add -2\n4 c add -2\n2 i read\n2 o read -1");
    check("unknown", "");
}

#[test]
fn monotonic() {
    let row = |value: i64, sts: &str, process: i64| format!("{{\"val\":{value},\"sts\":{sts},\"process\":{process}}}");
    let add = |value: i64| format!("0 i add\n0 o add {}\n", row(value, "1", 0));
    let read = |rows: &[String]| format!("{}{}1 i read\n1 o read [{}]", add(1), add(2), rows.join(","));
    let check = |with, expected, rows: &[String]| check("monotonic", with, expected, &read(rows));
    check("", "valid", &[row(1, "1", 0), row(2, "2", 0)]);
    check("", "off-order-sts", &[row(1, "\"10.5\"", 0), row(2, "\"9.75\"", 0)]);
    check("", "off-order-vals-per-process", &[row(2, "1", 0), row(1, "2", 0)]);
    check("", "valid", &[row(2, "1", 0), row(1, "2", 1)]);
    check("global=true", "off-order-vals", &[row(2, "1", 0), row(1, "2", 1)]);
    check("", "duplicated", &[row(1, "1", 0), row(2, "2", 0), row(1, "3", 1)]);
    check("", "lost", &[row(1, "1", 0), row(3, "2", 1)]);
    check("", "lost", &[]);
    crate::notation::check("monotonic", "", "unknown", &format!("1 i read\n1 o read [{}]", row(1, "1", 0)));
}

#[test]
fn sequential() {
    let check = |expected, rows: &str| check("sequential", "", expected, &format!("0 i read 7\n0 o read {rows}"));
    check("trailing-nil", "[3,null,1]");
    check("trailing-nil", "[7,[3,null,1]]");
    check("valid", "[null,2,1]");
    check("valid", "[7,[null,2]]");
    check("unknown", "[null,null]");
    check("unknown", "[3,2,1]");
}

#[test]
fn leader_election() {
    let see = |node: &str, term: i64, leader: &str| {
        format!("0 i probe\n0 o probe {{\"node\":\"{node}\",\"term\":{term},\"leader\":\"{leader}\"}}\n")
    };
    let check = |expected, seen: &[String]| check("leader-election", "", expected, &seen.concat());
    check("election-safety", &[see("n1", 1, "n1"), see("n2", 1, "n2")]);
    check("valid", &[see("n1", 1, "n1"), see("n2", 2, "n2")]);
    check("term-regression", &[see("n1", 2, "n1"), see("n1", 1, "n2")]);
    check("valid", &[see("n1", 2, "n1"), see("n2", 1, "n2")]);
    check("unknown", &[see("n1", 2, "n1")]);
}

#[test]
fn fenced_lock() {
    let hold = |process: i64, token: i64| format!("{process} i acquire\n{process} o acquire {{\"fence\":{token}}}\n");
    let access = |process: i64, token: i64| format!("{process} i access {token}\n{process} o access {token}\n");
    let check = |expected, calls: &[String]| check("fenced-lock", "", expected, &calls.concat());
    check("valid", &[hold(0, 1), hold(1, 2), access(0, 1), access(1, 2)]);
    check("stale-token-accepted", &[hold(0, 1), hold(1, 2), access(1, 2), access(0, 1)]);
    check("token-regression", &[hold(0, 2), hold(1, 1)]);
    check("duplicate-token", &[hold(0, 2), hold(1, 2)]);
    check("unknown", &[hold(0, 2)]);
}

#[test]
fn rate_limiter() {
    let one = |begin: i64, end: i64| format!("0 i request @{begin}\n0 o request @{end}\n");
    let check = |expected, calls: &[String]| check("rate-limiter", "limit=2 window=100ms", expected, &calls.concat());
    check("rate-limit-exceeded", &[one(0, 10), one(20, 30), one(40, 99)]);
    check("valid", &[one(0, 10), one(20, 30), one(40, 100)]);
    check("unknown", &[one(0, 10), one(20, 30)]);
    check("valid", &[one(0, 10), one(20, 30), "0 i request\n0 o request false\n".to_owned(), one(200, 210)]);
    crate::notation::check("rate-limiter", "", "unknown", &one(0, 1));
}

#[test]
fn convergence() {
    let add = "0 i add #n1 1\n0 o add #n1 1\n";
    let read = |node: &str, value: &str| format!("1 i read #{node}\n1 o read #{node} {value}\n");
    let check =
        |with, expected, reads: &[String]| check("convergence", with, expected, &format!("{add}{}", reads.concat()));
    check("", "valid", &[read("n1", "[1]"), read("n2", "[1]")]);
    check("", "divergence", &[read("n1", "[1]"), read("n2", "[]")]);
    check("", "valid", &[read("n1", "[1]"), read("n2", "[]"), read("n2", "[1]")]);
    check("", "unknown", &[read("n2", "[1]")]);
    check("", "divergence", &[read("n1", "[1,2]"), read("n2", "[2,1]")]);
    check("unordered=true", "valid", &[read("n1", "[1,2]"), read("n2", "[2,1]")]);
    check("after=2ms bound=1ms", "late-convergence", &[read("n1", "[1]"), read("n2", "[]"), read("n2", "[1]")]);
    check("after=2ms bound=100ms", "valid", &[read("n1", "[1]"), read("n2", "[]"), read("n2", "[1]")]);
    check("after=1s", "unknown", &[read("n1", "[1]"), read("n2", "[]")]);
}

#[test]
fn staleness() {
    let text = "0 i write @0 1\n0 o write @10 1\n0 i write @20 2\n0 o write @30 2\n1 i read @130\n1 o read @140 1";
    check("staleness", "bound=100ms", "valid", text);
    check("staleness", "bound=99ms", "stale-read", text);
    check("staleness", "", "unknown", text);
    check("staleness", "bound=99ms", "valid", &text.replace("140 1", "140 2"));
    check("staleness", "bound=99ms", "garbage-read", &text.replace("140 1", "140 3"));
    check("staleness", "bound=99ms", "future-read", "1 i read @1\n1 o read @2 1\n0 i write @10 1\n0 o write @11 1");
    check("staleness", "bound=1ms", "stale-read", "0 i write @0 1\n0 o write @10 1\n1 i read @20\n1 o read @30 null");
}
