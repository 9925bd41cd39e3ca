//! What can go wrong with a lab, with enough in each error to act on it.

use std::path::PathBuf;

use thiserror::Error;

use crate::kind::Kind;
use crate::vm::Lever;

/// A lab could not be brought up, taken down or looked at.
#[derive(Debug, Error)]
pub enum LabError {
    /// The name would not do for a machine, a folder and a file of the lab.
    #[error("{name:?} is no name for a lab: 1 to 12 of a-z, 0-9 and '-', neither first nor last a '-'")]
    BadName {
        /// The name that was asked for.
        name: String,
    },
    /// A lab has 1 to 9 nodes.
    #[error("a lab has 1 to 9 nodes, not {nodes}")]
    BadCount {
        /// The number that was asked for.
        nodes: u8,
    },
    /// The lab's nodes are of another kind than was asked for.
    #[error("lab {lab:?} has {has} nodes, not {asked}; take it down first, or give another --name")]
    OtherKind {
        /// The lab's name.
        lab: String,
        /// What its nodes are.
        has: Kind,
        /// What was asked for.
        asked: Kind,
    },
    /// Only a virtual machine has a power switch and a cable of its own.
    #[error("{node} of lab {lab:?} is no virtual machine: {lever} can be done to nodes of `lab up --kind vm` only")]
    NoSwitchboard {
        /// The lab's name.
        lab: String,
        /// The node that was asked for.
        node: String,
        /// What should have been done.
        lever: Lever,
    },
    /// This machine cannot run a lab.
    #[error("this machine cannot run a lab: {reason}")]
    Unsupported {
        /// What is missing, in words.
        reason: String,
    },
    /// There is no lab of that name.
    #[error("there is no lab {name:?}; `gainsay lab up` makes one")]
    NoSuchLab {
        /// The lab's name.
        name: String,
    },
    /// The lab has no node of that name.
    #[error("lab {lab:?} has no node {node:?}")]
    NoSuchNode {
        /// The lab's name.
        lab: String,
        /// The node that was asked for.
        node: String,
    },
    /// Fewer nodes were asked for than are running; `up` never stops one.
    #[error("lab {lab:?} has {node} running, which {asked} nodes would have to stop; take the lab down first")]
    WouldShrink {
        /// The lab's name.
        lab: String,
        /// How many nodes were asked for.
        asked: u8,
        /// A running node beyond that number.
        node: String,
    },
    /// Every subnet that a lab may have overlaps a route or an address of this machine.
    #[error("every private subnet for lab {name:?} overlaps a route or an address of this machine")]
    NoSubnet {
        /// The lab's name.
        name: String,
    },
    /// A command failed or took too long.
    #[error("`{command}` {ending}{output}")]
    Command {
        /// The command with its arguments.
        command: String,
        /// How it ended: its exit status, or the time that it was given.
        ending: String,
        /// The end of what it said, on a line of its own; empty if it said nothing.
        output: String,
    },
    /// A file or folder could not be read, written or removed.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// What was tried: "read", "write", ...
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The state file is not what this version writes.
    #[error("{path} is not the state of a lab: {source}; `gainsay lab down` removes what is there")]
    BadState {
        /// The state file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Somebody else held the lock for too long.
    #[error("{path} was still locked by another process after {seconds} s")]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long we waited.
        seconds: u64,
    },
    /// The machine of a node ended while it was expected to boot, or sshd did not answer in time.
    #[error("{node} ({address}) {problem}; the end of its console:\n{console}")]
    NoBoot {
        /// The node's name.
        node: String,
        /// Its address.
        address: String,
        /// What was seen of it.
        problem: String,
        /// The last lines of its console.
        console: String,
    },
    /// Something of a node outlived every attempt to remove it.
    #[error("{node}: {what} is still there after {seconds} s")]
    Left {
        /// The node's name.
        node: String,
        /// What is left: a process, a loop device, a mount.
        what: String,
        /// How long we tried.
        seconds: u64,
    },
    /// It is not known where Debian's packages are.
    #[error("nowhere to fetch Debian {suite} from: no source in /etc/apt names a mirror of Debian's main component")]
    NoMirror {
        /// The suite whose packages are wanted.
        suite: &'static str,
    },
    /// There is no keyring to verify Debian's packages with.
    #[error("no keyring to verify Debian {suite} with: neither Signed-By in apt's sources nor {keyring} exists")]
    NoKeyring {
        /// The suite whose packages are wanted.
        suite: &'static str,
        /// The keyring that was looked for.
        keyring: PathBuf,
    },
    /// The base tree was built, but is not what it should be.
    #[error("the base tree is wrong: {what}")]
    BadBase {
        /// What was expected and what was found.
        what: String,
    },
}
