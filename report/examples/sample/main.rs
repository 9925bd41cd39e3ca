//! Writes the reports of three made runs: a valid one under faults, a stale read, and a lock that two clients held.
//!
//! `cargo run -p gainsay-report --example sample -- DIRECTORY`

mod made;

use checkers::{Anomaly, Check, Interval, Verdict};
use history::{Fault, History, Lock, OpId, Register, RegisterOp, Time};
use made::{Dice, Load};
use report::{Facts, Page};
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/sample"), PathBuf::from);
    for (name, page) in [("valid", valid()), ("stale", stale()), ("lock", lock())] {
        save(&directory.join(name), &page)?;
        writeln!(std::io::stdout(), "{}", page.terminal(100))?;
    }
    Ok(())
}

fn save(directory: &Path, page: &Page) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(directory.join("plots"))?;
    fs::write(directory.join("report.html"), page.html()?)?;
    for (name, bytes) in page.pictures()? {
        fs::write(directory.join("plots").join(name), bytes)?;
    }
    Ok(())
}

fn facts(title: &str, workload: &str, rerun: &str) -> Facts {
    let pairs = |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Facts {
        title: title.to_owned(),
        run: "20261120T181500Z-7f3a".to_owned(),
        started: "2026-11-20 18:15:00 UTC".to_owned(),
        tested: "etcd 3.4.23, reads=linearizable, on 5 nodes (n1..n5)".to_owned(),
        workload: workload.to_owned(),
        rerun: rerun.to_owned(),
        report_path: "results/latest/report.html".to_owned(),
        settings: pairs(&[
            ("seed", "24301"),
            ("rate", "400 per second"),
            ("concurrency", "20"),
            ("time limit", "60 s"),
        ]),
        environment: pairs(&[
            ("gainsay", "0.1.0"),
            ("etcd", "3.4.23"),
            ("kernel", "6.1.0-28-amd64"),
            ("clocks", "within 3 ms"),
        ]),
        durations: vec![("install".into(), 4.1), ("start".into(), 2.6), ("main".into(), 60.2), ("check".into(), 0.42)],
        nodes: made::five_nodes(),
        logs: made::five_nodes().iter().map(|n| (format!("{n}/etcd.log"), format!("logs/{n}/etcd.log"))).collect(),
        warnings: Vec::new(),
    }
}

