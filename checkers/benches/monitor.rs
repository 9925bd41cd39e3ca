//! Monitors on large valid histories: how long a verdict takes.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use checkers::model::*;
use checkers::object::{Monitor, Monitored, NIL, Timed};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Operations that take effect in this order, ten in flight at a time.
fn overlapping<O>(operations: impl Iterator<Item = O>) -> Vec<Timed<O>> {
    let timed = |(op, call): (O, u32)| {
        let (invoked, process) = (2 * call, i64::from(call % 10));
        Timed { op, invoked, returned: Some(2 * call + 19), process, call }
    };
    operations.zip(0..).map(timed).collect()
}

/// One write, one compare-and-set and two reads of each.
fn register(size: i64) -> Vec<Timed<RegisterOp>> {
    overlapping((0..size).map(|at| match at % 6 {
        0 => RegisterOp::Write(at),
        3 => RegisterOp::Cas(at - 3, at),
        rest => RegisterOp::Read(at - rest % 3),
    }))
}

/// A queue with a thousand values in it.
fn queue(size: i64) -> Vec<Timed<QueueOp>> {
    let filled = (0..1_000).map(QueueOp::Enqueue);
    let passing = (0..size / 2 - 500).flat_map(|at| [QueueOp::Enqueue(at + 1_000), QueueOp::Dequeue(Got::Value(at))]);
    overlapping(filled.chain(passing))
}

/// Pushes and pops in nests of a hundred.
fn stack(size: i64) -> Vec<Timed<StackOp>> {
    overlapping((0..size).map(|at| {
        let (nest, depth) = (at / 200, at % 200);
        if depth < 100 { StackOp::Push(nest * 100 + depth) } else { StackOp::Pop(Got::Value(nest * 100 + 199 - depth)) }
    }))
}

/// Values come in any order, a hundred at a time, and leave by size.
fn priority(size: i64) -> Vec<Timed<PriorityOp>> {
    overlapping((0..size).map(|at| {
        let (round, place) = (at / 200, at % 200);
        if place < 100 {
            PriorityOp::Insert(round * 100 + place * 37 % 100)
        } else {
            PriorityOp::Poll(Got::Value(round * 100 + 199 - place))
        }
    }))
}

/// Elements, and reads whose sizes sum up to about a million.
fn log() -> Vec<Timed<LogOp>> {
    overlapping((0..15_000).map(|at| match at % 110 {
        109 => LogOp::ReadAll((0..at).filter(|at| at % 110 != 109).collect()),
        _ => LogOp::Append(at),
    }))
}

fn grow_only() -> Vec<Timed<GrowOnlyOp>> {
    let translate = |call: Timed<LogOp>| Timed {
        op: match call.op {
            LogOp::Append(value) => GrowOnlyOp::Add(value),
            LogOp::ReadAll(all) => GrowOnlyOp::ReadAll(all),
        },
        invoked: call.invoked,
        returned: call.returned,
        process: call.process,
        call: call.call,
    };
    log().into_iter().map(translate).collect()
}

fn counter(size: i64) -> Vec<Timed<CounterOp>> {
    overlapping((0..size).map(|at| if at % 2 == 0 { CounterOp::Add(1) } else { CounterOp::Read(at / 2 + 1) }))
}

fn fetch(size: i64) -> Vec<Timed<Fetch>> {
    overlapping((0..size).map(|at| Fetch(Some(at))))
}

fn measure<M: Monitor>(c: &mut Criterion, name: &str, model: &M, calls: &[Timed<M::Op>]) {
    assert_eq!(model.monitor(calls), Monitored::Valid, "{name}");
    let mut group = c.benchmark_group("monitor");
    group.sample_size(10).throughput(Throughput::Elements(calls.len() as u64));
    group.bench_function(BenchmarkId::new(name, calls.len()), |b| b.iter(|| model.monitor(black_box(calls))));
    group.finish();
}

fn monitors(c: &mut Criterion) {
    for size in [100_000, 1_000_000, 10_000_000] {
        measure(c, "register", &Register { initial: NIL }, &register(size));
    }
    measure(c, "fifo-queue", &Fifo, &queue(1_000_000));
    measure(c, "stack", &Stack, &stack(1_000_000));
    measure(c, "priority-queue", &PriorityQueue::default(), &priority(1_000_000));
    measure(c, "grow-only-set", &GrowOnlySet, &grow_only());
    measure(c, "append-log", &AppendLog, &log());
    measure(c, "counter", &Counter, &counter(1_000_000));
    measure(c, "fetch-and-increment", &FetchAndIncrement::default(), &fetch(1_000_000));
}

criterion_group!(benches, monitors);
criterion_main!(benches);
