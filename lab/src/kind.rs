//! What the nodes of a lab are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of a lab's nodes; all nodes of a lab are of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `systemd-nspawn` machines: quick, but they share this machine's kernel and clock.
    #[default]
    Nspawn,
    /// QEMU machines: each has a kernel, a clock, a disk and a power switch of its own.
    Vm,
}

impl Kind {
    /// The word that command lines and inventories use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Nspawn => "nspawn",
            Kind::Vm => "vm",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Kind, String> {
        [Kind::Nspawn, Kind::Vm]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| format!("a lab's nodes are nspawn or vm, not {text:?}"))
    }
}
