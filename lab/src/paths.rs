//! Where everything of a lab is. All of it has the lab's name in it.

use std::path::{Path, PathBuf};

use crate::hash::fnv1a;

/// Base trees, shared by all labs.
pub(crate) const CACHE: &str = "/var/cache/gainsay";
/// One folder per lab.
pub(crate) const LABS: &str = "/var/lib/gainsay/labs";
/// Locks; not in the lab's folder, which `down` removes while it holds one.
pub(crate) const LOCKS: &str = "/run/gainsay";

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
        let (dir, hash) = (self.nodes().join(node), fnv1a(&self.name));
        NodePlaces { dir, machine: format!("gainsay-{}-{node}", self.name), node: node.to_owned(), lab: hash }
    }
}

/// The places of one node.
#[derive(Debug, Clone)]
pub(crate) struct NodePlaces {
    dir: PathBuf,
    /// The name of its machine, its control groups and its cable.
    pub(crate) machine: String,
    node: String,
    /// A number made of the lab's name.
    lab: u64,
}

impl NodePlaces {
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The node's root as this machine sees it: an overlay, or the disk of a virtual machine that does not run.
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

    /// The disk of a virtual machine.
    pub(crate) fn disk(&self) -> PathBuf {
        self.dir.join("disk.img")
    }

    /// Host keys of a virtual machine, whose root cannot be read while it runs; laid out as in a root.
    pub(crate) fn identity(&self) -> PathBuf {
        self.dir.join("identity")
    }

    /// Where QEMU listens for commands.
    pub(crate) fn qmp(&self) -> PathBuf {
        self.dir.join("qmp")
    }

    /// This machine's end of the cable of a virtual machine; at most 15 bytes.
    pub(crate) fn tap(&self) -> String {
        format!("gst{:08x}-{}", self.lab >> 32, self.node)
    }

    /// The Ethernet address of a virtual machine, of the range that QEMU uses.
    pub(crate) fn hardware_address(&self) -> String {
        let [a, b, ..] = self.lab.to_le_bytes();
        let [node, ..] = fnv1a(&self.node).to_le_bytes();
        format!("52:54:00:{a:02x}:{b:02x}:{node:02x}")
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
        assert!(one.node("n9").tap().len() <= 15);
        assert_ne!(one.node("n1").tap(), two.node("n1").tap());
        let addresses = (1..=9).map(|node| one.node(&format!("n{node}")).hardware_address());
        assert_eq!(addresses.collect::<std::collections::BTreeSet<_>>().len(), 9);
        assert_ne!(one.bridge(), two.bridge());
        assert_ne!(one.node("n1").machine, one.node("n2").machine);
        assert!(Places::new("abcdefghijkl").node("n9").machine.len() <= 64);
    }
}
