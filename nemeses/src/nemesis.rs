//! What every nemesis does, and what it does it to.

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
    /// After this time without renewal a node heals itself.
    pub time_to_live: Duration,
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
    /// True if it is in force everywhere it was meant to be.
    pub in_effect: bool,
    /// What was measured, for people: `12 of 12 links cut`.
    pub description: String,
}

/// One kind of fault.
#[async_trait]
pub trait Nemesis: Send + Sync {
    /// The name that plans use: `partition`.
    fn name(&self) -> &'static str;

    /// Chooses what will be done, and to whom. It asks the database who is primary where that matters, and touches
    /// nothing.
    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError>;

    /// Makes the fault. The caller has armed the dead man's switch on every node.
    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError>;

    /// Measures, while the fault lasts, whether it is in effect.
    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError>;

    /// The POSIX shell script that undoes, on one node, all that this nemesis could ever have done there. It needs
    /// nothing but the node: what must be known (which unit was killed, which directory was frozen) is kept there, in
    /// files and rules that carry our name. It succeeds on a node that was never hurt, and when run twice. The dead
    /// man's switch and `gainsay heal` run the same script.
    fn heal_script(&self) -> String;

    /// Measures that nothing of this nemesis is left on a node.
    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError>;
}
