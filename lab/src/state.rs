//! What is remembered of a lab, and what is told about it.
//!
//! Remembered is only what cannot be found out again: which subnet, which base tree, how many nodes. Whether a node
//! runs is always looked up.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::LabError;
use crate::files;
use crate::kind::Kind;
use crate::paths::Places;
use crate::subnet::Subnet;

/// A lab as it is at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabState {
    /// The lab's name.
    pub name: String,
    /// What its nodes are.
    pub kind: Kind,
    /// The subnet of its nodes, as `10.213.7.0/24`.
    pub subnet: String,
    /// The bridge that its nodes are plugged into.
    pub bridge: String,
    /// The file that the harness reads its nodes from.
    pub inventory: PathBuf,
    /// Its nodes, by number.
    pub nodes: Vec<NodeState>,
}

/// A node as it is at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// Its name: n1 to n9.
    pub name: String,
    /// Its address on the lab's bridge.
    pub address: Ipv4Addr,
    /// The process that runs it, while it does.
    pub pid: Option<u32>,
    /// True if its machine runs.
    pub is_running: bool,
    /// True if its SSH server answered just now.
    pub answers_ssh: bool,
}

/// The state file of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) subnet: Subnet,
    pub(crate) base: PathBuf,
    /// Nodes n1 to this one.
    pub(crate) nodes: u8,
    /// What earlier versions did not write was nspawn.
    #[serde(default)]
    pub(crate) kind: Kind,
}

impl Stored {
    /// Reads the state of the lab; `None` if it has none.
    ///
    /// # Errors
    /// When there is one that cannot be read or understood.
    pub(crate) fn read(places: &Places) -> Result<Option<Stored>, LabError> {
        let path = places.state();
        let Some(text) = files::read(&path)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|source| LabError::BadState { path, source })
    }

    /// Writes the state of the lab, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, places: &Places) -> Result<(), LabError> {
        let path = places.state();
        let text = serde_json::to_string_pretty(self);
        let text = text.map_err(|source| LabError::BadState { path: path.clone(), source })?;
        files::replace(&path, &(text + "\n"))
    }
}

/// The subnets of all labs below `labs`, also of those whose bridge is gone.
pub(crate) fn subnets(labs: &Path) -> Vec<Subnet> {
    let texts = fs::read_dir(labs).into_iter().flatten().flatten();
    let texts = texts.filter_map(|entry| fs::read_to_string(entry.path().join("state.json")).ok());
    texts.filter_map(|text| serde_json::from_str::<Stored>(&text).ok()).map(|stored| stored.subnet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Stored {
        let subnet = "10.213.7.0/24".parse().unwrap();
        let base = PathBuf::from("/var/cache/gainsay/base-1");
        Stored { name: "lab".to_owned(), subnet, base, nodes: 5, kind: Kind::Vm }
    }

    #[test]
    fn round_trip() {
        let text = serde_json::to_string(&stored()).unwrap();
        assert!(text.contains(r#""subnet":"10.213.7.0/24""#), "{text}");
        assert_eq!(serde_json::from_str::<Stored>(&text).unwrap(), stored());
        let former: Stored = serde_json::from_str(&text.replace(r#","kind":"vm""#, "")).unwrap();
        assert_eq!(former.kind, Kind::Nspawn);
        assert!(serde_json::from_str::<Stored>(&text.replace("/24", "/99")).is_err());
        assert!(serde_json::from_str::<Stored>(&text.replace("nodes", "nodez")).is_err());
    }

    #[test]
    fn subnets_of_all_readable_labs() {
        let labs = tempfile::tempdir().unwrap();
        let text = serde_json::to_string(&stored()).unwrap();
        files::write(&labs.path().join("a/state.json"), 0o644, &text).unwrap();
        files::write(&labs.path().join("b/state.json"), 0o644, "{").unwrap();
        assert_eq!(subnets(labs.path()), [stored().subnet]);
        assert_eq!(subnets(&labs.path().join("none")), []);
    }
}
