//! From calls of transactions to a graph: `cargo bench -p gainsay-checkers --bench txn_infer`. Reading and pairing are not
//! measured. Histories are of a store that is strictly serializable by construction; `GAINSAY_HISTORY=FILE` judges a file
//! of lists in their place, with the time that each step takes.

#![allow(clippy::print_stdout, reason = "what was found is said beside the times")]

use checkers::txn::{InferOptions, Inferred, infer_append, infer_register};
use criterion::{Criterion, criterion_group, criterion_main};
use history::{Calls, ReadOptions, Recording, read, read_bytes};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const TRANSACTIONS: usize = 100_000;

/// So many keys are in use at a time, and each takes so many writes before another takes its place.
const KEYS: usize = 16;
const WRITES: usize = 32;

/// Transactions one after the other, of 20 processes in turn, each of up to four steps.
fn simulate(lists: bool) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut text = String::new();
    let mut keys: Vec<(usize, usize)> = (0..KEYS).map(|key| (key, 0)).collect();
    let mut next_key = KEYS;
    for number in 0..TRANSACTIONS {
        let (mut asked, mut done) = (String::new(), String::new());
        for _ in 0..rng.random_range(1..=4) {
            let place = rng.random_range(0..KEYS);
            let (key, writes) = &mut keys[place];
            if rng.random_bool(0.5) {
                let _ = write!(asked, "[:r {key} nil] ");
                let _ = match (lists, *writes) {
                    (false, 0) => write!(done, "[:r {key} nil] "),
                    (false, last) => write!(done, "[:r {key} {last}] "),
                    (true, last) => {
                        let elements: Vec<String> = (1..=last).map(|element| element.to_string()).collect();
                        write!(done, "[:r {key} [{}]] ", elements.join(" "))
                    }
                };
                continue;
            }
            *writes += 1;
            let f = if lists { ":append" } else { ":w" };
            let _ = write!(asked, "[{f} {key} {writes}] ");
            let _ = write!(done, "[{f} {key} {writes}] ");
            if *writes == WRITES {
                keys[place] = (next_key, 0);
                next_key += 1;
            }
        }
        let process = number % 20;
        let _ = writeln!(text, "{{:type :invoke, :process {process}, :f :txn, :value [{asked}]}}");
        let _ = writeln!(text, "{{:type :ok, :process {process}, :f :txn, :value [{done}]}}");
    }
    text
}

fn tell(name: &str, inferred: &Inferred<'_>) {
    let (nodes, edges) = (inferred.graph.nodes(), inferred.graph.len());
    println!("{name}: {nodes} nodes, {edges} edges, {:?}, {:?}", inferred.exposure, inferred.counts);
    inferred.findings.iter().take(5).for_each(|finding| println!("  {}: {}", finding.phenomenon, finding.sentence));
    inferred.doubts.iter().for_each(|doubt| println!("  {doubt}"));
}

fn lists(criterion: &mut Criterion) {
    let recording = parse(&simulate(true));
    let calls = Calls::pair(&recording).expect("a history");
    let options = InferOptions::default();
    tell("lists", &infer_append(&calls, &options).expect("transactions"));
    criterion.bench_function("lists, 100 000 transactions", |bencher| {
        bencher.iter(|| black_box(infer_append(&calls, &options).expect("transactions")).graph.len());
    });
}

fn registers(criterion: &mut Criterion) {
    let recording = parse(&simulate(false));
    let calls = Calls::pair(&recording).expect("a history");
    let options = InferOptions { sequential_keys: true, linearizable_keys: true, ..InferOptions::default() };
    tell("registers", &infer_register(&calls, &options).expect("transactions"));
    criterion.bench_function("registers, 100 000 transactions", |bencher| {
        bencher.iter(|| black_box(infer_register(&calls, &options).expect("transactions")).graph.len());
    });
}

/// A file, once: how long each step takes.
fn file(_: &mut Criterion) {
    let Some(path) = std::env::var_os("GAINSAY_HISTORY") else { return };
    let clock = Instant::now();
    let recording = read(Path::new(&path), &ReadOptions::default()).expect("a history");
    println!("read: {:?}", clock.elapsed());
    let clock = Instant::now();
    let calls = Calls::pair(&recording).expect("a history");
    println!("paired: {:?}", clock.elapsed());
    for _ in 0..5 {
        let clock = Instant::now();
        let lists = infer_append(&calls, &InferOptions::default());
        let inferred = lists.or_else(|_| infer_register(&calls, &InferOptions::default())).expect("transactions");
        println!("inferred: {:?}", clock.elapsed());
        tell("file", &inferred);
    }
}

fn parse(text: &str) -> Recording {
    read_bytes(text.as_bytes(), &ReadOptions::default()).expect("a history")
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = file, lists, registers
}
criterion_main!(benches);
