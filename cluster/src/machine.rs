//! The machine that a node is, and what can be done to it from outside: power, clockwork, cable.
//!
//! How that is done is one line of the inventory each, a command for the controller's shell: `ipmitool`, a cloud's
//! command line, or what a lab wrote there. Nothing here knows of any of them.

use crate::{Command, Node, NodeError, Output};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// How long a command of the inventory may take: controllers of real machines are slow.
const LIMIT: Duration = Duration::from_secs(60);

/// What a node is, as far as the inventory says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineKind {
    /// Nothing is said.
    #[default]
    Unknown,
    /// It shares a kernel and a clock with others.
    Container,
    /// A virtual machine, with a kernel and a clock of its own.
    Vm,
    /// The same in metal.
    Hardware,
}

impl MachineKind {
    /// What inventories may say.
    pub const ALL: [MachineKind; 3] = [MachineKind::Container, MachineKind::Vm, MachineKind::Hardware];

    /// The word that inventories use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MachineKind::Unknown => "unknown",
            MachineKind::Container => "container",
            MachineKind::Vm => "vm",
            MachineKind::Hardware => "hardware",
        }
    }
}

/// Something that is done to a machine from outside. Each must be harmless where it is done already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lever {
    /// Its power is cut, without a word to it.
    PowerOff,
    /// Its power comes back; may return before it answers.
    PowerOn,
    /// It stands still.
    Pause,
    /// It goes on.
    Resume,
    /// Its cable is pulled.
    Unplug,
    /// Its cable is plugged in again.
    Plug,
}

impl Lever {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Lever; 6] =
        [Lever::PowerOff, Lever::PowerOn, Lever::Pause, Lever::Resume, Lever::Unplug, Lever::Plug];

    /// The key of its command in an inventory: `power_off`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Lever::PowerOff => "power_off",
            Lever::PowerOn => "power_on",
            Lever::Pause => "pause",
            Lever::Resume => "resume",
            Lever::Unplug => "unplug",
            Lever::Plug => "plug",
        }
    }
}

/// The machine of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// What it is.
    pub kind: MachineKind,
    /// For each thing that can be done to it the command that does it, every placeholder filled in.
    pub levers: BTreeMap<Lever, String>,
}

impl Node {
    /// The command that does this to the node's machine, if the inventory has one.
    #[must_use]
    pub fn lever(&self, lever: Lever) -> Option<&str> {
        self.machine.levers.get(&lever).map(String::as_str)
    }

    /// Does this to the node's machine: runs the inventory's command on the controller.
    ///
    /// # Errors
    /// [`NodeError::Refused`] if the inventory has no such command, and as [`Node::run`] if it fails.
    pub async fn pull(&self, lever: Lever) -> Result<(), NodeError> {
        let Some(command) = self.lever(lever) else {
            let reason = format!("the inventory has no {} for it", lever.key());
            return Err(NodeError::Refused { node: self.name.clone(), reason });
        };
        let command = Command::new(command).within(LIMIT);
        let output = self.on_controller(&command).await?;
        if output.status == 0 {
            return Ok(());
        }
        let said = [output.stderr, output.stdout].concat();
        Err(NodeError::Failed {
            node: format!("{} (its {})", self.name, lever.key()),
            status: output.status,
            script: command.excerpt(),
            stderr: String::from_utf8_lossy(&said).trim().to_owned(),
        })
    }
}

/// Runs a command for a node in a shell of this machine.
///
/// # Errors
/// If it does not start, or does not end in time; then it is killed.
pub(crate) async fn run_here(node: &str, command: &Command) -> Result<Output, NodeError> {
    let failed = |error: std::io::Error| NodeError::File { path: "/bin/sh".to_owned(), reason: error.to_string() };
    let mut shell = tokio::process::Command::new("/bin/sh");
    shell.arg("-c").arg(&command.script).kill_on_drop(true);
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().map_err(failed)?;
    let input = child.stdin.take();
    let talk = async {
        if let Some(mut input) = input {
            // A command that reads nothing may have ended by now.
            let _unread = input.write_all(&command.stdin).await;
        }
        child.wait_with_output().await
    };
    match tokio::time::timeout(command.timeout, talk).await {
        Ok(Ok(output)) => {
            let status = output.status.code().unwrap_or(128);
            Ok(Output { status, stdout: output.stdout, stderr: output.stderr })
        }
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(NodeError::TimedOut {
            node: node.to_owned(),
            seconds: command.timeout.as_secs(),
            script: command.excerpt(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recorder;
    use std::sync::{Arc, Mutex};

    type Log = Arc<Mutex<Vec<(String, String)>>>;

    fn node(levers: &[(Lever, &str)]) -> (Node, Log) {
        let log = Log::default();
        let mut node = Node::new("n1", [10, 0, 0, 1].into(), Arc::new(Recorder::new("n1", Arc::clone(&log))));
        node.machine.levers = levers.iter().map(|(lever, command)| (*lever, (*command).to_owned())).collect();
        (node, log)
    }

    #[tokio::test]
    async fn a_recorder_pulls_nothing() {
        let (node, log) = node(&[(Lever::PowerOff, "false")]);
        node.pull(Lever::PowerOff).await.unwrap();
        assert_eq!(log.lock().unwrap()[0].1, "# on the controller: false");
        let error = node.pull(Lever::PowerOn).await.unwrap_err().to_string();
        assert_eq!(error, "n1 is refused: the inventory has no power_on for it");
    }

    #[tokio::test]
    async fn commands_run_here_with_status_and_words() {
        let output = run_here("n1", &Command::new("cat; echo no >&2; exit 3").with_stdin("yes")).await.unwrap();
        assert_eq!((output.status, output.text()), (3, "yes".to_owned()));
        assert_eq!(output.stderr, b"no\n");
        let hangs = Command::new("exec sleep 60").within(Duration::from_millis(50));
        assert!(matches!(run_here("n1", &hangs).await, Err(NodeError::TimedOut { .. })));
    }
}
