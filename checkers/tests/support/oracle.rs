//! Linearizability by its definition: is there a subset of the crashed operations, and an order of it and of all
//! known operations, that respects real time and that one register could have produced? Everything is tried.

use history::{History, Operation, Outcome, Register, RegisterOp, RegisterRet};

pub fn is_linearizable(history: &History<Register>) -> bool {
    let happened = |o: &&Operation<Register>| !matches!(o.outcome, Outcome::Fail(_));
    let (known, crashed): (Vec<_>, Vec<_>) = history.operations.iter().filter(happened).partition(|o| o.ok().is_some());
    (0..1u32 << crashed.len()).any(|subset| {
        let mut chosen = known.clone();
        chosen.extend(crashed.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1).map(|(_, o)| *o));
        some_order_is_legal(&mut chosen, None)
    })
}

fn some_order_is_legal(left: &mut Vec<&Operation<Register>>, value: Option<i64>) -> bool {
    if left.is_empty() {
        return true;
    }
    for at in 0..left.len() {
        let next = left[at];
        if left.iter().any(|other| other.precedes(next)) {
            continue;
        }
        let Some(after) = step(next, value) else { continue };
        left.swap_remove(at);
        let legal = some_order_is_legal(left, after);
        left.push(next);
        let last = left.len() - 1;
        left.swap(at, last);
        if legal {
            return true;
        }
    }
    false
}

fn step(operation: &Operation<Register>, value: Option<i64>) -> Option<Option<i64>> {
    match operation.op {
        RegisterOp::Read { .. } => match operation.ok() {
            Some(RegisterRet::Value(found)) if *found != value => None,
            _ => Some(value),
        },
        RegisterOp::Write { value, .. } => Some(Some(value)),
        RegisterOp::Cas { expected, new, .. } => (value == Some(expected)).then_some(Some(new)),
    }
}
