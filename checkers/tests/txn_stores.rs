//! Histories of stores that keep a level by construction: each is found to keep it, always, and the next level up is
//! refuted in a stated share of the runs.

use checkers::Word;
use checkers::txn::level::Level;
use checkers::txn::{Objects, TxnJudged, TxnOptions, judge_transactions};
use history::{Calls, ReadOptions, read_bytes};
use stores::{Level as Store, simulate_appends, simulate_registers};

const OPERATIONS: usize = 60;
const THREADS: usize = 6;

/// How many runs of each store: all of them at night.
fn seeds() -> u64 {
    if std::env::var_os("GAINSAY_NIGHTLY").is_some() { 1000 } else { 100 }
}

/// A store, what it promises, the next level up, and in how many of a hundred runs that is refuted at least.
type Rung = (Store, Level, Level, u64);

const LISTS: [Rung; 9] = [
    (Store::ReadUncommitted, Level::ReadUncommitted, Level::ReadCommitted, 90),
    (Store::ReadCommitted, Level::ReadCommitted, Level::ReadAtomic, 90),
    (Store::ReadAtomic, Level::ReadAtomic, Level::CausalCerone, 10),
    (Store::Causal, Level::CausalCerone, Level::ParallelSnapshotIsolation, 90),
    (Store::Prefix, Level::Prefix, Level::SnapshotIsolation, 90),
    (Store::ParallelSnapshotIsolation, Level::ParallelSnapshotIsolation, Level::SnapshotIsolation, 5),
    (Store::SnapshotIsolation, Level::SnapshotIsolation, Level::Serializable, 45),
    (Store::Serializable, Level::Serializable, Level::StrictSerializable, 90),
    (Store::SerializableSnapshotIsolation, Level::StrictSerializable, Level::StrictSerializable, 0),
];

/// The order of versions is not known of registers: some levels are decided only with the order of sessions.
const REGISTERS: [Rung; 9] = [
    (Store::ReadUncommitted, Level::ReadUncommitted, Level::ReadCommitted, 80),
    (Store::ReadCommitted, Level::ReadCommitted, Level::ReadAtomic, 80),
    (Store::ReadAtomic, Level::ReadAtomic, Level::StrongSessionCausal, 40),
    (Store::Causal, Level::StrongSessionCausal, Level::SnapshotIsolation, 40),
    (Store::Prefix, Level::Prefix, Level::SnapshotIsolation, 40),
    (Store::ParallelSnapshotIsolation, Level::ParallelSnapshotIsolation, Level::SnapshotIsolation, 2),
    (Store::SnapshotIsolation, Level::SnapshotIsolation, Level::Serializable, 30),
    (Store::Serializable, Level::Serializable, Level::StrictSerializable, 80),
    (Store::StrictSerializable, Level::StrictSerializable, Level::StrictSerializable, 0),
];

fn judged(lines: &[u8], objects: Objects, expect: Level) -> TxnJudged {
    let recording = read_bytes(lines, &ReadOptions::default()).expect("a history");
    let calls = Calls::pair(&recording).expect("pairs");
    judge_transactions(objects, &calls, &TxnOptions { expect: vec![expect], ..TxnOptions::default() })
        .expect("transactions")
}

/// No run breaks what its store promises; the next level up is refuted in at least the share that is stated.
#[allow(clippy::print_stdout)] // The figures are for people.
fn climb(objects: Objects, ladder: &[Rung]) {
    for &(store, kept, next, least) in ladder {
        let mut refuted = 0;
        for seed in 0..seeds() {
            let run = match objects {
                Objects::Lists => simulate_appends(store, seed, OPERATIONS, THREADS).lines(),
                Objects::Registers => simulate_registers(store, seed, OPERATIONS, THREADS).lines(),
            };
            let found = judged(&run, objects, kept);
            assert_ne!(found.word, Word::Invalid, "{store} is called not {kept} under seed {seed}: {found:#?}");
            refuted += u64::from(next != kept && judged(&run, objects, next).word == Word::Invalid);
        }
        let share = refuted * 100 / seeds();
        println!("{objects:?} of {store}: {kept} kept, {next} refuted in {share} of 100 runs");
        assert!(share >= least, "{next} was refuted in only {share} of 100 runs of {store}");
    }
}

#[test]
fn lists_keep_their_level_and_not_the_next() {
    climb(Objects::Lists, &LISTS);
}

#[test]
fn registers_keep_their_level_and_not_the_next() {
    climb(Objects::Registers, &REGISTERS);
}
