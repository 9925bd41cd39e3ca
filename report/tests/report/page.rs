//! The page: markup, escaping, edge cases, size.

use crate::made::{self, Dice, Load};
use crate::{markup, runs};
use checkers::{Anomaly, Argument, Check, Interval, Member, MinimalHistory, Precedence, Verdict};
use history::{DataType, Effect, Fault, History, OpId, Outcome, Register, RegisterRet, Set, Time};
use report::{Facts, Page};

const LIMIT: usize = 10_000_000;

/// Everything that can be made of a page is made, and its text returned.
fn made<D: DataType>(history: &History<D>, checks: &[Check], faults: &[Fault]) -> String {
    let page = Page::new(runs::facts(), history, checks, faults);
    let html = page.html().unwrap();
    assert!(html.len() < LIMIT);
    assert!(page.terminal(80).lines().count() <= 10);
    page.pictures().unwrap();
    markup::read(&html).unwrap()
}

#[test]
fn the_verdict_comes_first() {
    for (check, headline) in [
        (runs::valid(), "No violation found"),
        (runs::unknown(), "Unknown: not enough evidence"),
        (runs::invalid(vec![OpId(1), OpId(2)]), "VIOLATION: two clients held lock 0 at the same time"),
    ] {
        let text = made(&runs::registers(), &[check], &runs::faults());
        assert!(text.contains(headline), "{headline}");
    }
    assert!(made(&runs::registers(), &[], &[]).contains("Unknown: nothing was checked"));
}

#[test]
fn an_unknown_never_hides_a_violation() {
    let checks = [runs::unknown(), runs::invalid(vec![OpId(1)]), runs::valid()];
    assert!(made(&runs::registers(), &checks, &[]).contains("VIOLATION: two clients"));
}

