//! Which machine a node is, how to log in there, and how to say in an error that it failed.

use crate::{Command, NodeError};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::shell::Broken;

/// A shell of root whose path and language do not depend on the one that called it.
const SHELL: &str = "/usr/bin/env LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh";

/// What sudo must allow a user for whom everything is run through it: a file for `/etc/sudoers.d`.
///
/// It is one command line, and that one is as good as root: whoever may change a firewall, write units of systemd and
/// mount file systems is root by another name, and a longer list would only hide it.
#[must_use]
pub fn sudoers(user: &str) -> String {
    let allowed = SHELL.replace('=', "\\=").replace(':', "\\:");
    format!(
        "# /etc/sudoers.d/gainsay, mode 0440; check it with: visudo -cf /etc/sudoers.d/gainsay
# {user} gets a shell of root, by this one command line and nothing else: whoever may change firewalls, units and
# mounts is root by another name. What is done with it is in commands.jsonl of each run. Remove this file, or
# /etc/gainsay/allowed, and the node can be broken no more.
Defaults:{user} !requiretty
{user} ALL=(root) NOPASSWD: {allowed}, {allowed} -c *
"
    )
}

/// All that is needed to log in to one node.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The node's name.
    pub name: String,
    /// Host as it stands in the inventory; known_hosts is searched for it.
    pub host: String,
    /// Where the host name led.
    pub address: SocketAddr,
    /// The user; anyone but root runs everything through `sudo -n`.
    pub user: String,
    /// Private key file.
    pub key: Option<PathBuf>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// Where host keys are known.
    pub known_hosts: PathBuf,
}

impl Target {
    /// Host and port, for messages.
    pub fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.address.port())
        } else {
            format!("{}:{}", self.host, self.address.port())
        }
    }

    /// The line by which the login shell becomes a shell of root, with a path and language that do not depend on it.
    pub fn shell(&self, arguments: &str) -> String {
        let sudo = if self.user == "root" { "" } else { "sudo -n " };
        format!("exec {sudo}{SHELL} {arguments}").trim_end().to_owned()
    }

    /// No connection.
    pub fn unreachable(&self, reason: impl ToString) -> NodeError {
        NodeError::Unreachable { node: self.name.clone(), address: self.place(), reason: reason.to_string() }
    }

    /// No login, or no root.
    pub fn unauthenticated(&self, reason: impl ToString) -> NodeError {
        NodeError::Authentication {
            node: self.name.clone(),
            address: self.place(),
            user: self.user.clone(),
            reason: reason.to_string(),
        }
    }

    /// `sudo -n` did not give a shell.
    pub fn without_sudo(&self, reason: &str) -> NodeError {
        let user = &self.user;
        self.unauthenticated(format!(
            "sudo -n gives no shell of root: {reason}; allow it on the node: `gainsay doctor --sudoers` prints /etc/sudoers.d/gainsay for {user}"
        ))
    }

    /// A command got no answer.
    pub fn broken(&self, broken: Broken, command: &Command) -> NodeError {
        let (node, script) = (self.name.clone(), command.excerpt());
        match broken {
            Broken::TimedOut => NodeError::TimedOut { node, seconds: whole_seconds(command.timeout), script },
            Broken::Lost(reason) => NodeError::Lost { node, reason: format!("{}: {reason}", self.place()), script },
            Broken::TooMuch(reason) => NodeError::TooMuch { node, reason, script },
        }
    }
}

/// Rounded up, so that a limit of 200 ms does not read as 0 s.
fn whole_seconds(limit: Duration) -> u64 {
    limit.as_secs() + u64::from(limit.subsec_nanos() > 0)
}
