//! Transactional isolation: which levels a history of transactions satisfies, and which it refutes, with cycles that a
//! person can follow.
//!
//! The way of a history: [`Transactions`] are decoded out of calls into columns; version orders and the anomalies that
//! need no cycle come out of those; what is known of who read and overwrote whom becomes a [`Graph`] over the rows of the
//! transactions (and [`Accesses`], for the levels that are no matter of cycles alone); cycles are found in it by means
//! that know no data type; the lattice of levels says what an anomaly refutes.
//!
//! Source of the vocabulary: Adya 1999, "Weak consistency"; of the inference: Kingsbury and Alvaro 2020, "Elle". This
//! module judges no single object, and reads nothing into a history that every explanation of it does not share.

mod access;
mod cycle;
mod graph;
pub mod level;
mod phenomenon;
mod timeline;

pub use access::{Accesses, INITIAL, Read, Write};
pub use cycle::{Cycle, CycleOptions, CycleStats, Cycles, Gap, GraphLevel, Proof, Step, Why, cycles, verify};
pub use graph::{Edge, Graph, Kinds};
pub use phenomenon::{Needs, Phenomenon, Shape};
pub use timeline::{NEVER, Timeline};