#[test]
fn the_timeline_names_operations_processes_and_faults() {
    let history = runs::registers();
    let key = |o: &history::Operation<Register>| Register::key(&o.op) == Some(99);
    let ids: Vec<OpId> = history.operations.iter().filter(|o| key(o)).map(|o| o.id).collect();
    let text = made(&history, &[runs::invalid(ids)], &runs::faults());
    for expected in [
        "write 9",
        "read \u{2192} 4",
        "process 202 \u{b7} n1",
        "partition n1 n2",
        "both for 400 ms",
        "write 7 (unknown)",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
}

#[test]
fn edge_cases_do_not_panic() {
    let ok = Outcome::Ok(RegisterRet::Done);
    let info = Outcome::Info("timeout".to_owned());
    let all = [runs::valid(), runs::unknown(), runs::invalid(vec![OpId(0), OpId(1), OpId(4_000_000)])];
    for faults in [vec![], runs::faults()] {
        made(&History::<Register>::default(), &all, &faults);
        made(&History::<Set>::default(), &[], &faults);
        made(&runs::calls(std::slice::from_ref(&ok)), &all, &faults);
        made(&runs::calls(std::slice::from_ref(&info)), &all, &faults);
        made(&runs::calls(&vec![info.clone(); 200]), &all, &faults);
        made(&runs::locks(), &all, &faults);
    }
    let mut at_once = runs::calls(&vec![ok; 50]);
    for operation in &mut at_once.operations {
        operation.invoked.time = Time(0);
        operation.completed.as_mut().unwrap().time = Time(0);
    }
    made(&at_once, &all, &[]);
    let mut late = runs::calls(&[info]);
    late.operations[0].gave_up = None;
    late.operations[0].node = Some(900);
    late.operations[0].invoked.time = Time(u64::MAX);
    made(&late, &all, &runs::faults());
}

#[test]
fn faults_in_every_state_are_told() {
    let mut faults = runs::faults();
    faults[0].effect = Some(Effect { in_effect: false, measured: "9 of 12 links cut".into() });
    faults[1].healed = None;
    faults[1].problem = Some("n3 does not answer".into());
    let mut refused = faults[1].clone();
    (refused.id, refused.injected, refused.effect) = (2, None, None);
    faults.push(refused);
    let text = made(&runs::registers(), &[runs::valid()], &faults);
    for expected in
        ["NOT in effect", "9 of 12 links cut", "not known to be healed", "never in force", "n3 does not answer"]
    {
        assert!(text.contains(expected), "{expected}");
    }
}

const HOSTILE: &str = "\"'><script>alert(1)</script>]]>&amp;{{ 7*7 }}{% raw %}\u{1b}[31m\u{0}\u{202e}<!--";

fn hostile_facts() -> Facts {
    let text = || HOSTILE.to_owned();
    Facts {
        title: text(),
        run: text(),
        started: text(),
        tested: text(),
        workload: text(),
        rerun: text(),
        report_path: text(),
        settings: vec![(text(), text())],
        environment: vec![(text(), text())],
        durations: vec![(text(), f64::NAN), (text(), -1.0), (text(), f64::INFINITY)],
        nodes: vec![text(), "n2".into()],
        logs: vec![(text(), "javascript:alert(1)".into()), (text(), text()), ("a".into(), "logs/a:b".into())],
        warnings: vec![text()],
    }
}

fn hostile_argument() -> Argument {
    let member = |operation| Member { name: HOSTILE.into(), program: HOSTILE.into(), operation: OpId(operation) };
    let step = |from| Precedence { from, to: 1 - from, kind: HOSTILE.into(), why: HOSTILE.into() };
    let begins = vec![(HOSTILE.into(), HOSTILE.into())];
    Argument {
        nickname: Some(HOSTILE.into()),
        transactions: vec![member(0), member(1)],
        steps: vec![step(0), step(1)],
        minimal: Some(MinimalHistory { of: 9, transactions: vec![member(0), member(4_000_000)], begins }),
    }
}

#[test]
fn a_run_shows_the_cycle_its_steps_and_the_least_history() {
    let member = |name: &str, operation| Member {
        name: name.into(),
        program: format!("r 1 [{name}]"),
        operation: OpId(operation),
    };
    let step = |from, kind: &str| Precedence { from, to: 1 - from, kind: kind.into(), why: format!("of {kind}") };
    let transactions = vec![member("T1", 0), member("T3", 1)];
    let minimal =
        MinimalHistory { of: 812, transactions: transactions.clone(), begins: vec![("5".into(), "[7]".into())] };
    let (steps, nickname) = (vec![step(0, "rw"), step(1, "wr")], Some("read skew".into()));
    let argument = Some(Box::new(Argument { nickname, transactions, steps, minimal: Some(minimal) }));
    let Verdict::Invalid { anomalies, evidence } = runs::invalid(vec![OpId(0), OpId(1)]).verdict else {
        unreachable!()
    };
    let anomaly = Anomaly { name: "G-single".into(), key: None, argument, ..anomalies[0].clone() };
    let check = Check { verdict: Verdict::Invalid { anomalies: vec![anomaly], evidence }, ..runs::valid() };
    let page = Page::new(runs::facts(), &runs::registers(), &[check], &[]).html().unwrap();
    let text = markup::read(&page).unwrap();
    for expected in [
        "read skew (G-single)",
        "T1 &lt; T3",
        "However, ",
        "of wr",
        "Minimal history: 2 of 812 transactions",
        "5 begins as",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(page.matches("class=\"node\"").count(), 2, "{page}");
}

#[test]
fn hostile_texts_stay_texts() {
    let mut history = runs::calls(&[Outcome::Info(HOSTILE.into()), Outcome::Fail(HOSTILE.into())]);
    history.nodes[0] = HOSTILE.into();
    let interval = Interval { label: HOSTILE.into(), operation: OpId(0), from: Time(0), to: Time(9_000_000) };
    let anomaly = Anomaly {
        name: HOSTILE.into(),
        key: Some(1),
        operations: vec![OpId(0), OpId(1)],
        culprit: Some(OpId(1)),
        intervals: vec![interval],
        explanation: HOSTILE.into(),
        argument: Some(Box::new(hostile_argument())),
    };
    let evidence = vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
    let check = Check {
        name: HOSTILE.into(),
        promise: HOSTILE.into(),
        verdict: Verdict::Invalid { anomalies: vec![anomaly], evidence },
    };
    let mut fault = made::fault(0, HOSTILE, &[HOSTILE], 0.0, 0.001, HOSTILE);
    fault.problem = Some(HOSTILE.into());
    let page = Page::new(hostile_facts(), &history, &[check], &[fault]);
    let text = markup::read(&page.html().unwrap()).unwrap();
    assert!(text.contains("&lt;script&gt;") && text.contains("{{ 7*7 }}"));
    for (name, bytes) in page.pictures().unwrap().into_iter().filter(|(name, _)| name.ends_with(".svg")) {
        let svg = String::from_utf8(bytes).unwrap();
        assert!(!svg.contains("<script"), "{name}");
        markup::read(&format!("<!DOCTYPE html>{svg}")).unwrap();
    }
}

#[test]
fn the_page_loads_nothing() {
    let page = Page::new(runs::facts(), &runs::registers(), &[runs::invalid(vec![OpId(3)])], &runs::faults());
    let html = page.html().unwrap().replace("http://www.w3.org/2000/svg", "");
    let pieces = html.split('"').filter(|piece| !piece.starts_with("data:image/png;base64,"));
    for piece in pieces {
        assert!(!["http:", "https:", "//", "url(", "@import"].iter().any(|address| piece.contains(address)), "{piece}");
    }
}

#[test]
fn a_large_history_makes_a_page_under_ten_megabytes() {
    let operations = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    let load = Load { seconds: 600.0, threads: 50, pause_ms: 27_500_000.0 / f64::from(operations), keys: 40 };
    let faults: Vec<Fault> = (0..100)
        .map(|n| made::fault(n, "partition", &["n1", "n2"], f64::from(n) * 6.0, f64::from(n) * 6.0 + 3.0, "cut"))
        .collect();
    let history = made::history(made::registers(&load, &[], &mut Dice(3)), &made::five_nodes());
    assert!(history.operations.len() > operations as usize * 9 / 10, "{}", history.operations.len());
    let many = (0..history.operations.len() as u32).step_by(1000).map(OpId).collect();
    let Verdict::Invalid { anomalies, evidence } = runs::invalid(many).verdict else { unreachable!("it is invalid") };
    let verdict = Verdict::Invalid { anomalies: vec![anomalies[0].clone(); 50], evidence };
    let check = Check { verdict, ..runs::valid() };
    made(&history, &[check], &faults);
}
