//! Operations as the search sees them: what each needs the register to hold, and what it makes it hold.

use crate::engine::{self, Answer, Found, Limits};
use crate::model;
use crate::object::Timed;
use history::{History, OpId, Operation, Outcome, Register, RegisterOp, RegisterRet};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// When a crashed call returns.
pub(crate) const FOREVER: u64 = u64::MAX;

/// What a register holds, numbered within one register; 0 is what it holds at first, which is nothing.
pub(crate) type State = u32;

/// One call. A read only needs, a write only makes, a compare-and-set does both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The operation that it stands for.
    pub id: OpId,
    /// The index of its invocation.
    pub invoked: u64,
    /// The index of its completion; [`FOREVER`] if it crashed: it may then have happened, or not, however late.
    pub returned: u64,
    /// What the register held when it took effect; None if that does not matter.
    pub needs: Option<State>,
    /// What the register held afterwards; None if it was left alone.
    pub makes: Option<State>,
}

impl Call {
    /// True if it may never have happened.
    pub fn crashed(&self) -> bool {
        self.returned == FOREVER
    }

    /// The call as engines see it.
    fn timed((position, call): (usize, &Call)) -> Option<Timed<model::RegisterOp>> {
        let op = match (call.needs.map(i64::from), call.makes.map(i64::from)) {
            (Some(needs), Some(makes)) => model::RegisterOp::Cas(needs, makes),
            (Some(needs), None) => model::RegisterOp::Read(needs),
            (None, Some(makes)) => model::RegisterOp::Write(makes),
            (None, None) => return None,
        };
        // A history in memory has less than 2^32 events.
        let event = |index: u64| u32::try_from(index).unwrap_or(u32::MAX - 1);
        let returned = (!call.crashed()).then(|| event(call.returned));
        Some(Timed { op, invoked: event(call.invoked), returned, process: 0, call: position as u32 })
    }

    /// True if it was over before `other` began.
    pub fn precedes(&self, other: &Call) -> bool {
        self.returned < other.invoked
    }
}

/// The calls on one register, in the order of their invocations, without those that say nothing: failed ones, and
/// reads whose answer nobody knows.
pub(crate) struct Object {
    /// Which register.
    pub key: u64,
    /// Its calls.
    pub calls: Vec<Call>,
    /// What each state is.
    pub values: Vec<Option<i64>>,
}

/// Splits a history into its registers, in the order of their keys. Linearizability is compositional: the history is
/// linearizable if and only if each register is.
///
/// Source: Herlihy and Wing 1990, theorem 1.
pub(crate) fn partition(history: &History<Register>) -> Vec<Object> {
    let mut by_key: FxHashMap<u64, Vec<(OpId, &Operation<Register>)>> = FxHashMap::default();
    for (position, operation) in history.operations.iter().enumerate() {
        let (RegisterOp::Read { key } | RegisterOp::Write { key, .. } | RegisterOp::Cas { key, .. }) = operation.op;
        by_key.entry(key).or_default().push((OpId(position as u32), operation));
    }
    let mut objects: Vec<Object> =
        by_key.into_par_iter().map(|(key, operations)| Object::new(key, &operations)).collect();
    objects.sort_unstable_by_key(|object| object.key);
    objects
}

/// Says whether these calls, in the order of their invocations, are linearizable. Positions of the answer are theirs.
pub(crate) fn search(calls: &[Call], limits: Limits) -> Found {
    const HOLDS_NOTHING: model::Register = model::Register { initial: 0 };
    let mut timed: Vec<Timed<model::RegisterOp>> = calls.iter().enumerate().filter_map(Call::timed).collect();
    engine::clean(&HOLDS_NOTHING, &mut timed);
    let Found { answer, nodes } = engine::search(&HOLDS_NOTHING, &timed, limits);
    let position = |at: usize| timed.get(at).map_or(0, |call| call.call as usize);
    let answer = match answer {
        Answer::Linearizable => Answer::Linearizable,
        Answer::Broken(at) => Answer::Broken(position(at)),
        Answer::GaveUp(at, why) => Answer::GaveUp(position(at), why),
    };
    Found { answer, nodes }
}

impl Object {
    /// How many calls were in flight at a time, at most, crashed ones left aside.
    pub fn width(&self) -> usize {
        let known = || self.calls.iter().filter(|call| !call.crashed());
        let mut returns: Vec<u64> = known().map(|call| call.returned).collect();
        returns.sort_unstable();
        let in_flight = |(begun, call): (usize, &Call)| begun + 1 - returns.partition_point(|end| *end < call.invoked);
        known().enumerate().map(in_flight).max().unwrap_or_default()
    }

    /// The calls that these operations on one register amount to.
    pub fn new(key: u64, operations: &[(OpId, &Operation<Register>)]) -> Object {
        let mut object = Object { key, calls: Vec::with_capacity(operations.len()), values: vec![None] };
        let mut numbers = FxHashMap::default();
        for (id, operation) in operations {
            object.push(*id, operation, &mut numbers);
        }
        object.calls.sort_by_key(|call| call.invoked);
        object
    }

    fn push(&mut self, id: OpId, operation: &Operation<Register>, numbers: &mut FxHashMap<i64, State>) {
        let mut number = |value: i64| {
            *numbers.entry(value).or_insert_with(|| {
                self.values.push(Some(value));
                (self.values.len() - 1) as State
            })
        };
        let returned = match operation.outcome {
            Outcome::Fail(_) => return,
            Outcome::Info(_) => FOREVER,
            Outcome::Ok(_) => operation.completed.map_or(FOREVER - 1, |c| c.index.max(operation.invoked.index)),
        };
        let (needs, makes) = match (operation.op, operation.ok()) {
            (RegisterOp::Read { .. }, Some(RegisterRet::Value(found))) => (Some(found.map_or(0, number)), None),
            (RegisterOp::Read { .. }, _) => return,
            (RegisterOp::Write { value, .. }, _) => (None, Some(number(value))),
            (RegisterOp::Cas { expected, new, .. }, _) => (Some(number(expected)), Some(number(new))),
        };
        self.calls.push(Call { id, invoked: operation.invoked.index, returned, needs, makes });
    }
}