fn evidence(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn register_faults() -> Vec<Fault> {
    let mut refused = made::fault(4, "clock-skew", &["n2"], 52.0, 52.0, "");
    (refused.injected, refused.healed, refused.effect) = (None, None, None);
    refused.problem = Some("n2: the clock of this machine may not be set".to_owned());
    vec![
        made::fault(0, "partition", &["n1", "n2"], 8.0, 18.0, "12 of 12 links cut"),
        made::fault(1, "kill", &["n3"], 22.5, 27.0, "process gone on n3"),
        made::fault(2, "pause", &["n5"], 25.0, 33.0, "process stopped on n5"),
        made::fault(3, "partition", &["n4"], 40.0, 48.0, "8 of 8 links cut"),
        refused,
    ]
}

fn register_load() -> Load {
    Load { seconds: 60.0, threads: 20, pause_ms: 45.0, keys: 12 }
}

fn valid() -> Page {
    let faults = register_faults();
    let calls = made::registers(&register_load(), &faults, &mut Dice(24_301));
    let history = made::history(calls, &made::five_nodes());
    let check = Check {
        name: "linearizable".into(),
        promise: "every register behaves as if there were only one copy of it".into(),
        verdict: Verdict::Valid {
            evidence: evidence(&[
                ("registers", "12"),
                ("reads after the last fault", "1 804"),
                ("states searched", "91 204"),
            ]),
        },
    };
    let mut facts = facts(
        "register on etcd 3.4.23 under partition, kill, pause",
        "20 clients read, write and compare-and-set 12 registers",
        "gainsay test register --database etcd@3.4.23 --nemesis partition,kill,pause --seed 24301 --time-limit 60s",
    );
    facts.warnings.push("n2: the log etcd.log could not be fetched: connection reset".into());
    Page::new(facts, &history, &[check], &faults)
}

fn stale() -> Page {
    let faults = register_faults();
    let mut calls = made::registers(&register_load(), &faults, &mut Dice(24_301));
    calls.extend(made::stale_read(12_340.0));
    let history = made::history(calls, &made::five_nodes());
    let witness = witness(&history);
    let anomaly = Anomaly {
        name: "stale-read".into(),
        key: Some(99),
        culprit: witness.last().copied(),
        operations: witness,
        intervals: Vec::new(),
        explanation: "key 99: process 202 on n1 read 4 at 13.080 s, although process 207 had overwritten it with 9 by \
                      12.872 s, and process 205 on n5 had read that 9 by 12.944 s"
            .into(),
        argument: None,
    };
    let check = Check {
        name: "linearizable".into(),
        promise: "every register behaves as if there were only one copy of it".into(),
        verdict: Verdict::Invalid { anomalies: vec![anomaly], evidence: evidence(&[("registers", "13")]) },
    };
    let facts = facts(
        "register on etcd 3.4.23 under partition, kill, pause",
        "20 clients read, write and compare-and-set 13 registers",
        "gainsay test register --database etcd@3.4.23 --reads serializable --nemesis partition,kill,pause --seed 24301",
    );
    Page::new(facts, &history, &[check], &faults)
}

/// The write of 4, the write of 9, the read of 9, and the read of 4.
fn witness(history: &History<Register>) -> Vec<OpId> {
    let of_key = |o: &&history::Operation<Register>| {
        matches!(o.op, RegisterOp::Read { key: 99 } | RegisterOp::Write { key: 99, .. })
    };
    let ids: Vec<OpId> = history.operations.iter().filter(of_key).map(|o| o.id).collect();
    [0, 3, 4, 5].iter().filter_map(|n| ids.get(*n).copied()).collect()
}

fn lock() -> Page {
    let mut stall = made::fault(0, "disk-stall", &["n1"], 12.1, 17.1, "fsync on n1 took 4.9 s");
    stall.description = "every write to etcd's disk on n1 waits".into();
    let faults = vec![stall];
    let history = made::history(made::locks(&faults, &mut Dice(7)), &made::five_nodes());
    let of = |process: u64| -> Vec<OpId> {
        let mine = |o: &&history::Operation<Lock>| o.process.0 == process && o.completed.is_some();
        history.operations.iter().filter(mine).map(|o| o.id).collect()
    };
    let (first, second) = (of(3), of(7));
    let span = |process: u64, operation: OpId, from: u64, to: u64| Interval {
        label: format!("process {process} holds lock 0"),
        operation,
        from: Time(from * 1_000_000),
        to: Time(to * 1_000_000),
    };
    let mut operations: Vec<OpId> = first.iter().chain(&second).copied().collect();
    operations.sort();
    let anomaly = Anomaly {
        name: "mutual-exclusion".into(),
        key: Some(0),
        culprit: Some(second[0]),
        intervals: vec![span(3, first[0], 10_211, 16_400), span(7, second[0], 14_220, 17_800)],
        operations,
        explanation: "n2's process 7 acquired lock 0 at 14.220 s, although n1's process 3 had held it since 10.211 s \
                      and gave it back only at 16.400 s: both held it for 2.180 s"
            .into(),
        argument: None,
    };
    let check = Check {
        name: "mutual-exclusion".into(),
        promise: "a lock is held by at most one client at a time".into(),
        verdict: Verdict::Invalid {
            anomalies: vec![anomaly],
            evidence: evidence(&[("locks", "1"), ("acquisitions", "6"), ("surely held", "13.2 s of 31 s")]),
        },
    };
    let facts = facts(
        "lock on etcd 3.4.23 under disk-stall",
        "10 clients acquire, refresh and release one lock; 5 more write",
        "gainsay test lock --database etcd@3.4.23 --nemesis disk-stall --seed 24301",
    );
    Page::new(facts, &history, &[check], &faults)
}
