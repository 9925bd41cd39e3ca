//! Histories as they were known at some moment, and the first moment at which one shows a violation.

use super::clean;
use crate::object::{Model, Timed};

/// What was known right after an event: calls that began by then, of which those that had not returned may have happened
/// or not. Of cleaned calls; cleaned.
pub fn prefix<M: Model>(model: &M, calls: &[Timed<M::Op>], end: u32) -> Vec<Timed<M::Op>> {
    let begun = calls.partition_point(|call| call.invoked <= end);
    let mut known: Vec<Timed<M::Op>> = calls[..begun].to_vec();
    for call in &mut known {
        call.returned = call.returned.filter(|returned| *returned <= end);
    }
    clean(model, &mut known);
    known
}

/// Finds the call upon whose return cleaned calls have no legal order any more: a history that has none keeps having
/// none, whatever follows. `is_broken` judges a prefix, None if it cannot, or has done enough; it is asked about twice as
/// often as the number of calls has digits in base two. `from` and `to` are events: no violation shows before the first,
/// and one has shown by the second. The position of the call in `calls`; None if nobody could say.
pub fn earliest<M: Model>(
    model: &M,
    calls: &[Timed<M::Op>],
    (from, to): (u32, u32),
    mut is_broken: impl FnMut(&[Timed<M::Op>]) -> Option<bool>,
) -> Option<usize> {
    let within = |returned: &u32| (from..=to).contains(returned);
    let mut returns: Vec<(u32, usize)> =
        calls.iter().enumerate().filter_map(|(at, call)| Some((call.returned.filter(within)?, at))).collect();
    returns.sort_unstable();
    let mut broken_at = |at: usize| is_broken(&prefix(model, calls, returns[at].0));
    // The first guesses are near the beginning, since that is where a search got to.
    let (mut low, mut step) = (0, 1);
    let mut high = loop {
        let guess = (low + step - 1).min(returns.len().checked_sub(1)?);
        match broken_at(guess)? {
            true => break guess,
            false if guess + 1 == returns.len() => return None,
            false => (low, step) = (guess + 1, step * 2),
        }
    };
    while low < high {
        let middle = low + (high - low) / 2;
        if broken_at(middle)? { high = middle } else { low = middle + 1 }
    }
    Some(returns[high].1)
}
