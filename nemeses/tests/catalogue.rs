//! Every fault of the catalogue on real nodes: made, measured while it lasts, healed twice, and nothing of it left.
//!
//! Some of them in every run of the tests, all of them if `GAINSAY_NIGHTLY` is set; or those that `GAINSAY_FAULTS` names,
//! separated by spaces. `GAINSAY_FAULT_TABLE` names a file for the table of what was measured; the lab is one of machines if
//! `GAINSAY_LAB_KIND` is `vm`.

#[allow(dead_code, reason = "other tests need the rest of it")]
mod dummy;
mod fault_table;
mod node_state;
mod real;

use cluster::{Command, NodeError};
use fault_table::Shown;
use nemeses::{Injected, Nemesis, Switch, System};
use node_state::{difference, state};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What every run of the tests shows: of each mechanism one.
const OFTEN: &[&str] = &[
    "partition:halves:port=9700",
    "loss:all",
    "reset:all",
    "flap:one",
    "fd-limit:one",
    "crash-loop:one",
    "power-loss:majority",
    "delay:one",
];

/// What is shown beside each fault with its defaults and on all nodes.
const MORE: &[&str] = &[
    "partition:node=n1+n2",
    "bit-flip:one:path=still:zone=end",
    "partition:label=zone=a",
    "loss:percent=80:primary",
    "mtu:bytes=300:followers",
    "cut-new:minority",
    "cut-established:one",
    "dns:answers=wrong:all",
    "dns:answers=slow:all",
    "delay:ms=50:jitter=100:label=rack",
    "bandwidth:kbit=200:one",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_made_measured_and_undone() {
    let lab = match real::Nodes::up("nem-all", 5).await {
        Ok(lab) => lab,
        Err(reason) => return report(&format!("skipped: {reason}")),
    };
    let time_to_live = Duration::from_secs(120);
    let database = Arc::new(dummy::Dummy::new());
    let system = System { nodes: lab.all.clone(), database, run: "test".into(), time_to_live };
    dummy::install_busy(&system.nodes).await;
    let whole = state(&system.nodes).await;
    for _ in 0..2 {
        heal_everything(&system).await;
    }
    let difference = difference(&whole, &state(&system.nodes).await);
    assert!(difference.is_empty(), "healing nodes that were never hurt changes them: {difference}");
    what_cannot_be_undone_exactly_is_refused(&system).await;
    let mut shown = Vec::new();
    for spec in specs() {
        shown.push(round(&spec, &system, &whole).await);
    }
    assert!(shown.iter().any(|one| one.nodes > 0), "no fault could be made here");
    if let Ok(path) = std::env::var("GAINSAY_FAULT_TABLE") {
        std::fs::write(path, fault_table::page(&real::kind().to_string(), system.nodes.len(), &shown)).unwrap();
    }
    heal_everything(&system).await;
    dummy::remove(&system.nodes).await;
}

/// A queue that somebody configured would not come back by itself; a label that no node has means nobody; and a port by
/// which faults are healed is never cut.
async fn what_cannot_be_undone_exactly_is_refused(system: &System) {
    let node = &system.nodes[0];
    let run = |script: &'static str| async move { node.run(&Command::new(script)).await.map(|output| output.text()) };
    run("tc qdisc add dev host0 root handle 10: htb").await.unwrap();
    let bandwidth = nemeses::parse_one("bandwidth").unwrap();
    let refused = bandwidth.preflight(system).await.unwrap_err().to_string();
    let kinds = "tc qdisc show | cut -d ' ' -f 1-6";
    let before = run(kinds).await.unwrap();
    all_ok(nemeses::heal(bandwidth.as_ref(), &system.nodes).await);
    assert_eq!(run(kinds).await.unwrap(), before, "healing takes away our own queue only");
    run("tc qdisc del dev host0 root").await.unwrap();
    assert!(refused.contains("on n1: host0 has a queue of somebody else"), "{refused}");
    let nowhere = nemeses::parse_one("kill:label=room").unwrap().suits(system).unwrap_err();
    assert_eq!(nowhere.to_string(), "kill:label=room cannot be done here: no node has a label room");
    let stranger = nemeses::parse_one("loss:node=n1+n9").unwrap().suits(system).unwrap_err();
    assert!(stranger.to_string().contains("there is no node \"n9\"; there are n1, n2"), "{stranger}");
}

/// What this run shows.
fn specs() -> Vec<String> {
    if let Ok(named) = std::env::var("GAINSAY_FAULTS") {
        return named.split_whitespace().map(str::to_owned).collect();
    }
    if std::env::var_os("GAINSAY_NIGHTLY").is_none() {
        return OFTEN.iter().map(|&spec| spec.to_owned()).collect();
    }
    let on_all = |entry: nemeses::Entry| {
        let all = entry.choices.iter().any(|choice| choice.name == "all");
        if entry.name == "cpu-hog" {
            return "cpu-hog:one".to_owned();
        }
        let path = if ["bit-flip", "truncate"].contains(&entry.name) { ":path=still" } else { "" };
        format!("{}{}{path}", entry.name, if all { ":all" } else { "" })
    };
    let all = nemeses::all().into_iter().map(on_all);
    let mut specs: Vec<String> = all.collect();
    for spec in OFTEN.iter().chain(MORE) {
        if !specs.iter().any(|known| known == spec) {
            specs.push((*spec).to_owned());
        }
    }
    specs
}

/// One fault from its preflight to the comparison of the nodes with what they were; for a table made and undone twice
/// more.
async fn round(spec: &str, system: &System, whole: &[String]) -> Shown {
    let nemesis = nemeses::parse_one(spec).unwrap();
    let mut shown = Shown { spec: spec.to_owned(), nodes: 0, inject: vec![], heal: vec![], found: String::new() };
    let suits = nemesis.suits(system);
    if let Err(reason) = if suits.is_ok() { nemesis.preflight(system).await } else { suits } {
        shown.found = reason.to_string();
        report(&format!("{spec} is refused: {reason}"));
        return shown;
    }
    Switch::arm(system).await.unwrap();
    let decided = nemesis.decide(system, &mut ChaCha8Rng::seed_from_u64(7)).await.unwrap();
    let (before, found) = measured(nemesis.as_ref(), system, &decided).await;
    assert!(!before, "{spec} is in effect before it is made: {found}");
    shown.inject.push(inject(nemesis.as_ref(), system, &decided).await);
    let (in_effect, effect) = measured(nemesis.as_ref(), system, &decided).await;
    assert!(in_effect, "{}: {effect}", decided.description);
    if spec.starts_with("power-loss") {
        assert_eq!(
            effect.matches(": 1 files lost writes").count(),
            decided.nodes.len(),
            "not what was flushed: {effect}"
        );
    }
    shown.heal.push(heal(nemesis.as_ref(), system).await);
    heal(nemesis.as_ref(), system).await;
    for node in &system.nodes {
        let healed = nemesis.healed(system, node).await.unwrap();
        assert!(healed.in_effect, "{spec} on {}: {}", node.name, healed.description);
    }
    let (after, found) = measured(nemesis.as_ref(), system, &decided).await;
    assert!(!after, "{spec} is in effect after it was healed: {found}");
    let more = if std::env::var_os("GAINSAY_FAULT_TABLE").is_some() { 2 } else { 0 };
    for _ in 0..more {
        shown.inject.push(inject(nemesis.as_ref(), system, &decided).await);
        shown.heal.push(heal(nemesis.as_ref(), system).await);
    }
    heal_everything(system).await;
    let difference = difference(whole, &state(&system.nodes).await);
    assert!(difference.is_empty(), "{spec} leaves something: {difference}");
    report(&format!("{} ({:.1?}): {effect}; healed in {:.1?}", decided.description, shown.inject[0], shown.heal[0]));
    (shown.nodes, shown.found) = (decided.nodes.len(), effect);
    shown
}

async fn inject(nemesis: &dyn Nemesis, system: &System, decided: &Injected) -> Duration {
    let began = Instant::now();
    let injected = nemesis.inject(system, decided).await;
    let took = began.elapsed();
    injected.unwrap_or_else(|error| panic!("{}: {error}", decided.description));
    took
}

async fn heal(nemesis: &dyn Nemesis, system: &System) -> Duration {
    let began = Instant::now();
    all_ok(nemeses::heal(nemesis, &system.nodes).await);
    began.elapsed()
}

async fn measured(nemesis: &dyn Nemesis, system: &System, injected: &Injected) -> (bool, String) {
    let measured = nemesis.in_effect(system, injected).await.unwrap();
    (measured.in_effect, measured.description)
}

async fn heal_everything(system: &System) {
    all_ok(nemeses::heal_all(&system.nodes).await);
    for (node, found) in nemeses::verify_healed(system).await {
        assert!(found.in_effect, "{node}: {}", found.description);
    }
}

fn all_ok(answers: Vec<(String, Result<(), NodeError>)>) {
    for (node, answer) in answers {
        answer.unwrap_or_else(|error| panic!("{node}: {error}"));
    }
}

#[expect(clippy::print_stderr, reason = "a test says what it measured")]
fn report(line: &str) {
    eprintln!("{line}");
}
