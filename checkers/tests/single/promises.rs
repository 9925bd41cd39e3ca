//! What checkers judge only where it is promised, or where observations carry it: the smallest history of each anomaly,
//! and what is nearly one.

use crate::notation::{check, verdict};

#[test]
fn ids_carry_a_width_a_time_and_a_worker() {
    let ids = |ids: &[(&str, &str, i64, &str)]| -> String {
        let one = |(process, node, ms, id): &(&str, &str, i64, &str)| {
            format!("{process} i generate #{node} @{ms}\n{process} o generate #{node} @{} {id}\n", ms + 1)
        };
        ids.iter().map(one).collect()
    };
    let check =
        |with: &str, expected, calls: &[(&str, &str, i64, &str)]| check("unique-ids", with, expected, &ids(calls));
    check("bits=4", "valid", &[("0", "n1", 0, "15"), ("0", "n1", 5, "0")]);
    check("bits=4", "id-out-of-range", &[("0", "n1", 0, "16"), ("0", "n1", 5, "0")]);
    check("bits=63", "id-out-of-range", &[("0", "n1", 0, "-1"), ("0", "n1", 5, "0")]);
    check("bits=63", "id-out-of-range", &[("0", "n1", 0, "9223372036854775808"), ("0", "n1", 5, "0")]);
    check("bits=4", "unknown", &[("0", "n1", 0, "\"a\""), ("0", "n1", 5, "0")]);
    check("process-order=true", "process-order-inversion", &[("0", "n1", 0, "3"), ("0", "n1", 5, "2")]);
    check("process-order=true", "valid", &[("0", "n1", 0, "3"), ("1", "n1", 5, "2")]);
    // Bits 4 and up are milliseconds; the second id is 10 ms younger than the first, its call 100 ms.
    check("time-shift=4", "id-time-off", &[("0", "n1", 0, "16"), ("0", "n1", 100, "176")]);
    check("time-shift=4 skew=45ms", "valid", &[("0", "n1", 0, "16"), ("0", "n1", 100, "176")]);
    check("time-shift=4", "valid", &[("0", "n1", 0, "1600"), ("0", "n1", 100, "3200")]);
    check("time-shift=4 origin=100", "valid", &[("0", "n1", 0, "1600"), ("0", "n1", 100, "3200")]);
    check("time-shift=4 origin=90", "id-time-off", &[("0", "n1", 0, "1600"), ("0", "n1", 100, "3200")]);
    check("time-shift=4 origin=90 skew=10ms", "valid", &[("0", "n1", 0, "1600"), ("0", "n1", 100, "3200")]);
    check("worker-shift=1 worker-bits=2", "worker-changed", &[("0", "n1", 0, "2"), ("1", "n1", 5, "4")]);
    check("worker-shift=1 worker-bits=2", "valid", &[("0", "n1", 0, "2"), ("1", "n2", 5, "4"), ("1", "n1", 9, "11")]);
}

#[test]
fn buckets_give_what_came_in() {
    let one = |begin: i64, end: i64| format!("0 i request @{begin}\n0 o request @{end}\n");
    let no = |begin: i64, end: i64| format!("0 i request @{begin}\n0 o request @{end} false\n");
    let with = "rate=1/10ms burst=2";
    let check = |with, expected, calls: &[String]| check("rate-limiter", with, expected, &calls.concat());
    check(with, "valid", &[one(0, 1), one(2, 3), one(4, 10)]);
    check(with, "bucket-overdrawn", &[one(0, 1), one(2, 3), one(4, 9)]);
    check(with, "bucket-overdrawn", &[one(0, 1), one(50, 51), one(52, 53), one(54, 55), one(200, 201)]);
    check(with, "unknown", &[one(0, 1), one(2, 3)]);
    check("rate=1/10ms burst=2 denials=true", "false-denial", &[one(0, 1), no(2, 3), one(50, 51), one(80, 81)]);
    check("rate=1/10ms burst=2 denials=true", "valid", &[one(0, 1), one(2, 3), no(4, 5), one(50, 51)]);
    check("limit=2 window=10ms", "valid", &[one(0, 1), no(2, 3), one(50, 51), one(80, 81)]);
    check("limit=2 window=10ms denials=true", "false-denial", &[one(0, 1), no(2, 3), one(50, 51), one(80, 81)]);
    check("limit=2 window=10ms denials=true", "valid", &[one(0, 1), one(2, 3), no(4, 5), one(50, 51)]);
    let crashed = "1 i request @0\n1 c request @1\n".to_owned();
    check("limit=2 window=10ms denials=true", "valid", &[crashed, one(2, 3), no(4, 5), one(50, 51), one(80, 81)]);
}

