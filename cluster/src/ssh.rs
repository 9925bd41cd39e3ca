//! Nodes over SSH: a [`Transport`] that hands commands and copies to the lanes of its node.
//!
//! The asynchronous side waits; the lanes, which are threads, do. Nothing here is shared between lanes but the queue.

mod files;
mod gate;
mod host_key;
mod lane;
mod link;
mod login;
mod shell;
mod target;

pub(crate) use gate::Gate;
pub(crate) use target::Target;
pub use target::sudoers;

use crate::{Command, NodeError, Output, Transport};
use async_trait::async_trait;
use lane::{Job, Queue, Work};
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The longest copy. Each of its steps has a shorter limit.
const COPY_LIMIT: Duration = Duration::from_secs(3600);
/// The longest command, whatever its own limit says.
const COMMAND_LIMIT: Duration = Duration::from_secs(24 * 3600);
/// How much later than its deadline a lane may answer.
const SLACK: Duration = Duration::from_secs(5);

/// The way to one node over SSH.
pub(crate) struct Ssh {
    queue: Arc<Queue>,
}

impl Ssh {
    /// Connects nothing yet: the first command does.
    pub fn new(target: Target, gate: Arc<Gate>) -> Ssh {
        Ssh { queue: Arc::new(Queue::new(target, gate)) }
    }

    async fn submit(&self, work: Work, limit: Duration) -> Result<Output, NodeError> {
        let (reply, answer) = oneshot::channel();
        let what = match &work {
            Work::Run(command) => Command::new(command.excerpt()).within(limit),
            other => Command::new(format!("{other:?}")).within(limit),
        };
        self.queue.push(Job { work, deadline: Instant::now() + limit, reply })?;
        match tokio::time::timeout(limit + SLACK, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(self.queue.target().broken(shell::Broken::Lost("the lane ended".to_owned()), &what)),
            Err(_) => Err(self.queue.target().broken(shell::Broken::TimedOut, &what)),
        }
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[async_trait]
impl Transport for Ssh {
    async fn execute(&self, command: &Command) -> Result<Output, NodeError> {
        self.submit(Work::Run(command.clone()), command.timeout.min(COMMAND_LIMIT)).await
    }

    async fn upload(&self, local: &Path, remote: &str, mode: u32) -> Result<(), NodeError> {
        self.submit(Work::Upload(local.to_owned(), remote.to_owned(), mode), COPY_LIMIT).await.map(drop)
    }

    async fn download(&self, remote: &str, local: &Path) -> Result<(), NodeError> {
        self.submit(Work::Download(remote.to_owned(), local.to_owned()), COPY_LIMIT).await.map(drop)
    }
}

/// A number that was not used before and cannot be guessed.
fn fresh_number() -> u64 {
    RandomState::new().hash_one(0)
}
