//! Databases that gainsay knows nothing of: one that a file describes by commands (`file:my-db.toml`), and one that
//! runs already and is left as it is (`running`).
//!
//! Neither brings clients; those are processes (see `external`). Commands run on each node, as root, in `sh`. Where
//! they are they learn from variables: `NODE`, `ADDRESS`, `NUMBER` (from 1), `ALL` (`n1=10.0.0.1 n2=10.0.0.2`). Nothing is
//! put into their text, so nothing has to be quoted.

mod read;
mod running;

pub(crate) use running::{NAME as RUNNING, entry as running_entry};

use crate::spec::{Entry, Spec, SpecError};
use async_trait::async_trait;
use cluster::{Command, Daemon, Database, Node, NodeError};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// How a file is named in spellings.
pub(crate) const FILE: &str = "file";

/// Installing may take so long, unless the file says otherwise.
const INSTALL_LIMIT: Duration = Duration::from_secs(300);

/// Every other command may take so long.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// A question whether a node serves, or is the primary, is answered within this time.
const QUESTION_LIMIT: Duration = Duration::from_secs(5);

/// A node that does not serve is asked again after this time.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// What is said of it in lists.
pub(crate) fn file_entry() -> Entry {
    Entry {
        name: FILE,
        summary: "`file:my-db.toml`: what this file says, by commands for each node; needs --client (docs/CLIENT.md)",
        needs_nodes: true,
        options: Vec::new(),
    }
}

/// What is known of a database; whatever is None is not done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Description {
    name: String,
    version: Option<String>,
    install: Option<String>,
    start: Option<String>,
    stop: Option<String>,
    wipe: Option<String>,
    ready: Option<String>,
    primary: Option<String>,
    unit: Option<String>,
    ports: Vec<u16>,
    data_dir: Option<String>,
    logs: Vec<String>,
    variables: BTreeMap<String, String>,
    install_limit: Option<Duration>,
}

/// A database by its description.
pub(crate) struct Described {
    description: Description,
    daemon: Option<Daemon>,
    all: Mutex<Vec<Node>>,
}

impl Described {
    /// Reads a file.
    ///
    /// # Errors
    /// With path, line and column.
    pub(crate) fn load(path: &Path) -> Result<Described, SpecError> {
        let wrong = |told: String| SpecError::File { told };
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong(format!("cannot read the database {}: {error}", path.display())))?;
        read::description(&text, path).map(Described::new).map_err(wrong)
    }

    /// The one that runs already.
    ///
    /// # Errors
    /// If an option has a value that cannot be.
    pub(crate) fn running(spec: &Spec) -> Result<Described, SpecError> {
        running::description(spec).map(Described::new)
    }

    fn new(description: Description) -> Described {
        let daemon = description.unit.clone().map(|unit| Daemon { unit, ports: description.ports.clone() });
        Described { description, daemon, all: Mutex::default() }
    }

    /// The script with what it may know in front of it.
    fn script(&self, script: &str, node: &Node, all: &[Node]) -> String {
        let number = all.iter().position(|other| other.name == node.name).map_or(1, |position| position + 1);
        let everyone: Vec<String> = all.iter().map(|node| format!("{}={}", node.name, node.address)).collect();
        let mut text = String::new();
        let own = [
            ("NODE", node.name.clone()),
            ("ADDRESS", node.address.to_string()),
            ("NUMBER", number.to_string()),
            ("ALL", everyone.join(" ")),
        ];
        let variables = self.description.variables.iter().map(|(name, value)| (name.as_str(), value.clone()));
        for (name, value) in own.into_iter().chain(variables) {
            let _ = writeln!(text, "export {name}={}", Command::quote(&value));
        }
        text + script.trim_end() + "\n"
    }

    async fn run(&self, script: Option<&str>, node: &Node, all: &[Node], limit: Duration) -> Result<(), NodeError> {
        let Some(script) = script else { return Ok(()) };
        node.run(&Command::new(self.script(script, node, all)).within(limit)).await.map(drop)
    }

    fn known(&self) -> Vec<Node> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn know(&self, all: &[Node]) {
        *self.all.lock().unwrap_or_else(PoisonError::into_inner) = all.to_vec();
    }

    /// Why a node does not serve, if it does not.
    async fn look(&self, node: &Node) -> Result<(), String> {
        let unit = self.description.unit.as_deref();
        let active = unit.map(|unit| format!("systemctl is-active {}", Command::quote(unit)));
        if let Some(script) = self.description.ready.clone().or(active) {
            let command = Command::new(self.script(&script, node, &self.known())).within(QUESTION_LIMIT).idempotent();
            let output = node.execute(&command).await.map_err(|error| error.to_string())?;
            if output.status != 0 {
                let said = [output.stderr.as_slice(), &output.stdout].concat();
                let said = String::from_utf8_lossy(&said).trim().to_owned();
                return Err(format!("status {} of `{}`: {said}", output.status, script.trim()));
            }
        }
        for port in &self.description.ports {
            let address = SocketAddr::new(node.address, *port);
            match timeout(QUESTION_LIMIT, TcpStream::connect(address)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(format!("port {port}: {error}")),
                Err(_) => return Err(format!("port {port}: no connection within {} s", QUESTION_LIMIT.as_secs())),
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Database for Described {
    fn describe(&self) -> String {
        match &self.description.version {
            Some(version) => format!("{} {version}", self.description.name),
            None => self.description.name.clone(),
        }
    }

    async fn install(&self, node: &Node, all: &[Node]) -> Result<(), NodeError> {
        self.know(all);
        let limit = self.description.install_limit.unwrap_or(INSTALL_LIMIT);
        self.run(self.description.install.as_deref(), node, all, limit).await
    }

    async fn start(&self, node: &Node, all: &[Node]) -> Result<(), NodeError> {
        self.run(self.description.start.as_deref(), node, all, COMMAND_LIMIT).await
    }

    async fn ready(&self, node: &Node, limit: Duration) -> Result<(), NodeError> {
        let end = Instant::now() + limit;
        while let Err(reason) = self.look(node).await {
            if Instant::now() + ASK_AGAIN >= end {
                return Err(NodeError::Unreachable {
                    node: node.name.clone(),
                    address: node.address.to_string(),
                    reason: format!("{} did not serve within {} s: {reason}", self.description.name, limit.as_secs()),
                });
            }
            sleep(ASK_AGAIN).await;
        }
        Ok(())
    }

    async fn remove(&self, node: &Node) -> Result<(), NodeError> {
        let all = self.known();
        self.run(self.description.stop.as_deref(), node, &all, COMMAND_LIMIT).await?;
        self.run(self.description.wipe.as_deref(), node, &all, COMMAND_LIMIT).await
    }

    fn daemon(&self) -> Option<&Daemon> {
        self.daemon.as_ref()
    }

    fn data_dir(&self) -> Option<&str> {
        self.description.data_dir.as_deref()
    }

    fn log_files(&self) -> Vec<String> {
        self.description.logs.clone()
    }

    async fn primaries(&self, all: &[Node]) -> Vec<Node> {
        let Some(script) = &self.description.primary else { return Vec::new() };
        let mut primaries = Vec::new();
        for node in all {
            let command = Command::new(self.script(script, node, all)).within(QUESTION_LIMIT).idempotent();
            if node.execute(&command).await.is_ok_and(|output| output.status == 0) {
                primaries.push(node.clone());
            }
        }
        primaries
    }
}

#[cfg(test)]
mod tests;
