//! What a monitor says: a decision in polynomial time, where the history allows it.

use super::{Model, Timed};

/// The answer of a monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Monitored {
    /// There is a legal order.
    Valid,
    /// There is none. Positions, in the slice that was given, of calls that have none by themselves if everything that
    /// they are tied to is added; the last one is the call that cannot be explained.
    Invalid(Vec<usize>),
    /// The monitor does not apply, and why.
    Unsupported(&'static str),
}

/// A model whose histories can, under some conditions, be judged without search.
pub trait Monitor: Model {
    /// Judges the calls of one object, crashed reads and failed calls left out. Never panics.
    fn monitor(&self, calls: &[Timed<Self::Op>]) -> Monitored;
}