#[test]
fn logs_of_leaders_and_followers_agree() {
    let see = |fields: &str, log: &str| format!("0 i probe\n0 o probe {{{fields},\"log\":{log}}}\n");
    let check = |with, expected, seen: &[String]| check("leader-election", with, expected, &seen.concat());
    let (n1, n2) =
        ("\"node\":\"n1\",\"term\":1,\"leader\":\"n1\",\"commit\":2", "\"node\":\"n2\",\"term\":2,\"role\":\"leader\"");
    let whole = "[[1,1,\"a\"],[2,1,\"b\"]]";
    check("", "valid", &[see(n1, whole), see(n2, whole)]);
    check("", "valid", &[see(n1, whole), see(n2, "[[2,1,\"b\"],[3,2,\"c\"]]")]);
    check("", "leader-completeness", &[see(n1, whole), see(n2, "[[1,1,\"a\"]]")]);
    check("wipes=true", "valid", &[see(n1, whole), see(n2, "[[1,1,\"a\"]]")]);
    check("", "valid", &[see(n1, whole), see(n2, "[]")]);
    check("", "log-matching", &[see(n1, "[[3,1,\"a\"]]"), see(n2, "[[3,1,\"b\"]]")]);
    check("", "log-matching", &[see(n1, "[[3,1,\"a\"],[4,1,\"b\"]]"), see(n2, "[[3,0,\"c\"],[4,1,\"b\"]]")]);
    check("", "leader-completeness", &[see(n1, "[[2,1,\"a\"]]"), see(n2, "[[2,0,\"c\"]]")]);
    let n3 = "\"node\":\"n3\",\"term\":1,\"leader\":\"n1\",\"commit\":2";
    check("", "state-machine-safety", &[see(n1, "[[2,1,\"a\"]]"), see(n3, "[[2,0,\"c\"]]")]);
    check("", "valid", &[see(n1, "[[3,1,\"a\"]]"), see(n3, "[[3,0,\"c\"]]")]);
    let at = |commit: i64| {
        format!("0 i probe\n0 o probe {{\"node\":\"n1\",\"term\":1,\"leader\":\"n1\",\"commit\":{commit}}}\n")
    };
    check("", "valid", &[at(5), at(4)]);
    check("commits=true", "commit-regression", &[at(5), at(4)]);
    let terms = |with, expected| {
        let term = |term: i64| format!("0 i probe\n0 o probe {{\"node\":\"n1\",\"term\":{term},\"leader\":\"n1\"}}\n");
        check(with, expected, &[term(2), term(1)]);
    };
    terms("", "term-regression");
    terms("wipes=true", "valid");
}

#[test]
fn the_time_without_a_leader_is_told() {
    let see = |ms: i64, fields: &str| {
        format!("0 i probe @{ms}\n0 o probe @{} {{\"node\":\"n1\",\"term\":{fields}}}\n", ms + 10)
    };
    let text = [see(0, "1,\"leader\":\"n1\""), see(100, "3"), see(500, "4,\"leader\":\"n2\"")].concat();
    let verdict = verdict("leader-election", "", &text);
    let has = |name: &str, value: &str| verdict.evidence().contains(&(name.to_owned(), value.to_owned()));
    assert!(has("longest time without an observed leader", "0.490000 s"), "{verdict:#?}");
    assert!(has("terms without a known leader", "2"), "{verdict:#?}");
}

