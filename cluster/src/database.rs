//! What a system under test must offer: how it is installed, started, found and talked to.

use crate::{Node, NodeError};
use async_trait::async_trait;
use history::{Bank, DataType, ListAppend, Lock, Outcome, Predicates, Register, RwRegister, Set};
use std::time::Duration;

/// The process of a database on a node, as systemd knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// Its unit: `gainsay-etcd.service`.
    pub unit: String,
    /// The ports on which it listens; they must be free before it is started.
    pub ports: Vec<u16>,
}

/// A system under test.
#[async_trait]
pub trait Database: Send + Sync {
    /// Its name and the options in force, for reports: `etcd 3.4.23, reads=linearizable`.
    fn describe(&self) -> String;

    /// Puts what is needed on a node, and nothing of an earlier run; starts nothing. Idempotent.
    async fn install(&self, node: &Node, all: &[Node]) -> Result<(), NodeError>;

    /// Starts the node's member; does not wait for the others. Idempotent: harmless if it runs.
    async fn start(&self, node: &Node, all: &[Node]) -> Result<(), NodeError>;

    /// Returns when the node's member serves requests, or an error after `limit`.
    async fn ready(&self, node: &Node, limit: Duration) -> Result<(), NodeError>;

    /// Stops the node's member and removes every trace of the database. Idempotent, also on a node that never had it.
    async fn remove(&self, node: &Node) -> Result<(), NodeError>;

    /// What runs it; None if it is not a process on the nodes, so that nothing can be killed there.
    fn daemon(&self) -> Option<&Daemon>;

    /// Where its data is kept, on a file system of its own if `remove` says so; None if it keeps none on the nodes.
    fn data_dir(&self) -> Option<&str>;

    /// Files on the nodes that help to understand a run.
    fn log_files(&self) -> Vec<String>;

    /// The nodes that take themselves for the primary; best effort, may be none or several.
    async fn primaries(&self, all: &[Node]) -> Vec<Node>;

    /// What people should know of a run that is no property of the database: clients that misbehaved.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// How to talk to it as to registers.
    fn registers(&self) -> Option<&dyn Connect<Register>> {
        None
    }

    /// How to talk to it as to a set.
    fn sets(&self) -> Option<&dyn Connect<Set>> {
        None
    }

    /// How to talk to it as to locks.
    fn locks(&self) -> Option<&dyn Connect<Lock>> {
        None
    }

    /// How to talk to it as to lists under transactions.
    fn lists(&self) -> Option<&dyn Connect<ListAppend>> {
        None
    }

    /// How to talk to it as to registers under transactions.
    fn transactional_registers(&self) -> Option<&dyn Connect<RwRegister>> {
        None
    }

    /// How to talk to it as to a bank.
    fn banks(&self) -> Option<&dyn Connect<Bank>> {
        None
    }

    /// How to talk to it as to tables under transactions.
    fn tables(&self) -> Option<&dyn Connect<Predicates>> {
        None
    }
}

/// Makes clients of one data type.
#[async_trait]
pub trait Connect<D: DataType>: Send + Sync {
    /// A new client with a connection of its own to one node. It changes nothing in the database.
    ///
    /// # Errors
    /// Always [`ClientError::Definite`]: nothing was asked yet.
    async fn connect(&self, node: &Node) -> Result<Box<dyn Client<D>>, ClientError>;

    /// A connection must be made within this time.
    fn limit(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// One logical client: one connection, to one node, one operation at a time, no retries.
#[async_trait]
pub trait Client<D: DataType>: Send {
    /// Does `op`, once. A client that is dropped while it waits abandons the operation and its connection.
    ///
    /// # Errors
    /// [`ClientError::Definite`] only if the operation took no effect and never will.
    async fn invoke(&mut self, op: &D::Op) -> Result<D::Ret, ClientError>;
}

/// Why an operation did not succeed; the one distinction on which every verdict rests.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// It took no effect and never will.
    #[error("{0}")]
    Definite(String),
    /// It may have taken effect, or may yet.
    #[error("{0}")]
    Indefinite(String),
}

impl ClientError {
    /// What this error makes of `op`. An unanswered read is as good as failed: it can change nothing.
    pub fn into_outcome<D: DataType>(self, op: &D::Op) -> Outcome<D::Ret> {
        match self {
            ClientError::Definite(reason) => Outcome::Fail(reason),
            ClientError::Indefinite(reason) if D::is_read(op) => Outcome::Fail(reason),
            ClientError::Indefinite(reason) => Outcome::Info(reason),
        }
    }
}
