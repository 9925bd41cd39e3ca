//! A lab: real nodes on one machine, for tests that need more than a simulation.
//!
//! Mostly, every node is a `systemd-nspawn` machine with its own network namespace, its own systemd as PID 1, its own sshd,
//! firewall and static address on a bridge of the lab's. The harness reaches it over SSH like any other node; it
//! reads where from the [inventory](Lab::inventory) that [`Lab::up`] writes.
//!
//! What such a lab does not have: a kernel and a clock per node (all nodes share the machine's). A lab of the other
//! [`Kind`] has: its nodes are QEMU machines from the same recipe, slower by far, whose power can be cut, whose clocks
//! can jump and whose cables can be pulled. Neither has a way to any other network (no default route, no NAT).
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
mod kind;
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
mod vm;

pub use error::LabError;
pub use kind::Kind;
pub use lab::Lab;
pub use state::{LabState, NodeState};
pub use supported::{supported, supports};
pub use vm::Lever;
