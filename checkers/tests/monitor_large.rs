//! Long histories: valid ones are found valid, and one planted violation is found with a small certificate.

use checkers::model::*;
use checkers::object::{Monitor, Monitored, NIL, Timed};

const SIZE: i64 = 30_000;

/// Operations that take effect in this order, ten in flight at a time.
fn overlapping<O>(operations: impl Iterator<Item = O>) -> Vec<Timed<O>> {
    let timed = |(op, call): (O, u32)| {
        let (invoked, process) = (2 * call, i64::from(call % 10));
        Timed { op, invoked, returned: Some(2 * call + 19), process, call }
    };
    operations.zip(0..).map(timed).collect()
}

/// Exchanges what two calls did, 400 calls apart: the history was valid, and no longer is.
fn check<M: Monitor>(model: &M, mut calls: Vec<Timed<M::Op>>, at: usize, apart: usize) {
    assert_eq!(model.monitor(&calls), Monitored::Valid);
    let op = calls[at].op.clone();
    calls[at].op = std::mem::replace(&mut calls[at + apart].op, op);
    let verdict = model.monitor(&calls);
    let Monitored::Invalid(named) = &verdict else { panic!("not found: {verdict:?}") };
    assert!((1..=6).contains(&named.len()), "{named:?}");
    assert!(named.iter().any(|position| position.abs_diff(at) <= 600), "{named:?}, planted at {at}");
}

#[test]
fn register() {
    let operations = (0..SIZE).map(|at| match at % 6 {
        0 => RegisterOp::Write(at),
        3 => RegisterOp::Cas(at - 3, at),
        rest => RegisterOp::Read(at - rest % 3),
    });
    check(&Register { initial: NIL }, overlapping(operations), 12_001, 120);
}

#[test]
fn fifo_queue() {
    let filled = (0..1_000).map(QueueOp::Enqueue);
    let passing = (0..SIZE / 2).flat_map(|at| [QueueOp::Enqueue(at + 1_000), QueueOp::Dequeue(Got::Value(at))]);
    check(&Fifo, overlapping(filled.chain(passing)), 11_001, 120);
}

#[test]
fn stack() {
    let operations = (0..SIZE).map(|at| {
        let (nest, depth) = (at / 200, at % 200);
        if depth < 100 { StackOp::Push(nest * 100 + depth) } else { StackOp::Pop(Got::Value(nest * 100 + 199 - depth)) }
    });
    check(&Stack, overlapping(operations), 12_110, 50);
}

#[test]
fn priority_queue() {
    let operations = (0..SIZE).map(|at| {
        let (round, place) = (at / 200, at % 200);
        if place < 100 {
            PriorityOp::Insert(round * 100 + place * 37 % 100)
        } else {
            PriorityOp::Poll(Got::Value(round * 100 + 199 - place))
        }
    });
    check(&PriorityQueue::default(), overlapping(operations), 12_110, 50);
}

#[test]
fn set() {
    let operations = (0..SIZE).map(|at| match at / 100 % 3 {
        0 => SetOp::Add(at % 100, Some(true)),
        1 => SetOp::Contains(at % 100, true),
        _ => SetOp::Remove(at % 100, Some(true)),
    });
    let calls = overlapping(operations);
    assert_eq!(Set.monitor(&calls), Monitored::Valid);
    let mut broken = calls.clone();
    broken[12_150].op = SetOp::Contains(50, false);
    assert!(matches!(Set.monitor(&broken), Monitored::Invalid(named) if named.last() == Some(&12_150)));
}

#[test]
fn log_and_grow_only_set() {
    let seen = |at: i64| (0..at).filter(|at| at % 110 != 109).collect();
    let logged = |at: i64| if at % 110 == 109 { LogOp::ReadAll(seen(at)) } else { LogOp::Append(at) };
    check(&AppendLog, overlapping((0..5_000).map(logged)), 1_099, 330);
    let grown = |at: i64| if at % 110 == 109 { GrowOnlyOp::ReadAll(seen(at)) } else { GrowOnlyOp::Add(at) };
    check(&GrowOnlySet, overlapping((0..5_000).map(grown)), 1_099, 330);
}

#[test]
fn counter() {
    let operations = (0..SIZE).map(|at| if at % 2 == 0 { CounterOp::Add(1) } else { CounterOp::Read(at / 2 + 1) });
    check(&Counter, overlapping(operations), 12_001, 120);
}

#[test]
fn fetch_and_increment() {
    check(&FetchAndIncrement::default(), overlapping((0..SIZE).map(|at| Fetch(Some(at)))), 12_000, 120);
}

#[test]
fn owner_mutex() {
    let client = |at: i64| at / 2 % 7;
    let lock = |at: i64| if at % 2 == 0 { OwnerOp::Acquire(client(at)) } else { OwnerOp::Release(client(at)) };
    let one_by_one = |mut calls: Vec<Timed<OwnerOp>>| {
        calls.iter_mut().for_each(|call| call.returned = Some(call.invoked + 1));
        calls
    };
    let mut calls = one_by_one(overlapping((0..SIZE).map(lock)));
    assert_eq!(OwnerMutex.monitor(&calls), Monitored::Valid);
    calls.remove(12_001);
    assert_eq!(OwnerMutex.monitor(&calls), Monitored::Invalid(vec![12_000, 12_001]));
}
