//! Who wants to know of every command that is run on a node, and of every file that is copied there or back.

use crate::{Command, NodeError, Output, Transport};
use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Something that was done on a node.
#[derive(Clone, Copy, Debug)]
pub struct Ran<'a> {
    /// The node's name.
    pub node: &'a str,
    /// The script, or a line that says which file was copied.
    pub script: &'a str,
    /// How long ago it began.
    pub took: Duration,
    /// Its exit status; None if nobody knows it.
    pub status: Option<i32>,
    /// Why there is no status, or empty.
    pub problem: &'a str,
}

/// Is told of everything that is done on nodes, once it has ended.
pub trait Audit: Send + Sync {
    /// This was done.
    fn ran(&self, ran: &Ran<'_>);
}

/// A transport that tells of everything that goes through another one.
pub(crate) struct Audited {
    pub node: String,
    pub through: Arc<dyn Transport>,
    pub audit: Arc<dyn Audit>,
}

impl Audited {
    fn tell(&self, script: &str, began: Instant, status: Option<i32>, problem: &str) {
        self.audit.ran(&Ran { node: &self.node, script, took: began.elapsed(), status, problem });
    }

    fn told<T>(&self, script: &str, began: Instant, result: Result<T, NodeError>) -> Result<T, NodeError> {
        match &result {
            Ok(_) => self.tell(script, began, Some(0), ""),
            Err(error) => self.tell(script, began, None, &error.to_string()),
        }
        result
    }
}

#[async_trait]
impl Transport for Audited {
    async fn execute(&self, command: &Command) -> Result<Output, NodeError> {
        let began = Instant::now();
        let result = self.through.execute(command).await;
        match &result {
            Ok(output) => self.tell(&command.script, began, Some(output.status), ""),
            Err(error) => self.tell(&command.script, began, None, &error.to_string()),
        }
        result
    }

    async fn on_controller(&self, node: &str, command: &Command) -> Result<Output, NodeError> {
        let began = Instant::now();
        let result = self.through.on_controller(node, command).await;
        let script = format!("# on the controller: {}", command.script);
        match &result {
            Ok(output) => self.tell(&script, began, Some(output.status), ""),
            Err(error) => self.tell(&script, began, None, &error.to_string()),
        }
        result
    }

    async fn upload(&self, local: &Path, remote: &str, mode: u32) -> Result<(), NodeError> {
        let began = Instant::now();
        let result = self.through.upload(local, remote, mode).await;
        self.told(&format!("# upload {} to {remote}, mode {mode:o}", local.display()), began, result)
    }

    async fn download(&self, remote: &str, local: &Path) -> Result<(), NodeError> {
        let began = Instant::now();
        let result = self.through.download(remote, local).await;
        self.told(&format!("# download {remote} to {}", local.display()), began, result)
    }
}
