//! A node that does not answer is brought back from outside, by the levers that its inventory has. Nothing need be known
//! of what was done to it: every lever is harmless where it is worked already.

use cluster::{Command, Lever, Node, NodeError};
use std::time::{Duration, Instant};

/// A node that has not answered by then is silent. A busy one answers later than a quiet one, so this is long.
pub(super) const ANSWER: Duration = Duration::from_secs(6);

/// How long a machine may take from its power to its first answer.
pub(super) const BOOT: Duration = Duration::from_secs(300);

/// How long a machine that was not off is waited for before its power is cut: it may hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a silent node is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// True if the node answers within [`ANSWER`].
pub(super) async fn answers(node: &Node) -> bool {
    let question = Command::new(":").idempotent().within(ANSWER);
    matches!(tokio::time::timeout(ANSWER, node.execute(&question)).await, Ok(Ok(output)) if output.status == 0)
}

/// Waits until the node answers.
///
/// # Errors
/// If it does not within `limit`.
pub(super) async fn wait(node: &Node, limit: Duration) -> Result<(), NodeError> {
    let deadline = Instant::now() + limit;
    while !answers(node).await {
        if Instant::now() >= deadline {
            return Err(NodeError::Unreachable {
                node: node.name.clone(),
                address: node.address.to_string(),
                reason: format!("its machine did not answer within {} s", limit.as_secs()),
            });
        }
        tokio::time::sleep(AGAIN).await;
    }
    Ok(())
}

/// Sees to it that the node answers: if it does not, and its inventory has levers, its cable is plugged in, it is told
/// to go on, its power is switched on; if that does not help, off and on. A node without levers is left as it is.
///
/// # Errors
/// If it is still silent.
pub(crate) async fn lift(node: &Node) -> Result<(), NodeError> {
    if node.machine.levers.is_empty() || answers(node).await {
        return Ok(());
    }
    for lever in [Lever::PowerOn, Lever::Resume, Lever::Plug] {
        if node.lever(lever).is_some() {
            // What is worked already may refuse; whether it helped is measured.
            let _refused = node.pull(lever).await;
        }
    }
    if wait(node, PATIENCE).await.is_ok() || node.lever(Lever::PowerOff).is_none() {
        return wait(node, ANSWER).await;
    }
    // It may be starting still; then this starts it once more, which is better than to leave one that hangs.
    node.pull(Lever::PowerOff).await?;
    node.pull(Lever::PowerOn).await?;
    wait(node, BOOT).await
}
