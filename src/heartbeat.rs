//! What tells the nodes again and again that the controller lives: the lock and the dead man's switches are renewed
//! until the run ends.
//!
//! The lock and each node's switch have a beat of their own. A node that is switched off answers late or never, and the
//! others must not fall silent because of it.

use crate::stop::Ending;
use cluster::{Claim, Node, NodeError};
use nemeses::{Renewal, Switch};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{RwLock, watch};
use tokio::task::JoinSet;

/// The switches, while they are armed.
pub type Armed = Arc<RwLock<Option<Switch>>>;

/// Renews the lock and the switches until it is told to end. It is never cut off in the middle of a renewal: what a node
/// was told to renew would come after what it is told to give back.
pub struct Heartbeat {
    end: watch::Sender<()>,
    beats: JoinSet<()>,
}

impl Heartbeat {
    /// Begins: everything is renewed so often.
    pub fn begin(nodes: &[Node], claim: Arc<Claim>, switch: &Armed, every: Duration, ending: Ending) -> Heartbeat {
        let (end, ended) = watch::channel(());
        let mut beats = JoinSet::new();
        beats.spawn(renew_lock(claim, every, ended.clone(), ending));
        for node in nodes {
            beats.spawn(renew_switch(node.clone(), Arc::clone(switch), every, ended.clone()));
        }
        Heartbeat { end, beats }
    }

    /// Ends it, and returns what went wrong with it.
    pub async fn end(mut self) -> Vec<String> {
        drop(self.end);
        let mut problems = Vec::new();
        while let Some(ended) = self.beats.join_next().await {
            problems.extend(ended.err().map(|panic| format!("the heartbeat panicked: {panic}")));
        }
        problems
    }
}

async fn renew_lock(claim: Arc<Claim>, every: Duration, mut ended: watch::Receiver<()>, ending: Ending) {
    while tokio::time::timeout(every, ended.changed()).await.is_err() {
        match claim.renew().await {
            Ok(()) => {}
            Err(halted @ NodeError::Halted { .. }) => ending.abort(halted.to_string()),
            Err(error) => tracing::warn!("lock not renewed: {error}"),
        }
    }
}

async fn renew_switch(node: Node, switch: Armed, every: Duration, mut ended: watch::Receiver<()>) {
    while tokio::time::timeout(every, ended.changed()).await.is_err() {
        let Some(switch) = &*switch.read().await else { continue };
        match switch.renew_on(&node).await {
            Ok(Renewal::Extended) => {}
            Ok(Renewal::Rearmed) => {
                tracing::warn!("{} had healed itself, or started anew; its switch is armed again", node.name);
            }
            Err(error) => tracing::warn!("dead man's switch not renewed: {error}"),
        }
    }
}
