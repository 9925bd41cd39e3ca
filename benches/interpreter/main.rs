//! Operations per second of the interpreter, journaled. The aim: at least 100 000 on two cores with 20 threads.

mod load;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Operations of one measurement.
const OPERATIONS: u64 = 200_000;

fn interpreter(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("interpreter");
    group.sample_size(10);
    group.throughput(Throughput::Elements(OPERATIONS));
    group.bench_function("registers in memory, 20 threads, journaled", |bencher| {
        bencher.iter(|| runtime.block_on(load::registers(OPERATIONS, directory.path())));
    });
    group.finish();
}

criterion_group!(benches, interpreter);
criterion_main!(benches);
