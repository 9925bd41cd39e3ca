//! What clients ask, and which checker judges it.
//!
//! A workload is a [`Generator`] for the main part of a run, another for the final reads after everything is healed,
//! and the checks that judge the history. Generators say *what* is asked, never *when*: rate, limits and phases are
//! the plan's. They know no node, no clock and no database.

mod append;
mod bank;
mod final_reads;
mod generator;
mod isolation;
mod lock;
mod long_fork;
mod mops;
mod predicate;
mod register;
mod set;
mod workload;
mod wr;
mod write_skew;

pub use append::append;
pub use bank::bank;
pub use generator::{Context, Generator, Next};
pub use lock::{LEASE, lock};
pub use long_fork::long_fork;
pub use predicate::predicate;
pub use register::register;
pub use set::set;
pub use workload::{ALL, Description, Judge, Workload};
pub use wr::wr;
pub use write_skew::write_skew;
