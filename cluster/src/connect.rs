//! From an inventory to nodes that answer.

use crate::ssh::{Gate, Ssh, Target};
use crate::{Command, Host, Inventory, Node, NodeError};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The most logins at once over all nodes of an inventory.
const MAX_LOGINS: usize = 5;
/// How long a host name may take to resolve.
const RESOLVE_LIMIT: Duration = Duration::from_secs(10);
/// How long a node may take until it answers its first command, others before it included.
const CONNECT_LIMIT: Duration = Duration::from_secs(60);

/// Connects to every node of an inventory, all at the same time; nodes come in the inventory's order.
///
/// # Errors
/// One for each node that cannot be reached, is not the one that is known, or does not let us in as root.
pub async fn connect(inventory: &Inventory) -> Result<Vec<Node>, Vec<NodeError>> {
    let (nodes, errors): (Vec<_>, Vec<_>) = connect_each(inventory).await.into_iter().partition(Result::is_ok);
    match errors.is_empty() {
        true => Ok(nodes.into_iter().filter_map(Result::ok).collect()),
        false => Err(errors.into_iter().filter_map(Result::err).collect()),
    }
}

/// The same where some nodes are better than none: what became of each, in the inventory's order.
pub async fn connect_each(inventory: &Inventory) -> Vec<Result<Node, NodeError>> {
    let gate = Arc::new(Gate::new(MAX_LOGINS));
    let mut tasks = JoinSet::new();
    for (index, host) in inventory.hosts.iter().cloned().enumerate() {
        let (gate, known_hosts) = (Arc::clone(&gate), inventory.known_hosts.clone());
        tasks.spawn(async move {
            let target = target(&host, known_hosts).await;
            let result = match target {
                Ok(target) => log_in(host, target, gate).await,
                Err(error) => Err(error),
            };
            (index, result)
        });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

async fn target(host: &Host, known_hosts: std::path::PathBuf) -> Result<Target, NodeError> {
    Ok(Target {
        name: host.name.clone(),
        host: host.address.clone(),
        address: resolve(host).await?,
        user: host.user.clone(),
        key: host.key.clone(),
        password_env: host.password_env.clone(),
        known_hosts,
    })
}

async fn resolve(host: &Host) -> Result<SocketAddr, NodeError> {
    let failed = |reason: String| NodeError::Unreachable {
        node: host.name.clone(),
        address: format!("{}:{}", host.address, host.port),
        reason,
    };
    let lookup = tokio::net::lookup_host((host.address.as_str(), host.port));
    let mut found = tokio::time::timeout(RESOLVE_LIMIT, lookup)
        .await
        .map_err(|_| failed(format!("the name did not resolve within {} s", RESOLVE_LIMIT.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    found.next().ok_or_else(|| failed("the name has no address".to_owned()))
}

async fn log_in(host: Host, target: Target, gate: Arc<Gate>) -> Result<Node, NodeError> {
    let address = target.address.ip();
    let mut node = Node::new(host.name, address, Arc::new(Ssh::new(target, gate)));
    node.labels = host.labels;
    node.machine = host.machine;
    node.run(&Command::new(":").idempotent().within(CONNECT_LIMIT)).await?;
    Ok(node)
}
