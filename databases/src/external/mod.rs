//! Clients in any language: one process for each worker slot, on the controller, that speaks JSON lines.
//!
//! [`External`] is a database like the one inside it, but for its clients: those are processes. *Retries* are the
//! process's own business, and docs/CLIENT.md forbids them. An operation is sent once. Definite is what the table of
//! codes says, and what went wrong before anything was sent; all else is indefinite, and ends the process: a line that
//! is no answer, the answer to another message, a result of another shape, silence, an end.
//!
//! Processes run on the controller only. They are ended by us, and if we are killed, by a guard that outlives us.

mod client;
mod codes;
mod conformance;
mod fresh;
mod guard;
mod log;
mod process;
mod protocol;
mod slots;
mod talk;
mod troubles;

pub use codes::{CODES, Code};
pub use conformance::{Checked, Conformance, Found};
pub use protocol::PROTOCOL;

use async_trait::async_trait;
use client::ExternalClient;
use cluster::{Client, ClientError, Connect, Daemon, Database, Node, NodeError};
use guard::Guard;
use history::{Bank, DataType, ListAppend, Lock, Predicates, Register, RwRegister, Set};
use protocol::{Hello, Peer};
use slots::Slots;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use talk::{START_LIMIT, StartError, Talk};
use tokio::time::{Instant, sleep};
use troubles::Troubles;

/// A client that is not ready is started again after this time.
const ASK_AGAIN: Duration = Duration::from_millis(300);

/// Before any client was ready, one that ends is not started again for longer: it is probably its own mistake.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is known of clients before the first is started.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// A command line of the shell.
    pub command: String,
    /// What clients are told as `options`.
    pub options: BTreeMap<String, String>,
    /// The name of the workload.
    pub workload: String,
    /// The name of its data type.
    pub data_type: &'static str,
    /// What will be asked.
    pub functions: &'static [&'static str],
    /// How long an operation may take.
    pub timeout: Duration,
    /// Where standard error is kept; None keeps nothing.
    pub logs: Option<PathBuf>,
}

/// What all clients of a run share.
struct Clients {
    settings: ClientSettings,
    run: String,
    nodes: Mutex<Vec<Peer>>,
    slots: Arc<Slots>,
    guard: Mutex<Option<Arc<Guard>>>,
    /// True once a client has set up what must be there.
    prepared: tokio::sync::Mutex<bool>,
    troubles: Troubles,
}

impl Clients {
    fn new(settings: ClientSettings) -> Clients {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clients {
            settings,
            run: format!("{:x}-{:x}", now.as_nanos(), std::process::id()),
            nodes: Mutex::default(),
            slots: Arc::default(),
            guard: Mutex::default(),
            prepared: tokio::sync::Mutex::default(),
            troubles: Troubles::default(),
        }
    }

    /// The guard, which is started with the first client.
    fn guard(&self) -> std::io::Result<Arc<Guard>> {
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        match &*guard {
            Some(guard) => Ok(Arc::clone(guard)),
            None => Ok(Arc::clone(guard.insert(Arc::new(Guard::start()?)))),
        }
    }

    fn hello(&self, node: &Node, slot: usize, protocol: &str) -> Hello {
        let settings = &self.settings;
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if nodes.is_empty() {
            nodes.push(peer(node));
        }
        Hello {
            id: 0,
            kind: "hello",
            protocol: protocol.to_owned(),
            workload: settings.workload.clone(),
            data_type: settings.data_type,
            functions: settings.functions,
            node: node.name.clone(),
            address: node.address.to_string(),
            nodes,
            slot,
            timeout_ms: u64::try_from(settings.timeout.as_millis()).unwrap_or(u64::MAX),
            run: self.run.clone(),
            options: settings.options.clone(),
        }
    }
}

fn peer(node: &Node) -> Peer {
    Peer { name: node.name.clone(), address: node.address.to_string() }
}

