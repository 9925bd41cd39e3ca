//! `gainsay doctor` and `gainsay heal`: look at nodes, and make them whole.

use super::{block_on, inventory_of};
use crate::cli::{DoctorArgs, InventoryArgs, Output};
use crate::exit::{Exit, Failure};
use crate::terminal::say;
use crate::testbed::connect;
use anyhow::Context;
use cluster::{Finding, Inventory, Node, Severity};
use nemeses::System;
use std::collections::BTreeSet;
use std::time::Duration;

/// Ports that databases on nodes need.
const PORTS: &[u16] = &[2379, 2380];

/// Looks at every node; a problem on any of them is exit 3.
pub(super) fn doctor(arguments: &DoctorArgs) -> Result<Exit, Failure> {
    let inventory = inventory_of(&arguments.nodes)?;
    if arguments.sudoers {
        return Ok(sudoers(&inventory));
    }
    block_on(async {
        let nodes = connect(&inventory).await?;
        let mut problems = 0;
        let mut all = Vec::new();
        for node in &nodes {
            let findings = cluster::examine(node, PORTS).await;
            problems += findings.iter().filter(|f| f.severity == Severity::Problem).count();
            match arguments.output {
                Output::Human => findings.iter().for_each(|finding| say(format!("{:<6} {finding}", node.name))),
                Output::Json => all.extend(findings.iter().map(|finding| json(&node.name, finding))),
            }
        }
        match arguments.output {
            Output::Json => say(serde_json::to_string_pretty(&all).context("findings can be written")?),
            Output::Human if problems == 0 => say(format!("{} nodes, nothing to fix", nodes.len())),
            Output::Human => say(format!("{} nodes, {problems} problems", nodes.len())),
        }
        Ok(if problems == 0 { Exit::Valid } else { Exit::Harness })
    })
}

/// Prints what sudo must allow for each user of an inventory; nothing is needed for root.
fn sudoers(inventory: &Inventory) -> Exit {
    let users: BTreeSet<&str> = inventory.hosts.iter().map(|host| host.user.as_str()).collect();
    for user in users {
        match user {
            "root" => say("# root is reached directly: sudo need not allow anything"),
            user => say(cluster::sudoers(user)),
        }
    }
    Exit::Valid
}

/// One finding for machines.
fn json(node: &str, finding: &Finding) -> serde_json::Value {
    let severity = match finding.severity {
        Severity::Ok => "ok",
        Severity::Note => "note",
        Severity::Problem => "problem",
    };
    serde_json::json!({
        "node": node, "check": finding.check, "severity": severity, "found": finding.found, "fix": finding.fix,
    })
}

/// Undoes on every node whatever any fault has done, and measures that it is undone.
pub(super) fn heal(arguments: &InventoryArgs) -> Result<Exit, Failure> {
    let inventory = inventory_of(arguments)?;
    block_on(async {
        let nodes = connect(&inventory).await?;
        for node in &nodes {
            cluster::check_marker(node).await?;
        }
        Ok(if heal_and_tell(&nodes).await? { Exit::Valid } else { Exit::NotHealed })
    })
}

/// Undoes every fault on these nodes, measures that it is undone, and says so; false if it is not.
pub(super) async fn heal_and_tell(nodes: &[Node]) -> Result<bool, Failure> {
    let mut whole = true;
    for (node, healed) in nemeses::heal_all(nodes).await {
        if let Err(error) = healed {
            whole = false;
            say(format!("{node:<6} not healed: {error}"));
        }
    }
    let database = databases::open("memory", 0).map_err(|e| Failure::new(Exit::Bug, e))?;
    let (nodes, run, kinds) = (nodes.to_vec(), "heal".to_owned(), nemeses::all().len());
    let system = System { nodes, database, run, time_to_live: Duration::from_secs(30) };
    for (node, measured) in nemeses::verify_healed(&system).await {
        whole &= measured.in_effect;
        match measured.in_effect {
            true => say(format!("{node:<6} whole: no trace of any of {kinds} kinds of faults")),
            false => say(format!("{node:<6} {}", measured.description)),
        }
    }
    Ok(whole)
}
