//! Where everything of a lab is. All of it has the lab's name in it.

use std::path::{Path, PathBuf};

use crate::hash::fnv1a;

/// Base trees, shared by all labs.
pub(crate) const CACHE: &str = "/var/cache/gainsay";
/// One folder per lab.
pub(crate) const LABS: &str = "/var/lib/gainsay/labs";
/// Locks; not in the lab's folder, which `down` removes while it holds one.
const LOCKS: &str = "/run/gainsay";

/// The places of one lab.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    name: String,
}

impl Places {
    pub(crate) fn new(name: &str) -> Places {
        Places { name: name.to_owned() }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        Path::new(LABS).join(&self.name)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.dir().join("state.json")
    }

    pub(crate) fn inventory(&self) -> PathBuf {
        self.dir().join("inventory.toml")
    }

    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.dir().join("known_hosts")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.dir().join("id_ed25519")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        Path::new(LOCKS).join(format!("lab-{}.lock", self.name))
    }

    /// Held while a subnet is chosen and taken, so that two labs do not choose the same.
    pub(crate) fn network_lock() -> PathBuf {
        Path::new(LOCKS).join("network.lock")
    }

    /// At most 15 bytes, which is what the kernel allows.
    pub(crate) fn bridge(&self) -> String {
        format!("gsy-{:08x}", fnv1a(&self.name) >> 32)
    }

    pub(crate) fn nodes(&self) -> PathBuf {
        self.dir().join("nodes")
    }

    pub(crate) fn node(&self, node: &str) -> NodePlaces {
        NodePlaces { dir: self.nodes().join(node), machine: format!("gainsay-{}-{node}", self.name) }
    }
}

/// The places of one node.
#[derive(Debug, Clone)]
pub(crate) struct NodePlaces {
    dir: PathBuf,
    /// The name of its machine, its control groups and its cable.
    pub(crate) machine: String,
}

impl NodePlaces {
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The node's root as this machine sees it: an overlay.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// What differs from the base tree. It also marks every process of the node: their `/` is mounted from it.
    pub(crate) fn upper(&self) -> PathBuf {
        self.dir.join("upper")
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.dir.join("work")
    }

    /// Process id and start time of the node's `systemd-nspawn`.
    pub(crate) fn process(&self) -> PathBuf {
        self.dir.join("process")
    }

    /// The same of what starts it again when the node reboots.
    pub(crate) fn launcher(&self) -> PathBuf {
        self.dir.join("launcher")
    }

    pub(crate) fn console(&self) -> PathBuf {
        self.dir.join("console.log")
    }

    /// A mount point for healing a frozen image that is mounted nowhere any more.
    pub(crate) fn thaw(&self) -> PathBuf {
        self.dir.join("thaw")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_kernel_and_differ() {
        let (one, two) = (Places::new("lab"), Places::new("lab2"));
        assert!(one.bridge().len() <= 15);
        assert_ne!(one.bridge(), two.bridge());
        assert_ne!(one.node("n1").machine, one.node("n2").machine);
        assert!(Places::new("abcdefghijkl").node("n9").machine.len() <= 64);
    }
}
