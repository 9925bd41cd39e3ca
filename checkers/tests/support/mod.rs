//! What the tests of the checkers share: a notation for histories, a store that works, and an oracle.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub mod notation;
pub mod oracle;
pub mod store;
pub mod transactions;

use history::{DataType, History, Moment, OpId, Operation, Outcome, Process, Time};

/// An operation that is still without its number; times are milliseconds, indexes nanoseconds.
pub struct Draft<D: DataType> {
    pub process: u64,
    pub node: Option<u16>,
    pub op: D::Op,
    pub invoked: u64,
    pub ended: Option<u64>,
    pub outcome: Outcome<D::Ret>,
}

/// A history of drafts; events are numbered by their times, which must differ.
pub fn assemble<D: DataType>(mut drafts: Vec<Draft<D>>, nodes: usize) -> History<D> {
    drafts.sort_by_key(|draft| draft.invoked);
    let moment = |time: u64| Moment { index: time, time: Time(time * 1_000_000) };
    let operations = drafts.into_iter().enumerate().map(|(id, draft)| {
        let indeterminate = matches!(draft.outcome, Outcome::Info(_));
        Operation {
            id: OpId(id as u32),
            process: Process(draft.process),
            node: draft.node,
            op: draft.op,
            invoked: moment(draft.invoked),
            completed: draft.ended.filter(|_| !indeterminate).map(moment),
            gave_up: draft.ended.filter(|_| indeterminate).map(moment),
            outcome: draft.outcome,
        }
    });
    History {
        operations: operations.collect(),
        nodes: (1..=nodes).map(|node| format!("n{node}")).collect(),
        torn: false,
    }
}
