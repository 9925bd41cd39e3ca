//! The order of time, swept once: which numbers are smaller than that of a call which was over before.

use super::object::{Object, Op};

/// Calls one after another with the greatest number among those that were over before they began, if it is greater.
/// Source: the slot sweep, a running maximum over returns in the order of rows.
pub(super) fn regressions<'a>(
    object: &'a Object<'a>,
    number: impl Fn(&Op) -> Option<i64>,
    mut regression: impl FnMut((i64, &'a Op<'a>), (i64, &'a Op<'a>)),
) {
    let mut begins: Vec<(i64, &Op)> = object.ops.iter().filter_map(|op| Some((number(op)?, op))).collect();
    let mut returns = begins.clone();
    begins.sort_by_key(|(_, op)| op.invoked);
    returns.sort_by_key(|(_, op)| op.returned);
    let mut returns = returns.into_iter().peekable();
    let mut greatest: Option<(i64, &Op)> = None;
    for (own, op) in begins {
        while let Some(before) = returns.next_if(|(_, before)| before.precedes(op)) {
            greatest = greatest.filter(|greatest| greatest.0 >= before.0).or(Some(before));
        }
        if let Some(before) = greatest.filter(|greatest| greatest.0 > own) {
            regression(before, (own, op));
        }
    }
}
