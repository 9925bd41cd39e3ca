//! One node, and the way by which commands reach it.

use crate::audit::Audited;
use crate::machine::run_here;
use crate::{Audit, Command, Machine, NodeError, Output};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The way by which commands and files reach a node, as root.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Runs a command to its end. A status other than 0 is an [`Output`] too.
    async fn execute(&self, command: &Command) -> Result<Output, NodeError>;

    /// Copies a file of the controller to a path on the node, replacing it atomically, with this mode.
    async fn upload(&self, local: &Path, remote: &str, mode: u32) -> Result<(), NodeError>;

    /// Copies a file of the node to a path on the controller.
    async fn download(&self, remote: &str, local: &Path) -> Result<(), NodeError>;

    /// Runs a command for the node on the controller, where this transport is one that runs commands.
    async fn on_controller(&self, node: &str, command: &Command) -> Result<Output, NodeError> {
        run_here(node, command).await
    }
}

/// One node of the cluster under test. Clones share its connection.
#[derive(Clone)]
pub struct Node {
    /// Its name in the inventory; unique.
    pub name: String,
    /// The address by which clients and the other nodes reach it.
    pub address: IpAddr,
    /// What the inventory says of it: zone, rack, role and so on.
    pub labels: BTreeMap<String, String>,
    /// What it is, and what can be done to it from outside.
    pub machine: Machine,
    transport: Arc<dyn Transport>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({} {})", self.name, self.address)
    }
}

impl Node {
    /// A node that is reached in the given way.
    pub fn new(name: impl Into<String>, address: IpAddr, transport: Arc<dyn Transport>) -> Node {
        Node { name: name.into(), address, labels: BTreeMap::new(), machine: Machine::default(), transport }
    }

    /// The same node, of which everything that is done there is told.
    #[must_use]
    pub fn audited(mut self, audit: Arc<dyn Audit>) -> Node {
        self.transport = Arc::new(Audited { node: self.name.clone(), through: self.transport, audit });
        self
    }

    /// Runs a command and returns what it answered, whatever its exit status.
    ///
    /// # Errors
    /// If it could not be run, or did not answer in time.
    pub async fn execute(&self, command: &Command) -> Result<Output, NodeError> {
        self.transport.execute(command).await
    }

    /// Runs a command for this node on the controller, and returns what it answered, whatever its exit status.
    ///
    /// # Errors
    /// If it could not be started, or did not end in time.
    pub async fn on_controller(&self, command: &Command) -> Result<Output, NodeError> {
        self.transport.on_controller(&self.name, command).await
    }

    /// Runs a command that must succeed.
    ///
    /// # Errors
    /// As [`Node::execute`], and if its exit status is not 0.
    pub async fn run(&self, command: &Command) -> Result<Output, NodeError> {
        let output = self.execute(command).await?;
        if output.status == 0 {
            return Ok(output);
        }
        Err(NodeError::Failed {
            node: self.name.clone(),
            status: output.status,
            script: command.excerpt(),
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    /// Copies a file of the controller to a path on the node, replacing it atomically, with this mode.
    ///
    /// # Errors
    /// If the file cannot be read, the node not be reached, or the path not be written.
    pub async fn upload(&self, local: &Path, remote: &str, mode: u32) -> Result<(), NodeError> {
        self.transport.upload(local, remote, mode).await
    }

    /// Copies a file of the node to a path on the controller.
    ///
    /// # Errors
    /// If the file cannot be read, the node not be reached, or the path not be written.
    pub async fn download(&self, remote: &str, local: &Path) -> Result<(), NodeError> {
        self.transport.download(remote, local).await
    }
}

/// Answers a command in a test or dry run, in place of a node.
type Answer = dyn Fn(&Command) -> Output + Send + Sync;

/// A transport that runs nothing: it records every command, and answers success or what it was told to answer.
pub struct Recorder {
    node: String,
    log: Arc<Mutex<Vec<(String, String)>>>,
    answer: Box<Answer>,
}

impl Recorder {
    /// Records into `log` pairs of node and script, in the order in which they came; answers success with no output.
    pub fn new(node: impl Into<String>, log: Arc<Mutex<Vec<(String, String)>>>) -> Recorder {
        Recorder::answering(node, log, |_| Output::default())
    }

    /// The same with answers.
    pub fn answering(
        node: impl Into<String>,
        log: Arc<Mutex<Vec<(String, String)>>>,
        answer: impl Fn(&Command) -> Output + Send + Sync + 'static,
    ) -> Recorder {
        Recorder { node: node.into(), log, answer: Box::new(answer) }
    }

    fn record(&self, script: String) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push((self.node.clone(), script));
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn execute(&self, command: &Command) -> Result<Output, NodeError> {
        self.record(command.script.clone());
        Ok((self.answer)(command))
    }

    async fn on_controller(&self, _: &str, command: &Command) -> Result<Output, NodeError> {
        self.record(format!("# on the controller: {}", command.script));
        Ok((self.answer)(command))
    }

    async fn upload(&self, local: &Path, remote: &str, mode: u32) -> Result<(), NodeError> {
        self.record(format!("# upload {} to {remote}, mode {mode:o}", local.display()));
        Ok(())
    }

    async fn download(&self, remote: &str, local: &Path) -> Result<(), NodeError> {
        self.record(format!("# download {remote} to {}", local.display()));
        Ok(())
    }
}
