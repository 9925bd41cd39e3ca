//! Small runs for tests.

use crate::made::{self, Call, Dice, Load};
use checkers::{Anomaly, Check, Interval, Verdict};
use history::{Fault, History, Lock, OpId, Outcome, Register, RegisterOp, RegisterRet, Time};
use report::Facts;

pub fn facts() -> Facts {
    Facts {
        title: "register on etcd 3.4.23 under partition, kill".into(),
        run: "20261120T181500Z-7f3a".into(),
        started: "2026-11-20 18:15:00 UTC".into(),
        tested: "etcd 3.4.23 on 5 nodes".into(),
        workload: "20 clients read and write".into(),
        rerun: "gainsay test register --database etcd@3.4.23 --nemesis partition,kill --seed 17 --time-limit 60s"
            .into(),
        report_path: "results/latest/report.html".into(),
        nodes: made::five_nodes(),
        ..Facts::default()
    }
}

pub fn faults() -> Vec<Fault> {
    vec![
        made::fault(0, "partition", &["n1", "n2"], 2.0, 4.0, "12 of 12 links cut"),
        made::fault(1, "kill", &["n3"], 5.5, 6.0, "process gone on n3"),
    ]
}

pub fn registers() -> History<Register> {
    let load = Load { seconds: 10.0, threads: 5, pause_ms: 20.0, keys: 3 };
    let mut calls = made::registers(&load, &faults(), &mut Dice(17));
    calls.extend(made::stale_read(3_000.0));
    made::history(calls, &made::five_nodes())
}

pub fn locks() -> History<Lock> {
    made::history(made::locks(&[], &mut Dice(17)), &made::five_nodes())
}

pub fn calls(outcomes: &[Outcome<RegisterRet>]) -> History<Register> {
    let call = |(number, outcome): (u32, &Outcome<RegisterRet>)| Call {
        process: u64::from(number),
        node: (number % 5) as u16,
        from: f64::from(number),
        to: f64::from(number) + 0.5,
        op: RegisterOp::Write { key: 1, value: 5 },
        outcome: outcome.clone(),
    };
    made::history((0..).zip(outcomes).map(call).collect(), &made::five_nodes())
}

fn check(verdict: Verdict) -> Check {
    Check { name: "linearizable".into(), promise: "every register behaves as if there were one copy".into(), verdict }
}

pub fn valid() -> Check {
    check(Verdict::Valid {
        evidence: vec![("registers".into(), "12".into()), ("reads after faults".into(), "1 804".into())],
    })
}

pub fn unknown() -> Check {
    let reason = "not enough evidence: no read succeeded after the last fault; a longer time limit would help";
    check(Verdict::Unknown { reason: reason.into(), evidence: vec![] })
}

pub fn invalid(operations: Vec<OpId>) -> Check {
    let interval = |id: &OpId| Interval {
        label: format!("operation {} holds lock 0", id.0),
        operation: *id,
        from: Time(3_000_000_000),
        to: Time(3_400_000_000),
    };
    let anomaly = Anomaly {
        name: "mutual-exclusion".into(),
        key: Some(0),
        culprit: operations.last().copied(),
        intervals: operations.iter().take(2).map(interval).collect(),
        operations,
        explanation: "n2's process 7 acquired lock 0 at 14.220 s, although n1's process 3 had held it since 10.211 s \
                      and gave it back only at 16.400 s: both held it for 2.180 s"
            .into(),
        argument: None,
    };
    check(Verdict::Invalid { anomalies: vec![anomaly], evidence: vec![] })
}
