//! Which nodes there are, and how to log in there: the file that people and `gainsay lab up` write.
//!
//! Nothing is contacted here. Every complaint names file, line and column.

mod machine;
mod read;

use crate::Machine;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The nodes of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// The cluster's name, for reports.
    pub name: String,
    /// Where the nodes' host keys are known.
    pub known_hosts: PathBuf,
    /// The nodes, in the order of the file; at least one.
    pub hosts: Vec<Host>,
}

/// One node as the inventory describes it, with what all nodes share filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Unique.
    pub name: String,
    /// IP address or host name.
    pub address: String,
    /// Where its sshd listens.
    pub port: u16,
    /// Who logs in; anyone but root needs `sudo` without a password.
    pub user: String,
    /// The private key file, if one is named.
    pub key: Option<PathBuf>,
    /// The environment variable that holds the password, if one is named.
    pub password_env: Option<String>,
    /// Zone, rack, role and so on.
    pub labels: BTreeMap<String, String>,
    /// What it is, and the commands that work on it from outside.
    pub machine: Machine,
}

/// What is wrong with an inventory, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {message}")]
pub struct InventoryError {
    /// The file.
    pub path: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What was expected, and what stood there.
    pub message: String,
}

impl Inventory {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is not an inventory.
    pub fn load(path: &Path) -> Result<Inventory, InventoryError> {
        let text = std::fs::read_to_string(path).map_err(|error| InventoryError {
            path: path.display().to_string(),
            line: 1,
            column: 1,
            message: format!("expected an inventory, but it cannot be read: {error}"),
        })?;
        Inventory::parse(&text, path)
    }

    /// Reads the text of a file; paths in it are relative to the folder of `path`.
    ///
    /// # Errors
    /// If it is not an inventory.
    pub fn parse(text: &str, path: &Path) -> Result<Inventory, InventoryError> {
        read::inventory(text, path)
    }

    /// The same inventory with only the nodes of these names, in its own order; names that it does not hold are
    /// returned as an error.
    ///
    /// # Errors
    /// The unknown names.
    pub fn only(&self, names: &[String]) -> Result<Inventory, Vec<String>> {
        let unknown: Vec<_> =
            names.iter().filter(|name| self.hosts.iter().all(|host| host.name != **name)).cloned().collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let hosts = self.hosts.iter().filter(|host| names.contains(&host.name)).cloned().collect();
        Ok(Inventory { hosts, ..self.clone() })
    }

    /// The same inventory with at most so many nodes, the first of the file.
    #[must_use]
    pub fn first(&self, count: usize) -> Inventory {
        Inventory { hosts: self.hosts.iter().take(count).cloned().collect(), ..self.clone() }
    }
}
