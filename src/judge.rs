//! From a history to verdicts: the workload's own checks, whether there is enough evidence, and whether the system
//! recovered.

use crate::offered::{Offered, Wanted};
use crate::plan::Plan;
use checkers::{Budget, Check, Expectations, Word};
use history::{Fault, History};
use workloads::Judge;

/// What a run promised to do, against which its evidence is measured.
pub struct Promised {
    /// The nemeses of the plan.
    pub nemeses: Vec<String>,
    /// The nodes that must serve again after healing; empty if the recovery is not judged.
    pub nodes: Vec<String>,
}

impl Promised {
    /// What a plan promises on these nodes.
    #[must_use]
    pub fn by(plan: &Plan, nodes: &[String]) -> Promised {
        let kind = |nemesis: &str| nemesis.split(':').next().unwrap_or_default().trim().to_owned();
        let nemeses = plan.nemesis.0.split(',').map(kind).filter(|n| n != "none").collect();
        let nodes = if plan.database.needs_nodes() { nodes.to_vec() } else { Vec::new() };
        Promised { nemeses, nodes }
    }
}

/// Judges the history of a run by what its workload wanted.
#[must_use]
pub fn judge<D: Offered>(
    history: &History<D>,
    faults: &[Fault],
    promised: &Promised,
    wanted: Wanted<'_>,
) -> Vec<Check> {
    let mut checks = judge_history(history, wanted);
    let expectations = Expectations {
        functions: D::FUNCTIONS.iter().map(|f| (*f).to_owned()).collect(),
        nemeses: promised.nemeses.clone(),
        ..Expectations::default()
    };
    checks.push(Check {
        name: "evidence".to_owned(),
        promise: "enough was asked, answered and broken that the other verdicts mean something".to_owned(),
        verdict: checkers::guarded(|| checkers::evidence(history, faults, &expectations)),
    });
    if !promised.nodes.is_empty() {
        checks.push(Check {
            name: "recovery".to_owned(),
            promise: "after healing, every node serves again".to_owned(),
            verdict: checkers::guarded(|| checkers::recovery(history, faults, &promised.nodes)),
        });
    }
    checks
}

/// Judges a history by a workload's own checks, whoever recorded it.
#[must_use]
pub fn judge_history<D: Offered>(history: &History<D>, wanted: Wanted<'_>) -> Vec<Check> {
    D::workload(wanted).judges.iter().map(|judge| check(judge, history)).collect()
}

fn check<D: Offered>(judge: &Judge<D>, history: &History<D>) -> Check {
    Check {
        name: judge.checker.name().to_owned(),
        promise: judge.promise.to_owned(),
        verdict: checkers::guarded(|| judge.checker.check(history, Budget::default())),
    }
}

/// The worst of several verdicts.
#[must_use]
pub fn worst(checks: &[Check]) -> Word {
    checkers::merge(checks.iter().map(|check| check.verdict.word()))
}

/// The verdicts as they stand in `results.json`.
#[derive(Debug, serde::Serialize)]
pub struct Results<'a> {
    /// The layout of this file.
    pub schema: u32,
    /// The worst of them.
    pub verdict: Word,
    /// Promise by promise.
    pub checks: &'a [Check],
    /// What went wrong on purpose.
    pub faults: &'a [Fault],
}