#[test]
fn sessions_stick_to_the_order_that_they_assumed() {
    // Process 2 knows of 1 (through y) when it reads 2, so it has put 1 before 2, and then reads 1.
    let text = "0 i write key=1 1\n0 o write key=1 1\n0 i write key=2 7\n0 o write key=2 7\n1 i write key=1 2\n1 o write key=1 2\n\
                2 i read key=2\n2 o read key=2 7\n2 i read key=1\n2 o read key=1 2\n2 i read key=1\n2 o read key=1 1";
    check("causal", "", "valid", text);
    check("causal", "memory=true", "cyclic-hb", text);
    // Without knowing of 1 first, either order will do.
    let near = text.replace("2 i read key=2\n2 o read key=2 7\n", "").replace("key=2 7", "key=2 8");
    check("causal", "memory=true", "valid", &near);
    // Two sessions may order concurrent writes differently, as causal memory allows and convergence does not.
    let orders = "0 i write 1\n0 o write 1\n1 i write 2\n1 o write 2\n2 i read\n2 o read 1\n2 i read\n2 o read 2\n\
                  3 i read\n3 o read 2\n3 i read\n3 o read 1";
    check("causal", "memory=true", "valid", orders);
    // 5 before 2 of x by choice, and 5 comes after the write of y: then y is not new any more.
    let initial = "0 i write key=2 7\n0 o write key=2 7\n0 i write key=1 1\n0 o write key=1 1\n1 i write key=1 2\n1 o write key=1 2\n\
                   1 i write key=3 9\n1 o write key=3 9\n2 i read key=1\n2 o read key=1 1\n2 i read key=1\n2 o read key=1 2\n\
                   2 i read key=2\n2 o read key=2 null";
    check("causal", "", "write-co-init-read", initial);
}

#[test]
fn replicas_do_not_change_on_their_own() {
    let read = |node: &str, value: &str| format!("1 i read #{node}\n1 o read #{node} {value}\n");
    let add = "0 i add #n1 1\n0 o add #n1 1\n".to_owned();
    let remove = "0 i remove #n1 1\n0 o remove #n1 1\n".to_owned();
    let check = |with, expected, calls: &[String]| check("convergence", with, expected, &calls.concat());
    let state = |applied: &str, state: &str| format!("{{\"applied\":{applied},\"state\":{state}}}");
    let end = [read("n1", &state("[1,2]", "5")), read("n2", &state("[2,1]", "5"))].concat();
    check("", "valid", &[add.clone(), read("n1", &state("[1]", "4")), end.clone()]);
    check("", "strong-divergence", &[read("n1", &state("[1,2]", "4")), add.clone(), end]);
    let end = [read("n1", "[]"), read("n2", "[]")].concat();
    let flaps = [read("n1", "[1]"), read("n1", "[]"), read("n1", "[1]")].concat();
    check("", "valid", &[add.clone(), remove.clone(), flaps.clone(), end.clone()]);
    check("local=true", "resurrection", &[add.clone(), remove.clone(), flaps.clone(), end.clone()]);
    check("local=true", "valid", &[add.clone(), remove.clone(), add.clone(), flaps, end.clone()]);
    let (once, other) =
        ([read("n1", "[1]"), read("n1", "[]")].concat(), [read("n1", "[1]"), read("n2", "[]")].concat());
    check("local=true", "shrinkage", &[add.clone(), once.clone(), end.clone()]);
    check("local=true", "valid", &[add.clone(), remove.clone(), once, end.clone()]);
    check("local=true", "shrinkage", &[add.clone(), other.clone(), end]);
    check("local=true", "valid", &[add, other, read("n1", "[1]"), read("n2", "[1]")]);
}

