//! Levels of isolation on long histories of a store that is serializable: weak levels of registers with versions in no
//! known order, levels by known versions, timestamps.
//!
//! A million transactions of 2.5 operations are asked with `GAINSAY_BENCH_LARGE` set, otherwise a tenth of them.

use checkers::txn::level::{Exact, Level, Weak};
use checkers::txn::{Accesses, Edge, Graph, INITIAL, Kinds, Read, Timeline, Write};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;

const SESSIONS: u32 = 20;
const LIVE_KEYS: u32 = 40;
const MOST_WRITES: usize = 64;

/// Serializable: each transaction takes effect between its ends, in the order of rows.
struct Store {
    accesses: Accesses,
    timeline: Timeline,
    graph: Graph,
}

fn store(rows: u32) -> Store {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut accesses, mut timeline, mut edges) = (Accesses::default(), Timeline::default(), Vec::new());
    let mut keys: Vec<u32> = (0..LIVE_KEYS).collect();
    let mut next_key = LIVE_KEYS;
    let mut chains: Vec<Vec<u32>> = vec![Vec::new(); LIVE_KEYS as usize];
    let mut readers: Vec<Vec<u32>> = vec![Vec::new(); LIVE_KEYS as usize];
    for row in 0..rows {
        let (mut reads, mut writes) = (Vec::new(), Vec::<Write>::new());
        for _ in 0..rng.random_range(1..=4) {
            let slot = rng.random_range(0..LIVE_KEYS) as usize;
            let key = keys[slot];
            if writes.iter().any(|write| write.key == key) {
                continue;
            }
            let last = chains[slot].last().copied();
            if rng.random_bool(0.5) {
                reads.push(Read { key, from: last.unwrap_or(INITIAL) });
                readers[slot].push(row);
                edges.extend(last.map(|from| Edge { from, to: row, kinds: Kinds::WR }));
                continue;
            }
            edges.extend(last.map(|from| Edge { from, to: row, kinds: Kinds::WW }));
            edges.extend(readers[slot].drain(..).map(|from| Edge { from, to: row, kinds: Kinds::RW }));
            chains[slot].push(row);
            writes.push(Write { key, version: chains[slot].len() as u32 });
            if chains[slot].len() == MOST_WRITES {
                (keys[slot], next_key) = (next_key, next_key + 1);
                chains[slot].clear();
                readers[slot].clear();
            }
        }
        accesses.push(reads, writes);
        let session = row % SESSIONS;
        let begun = if row < SESSIONS { row } else { 4 * (row - SESSIONS) + rng.random_range(40..=60) };
        timeline.push(begun, 4 * row + 30 + rng.random_range(0..=9), session);
    }
    Store { accesses, timeline, graph: Graph::new(rows, 0, &edges) }
}

fn levels(criterion: &mut Criterion) {
    let rows = if std::env::var_os("GAINSAY_BENCH_LARGE").is_some() { 1_000_000 } else { 100_000 };
    let Store { accesses, timeline, graph } = store(rows);
    let mut group = criterion.benchmark_group(format!("levels of {rows} transactions"));
    group.sample_size(10);
    let weak = [Level::StrongSessionMonotonicAtomicView, Level::StrongSessionReadAtomic, Level::StrongSessionCausal];
    for level in weak {
        group.bench_function(format!("weak {level}"), |bencher| {
            bencher.iter(|| Weak::new(black_box(&accesses), &timeline).satisfies(level));
        });
    }
    for level in [Level::StrongSessionSnapshotIsolation, Level::Serializable, Level::StrictSerializable] {
        group.bench_function(format!("exact {level}"), |bencher| {
            let exact = || Exact::new(black_box(&accesses), &timeline, &graph, Exact::VISITS);
            bencher.iter(|| exact().and_then(|exact| exact.satisfies(level)));
        });
    }
    group.finish();
}

criterion_group!(benches, levels);
criterion_main!(benches);
