//! No part of a history that keeps a level breaks it, and parts of one that does not still do.

use super::*;
use crate::txn::{infer_append, infer_register};
use history::Recording;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stores::{Level as Store, simulate_appends, simulate_registers};

fn recording(objects: Objects, store: Store, seed: u64) -> Recording {
    let run = match objects {
        Objects::Lists => simulate_appends(store, seed, 40, 5).lines(),
        _ => simulate_registers(store, seed, 40, 5).lines(),
    };
    read_bytes(&run, &ReadOptions::default()).expect("a history")
}

fn with_whole<T>(objects: Objects, recording: &Recording, options: &TxnOptions, look: impl Fn(&Whole<'_>) -> T) -> T {
    let calls = Calls::pair(recording).expect("pairs");
    let inferred = match objects {
        Objects::Lists => infer_append(&calls, &options.infer),
        _ => infer_register(&calls, &options.infer),
    };
    let transactions = &inferred.expect("transactions").transactions;
    look(&Whole { objects, calls: &calls, transactions, options })
}

#[test]
fn no_part_breaks_what_the_whole_keeps() {
    let stores = [
        (Store::ReadCommitted, Level::ReadCommitted),
        (Store::Causal, Level::CausalCerone),
        (Store::SnapshotIsolation, Level::SnapshotIsolation),
        (Store::Serializable, Level::Serializable),
        (Store::StrictSerializable, Level::StrictSerializable),
    ];
    let mut told = 0;
    for objects in [Objects::Lists, Objects::Registers] {
        for (store, level) in stores {
            for seed in 0..10 {
                let options = TxnOptions { expect: vec![level], ..TxnOptions::default() };
                with_whole(objects, &recording(objects, store, seed), &options, |whole| {
                    let mut rng = ChaCha8Rng::seed_from_u64(seed);
                    let rows = whole.transactions.len() as u32;
                    let core: Vec<u32> = (0..4).map(|_| rng.random_range(0..rows)).collect();
                    let index = Index::new(whole.transactions, &core);
                    let mut part = if seed % 2 == 0 { index.core(&core) } else { index.all() };
                    while part.steps.len() > 1 {
                        let judged = judged(whole, &index, &part).expect("a part is a history");
                        assert_ne!(judged.word, Word::Invalid, "{store}, seed {seed}: {part:?} {judged:#?}");
                        let gone = part.steps[rng.random_range(0..part.steps.len())];
                        let less = if rng.random_bool(0.5) {
                            part.without_rows(&[gone.0])
                        } else {
                            part.without_steps(&[gone])
                        };
                        part = index.normal(less);
                    }
                });
                told += 1;
            }
        }
    }
    assert_eq!(told, 100);
}

#[test]
fn what_is_least_is_small_and_shows_the_same() {
    let (mut found, mut kept) = (0, 0);
    for objects in [Objects::Lists, Objects::Registers] {
        for store in [Store::ReadUncommitted, Store::ReadCommitted, Store::Causal, Store::SnapshotIsolation] {
            for seed in 0..12 {
                let options =
                    TxnOptions { expect: vec![Level::Serializable], minimise: 400_000, ..TxnOptions::default() };
                let recording = recording(objects, store, seed);
                let calls = Calls::pair(&recording).expect("pairs");
                let whole = judge_transactions(objects, &calls, &options).expect("transactions");
                if whole.word != Word::Invalid {
                    assert_eq!(whole.minimal, None);
                    continue;
                }
                let minimal = whole.minimal.unwrap_or_else(|| panic!("{objects:?} of {store}, seed {seed}"));
                assert_eq!(minimal.of, calls.len() as u64);
                found += 1;
                kept += minimal.transactions.len();
            }
        }
    }
    assert!(found > 60, "{found} were invalid");
    assert!(kept < 5 * found, "{kept} transactions are left of {found} histories");
}
