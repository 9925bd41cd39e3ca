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
mod append;
mod by_key;
mod components;
mod cycle;
mod decode;
mod explain;
mod finding;
mod graph;
mod hubs;
mod inferred;
mod judge;
pub mod level;
mod minimal;
mod object;
mod options;
mod phenomenon;
mod predicate;
mod register;
mod timeline;
mod transactions;

pub use access::{Accesses, INITIAL, Read, Write};
pub use append::infer_append;
pub use cycle::{
    Cycle, CycleOptions, CycleStats, Cycles, Gap, GraphLevel, Proof, Step, Why, cycles, verify, verify_proof,
};
pub use explain::{Explained, Hop};
pub use finding::{Finding, MOST_TOLD, Spot, verify_finding};
pub use graph::{Edge, Graph, Kinds};
pub use inferred::{EMPTY_GRAPH, Inferred, TxnExposure};
pub use judge::{
    Certificate, Objects, Refutation, StampFields, TxnAnomaly, TxnJudged, TxnOptions, TxnVerdicts, judge_independent,
    judge_timestamps, judge_transactions,
};
pub use level::orders_of;
pub use minimal::{Kept, Minimal};
pub use options::{InferOptions, Initial};
pub use phenomenon::{Needs, Phenomenon, Shape};
pub use predicate::infer_predicate;
pub use register::infer_register;
pub use timeline::{NEVER, Timeline};
pub use transactions::{Kind, Mop, Transactions};
