//! General engines: any model, any history, within a budget.
//!
//! [`search`] looks for an order just in time, and is the one that decides; [`wing_gong`] is the second opinion that
//! every witness needs; [`Witness`] makes an answer small. None of them knows a data type.

mod cells;
mod explain;
mod just_in_time;
mod machine;
mod plan;
mod prefix;
mod spans;
mod used;
mod wing_gong;
mod witness;

pub use explain::{DeadEnd, Explanation, Step, explain};
pub(crate) use just_in_time::counted;
pub use just_in_time::search;
pub use prefix::{earliest, prefix};
pub use spans::{Since, Span, spans};
pub use wing_gong::wing_gong;
pub use witness::Witness;

use crate::object::{Model, Timed};

/// How far a search may go. Work is counted, not time, so that the answer is the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Configurations that may be expanded.
    pub nodes: u64,
    /// Bytes that may be held.
    pub bytes: u64,
    /// Configurations that may be expanded without getting any further in the history.
    pub stall: u64,
    /// True if the search may look ahead to find that it is lost. That is faster by far, but then the call that blocks
    /// it may return before the violation shows; see [`earliest`].
    pub foresight: bool,
}

/// Why a search gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaveUp {
    /// All nodes were expanded.
    Nodes,
    /// All bytes were held.
    Bytes,
    /// It got no further for too long.
    Stall,
    /// More calls were pending at one time than can be told apart.
    Width,
    /// A chain of crashed calls was too long to be followed.
    Chain,
}

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is a legal order.
    Linearizable,
    /// There is none, not even of the events up to the return of this call, a position in what was given.
    Broken(usize),
    /// Nobody can say; there is an order of the events before the return of this call.
    GaveUp(usize, GaveUp),
}

/// An answer, and what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The answer.
    pub answer: Answer,
    /// Configurations that were expanded.
    pub nodes: u64,
}

/// Puts calls in the order of their invocations and takes out those that no order has a use for.
pub fn clean<M: Model>(model: &M, calls: &mut Vec<Timed<M::Op>>) {
    if !calls.is_sorted_by_key(|call| call.invoked) {
        calls.sort_by_key(|call| call.invoked);
    }
    if calls.iter().any(Timed::crashed) {
        calls.retain(|call| !(call.crashed() && model.is_read(&call.op)));
        model.prune(calls);
    }
}
