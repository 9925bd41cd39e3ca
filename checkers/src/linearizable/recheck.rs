//! A second opinion on a witness: a plain search over all orders of its few operations, that shares no code and no
//! idea with the search that found it. It reads the operations themselves.
//!
//! Source: Wing and Gong 1993, "Testing and verifying concurrent objects", with the memory of Lowe 2017, section 3.

use history::{History, OpId, Operation, Outcome, Register, RegisterOp, RegisterRet};
use rustc_hash::FxHashSet;

/// What the second opinion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    /// No order of these operations is legal.
    Broken,
    /// At least one is.
    Explained,
    /// There are too many operations to say.
    TooLarge,
}

/// Orders that are begun, at most.
const MOST: usize = 2_000_000;

/// An operation of the witness.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    operation: &'a Operation<Register>,
    /// False if it may never have happened.
    is_known: bool,
}

/// Which operations have happened, one bit each, and what the register holds.
type Begun = (Vec<u64>, Option<i64>);

/// Judges the operations of a witness by themselves, up to the completion of the culprit. Whether an operation happens
/// that has not completed by then, be it that it crashed, is tried both ways. A
/// compare-and-set that succeeded, of a value that no other operation of the witness writes, counts as a write.
pub(crate) fn recheck(history: &History<Register>, witness: &[OpId], culprit: OpId) -> Opinion {
    let end = history.operation(culprit).completed;
    let over = |o: &Operation<Register>| o.ok().is_some() && o.completed <= end;
    let operations = witness.iter().map(|id| history.operation(*id));
    let happened = operations.filter(|o| !matches!(o.outcome, Outcome::Fail(_)));
    let operations: Vec<Candidate<'_>> = happened.map(|o| Candidate { operation: o, is_known: over(o) }).collect();
    let start: Begun = (vec![0; operations.len().div_ceil(64)], None);
    let mut seen = FxHashSet::from_iter([start.clone()]);
    let mut open = vec![start];
    while let Some((done, value)) = open.pop() {
        if all_known_are_done(&operations, &done) {
            return Opinion::Explained;
        }
        for at in 0..operations.len() {
            if is_done(&done, at) || !may_be_next(&operations, &done, at) {
                continue;
            }
            let Some(after) = apply(&operations, at, value) else { continue };
            let mut next = (done.clone(), after);
            next.0[at / 64] |= 1 << (at % 64);
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
        if seen.len() > MOST {
            return Opinion::TooLarge;
        }
    }
    Opinion::Broken
}

/// True if a read, or a successful compare-and-set, found a value that no operation on its register could have
/// written by then: nobody asked for it before the finder was over, except operations that failed.
pub(crate) fn is_unwritten(history: &History<Register>, finder: OpId) -> bool {
    let finder = history.operation(finder);
    let (key, found) = match (finder.op, finder.ok()) {
        (RegisterOp::Read { key }, Some(RegisterRet::Value(Some(found)))) => (key, *found),
        (RegisterOp::Cas { key, expected, .. }, Some(_)) => (key, expected),
        _ => return false,
    };
    let over = finder.completed.map_or(u64::MAX, |completed| completed.index);
    let begun = history.operations.iter().filter(|o| o.invoked.index <= over && !std::ptr::eq(*o, finder));
    !begun.filter(|o| !matches!(o.outcome, Outcome::Fail(_))).any(|o| writes(o) == Some((key, found)))
}

/// What an operation writes where, if it happens.
pub(crate) fn writes(operation: &Operation<Register>) -> Option<(u64, i64)> {
    match operation.op {
        RegisterOp::Write { key, value } => Some((key, value)),
        RegisterOp::Cas { key, new, .. } => Some((key, new)),
        RegisterOp::Read { .. } => None,
    }
}

fn is_done(done: &[u64], at: usize) -> bool {
    done[at / 64] >> (at % 64) & 1 == 1
}

fn all_known_are_done(operations: &[Candidate<'_>], done: &[u64]) -> bool {
    operations.iter().enumerate().all(|(at, o)| is_done(done, at) || !o.is_known)
}

fn may_be_next(operations: &[Candidate<'_>], done: &[u64], at: usize) -> bool {
    let precedes = |o: &Candidate<'_>| o.is_known && o.operation.precedes(operations[at].operation);
    let waits_for = |(other, o): (usize, &Candidate<'_>)| !is_done(done, other) && precedes(o);
    !operations.iter().enumerate().any(waits_for)
}

/// What the register holds after an operation, if it is legal now.
fn apply(operations: &[Candidate<'_>], at: usize, value: Option<i64>) -> Option<Option<i64>> {
    let others = || operations.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, o)| o.operation);
    let Candidate { operation, is_known } = operations[at];
    match (operation.op, operation.ok()) {
        (RegisterOp::Read { .. }, Some(RegisterRet::Value(found))) => (*found == value).then_some(value),
        (RegisterOp::Read { .. }, _) => Some(value),
        (RegisterOp::Write { value, .. }, _) => Some(Some(value)),
        (RegisterOp::Cas { key, expected, new }, _) => {
            let stands_for_a_write = is_known && !others().any(|o| writes(o) == Some((key, expected)));
            (stands_for_a_write || value == Some(expected)).then_some(Some(new))
        }
    }
}
