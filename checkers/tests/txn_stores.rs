//! Histories of stores that keep a level by construction: each is found to keep it, always, and the next level up is
//! refuted in a stated share of the runs.

use checkers::Word;
use checkers::txn::level::Level;
use checkers::txn::{Objects, TxnJudged, TxnOptions, judge_transactions};
use history::{Calls, Predicate, Predicates, ReadOptions, TableAsk, TableMop, TableOp, TransactionsOf, read_bytes};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use stores::{Level as Store, Scenario, simulate, simulate_appends, simulate_registers};

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
    let transactions = match objects {
        Objects::Lists => Some(TransactionsOf::Lists),
        Objects::Registers => Some(TransactionsOf::Registers),
        Objects::Predicates => None,
    };
    let recording = read_bytes(lines, &ReadOptions { transactions, ..ReadOptions::default() }).expect("a history");
    let calls = Calls::pair(&recording).expect("pairs");
    let options = TxnOptions { expect: vec![expect], ..TxnOptions::default() };
    judge_transactions(objects, &calls, &options).expect("transactions")
}

/// Tables that are set up once each, long before they are used: rows 0 to 3 are there, 4 to 7 come, each changes once.
fn tables(store: Store, seed: u64) -> Vec<u8> {
    const APART: u64 = 20;
    let mut asked = 0;
    let mut changed = std::collections::BTreeSet::new();
    let scenario = Scenario { operations: 90, threads: THREADS, ..Scenario::new(store, seed) };
    let run = simulate::<Predicates>(scenario, |_, rng| {
        asked += 1;
        let era = asked / APART;
        if asked % APART == 1 {
            return TableOp { table: era, ask: TableAsk::Init((0..4).map(|row| (row, row as i64 + 1)).collect()) };
        }
        // The first table has only rows that come.
        let table = if asked < 2 * APART { 1_000 } else { era - 1 };
        let mut mop = |rng: &mut ChaCha8Rng| {
            let row = rng.random_range(if table == 1_000 { 4..8 } else { 0..8 });
            let value = rng.random_range(5..9);
            match rng.random_range(0..6) {
                0 | 1 if changed.insert((table, row)) => match row {
                    4.. => TableMop::Insert { row, value },
                    _ if rng.random_bool(0.5) => TableMop::Delete { row },
                    _ => TableMop::Write { row, value },
                },
                2 => TableMop::Read { row },
                3 => TableMop::Find(Predicate::Remainder { by: 2, is: rng.random_range(0..2) }),
                4 => TableMop::Find(Predicate::Equals(value)),
                _ => TableMop::Find(Predicate::Any),
            }
        };
        TableOp { table, ask: TableAsk::Txn((0..4).map(|_| mop(rng)).collect()) }
    });
    run.lines()
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
                Objects::Predicates => tables(store, seed),
            };
            let found = judged(&run, objects, kept);
            assert_ne!(found.word, Word::Invalid, "{store} is called not {kept} under seed {seed}: {found:#?}");
            if next != kept {
                let above = judged(&run, objects, next);
                assert!(!above.reason.contains("fault of ours"), "{store}, {next}, seed {seed}: {}", above.reason);
                refuted += u64::from(above.word == Word::Invalid);
            }
        }
        let share = refuted * 100 / seeds();
        println!("{objects:?} of {store}: {kept} kept, {next} refuted in {share} of 100 runs");
        assert!(share >= least, "{next} was refuted in only {share} of 100 runs of {store}");
    }
}

/// Of reads by predicate only these levels are decided; weaker stores serve to see that nothing is refuted that they keep.
const PREDICATES: [Rung; 9] = [
    (Store::ReadUncommitted, Level::ReadUncommitted, Level::ReadCommitted, 70),
    (Store::ReadCommitted, Level::ReadCommitted, Level::SnapshotIsolation, 90),
    (Store::ReadAtomic, Level::ReadAtomic, Level::SnapshotIsolation, 90),
    (Store::Causal, Level::CausalCerone, Level::SnapshotIsolation, 90),
    (Store::Prefix, Level::Prefix, Level::Serializable, 90),
    (Store::ParallelSnapshotIsolation, Level::ParallelSnapshotIsolation, Level::Serializable, 90),
    (Store::SnapshotIsolation, Level::SnapshotIsolation, Level::Serializable, 90),
    (Store::Serializable, Level::Serializable, Level::StrictSerializable, 90),
    (Store::StrictSerializable, Level::StrictSerializable, Level::StrictSerializable, 0),
];

#[test]
fn predicates_keep_their_level_and_not_the_next() {
    climb(Objects::Predicates, &PREDICATES);
}

#[test]
fn lists_keep_their_level_and_not_the_next() {
    climb(Objects::Lists, &LISTS);
}

#[test]
fn registers_keep_their_level_and_not_the_next() {
    climb(Objects::Registers, &REGISTERS);
}
