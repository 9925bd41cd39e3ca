//! etcd: one member on each node under a unit of our own, and clients of its JSON gateway over HTTP/1.1.
//!
//! *Retries are off*: a client has one connection to one node, and an operation is one request (an acquisition is
//! two, and its keep-alives). A request is cancelled when the caller's time limit drops it; its connection is then
//! never used again, so that a late answer cannot be taken for that of the next request. The next operation connects
//! anew, to the same node.
//!
//! *Definite* errors are: the connection was refused or not made in time, the request was never sent, the gateway
//! answered with code 3, 5, 8, 9, 11 or 16, or a comparison was false. *All others are indefinite*: codes 2, 4 and 14
//! ("leader changed", "request timed out"), a reset, an end in the middle, an answer that makes no sense. etcd gives
//! up on a request after 7 s by itself; a shorter limit never sees its verdict.
//!
//! *The primary* is a member whose `/v3/maintenance/status` names itself as the leader.
//!
//! *Tested* with Debian's 3.4.23 and 3.5.16, three members in containers. Wiping one member of a living cluster is not
//! supported: the harness stops and wipes all, then starts all.

mod gateway;
mod lock;
mod register;
mod scripts;
mod set;

use crate::spec::{Choice, Entry, Spec, SpecError};
use async_trait::async_trait;
use cluster::http::Connection;
use cluster::{Client, ClientError, Command, Connect, Daemon, Database, Node, NodeError};
use gateway::Status;
use history::{Lock, Register, Set};
use scripts::{Flushes, Member, Version};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// How it is spelled.
pub(crate) const NAME: &str = "etcd";

/// Where clients connect.
const CLIENT_PORT: u16 = 2379;

/// A member answers a question about itself within this time, or is taken for silent.
const QUESTION_LIMIT: Duration = Duration::from_secs(1);

/// A member that is not ready is asked again after this time.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// What is said of it, and of its options.
pub(crate) fn entry() -> Entry {
    let version = Choice {
        name: "version",
        values: &["3.4", "3.5"],
        summary: "Debian's etcd-server, or a 3.5 that lies under /opt/gainsay/etcd-3.5 on every node",
    };
    let reads = Choice {
        name: "reads",
        values: &["linearizable", "serializable"],
        summary: "serializable reads are answered by the node alone, and may be stale",
    };
    let flushes = Choice {
        name: "unsafe-no-fsync",
        values: &[],
        summary: "etcd's own option: nothing is flushed to the disk, so that a power cut loses what was acknowledged; 3.5 only",
    };
    Entry {
        name: NAME,
        summary: "etcd, one member on each node; registers, a set, and locks under leases",
        needs_nodes: true,
        options: vec![version, reads, flushes],
    }
}

/// What is asked of reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reads {
    #[default]
    Linearizable,
    Serializable,
}

/// What was asked for behind its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    version: Version,
    reads: Reads,
    flushes: Flushes,
}

impl Options {
    /// Reads the values that the spelling holds.
    pub(crate) fn of(spec: &Spec) -> Result<Options, SpecError> {
        let mut options = Options::default();
        for (name, value) in &spec.options {
            match (*name, value.as_str()) {
                ("version", "3.4") => options.version = Version::V34,
                ("version", "3.5") => options.version = Version::V35,
                ("reads", "linearizable") => options.reads = Reads::Linearizable,
                ("reads", "serializable") => options.reads = Reads::Serializable,
                ("unsafe-no-fsync", _) => options.flushes = Flushes::Never,
                (name, _) => unreachable!("a parsed spelling holds only values that are listed for {name}"),
            }
        }
        if options.flushes == Flushes::Never && options.version == Version::V34 {
            return Err(SpecError::BadValue {
                database: NAME,
                option: "version",
                expected: "3.5 with unsafe-no-fsync".to_owned(),
                value: Version::V34.name().to_owned(),
                near: None,
            });
        }
        Ok(options)
    }
}

/// etcd on the nodes of a cluster; see the head of its module.
pub(crate) struct Etcd {
    options: Options,
    daemon: Daemon,
    /// Names this cluster, so that a member left over from another can never join it.
    token: String,
    /// The version that a node said it runs.
    found: Mutex<Option<String>>,
}

impl Etcd {
    pub(crate) fn new(options: Options) -> Etcd {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Etcd {
            options,
            daemon: Daemon { unit: scripts::UNIT.to_owned(), ports: vec![CLIENT_PORT, scripts::PEER_PORT] },
            token: format!("gainsay-{:x}", time.as_nanos()),
            found: Mutex::default(),
        }
    }

    fn learn(&self, version: String) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(version);
    }

    /// Sees to it that the right version is on a node.
    async fn provide(&self, node: &Node) -> Result<(), NodeError> {
        let command = Command::new(scripts::provide(self.options.version)).within(Duration::from_secs(300));
        let version = node.run(&command.idempotent()).await?.text();
        let wanted = self.options.version.name();
        if !version.starts_with(&format!("{wanted}.")) {
            let reason = format!(
                "{} is version `{version}`, and etcd:version={wanted} was asked for",
                self.options.version.binary()
            );
            return Err(NodeError::Refused { node: node.name.clone(), reason });
        }
        self.learn(version);
        Ok(())
    }

    async fn wait_until_healthy(&self, address: SocketAddr, limit: Duration) -> Result<(), String> {
        let end = Instant::now() + limit;
        loop {
            let reason = match ask(address, "/health").await {
                Ok((200, _)) => return Ok(()),
                Ok((status, body)) => format!("status {status}: {}", String::from_utf8_lossy(&body).trim()),
                Err(reason) => reason,
            };
            if Instant::now() + ASK_AGAIN >= end {
                return Err(reason);
            }
            sleep(ASK_AGAIN).await;
        }
    }
}

