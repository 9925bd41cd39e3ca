//! When transactions began and ended, and whose they were: all that the orders of sessions and of real time need.

/// The position of an end that never came.
pub const NEVER: u32 = u32::MAX;

/// The intervals of transactions, a row each, in columns.
///
/// One transaction is before another in real time if it committed and its end is less than the other's beginning.
/// Positions are of events; times order nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The event of its invocation; 0 if it may have begun at any time.
    pub invoked: Vec<u32>,
    /// The event of its commit as its client saw it; [`NEVER`] if nobody knows whether it committed.
    pub completed: Vec<u32>,
    /// The logical client, numbered from 0. A client does one transaction after the other.
    pub session: Vec<u32>,
}

impl Timeline {
    /// How many transactions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.invoked.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.invoked.is_empty()
    }

    /// Adds a transaction after the others.
    pub fn push(&mut self, invoked: u32, completed: u32, session: u32) {
        self.invoked.push(invoked);
        self.completed.push(completed);
        self.session.push(session);
    }

    /// True if the first had surely committed before the second began.
    #[must_use]
    pub fn is_before(&self, first: u32, second: u32) -> bool {
        let ended = self.completed[first as usize];
        ended != NEVER && ended < self.invoked[second as usize]
    }
}
