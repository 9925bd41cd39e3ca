//! A command for a node, what it answered, and what can stand in its way.

use std::time::Duration;

/// A shell script for `sh` on a node, run as root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What `sh` runs. Words that come from outside go through [`Command::quote`].
    pub script: String,
    /// After this time the answer is given up, and the connection with it.
    pub timeout: Duration,
    /// True if running it twice is as good as running it once, so that it may be repeated after a lost connection.
    pub idempotent: bool,
    /// Given to its standard input.
    pub stdin: Vec<u8>,
}

impl Command {
    /// A script that is run at most once, with 30 s to answer and nothing on its standard input.
    pub fn new(script: impl Into<String>) -> Command {
        Command { script: script.into(), timeout: Duration::from_secs(30), idempotent: false, stdin: Vec::new() }
    }

    /// The same command, marked as one that may be repeated.
    #[must_use]
    pub fn idempotent(mut self) -> Command {
        self.idempotent = true;
        self
    }

    /// The same command with another time limit.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Command {
        self.timeout = timeout;
        self
    }

    /// The same command with something on its standard input.
    #[must_use]
    pub fn with_stdin(mut self, stdin: impl Into<Vec<u8>>) -> Command {
        self.stdin = stdin.into();
        self
    }

    /// The beginning of the script, for messages.
    #[must_use]
    pub fn excerpt(&self) -> String {
        const LENGTH: usize = 400;
        match self.script.char_indices().nth(LENGTH) {
            None => self.script.clone(),
            Some((end, _)) => format!("{} [...]", &self.script[..end]),
        }
    }

    /// A word that the shell reads as itself, whatever it holds.
    #[must_use]
    pub fn quote(word: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word.to_owned()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    }
}

/// What a command answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Exit status; 128 + n if signal n ended it.
    pub status: i32,
    /// All that it wrote to standard output.
    pub stdout: Vec<u8>,
    /// All that it wrote to standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Standard output as text without the white space around it.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

/// Why a node did not do what it was told.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NodeError {
    /// No connection, or it was lost and could not be made again.
    #[error("{node} is unreachable at {address}: {reason}")]
    Unreachable {
        /// The node.
        node: String,
        /// Host and port.
        address: String,
        /// What the connection said.
        reason: String,
    },
    /// The node's host key is not the one that is known for it.
    #[error(
        "{node} at {address} shows host key {found}, but {expected} is known for it; if the node was set up anew, replace its line in {file}"
    )]
    HostKey {
        /// The node.
        node: String,
        /// Host and port.
        address: String,
        /// The fingerprint that it shows.
        found: String,
        /// The fingerprint, or fingerprints, that are known.
        expected: String,
        /// Where they are known.
        file: String,
    },
    /// Nothing is known of the node's host key.
    #[error(
        "{node} at {address} shows host key {found}, and {file} knows nothing of it; compare the fingerprint on the node (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then add this line to {file}:\n{line}"
    )]
    UnknownHost {
        /// The node.
        node: String,
        /// Host and port.
        address: String,
        /// The fingerprint that it shows.
        found: String,
        /// The line that makes it known.
        line: String,
        /// Where it should be known.
        file: String,
    },
    /// The node accepts none of the ways to authenticate that it was offered.
    #[error("{node} at {address} does not accept {user}: {reason}")]
    Authentication {
        /// The node.
        node: String,
        /// Host and port.
        address: String,
        /// The user name.
        user: String,
        /// What was tried.
        reason: String,
    },
    /// No answer in time. The command may still be running.
    #[error("{node} did not answer within {seconds} s: {script}")]
    TimedOut {
        /// The node.
        node: String,
        /// The limit.
        seconds: u64,
        /// The command.
        script: String,
    },
    /// The connection was lost after the command was sent: it may or may not have run.
    #[error("the connection to {node} was lost ({reason}); this may or may not have run: {script}")]
    Lost {
        /// The node.
        node: String,
        /// What was lost, and how.
        reason: String,
        /// The command.
        script: String,
    },
    /// The command takes or gives more than the bound, and was given up.
    #[error("on {node}, {reason}: {script}")]
    TooMuch {
        /// The node.
        node: String,
        /// Which bound.
        reason: String,
        /// The command.
        script: String,
    },
    /// It ran, and failed.
    #[error("on {node}, exit status {status}: {script}\n{stderr}")]
    Failed {
        /// The node.
        node: String,
        /// Exit status; 128 + n if signal n ended it.
        status: i32,
        /// The command.
        script: String,
        /// What it wrote to standard error.
        stderr: String,
    },
    /// A safety rule forbids to touch this node: no marker file, or another run holds its lock.
    #[error("{node} is refused: {reason}")]
    Refused {
        /// The node.
        node: String,
        /// Which rule, and what to do.
        reason: String,
    },
    /// Somebody halted the run that holds this node.
    #[error("{by} halted this run on {node}")]
    Halted {
        /// The node.
        node: String,
        /// Who, on which machine.
        by: String,
    },
    /// A file of the controller could not be read or written on the way to or from a node.
    #[error("{path}: {reason}")]
    File {
        /// Which file.
        path: String,
        /// What the operating system said.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_words_reach_the_shell_as_they_are() {
        for word in ["", "plain", "two words", "it's", "a|b", "$HOME", "`id`", "*", "~", "#", "!", "\n", "-n", "ä"] {
            let script = format!("printf %s {}", Command::quote(word));
            let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
