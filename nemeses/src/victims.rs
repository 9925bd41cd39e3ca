//! Whom a fault of a process or a disk befalls, and with whom it cannot be made.

use crate::everywhere::Task;
use crate::target::{self, Target};
use crate::{Injected, SpecError, System};
use cluster::NodeError;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// How long a node may take to make such a fault and see it made, or to say how things are.
const LIMIT: Duration = Duration::from_secs(15);

/// Refuses faults of a process where there is no process, or where the target means no node.
pub fn process_suits(nemesis: &str, target: Option<Target>, system: &System) -> Result<(), SpecError> {
    if system.database.daemon().is_none() {
        let reason = format!("{} is not a process on the nodes", system.database.describe());
        return Err(SpecError::Unsuitable { spec: nemesis.to_owned(), reason });
    }
    target_suits(nemesis, target, system)
}

/// Refuses targets that mean no node in a cluster of this size.
pub fn target_suits(nemesis: &str, target: Option<Target>, system: &System) -> Result<(), SpecError> {
    let nodes = system.nodes.len();
    let target = target.unwrap_or(Target::One);
    if target.size(nodes) > 0 {
        return Ok(());
    }
    let reason = format!("a cluster of {nodes} has no {}", target.name());
    Err(SpecError::Unsuitable { spec: format!("{nemesis}:{}", target.name()), reason })
}

/// Chooses nodes, and asks who is primary only if that matters.
pub async fn decide_nodes(what: &str, target: Option<Target>, system: &System, rng: &mut ChaCha8Rng) -> Injected {
    let names = system.names();
    let target = target.unwrap_or_else(|| Target::at_random(names.len(), rng));
    let primaries = if target == Target::Primary { system.primaries().await } else { Vec::new() };
    let chosen = target::choose(target, &names, &primaries, rng);
    let description = format!("{what} {} ({})", chosen.nodes.join(" "), chosen.how);
    Injected { description, nodes: chosen.nodes, grudge: Vec::new() }
}

/// The database's unit.
pub fn unit(system: &System) -> Result<&str, NodeError> {
    let none = || SpecError::Unsuitable {
        spec: "this fault".to_owned(),
        reason: format!("{} is not a process on the nodes", system.database.describe()),
    };
    system.database.daemon().map(|daemon| daemon.unit.as_str()).ok_or_else(|| system.refusal(&none()))
}

/// The same script for each node that is hurt.
pub fn tasks(system: &System, injected: &Injected, does: &str, script: &str) -> Result<Vec<Task>, NodeError> {
    Ok(system.named(&injected.nodes)?.into_iter().map(|node| Task::new(node, does, script, LIMIT)).collect())
}
