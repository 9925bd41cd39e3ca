//! Faults as rows of a table.

use crate::recovery::Recovery;
use crate::words::{clean, duration, moment};
use history::{Effect, Fault};
use serde::Serialize;

/// One fault in words.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FaultRow {
    nemesis: String,
    description: String,
    nodes: String,
    injected: String,
    healed: String,
    lasted: String,
    effect: &'static str,
    measured: String,
    recovery: String,
    problem: String,
}

/// One row for each fault. `nodes` are all nodes of the run, in the order that `recovery` knows them.
pub(crate) fn fault_rows(faults: &[Fault], nodes: &[String], recovery: &Recovery) -> Vec<FaultRow> {
    let row = |fault: &Fault| FaultRow {
        nemesis: fault.nemesis.clone(),
        description: fault.description.clone(),
        nodes: fault.nodes.join(", "),
        injected: fault.injected.map_or_else(|| "not injected".to_owned(), |time| moment(time.seconds())),
        healed: match (fault.injected, fault.healed) {
            (_, Some(time)) => moment(time.seconds()),
            (Some(_), None) => "not known to be healed".to_owned(),
            (None, None) => String::new(),
        },
        lasted: match (fault.injected, fault.healed) {
            (Some(from), Some(to)) => duration(to.seconds() - from.seconds()),
            _ => String::new(),
        },
        effect: effect(fault),
        measured: fault.effect.as_ref().map(|effect| effect.measured.clone()).unwrap_or_default(),
        recovery: recovery_words(fault, nodes, recovery),
        problem: fault.problem.clone().unwrap_or_default(),
    };
    faults.iter().map(row).collect()
}

fn effect(fault: &Fault) -> &'static str {
    match (&fault.effect, fault.injected) {
        (Some(Effect { in_effect: true, .. }), _) => "in effect",
        (Some(_), _) => "NOT in effect",
        (None, Some(_)) => "not measured",
        (None, None) => "never in force",
    }
}

fn recovery_words(fault: &Fault, nodes: &[String], recovery: &Recovery) -> String {
    let Some(healed) = fault.healed else { return String::new() };
    let is_hit = |node: usize| fault.nodes.is_empty() || fault.nodes.contains(&nodes[node]);
    let served = recovery.after(healed.seconds(), is_hit);
    match (served.served, served.asked) {
        (_, 0) => "no client asked".to_owned(),
        (0, _) => "no success afterwards".to_owned(),
        (some, all) if some < all => format!("{some} of {all} nodes: {}", duration(served.slowest)),
        _ => duration(served.slowest),
    }
}

/// The same faults without control characters.
pub(crate) fn cleaned(faults: &[Fault]) -> Vec<Fault> {
    let effect = |effect: &Effect| Effect { in_effect: effect.in_effect, measured: clean(&effect.measured) };
    let fault = |fault: &Fault| Fault {
        nemesis: clean(&fault.nemesis),
        description: clean(&fault.description),
        nodes: fault.nodes.iter().map(|node| clean(node)).collect(),
        effect: fault.effect.as_ref().map(effect),
        problem: fault.problem.as_ref().map(|problem| clean(problem)),
        ..fault.clone()
    };
    faults.iter().map(fault).collect()
}
