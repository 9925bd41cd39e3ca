//! Whether a run contained what was expected of it, and whether the system came back after its faults.

mod support;

use checkers::{Expectations, Verdict, Word, evidence, recovery};
use history::{Effect, Fault, History, Outcome, Register, RegisterOp, RegisterRet, Time};
use support::{Draft, assemble};

const SECOND: u64 = 1_000_000_000;

/// A read at each of these seconds on each of these nodes, ok or not, and a write just before.
fn run(seconds: std::ops::Range<u64>, serves: impl Fn(u64, u16) -> bool) -> History<Register> {
    let mut drafts = Vec::new();
    for second in seconds {
        for node in 0..2 {
            for (step, op) in
                [RegisterOp::Write { key: 0, value: 1 }, RegisterOp::Read { key: 0 }].into_iter().enumerate()
            {
                let ret = if step == 0 { RegisterRet::Done } else { RegisterRet::Value(Some(1)) };
                let refused = Outcome::Fail("connection refused".into());
                let outcome = if serves(second, node) { Outcome::Ok(ret) } else { refused };
                let invoked = second * 1_000 + u64::from(node) * 100 + step as u64 * 10 + 1;
                drafts.push(Draft {
                    process: u64::from(node),
                    node: Some(node),
                    op,
                    invoked,
                    ended: Some(invoked + 5),
                    outcome,
                });
            }
        }
    }
    assemble(drafts, 2)
}

fn fault(from: u64, to: Option<u64>, in_effect: bool) -> Fault {
    Fault {
        id: 0,
        nemesis: "kill".into(),
        description: "kill n2".into(),
        nodes: vec!["n2".into()],
        planned: Time(from * SECOND),
        injected: Some(Time(from * SECOND)),
        healed: to.map(|to| Time(to * SECOND)),
        effect: Some(Effect { in_effect, measured: "1 of 1".into() }),
        problem: None,
    }
}

fn expect(functions: &[&str], nemeses: &[&str]) -> Expectations {
    let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let (functions, nemeses) = (owned(functions), owned(nemeses));
    Expectations { functions, nemeses, faults_expected: true, ..Expectations::default() }
}

fn missing(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Unknown { reason, .. } => reason,
        Verdict::Valid { .. } => "",
        Verdict::Invalid { .. } => panic!("evidence is never invalid"),
    }
}

#[test]
fn a_run_with_all_that_was_expected_is_enough() {
    let history = run(0..10, |_, _| true);
    let faults = [fault(3, Some(5), true)];
    let verdict = evidence(&history, &faults, &expect(&["read", "write"], &["kill"]));
    assert_eq!(verdict.word(), Word::Valid, "{verdict:?}");
    assert!(verdict.evidence().contains(&("read".into(), "20 ok, 0 failed, 0 indeterminate".into())));
}

#[test]
fn what_is_missing_is_said() {
    let all = |_, _| true;
    let history = run(0..10, all);
    let healed = [fault(3, Some(5), true)];
    let cases = [
        (evidence(&history, &healed, &expect(&["cas"], &[])), "0 of 0 `cas` succeeded, 5 are needed"),
        (evidence(&run(0..2, all), &[], &Expectations::default()), "4 of 4 `read` succeeded, 5 are needed"),
        (evidence(&history, &healed, &expect(&[], &["pause"])), "`pause` was never measured to be in effect"),
        (evidence(&history, &[fault(3, Some(5), false)], &expect(&[], &[])), "no fault was measured to be in effect"),
        (evidence(&history, &[fault(3, None, true)], &expect(&[], &[])), "`kill n2` is not known to have been healed"),
        (evidence(&history, &[fault(3, Some(50), true)], &expect(&[], &[])), "no read that began after the last fault"),
        (evidence(&History::<Register>::default(), &[], &Expectations::default()), "nothing was asked"),
    ];
    for (verdict, expected) in cases {
        assert!(missing(&verdict).contains(expected), "{verdict:?} lacks: {expected}");
    }
}

fn nodes() -> Vec<String> {
    vec!["n1".into(), "n2".into()]
}

#[test]
fn a_node_that_serves_again_has_recovered() {
    let history = run(0..20, |second, node| node == 0 || !(3..8).contains(&second));
    let verdict = recovery(&history, &[fault(3, Some(5), true)], &nodes());
    assert_eq!(verdict.word(), Word::Valid, "{verdict:?}");
    let facts = verdict.evidence();
    assert!(facts.contains(&("n2".into(), "served again 3.106 s after the last heal".into())), "{facts:?}");
    let row = "served 0.006 s after it was healed; 50.0 % of 8 operations succeeded while it lasted";
    assert!(facts.contains(&("fault 0: kill n2".into(), row.into())), "{facts:?}");
}

#[test]
fn what_a_fault_cost_is_told_second_by_second() {
    let cost = |history: &History<Register>, fault: Fault| {
        let verdict = recovery(history, &[fault], &nodes());
        verdict.evidence().iter().find(|fact| fact.0 == "fault 0, in time").unwrap().1.clone()
    };
    // Nobody answers from 3 s to 8 s; the fault is healed at 5 s. What is not answered fails for want of a connection.
    let history = run(0..20, |second, _| !(3..8).contains(&second));
    let told = cost(&history, fault(3, Some(5), true));
    assert!(told.starts_with("first felt 0."), "{told}");
    assert!(told.ends_with("5.0 s of service lost; as before 3.000 s after it was healed"), "{told}");
    let history = run(0..9, |second, _| !(3..8).contains(&second));
    assert!(cost(&history, fault(3, Some(5), true)).contains("not seen to be as before within"), "{history:?}");
    let history = run(0..20, |_, _| true);
    let told = cost(&history, fault(3, Some(5), true));
    assert!(told.contains("never felt") && told.contains("0.0 s of service lost; as before 0.000 s"), "{told}");
    let told = cost(&history, fault(0, Some(5), true));
    assert!(told.ends_with("no whole second before the first fault to compare with"), "{told}");
}

#[test]
fn a_node_that_never_serves_again_has_not_recovered() {
    let history = run(0..20, |second, node| node == 0 || second < 3);
    let verdict = recovery(&history, &[fault(3, Some(5), true)], &nodes());
    let [anomaly] = verdict.anomalies() else { panic!("{verdict:?}") };
    assert_eq!(anomaly.name, "not-recovered");
    assert_eq!(anomaly.operations.len(), 10);
    assert_eq!(
        anomaly.explanation,
        "n2 was asked 30 times from 5.101 s to 19.116 s after the last fault was healed at 5.000 s, and never served again"
    );
}

#[test]
fn a_node_that_was_hardly_asked_is_unknown() {
    let history = run(0..7, |second, node| node == 0 || second < 3);
    let verdict = recovery(&history, &[fault(3, Some(5), true)], &nodes());
    assert!(missing(&verdict).contains("n2 was asked 4 times after the last heal and served none"), "{verdict:?}");
    let history = run(0..20, |_, _| true);
    assert!(missing(&recovery(&history, &[fault(3, Some(5), true)], &["n9".into()])).contains("n9 was asked 0 times"));
    assert!(missing(&recovery(&history, &[fault(3, None, true)], &nodes())).contains("not known to have been healed"));
    assert!(missing(&recovery(&history, &[], &nodes())).contains("no fault was injected"));
}
