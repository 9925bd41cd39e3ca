//! Small transactional stores, each correct at one isolation level by construction and visibly weaker than the next:
//! what the `memory` database answers from, and what the checkers of transactions are tested against.
//!
//! A [`Store`] keeps every object as the chain of its committed versions. A [`Level`] decides two things only: which
//! versions a transaction may see, and what stops it at its commit. Nothing here waits, sleeps or locks; whoever drives
//! a store carries out one micro-operation at a time ([`Running`]), the `memory` database between two waits, and
//! [`simulate`] in a random order that a seed fixes. Nothing here judges.

mod chain;
mod level;
mod load;
mod running;
mod session;
mod simulation;
mod sites;
mod skew;
mod store;
mod stored;
mod transaction;

pub use level::Level;
pub use load::Load;
pub use running::{Running, Step};
pub use session::Session;
pub use simulation::{Scenario, Simulated, Witnessed, simulate, simulate_appends, simulate_registers};
pub use store::{Aborted, Store};
pub use stored::{Access, Objects, Stop, Stored};
pub use transaction::{Commit, Seen, Transaction};
