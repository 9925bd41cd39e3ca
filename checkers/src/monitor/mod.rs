//! Polynomial monitors: objects whose histories can be judged without search, if each value is brought in only once.
//!
//! Each file is one kind of object and implements [`crate::object::Monitor`] for its models. A monitor says valid or
//! invalid only when that is certain, and otherwise names what keeps it from a verdict, so that a search can follow.
//! Sources: checkers.md 2.7, compared there and in our tests with a brute-force oracle. All take n log n.

mod append_log;
mod counter;
mod fetch;
mod grow_only;
mod interval;
mod lock;
mod passage;
mod priority;
mod queue;
mod register;
mod set;
mod stack;

use crate::object::Timed;
use interval::Span;

/// From when to when a call may have taken effect.
fn span<O>(call: &Timed<O>) -> Span {
    Span::new(call.invoked, call.returned)
}

/// Positions as a certificate has them: each once, in the order of the invocations.
fn named<O>(calls: &[Timed<O>], positions: impl IntoIterator<Item = u32>) -> Vec<usize> {
    let mut positions: Vec<usize> = positions.into_iter().map(|position| position as usize).collect();
    positions.sort_unstable_by_key(|&position| (calls[position].invoked, position));
    positions.dedup();
    positions
}

/// Why a history that is too long for 32 bits is not judged.
const TOO_LONG: &str = "there are more than two thousand million calls";

/// Whether positions in the slice fit the tags of the interval tools, doubled slots included.
fn is_too_long<O>(calls: &[Timed<O>]) -> bool {
    calls.len() >= (u32::MAX / 2 - 8) as usize
}
