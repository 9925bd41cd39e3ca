//! `gainsay halt`: ends every run on some nodes, whoever started it, and undoes all that faults have done there.
//!
//! The nodes are healed at once, and no new fault passes from then on. The run learns of it when it renews its lock,
//! within seconds: it ends its load, judges what it recorded, puts its database away and gives the nodes back. A run whose
//! controller is dead does none of that; its lock expires.

use super::doctor::heal_and_tell;
use super::{block_on, inventory_of};
use crate::cli::InventoryArgs;
use crate::exit::{Exit, Failure};
use crate::terminal::say;
use crate::testbed::controller;
use cluster::{Node, NodeError, Standing};
use std::collections::BTreeMap;
use std::time::Duration;

/// Between two looks at whether a run has given its nodes back.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A run that puts its database away, fetches logs and renews its lock all the while may take so long.
const LONGEST: Duration = Duration::from_secs(300);

/// Halts, heals, and waits until every run has given its nodes back.
pub(super) fn halt(arguments: &InventoryArgs) -> Result<Exit, Failure> {
    let inventory = inventory_of(arguments)?;
    block_on(async {
        // A node that cannot be reached must not keep the others broken.
        let (mut nodes, mut unreachable) = (Vec::new(), 0);
        for connected in cluster::connect_each(&inventory).await {
            match connected {
                Ok(node) => nodes.push(node),
                Err(error) => {
                    unreachable += 1;
                    say(error);
                }
            }
        }
        let told = tell(&nodes).await;
        for (node, problem) in nemeses::heal_all(&nodes).await {
            problem.err().into_iter().for_each(|error| say(format!("{node:<6} not healed yet: {error}")));
        }
        let ended = wait(&nodes, told).await;
        // Measured only now: until a run knows of its end it may arm its switches again.
        let whole = heal_and_tell(&nodes).await?;
        Ok(if whole && ended && unreachable == 0 { Exit::Valid } else { Exit::NotHealed })
    })
}

/// Tells the runs on all nodes to end; which run holds which nodes.
async fn tell(nodes: &[Node]) -> BTreeMap<String, Standing> {
    let by = controller();
    let mut told: BTreeMap<String, Standing> = BTreeMap::new();
    for node in nodes {
        match cluster::halt(node, &by).await {
            Ok(Some(standing)) => {
                say(format!("{:<6} run {} of {} is told to end", node.name, standing.run, standing.controller));
                told.insert(node.name.clone(), standing);
            }
            Ok(None) => say(format!("{:<6} no run holds it", node.name)),
            Err(error) => say(format!("{:<6} {error}", node.name)),
        }
    }
    told
}

/// Waits until no node is held by a run that was told to end. False if one still is.
async fn wait(nodes: &[Node], mut told: BTreeMap<String, Standing>) -> bool {
    let deadline = tokio::time::Instant::now() + LONGEST;
    while !told.is_empty() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(LOOK_EVERY).await;
        for node in nodes {
            let Some(standing) = told.get(&node.name) else { continue };
            // To tell it again removes what a run left whose controller is dead.
            if has_ended(cluster::halt(node, &controller()).await, &standing.run) {
                say(format!("{:<6} run {} has given it back", node.name, standing.run));
                told.remove(&node.name);
            }
        }
    }
    for (node, standing) in &told {
        say(format!("{node:<6} run {} still holds it, and is told to end", standing.run));
    }
    told.is_empty()
}

fn has_ended(now: Result<Option<Standing>, NodeError>, run: &str) -> bool {
    now.is_ok_and(|standing| standing.is_none_or(|standing| standing.run != run))
}
