//! What a report says of a run besides its history: the plan and the surroundings, in words.

use crate::offered::{Offered, Wanted};
use crate::plan::Plan;
use crate::store::{Meta, RunDirectory};
use checkers::Check;
use history::{Fault, History};
use report::{Facts, Page};

/// The page of a run.
#[must_use]
pub fn page<D: Offered>(
    plan: &Plan,
    meta: &Meta,
    directory: &RunDirectory,
    history: &History<D>,
    checks: &[Check],
    faults: &[Fault],
) -> Page {
    let workload = D::workload(Wanted::by(plan, 1)).description;
    let tested = if meta.tested.is_empty() { plan.database.to_string() } else { meta.tested.clone() };
    let under = match plan.nemesis.0.as_str() {
        "none" => "no faults".to_owned(),
        nemeses => nemeses.replace(',', ", "),
    };
    let facts = Facts {
        title: format!("{} on {tested} under {under}", plan.workload),
        run: meta.run.clone(),
        started: meta.started.clone(),
        tested: format!("{tested}, on {} nodes ({})", meta.nodes.len(), meta.nodes.join(", ")),
        workload: format!("{}. Checked: {}. Not seen: {}.", workload.asks, workload.checks, workload.misses),
        rerun: match plan.fault.as_slice() {
            [] => plan.command(),
            _ => format!("gainsay test {}", directory.file("run.toml").display()),
        },
        report_path: directory.file("report.html").display().to_string(),
        settings: settings(plan),
        environment: environment(meta),
        durations: meta.durations.clone(),
        nodes: meta.nodes.clone(),
        logs: meta.logs.clone(),
        warnings: warnings(meta, history),
    };
    Page::new(facts, history, checks, faults)
}

fn settings(plan: &Plan) -> Vec<(String, String)> {
    let pairs = [
        ("database", plan.database.to_string()),
        ("workload", plan.workload.to_string()),
        ("nemesis", plan.nemesis.to_string()),
        ("nemesis interval", plan.nemesis_interval.to_string()),
        ("nemesis hold", plan.nemesis_hold.to_string()),
        ("time limit", plan.time_limit.to_string()),
        ("rate", plan.rate.to_string()),
        ("concurrency", plan.concurrency.to_string()),
        ("operation timeout", plan.operation_timeout.to_string()),
        ("seed", plan.seed.to_string()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn environment(meta: &Meta) -> Vec<(String, String)> {
    let mut facts =
        vec![("gainsay".to_owned(), meta.version.clone()), ("command".to_owned(), meta.arguments.join(" "))];
    facts.extend(meta.environment.iter().cloned());
    facts
}

fn warnings<D: Offered>(meta: &Meta, history: &History<D>) -> Vec<String> {
    let mut warnings = meta.warnings.clone();
    warnings.extend(meta.aborted.as_ref().map(|reason| format!("the run was aborted: {reason}")));
    if history.torn {
        warnings.push("the last line of the history is torn, as a crash leaves it, and was left out".to_owned());
    }
    if meta.exit.is_none() && meta.healed.is_none() {
        warnings.push("the run did not come to its end; what it recorded until then is judged".to_owned());
    }
    warnings
}
