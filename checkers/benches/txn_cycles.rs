//! The cycle engine on graphs of simulated histories: `cargo bench -p gainsay-checkers --bench txn_cycles`. Making the
//! graphs is not measured.

#[path = "../tests/txn_cycles/large.rs"]
mod large;

use checkers::txn::{CycleOptions, Graph, Timeline, cycles};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn measure(criterion: &mut Criterion, name: &str, (graph, timeline): &(Graph, Timeline)) {
    let options = CycleOptions::default();
    criterion.bench_function(name, |bencher| bencher.iter(|| black_box(cycles(graph, timeline, &options))));
}

fn all(criterion: &mut Criterion) {
    measure(criterion, "valid, 1 000 000 transactions", &large::valid(1_000_000));
    measure(criterion, "every transaction reads stale, 100 000", &large::stale(100_000, 1));
    measure(criterion, "one in a hundred reads stale, 1 000 000", &large::stale(1_000_000, 100));
    measure(criterion, "G2 without G-single, 100 000", &large::coloured(100_000, None));
    measure(criterion, "G2 with one G-single, 100 000", &large::coloured(100_000, Some(70_001)));
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = all
}
criterion_main!(benches);
