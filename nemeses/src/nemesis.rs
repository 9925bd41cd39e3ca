//! What every nemesis does, and what it does it to.

use crate::SpecError;
use async_trait::async_trait;
use cluster::{Database, Node, NodeError};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::time::Duration;

/// What a nemesis breaks: the nodes and the database on them.
#[derive(Clone)]
pub struct System {
    /// Every node of the cluster under test.
    pub nodes: Vec<Node>,
    /// What runs on them.
    pub database: Arc<dyn Database>,
    /// Names what is made on the nodes: letters, digits and dashes.
    pub run: String,
    /// After this time without renewal a node heals itself; 30 s unless there are reasons.
    pub time_to_live: Duration,
}

impl System {
    /// The names of all nodes, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.name.clone()).collect()
    }

    /// The nodes of these names, in the order of the names.
    pub(crate) fn named(&self, names: &[String]) -> Result<Vec<&Node>, NodeError> {
        let find = |name: &String| {
            self.nodes.iter().find(|node| node.name == *name).ok_or_else(|| NodeError::Refused {
                node: name.clone(),
                reason: "it is no node of this cluster".to_owned(),
            })
        };
        names.iter().map(find).collect()
    }

    /// The names of the nodes that take themselves for the primary; none if the database does not say within 3 s.
    pub(crate) async fn primaries(&self) -> Vec<String> {
        let asked = tokio::time::timeout(Duration::from_secs(3), self.database.primaries(&self.nodes)).await;
        asked.unwrap_or_default().into_iter().map(|node| node.name).collect()
    }

    /// What a nemesis answers that cannot do what it was asked to on this system.
    pub(crate) fn refusal(&self, error: &SpecError) -> NodeError {
        NodeError::Refused { node: self.names().join(" "), reason: error.to_string() }
    }
}

/// A fault, decided but not yet made; everything about it is fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    /// What is done, for people: `partition {n1 n2} | {n3 n4 n5}`.
    pub description: String,
    /// The names of the nodes that it is done to.
    pub nodes: Vec<String>,
    /// For each node, the names of those whose packets it drops; empty unless the fault is a partition.
    pub grudge: Vec<(String, Vec<String>)>,
}

/// What was measured of a fault while it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// True if what was asked for holds everywhere: the fault is in force, or nothing is left of it.
    pub in_effect: bool,
    /// What was measured, for people: `12 of 12 links cut`.
    pub description: String,
}

/// One kind of fault.
#[async_trait]
pub trait Nemesis: Send + Sync {
    /// The name that plans use: `partition`.
    fn name(&self) -> &'static str;

    /// Says, before anything is touched, whether this fault can be made in a system of this size with this database.
    /// The caller asks in its preflight, so that a run never waits an hour for a fault that could not happen.
    ///
    /// # Errors
    /// [`SpecError::Unsuitable`], with the reason.
    fn suits(&self, system: &System) -> Result<(), SpecError>;

    /// What of a node it needs for itself while it lasts, in words: two faults that claim the same cannot be combined.
    fn claims(&self) -> &'static [&'static str] {
        &[]
    }

    /// Asks the nodes, before anything is touched, whether they have what this fault needs: programs, a mechanism of
    /// the kernel, a limit that really bites. What must be tried is tried where it hurts nobody.
    ///
    /// # Errors
    /// [`SpecError::Unsuitable`], with the reason and the node.
    async fn preflight(&self, _: &System) -> Result<(), SpecError> {
        Ok(())
    }

    /// Chooses what will be done, and to whom. It asks the database who is primary where that matters, and touches
    /// nothing.
    ///
    /// # Errors
    /// [`NodeError::Refused`] for every node if [`Nemesis::suits`] says no.
    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError>;

    /// Makes the fault. The caller has armed the dead man's switch on every node; a node where it is not armed
    /// refuses. All nodes are tried, also when one of them fails, so that after an error there may be something to heal.
    ///
    /// # Errors
    /// What the first node said that failed.
    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError>;

    /// Measures, while the fault lasts, whether it is in effect.
    ///
    /// # Errors
    /// If a node could not be asked.
    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError>;

    /// Undoes, from outside of a node, what the node cannot undo itself because it is off or cannot be reached. The
    /// caller does this before it runs the script below there. It needs no memory, and is harmless on every node.
    ///
    /// # Errors
    /// If the node is still silent, or a command of the inventory fails.
    async fn restore(&self, _: &Node) -> Result<(), NodeError> {
        Ok(())
    }

    /// How long [`Nemesis::restore`] may take: machines that start are slow.
    fn restore_limit(&self) -> Duration {
        Duration::ZERO
    }

    /// The POSIX shell script that undoes, on one node, all that this nemesis could ever have done there. It needs
    /// nothing but the node: what must be known (which unit was killed, which directory was frozen) is kept there, in
    /// files and rules that carry our name. It succeeds on a node that was never hurt, and when run twice. The dead
    /// man's switch and `gainsay heal` run the same script. It ends by `exit` only inside of `( )`.
    fn heal_script(&self) -> String;

    /// A shell script that prints `yes` if nothing of this nemesis is left on a node, otherwise what is, so that one
    /// command can look for the traces of all; None if more is needed than a script on that node.
    fn trace_script(&self, _: &System, _: &Node) -> Option<String> {
        None
    }

    /// Measures that nothing of this nemesis is left on a node: `in_effect` is then true, of the healing.
    ///
    /// # Errors
    /// If the node could not be asked.
    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError>;
}
