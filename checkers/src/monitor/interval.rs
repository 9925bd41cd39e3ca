//! Tools on closed intervals of a log's positions that every monitor shares. They know nothing of models.
//!
//! An operation is a `Span` from the position of its invocation to that of its completion; it takes effect at one point
//! of it. One operation precedes another when it completed before the other was invoked; equal positions are
//! concurrent. What never completed reaches to `FOREVER`.

mod cover;
mod deadlines;
mod shrink;
mod slots;
mod stab;
mod zones;

pub(super) use cover::{Uncovered, Union, covering};
pub(super) use deadlines::first_unmatched;
pub(super) use shrink::shrink;
pub(super) use slots::{Ranged, sweep};
pub(super) use stab::{Coverage, Waiting};
pub(super) use zones::{Zone, conflict};

/// The end of an operation that never completed, and of a presence that never ends.
pub(super) const FOREVER: u32 = u32::MAX;

/// The positions between which something happened, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Span {
    /// What never happened: it lies behind everything.
    pub(super) const NEVER: Span = Span { from: FOREVER, to: FOREVER };

    pub(super) fn new(from: u32, to: Option<u32>) -> Self {
        Span { from, to: to.unwrap_or(FOREVER) }
    }

    /// Whether this is over before the other begins.
    pub(super) fn precedes(self, other: Span) -> bool {
        self.to < other.from
    }

    /// The instants strictly between the end of this and the begin of the other: from a value's insertion to its
    /// removal, it is present at each of them.
    pub(super) fn until(self, removal: Span) -> Span {
        Span { from: self.to, to: removal.from }
    }
}