#[test]
fn producers_keep_their_order() {
    let put = "0 i enqueue 1\n0 o enqueue 1\n0 i enqueue 2\n0 o enqueue 2\n";
    let take = |process: i64, value: i64| format!("{process} i dequeue\n{process} o dequeue {value}\n");
    let check = |with, expected, rest: String| check("queue", with, expected, &format!("{put}{rest}"));
    let with = "per-producer=true";
    check(with, "valid", take(1, 1) + &take(1, 2));
    check(with, "producer-order", take(1, 2) + &take(1, 1));
    check("", "valid", take(1, 2) + &take(1, 1));
    check(with, "unknown", take(1, 2) + &take(2, 1));
    check(with, "unknown", "3 i dequeue\n3 c dequeue\n".to_owned() + &take(1, 2) + &take(1, 1));
}

#[test]
fn services_answer_enough() {
    let ok = |ms: i64| format!("0 i read @{ms}\n0 o read @{} 1\n", ms + 1);
    let no = |ms: i64| format!("0 i read @{ms}\n0 f read @{}\n", ms + 1);
    let (many, refused): (String, String) =
        ((0..9).map(|n| ok(n * 10)).collect(), (0..9).map(|n| no(n * 10)).collect());
    let hung = "1 i read @95\n1 c read @96\n";
    check("availability", "", "unknown", &many);
    check("availability", "yield=90%", "valid", &format!("{many}{hung}"));
    check("availability", "yield=90%", "valid", &format!("{refused}{hung}"));
    check("availability", "yield=90%", "unknown", &many);
    check("availability", "yield=99%", "unknown", &format!("{many}{hung}"));
    check("availability", "yield=95%", "unknown", &format!("{many}{hung}"));
    check("availability", "yield=100%", "yield-too-low", &format!("{many}{hung}"));
    check("availability", "yield=100%", "unknown", &format!("{many}1 i read @95"));
    check("availability", "bound=20ms", "valid", &many);
    check("availability", "bound=20ms", "valid", &format!("{many}{}", ok(500)));
    check("availability", "bound=20ms", "outage", &format!("{many}1 i read @100\n1 c read @101\n{}", ok(130)));
    check("availability", "bound=31ms", "valid", &format!("{many}1 i read @100\n1 c read @101\n{}", ok(130)));
    check(
        "availability",
        "bound=20ms",
        "outage",
        &format!("{many}1 i read @100\n1 c read @101\n2 i read @130\n2 c read @140"),
    );
    let partial = "0 i read [1,2]\n0 o read {\"asked\":4,\"answered\":3}";
    let told = verdict("availability", "", partial);
    assert!(
        told.evidence().contains(&("harvest".to_owned(), "75.00 % of 4 (second 0: 75.00 %)".to_owned())),
        "{told:#?}"
    );
}

#[test]
fn a_lock_may_be_entered_again() {
    let hold = "0 i acquire\n0 o acquire 3\n";
    check("fenced-lock", "", "valid", &hold.repeat(2));
    check("fenced-lock", "", "duplicate-token", &format!("{hold}0 i release\n0 o release\n{hold}"));
    check("fenced-lock", "", "duplicate-token", &format!("{hold}{}", hold.replace('0', "1")));
}

#[test]
fn failed_rows_do_not_appear() {
    let row = |value: i64| format!("{{\"val\":{value},\"sts\":{value}}}");
    let add = |value: i64| format!("0 i add\n0 o add {}\n", row(value));
    let failed = format!("1 i add\n1 f add {}\n", row(3));
    let read = |rows: &[i64]| {
        let rows: Vec<String> = rows.iter().map(|value| row(*value)).collect();
        format!("{}{}{failed}2 i read\n2 o read [{}]", add(1), add(2), rows.join(","))
    };
    check("monotonic", "", "valid", &read(&[1, 2]));
    check("monotonic", "", "revived", &read(&[1, 2, 3]));
}
