//! Needs with deadlines, met by calls that can help from their invocation on: each need takes one call.
//!
//! Source: Hall's theorem for intervals that all reach to infinity; checkers.md 2.7 (c) and (j). Linear.

/// The index of the first need that no call is left for. Both slices ascend; a call helps when it was invoked no later
/// than the need's deadline.
pub(in crate::monitor) fn first_unmatched(deadlines: &[u32], invocations: &[u32]) -> Option<usize> {
    let late = |(need, deadline): (usize, &u32)| invocations.get(need).is_none_or(|invoked| invoked > deadline);
    deadlines.iter().enumerate().position(late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_need_takes_the_earliest_call_that_is_left() {
        assert_eq!(first_unmatched(&[5, 9], &[2, 8]), None);
        assert_eq!(first_unmatched(&[5, 9], &[2, 10]), Some(1));
        assert_eq!(first_unmatched(&[5, 9], &[6, 7]), Some(0));
        assert_eq!(first_unmatched(&[5], &[]), Some(0));
        assert_eq!(first_unmatched(&[], &[1]), None);
    }
}
