//! A lab: real nodes on one machine, for tests that need more than a simulation.
//!
//! Every node is a `systemd-nspawn` machine with its own network namespace, its own systemd as PID 1, its own sshd,
//! firewall and static address on a bridge of the lab's. The harness reaches it over SSH like any other node; it
//! reads where from the [inventory](Lab::inventory) that [`Lab::up`] writes.
//!
//! What a lab does not have: a kernel and a clock per node (all nodes share the machine's), and a way to any other
//! network (no default route, no NAT).
//!
//! Everything that a lab makes is found again by name or by what is mounted, never from the memory of one process,
//! so that [`Lab::down`] works after every crash.

mod apt;
mod base;
mod cgroup;
mod error;
mod etcd;
mod files;
mod hash;
mod inventory;
mod lab;
mod lock;
mod loops;
mod machine;
mod mounts;
mod network;
mod paths;
mod prepare;
mod process;
mod recipe;
mod state;
mod step;
mod stop;
mod subnet;
mod supported;
mod together;

pub use error::LabError;
pub use lab::Lab;
pub use state::{LabState, NodeState};
pub use supported::supported;
