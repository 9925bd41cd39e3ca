//! How nodes are reached, and what a database must offer to be tested.
//!
//! A [`Node`] runs commands through a [`Transport`]: over SSH on real nodes, recorded in dry runs and tests. An
//! [`Inventory`] says which nodes there are, [`connect`] reaches them, [`claim`] makes sure that they may be broken and
//! that nobody else does so, [`examine`] finds what they lack. The
//! traits [`Database`], [`Connect`] and [`Client`] are what the harness knows of a system under test. This crate
//! breaks nothing and judges nothing.

mod audit;
mod claim;
mod command;
mod connect;
mod database;
mod doctor;
mod halt;
pub mod http;
mod inventory;
mod machine;
mod node;
mod spelling;
mod ssh;

pub use audit::{Audit, Ran};
pub use claim::{Claim, check_marker, claim};
pub use command::{Command, NodeError, Output};
pub use connect::{connect, connect_each};
pub use database::{Client, ClientError, Connect, Daemon, Database};
pub use doctor::{Finding, Severity, examine};
pub use halt::{Standing, halt, standing};
pub use inventory::{Host, Inventory, InventoryError};
pub use machine::{Lever, Machine, MachineKind};
pub use node::{Node, Recorder, Transport};
pub use spelling::nearest;
pub use ssh::sudoers;