/// A database whose clients are processes.
pub struct External {
    inner: Arc<dyn Database>,
    clients: Arc<Clients>,
}

impl External {
    /// The same database with other clients.
    #[must_use]
    pub fn new(inner: Arc<dyn Database>, settings: ClientSettings) -> External {
        External { inner, clients: Arc::new(Clients::new(settings)) }
    }

    /// Waits until a client of this node is ready.
    async fn client_ready(&self, node: &Node, limit: Duration) -> Result<(), NodeError> {
        let end = Instant::now() + limit;
        let patience = if *self.clients.prepared.lock().await { end } else { end.min(Instant::now() + PATIENCE) };
        let slot = self.clients.slots.take(&node.name, self.clients.settings.logs.as_deref());
        loop {
            let error = match Talk::start(&self.clients, node, &slot).await {
                Ok(talk) => {
                    talk.farewell();
                    return Ok(());
                }
                Err(error) => error,
            };
            slot.log.remark(&error.to_string());
            let until = match error {
                StartError::NotYet(_) => end,
                StartError::Ended(_) => patience,
                StartError::Never(_) => Instant::now(),
            };
            if Instant::now() + ASK_AGAIN >= until {
                let path = format!("{}: client `{}`", node.name, self.clients.settings.command);
                return Err(NodeError::File { path, reason: error.to_string() });
            }
            sleep(ASK_AGAIN).await;
        }
    }
}

#[async_trait]
impl<D: DataType> Connect<D> for External {
    async fn connect(&self, node: &Node) -> Result<Box<dyn Client<D>>, ClientError> {
        Ok(Box::new(ExternalClient::start(&self.clients, node).await?))
    }

    fn limit(&self) -> Duration {
        START_LIMIT
    }
}

#[async_trait]
impl Database for External {
    fn describe(&self) -> String {
        format!("{}, client `{}`", self.inner.describe(), self.clients.settings.command)
    }

    async fn install(&self, node: &Node, all: &[Node]) -> Result<(), NodeError> {
        *self.clients.nodes.lock().unwrap_or_else(PoisonError::into_inner) = all.iter().map(peer).collect();
        self.inner.install(node, all).await
    }

    async fn start(&self, node: &Node, all: &[Node]) -> Result<(), NodeError> {
        self.inner.start(node, all).await
    }

    async fn ready(&self, node: &Node, limit: Duration) -> Result<(), NodeError> {
        let began = Instant::now();
        self.inner.ready(node, limit).await?;
        self.client_ready(node, limit.saturating_sub(began.elapsed())).await
    }

    async fn remove(&self, node: &Node) -> Result<(), NodeError> {
        self.inner.remove(node).await
    }

    fn daemon(&self) -> Option<&Daemon> {
        self.inner.daemon()
    }

    fn data_dir(&self) -> Option<&str> {
        self.inner.data_dir()
    }

    fn log_files(&self) -> Vec<String> {
        self.inner.log_files()
    }

    async fn primaries(&self, all: &[Node]) -> Vec<Node> {
        self.inner.primaries(all).await
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.inner.warnings();
        warnings.extend(self.clients.troubles.told());
        warnings
    }

    fn registers(&self) -> Option<&dyn Connect<Register>> {
        Some(self)
    }

    fn sets(&self) -> Option<&dyn Connect<Set>> {
        Some(self)
    }

    fn locks(&self) -> Option<&dyn Connect<Lock>> {
        Some(self)
    }

    fn lists(&self) -> Option<&dyn Connect<ListAppend>> {
        Some(self)
    }

    fn transactional_registers(&self) -> Option<&dyn Connect<RwRegister>> {
        Some(self)
    }

    fn banks(&self) -> Option<&dyn Connect<Bank>> {
        Some(self)
    }

    fn tables(&self) -> Option<&dyn Connect<Predicates>> {
        Some(self)
    }
}

#[cfg(test)]
mod tests;
