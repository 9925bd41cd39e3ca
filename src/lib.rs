//! Runs a test: plan, phases, interpreter, results store, command line.
//!
//! This is the code of the `gainsay` command. It is a library only so that benchmarks and tests reach its parts; nothing
//! else imports it.

mod answers;
mod audit;
pub mod cli;
mod clients;
mod commands;
mod exit;
mod faults;
mod heartbeat;
mod index;
pub mod interpreter;
pub mod journal;
mod judge;
mod limits;
pub mod offered;
mod plan;
mod probe;
mod progress;
mod quantity;
mod recorded;
mod replay;
mod run;
pub mod stop;
mod store;
mod summary;
mod terminal;
mod testbed;
mod transactional;
mod worker;

pub use commands::main;
