//! Long histories without a legal order: what shows it is found with an amount of work that does not grow with them, and
//! is small where that is possible.

use checkers::engine::{Limits, Witness};
use checkers::model::*;
use checkers::object::{Decision, Model, Monitor, MonitorOf, Timed, decide};

const LIMITS: Limits = Limits { nodes: 50_000_000, bytes: 1 << 30, stall: u64::MAX, foresight: true };
/// When the search for a witness stops, in nodes.
const ENOUGH: u64 = 3_000_000;
/// One more trial, which is not cut short: what it may hold, by its size, twice.
const MOST_WORK: u64 = ENOUGH + 1_000_000;

/// Calls one after the other.
fn row<O>(ops: impl IntoIterator<Item = O>) -> Vec<Timed<O>> {
    let timed = |(at, op): (u32, O)| Timed { op, invoked: 2 * at, returned: Some(2 * at + 1), process: 0, call: at };
    (0..).zip(ops).map(timed).collect()
}

/// The witness that is found, whatever engine decides.
fn witness<M: Model>(model: &M, calls: &[Timed<M::Op>], monitor: Option<MonitorOf<M>>) -> Vec<M::Op> {
    match decide(model, calls.to_vec(), monitor, LIMITS) {
        Decision::Invalid { calls, .. } => calls.into_iter().map(|call| call.op).collect(),
        other => panic!("{other:?}"),
    }
}

const MANY: i64 = 3000;

#[test]
fn lost_additions_to_a_grow_only_set() {
    let all = (0..MANY).filter(|value| *value != 1234).collect();
    let calls = row((0..MANY).map(GrowOnlyOp::Add).chain([GrowOnlyOp::ReadAll(all)]));
    let lost = [GrowOnlyOp::Add(1234), GrowOnlyOp::ReadAll([].into())];
    assert_eq!(witness(&GrowOnlySet, &calls, Some(Monitor::monitor)), lost);
    let mut search = Witness::new(&GrowOnlySet, &calls, calls.len() - 1).monitored(Some(Monitor::monitor));
    assert_eq!(search.proven().len(), 2);
    assert!(search.work() < ENOUGH / 10, "{}", search.work());
}

#[test]
fn reads_of_a_grow_only_set_that_contradict_each_other() {
    let without = |gone: i64| GrowOnlyOp::ReadAll((0..MANY).filter(|value| *value != gone).collect());
    let mut calls = row((0..MANY).map(GrowOnlyOp::Add).chain([without(7), without(8)]));
    // Reads that run beside everything: each alone may have come in time.
    calls[MANY as usize].invoked = 0;
    calls[MANY as usize + 1].invoked = 0;
    calls.sort_by_key(|call| call.invoked);
    let found = witness(&GrowOnlySet, &calls, Some(Monitor::monitor));
    assert!(found.len() <= 4, "{found:?}");
}

#[test]
fn a_log_in_another_order() {
    let mut all: Vec<i64> = (0..MANY).collect();
    all.swap(100, 2000);
    let calls = row((0..MANY).map(LogOp::Append).chain([LogOp::ReadAll(all.into())]));
    let found = witness(&AppendLog, &calls, Some(Monitor::monitor));
    assert!(found.len() <= 3, "{found:?}");
}

#[test]
fn a_search_without_monitor_shrinks_a_log_too() {
    // An element that was appended twice is too much for the monitor.
    let seen = (0..300).filter(|value| *value != 123).chain([5]).collect();
    let calls = row((0..300).chain([5]).map(LogOp::Append).chain([LogOp::ReadAll(seen)]));
    assert_eq!(witness(&AppendLog, &calls, Some(Monitor::monitor)), [LogOp::Append(123), LogOp::ReadAll([].into())]);
}

#[test]
fn what_cannot_be_made_small_is_given_up_in_time() {
    // Additions of two sizes: no monitor has an answer, and none may be left out.
    let additions = (0..MANY).map(|at| CounterOp::Add(1 + at % 2));
    let calls = row(additions.chain((0..200).map(|_| CounterOp::Read(7))));
    let mut search = Witness::new(&Counter, &calls, calls.len() - 200);
    let found = search.proven();
    assert!(found.iter().filter(|call| matches!(call.op, CounterOp::Read(_))).count() <= 2, "{}", found.len());
    assert!(search.work() <= MOST_WORK);
    // States of a queue are long: a trial costs more than its calls.
    let crashed = Timed { op: QueueOp::Dequeue(Got::Unknown), invoked: 0, returned: None, process: 1, call: 9999 };
    let mut calls = row((0..MANY).map(QueueOp::Enqueue).chain([QueueOp::Dequeue(Got::Value(2))]));
    calls.insert(0, crashed);
    let mut search = Witness::new(&Fifo, &calls, calls.len() - 1);
    search.proven();
    assert!(search.work() <= MOST_WORK);
}
