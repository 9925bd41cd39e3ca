//! The slot sweep: when the model forces each operation into a numbered slot, or into a range of slots, is there an
//! order that also respects real time?
//!
//! There is one if and only if no operation is invoked after the completion of another that must be in a later slot.
//! (Give each operation the greatest lower bound among itself and what precedes it: precedence is transitive, so
//! comparing pairs is enough.) Source: checkers.md 2.7, "slot sweep". n log n; linear when operations come in order.

use super::{FOREVER, Span};

/// An operation that belongs into one of the slots `lowest..=highest`.
#[derive(Clone, Copy, Debug)]
pub(in crate::monitor) struct Ranged {
    pub(in crate::monitor) lowest: u32,
    pub(in crate::monitor) highest: u32,
    pub(in crate::monitor) span: Span,
    /// What the caller knows it by.
    pub(in crate::monitor) tag: u32,
}

/// The first violation, as the tags of two operations: the first completed before the second was invoked, although
/// its slot is a later one.
pub(in crate::monitor) fn sweep(operations: &[Ranged]) -> Option<(u32, u32)> {
    let invocations = ordered(operations, |operation| operation.span.from);
    let completions = ordered(operations, |operation| operation.span.to);
    let mut completions = completions.into_iter().map(|key| &operations[key as u32 as usize]).peekable();
    let mut latest: Option<&Ranged> = None;
    for operation in invocations.into_iter().map(|key| &operations[key as u32 as usize]) {
        let from = operation.span.from;
        while let Some(done) = completions.next_if(|done| done.span.to < from && done.span.to != FOREVER) {
            if latest.is_none_or(|latest| latest.lowest < done.lowest) {
                latest = Some(done);
            }
        }
        if let Some(latest) = latest.filter(|latest| latest.lowest > operation.highest) {
            return Some((latest.tag, operation.tag));
        }
    }
    None
}

/// Position and index of every operation in one number, ascending.
fn ordered(operations: &[Ranged], position: impl Fn(&Ranged) -> u32) -> Vec<u64> {
    let key = |(index, operation)| u64::from(position(operation)) << 32 | index as u64;
    let mut keys: Vec<u64> = operations.iter().enumerate().map(key).collect();
    if !keys.is_sorted() {
        keys.sort_unstable();
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(operations: &[(u32, u32, u32, u32)]) -> Option<(u32, u32)> {
        let ranged = |(tag, &(lowest, highest, from, to)): (usize, &(u32, u32, u32, u32))| Ranged {
            lowest,
            highest,
            span: Span { from, to },
            tag: tag as u32,
        };
        sweep(&operations.iter().enumerate().map(ranged).collect::<Vec<_>>())
    }

    #[test]
    fn a_later_slot_that_completed_first_is_a_violation() {
        assert_eq!(first(&[(2, 2, 0, 1), (1, 1, 2, 3)]), Some((0, 1)));
    }

    #[test]
    fn concurrent_operations_may_take_any_order() {
        assert_eq!(first(&[(2, 2, 0, 2), (1, 1, 2, 3)]), None);
        assert_eq!(first(&[(2, 2, 0, FOREVER), (1, 1, 7, 9)]), None);
    }

    #[test]
    fn a_range_leaves_room() {
        assert_eq!(first(&[(2, 9, 0, 1), (0, 2, 2, 3)]), None);
        assert_eq!(first(&[(2, 9, 0, 1), (0, 5, 2, 3), (1, 1, 4, 5)]), Some((0, 2)));
    }
}