/// Where a node's clients connect.
fn client_address(node: &Node) -> SocketAddr {
    SocketAddr::new(node.address, CLIENT_PORT)
}

/// Asks a member by GET, over a connection of its own.
async fn ask(address: SocketAddr, path: &str) -> Result<(u16, Vec<u8>), String> {
    let question = async {
        let mut connection = Connection::open(address).await?;
        connection.get(path).await
    };
    match timeout(QUESTION_LIMIT, question).await {
        Ok(Ok(answer)) => Ok((answer.status, answer.body.to_vec())),
        Ok(Err(failure)) => Err(ClientError::from(failure).to_string()),
        Err(_) => Err(format!("no answer from {address} within {} s", QUESTION_LIMIT.as_secs())),
    }
}

/// The version that a member says it is.
async fn ask_version(address: SocketAddr) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Versions {
        etcdserver: String,
    }
    let (_, body) = ask(address, "/version").await.ok()?;
    serde_json::from_slice(&body).ok().map(|versions: Versions| versions.etcdserver)
}

/// True if a member takes itself for the leader; false if it does not answer in time.
async fn is_leader(address: SocketAddr) -> bool {
    let question = async {
        let mut connection = Connection::open(address).await?;
        gateway::call::<Status>(&mut connection, "/v3/maintenance/status", &serde_json::json!({})).await
    };
    matches!(timeout(QUESTION_LIMIT, question).await, Ok(Ok(status)) if status.is_leader())
}

#[async_trait]
impl Database for Etcd {
    fn describe(&self) -> String {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let version = found.unwrap_or_else(|| self.options.version.name().to_owned());
        let flushes = if self.options.flushes == Flushes::Never { ", unsafe-no-fsync" } else { "" };
        format!("etcd {version}, reads={}{flushes}", format!("{:?}", self.options.reads).to_lowercase())
    }

    async fn install(&self, node: &Node, all: &[Node]) -> Result<(), NodeError> {
        self.remove(node).await?;
        self.provide(node).await?;
        let Options { version, flushes, .. } = self.options;
        let member = Member { version, node, all, flushes, token: &self.token };
        let command = Command::new(scripts::install(&member)).within(Duration::from_secs(120));
        node.run(&command).await.map(drop)
    }

    async fn start(&self, node: &Node, _: &[Node]) -> Result<(), NodeError> {
        node.run(&Command::new(scripts::start()).idempotent()).await.map(drop)
    }

    async fn ready(&self, node: &Node, limit: Duration) -> Result<(), NodeError> {
        let address = client_address(node);
        if let Err(reason) = self.wait_until_healthy(address, limit).await {
            let log = node.execute(&Command::new(scripts::last_words()).within(Duration::from_secs(5))).await;
            let log = log.map_or_else(|error| error.to_string(), |output| output.text());
            return Err(NodeError::Unreachable {
                node: node.name.clone(),
                address: address.to_string(),
                reason: format!("etcd was not healthy within {} s: {reason}\n{log}", limit.as_secs()),
            });
        }
        if let Some(version) = ask_version(address).await {
            self.learn(version);
        }
        Ok(())
    }

    async fn remove(&self, node: &Node) -> Result<(), NodeError> {
        let command = Command::new(scripts::remove()).within(Duration::from_secs(90)).idempotent();
        node.run(&command).await.map(drop)
    }

    fn daemon(&self) -> Option<&Daemon> {
        Some(&self.daemon)
    }

    fn data_dir(&self) -> Option<&str> {
        Some(scripts::DATA_DIR)
    }

    fn log_files(&self) -> Vec<String> {
        vec![scripts::LOG.to_owned()]
    }

    async fn primaries(&self, all: &[Node]) -> Vec<Node> {
        let mut questions = JoinSet::new();
        for (position, node) in all.iter().enumerate() {
            let address = client_address(node);
            questions.spawn(async move { is_leader(address).await.then_some(position) });
        }
        let mut leaders: Vec<usize> = questions.join_all().await.into_iter().flatten().collect();
        leaders.sort_unstable();
        leaders.into_iter().map(|position| all[position].clone()).collect()
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
}

#[async_trait]
impl Connect<Register> for Etcd {
    async fn connect(&self, node: &Node) -> Result<Box<dyn Client<Register>>, ClientError> {
        let connection = Connection::open(client_address(node)).await?;
        Ok(Box::new(register::RegisterClient::new(connection, self.options.reads)))
    }
}

#[async_trait]
impl Connect<Set> for Etcd {
    async fn connect(&self, node: &Node) -> Result<Box<dyn Client<Set>>, ClientError> {
        let connection = Connection::open(client_address(node)).await?;
        Ok(Box::new(set::SetClient::new(connection, self.options.reads)))
    }
}

#[async_trait]
impl Connect<Lock> for Etcd {
    async fn connect(&self, node: &Node) -> Result<Box<dyn Client<Lock>>, ClientError> {
        let address = client_address(node);
        let connection = Connection::open(address).await?;
        Ok(Box::new(lock::LockClient::new(connection, Connection::later(address))))
    }
}

#[cfg(test)]
mod tests;
