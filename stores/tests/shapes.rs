//! What a client can see at each level, in the histories alone: money that is made or lost, forks, skew; and that what is
//! recorded is what happened.

use history::{Bank, BankOp, BankRet, ListAppend, Mop, RwRegister, Transfer, Txn, read_bytes};
use rand::RngExt;
use std::collections::HashMap;
use stores::{Level, Scenario, Simulated, simulate, simulate_appends};

const SEEDS: u64 = 1000;

/// The share of a thousand runs in which something is seen.
fn share(level: Level, is_seen: impl Fn(Scenario) -> bool) -> f64 {
    (0..SEEDS).filter(|seed| is_seen(Scenario::new(level, *seed))).count() as f64 / SEEDS as f64
}

fn report(what: &str, seen: impl Fn(Scenario) -> bool, never: &[Level], often: &[(Level, f64)]) {
    for level in never {
        assert_eq!(share(*level, &seen), 0.0, "{what} at {level}");
    }
    for (level, least) in often {
        let share = share(*level, &seen);
        assert!(share >= *least, "{what} at {level} in {share} of the runs, {least} are stated");
    }
}

/// True if a read found another sum than the bank began with.
fn money_is_made_or_lost(scenario: Scenario) -> bool {
    let simulated = simulate::<Bank>(Scenario { operations: 100, ..scenario }, |_, rng| {
        let from = rng.random_range(0..Bank::ACCOUNTS);
        let to = (from + rng.random_range(1..Bank::ACCOUNTS)) % Bank::ACCOUNTS;
        match rng.random_bool(0.4) {
            true => BankOp::Read,
            false => BankOp::Transfer(Transfer { from, to, amount: rng.random_range(1..=5) }),
        }
    });
    let is_wrong = |ret: &BankRet| matches!(ret, BankRet::Balances(all) if all.values().sum::<i64>() != Bank::TOTAL);
    simulated.history.operations.iter().any(|operation| operation.ok().is_some_and(is_wrong))
}

#[test]
fn a_bank_keeps_its_money_under_snapshots_of_winners_only() {
    use Level::*;
    let never =
        [StrictSerializable, Serializable, SerializableSnapshotIsolation, SnapshotIsolation, ParallelSnapshotIsolation];
    let often = [(Prefix, 0.9), (Causal, 0.9), (ReadAtomic, 0.9), (ReadCommitted, 0.9), (ReadUncommitted, 0.9)];
    report("a wrong total", money_is_made_or_lost, &never, &often);
}

/// Groups of two keys: each is written once, and both are read together. True if two reads of a group disagree.
fn is_forked(scenario: Scenario) -> bool {
    let mut next = 0u64;
    let simulated: Simulated<RwRegister> = simulate(scenario, |_, rng| {
        let group = (next / 2).saturating_sub(rng.random_range(0..3)) * 2;
        if rng.random_bool(0.3) {
            next += 1;
            return Txn(vec![Mop::Write { key: next - 1, value: 1 }]);
        }
        Txn(vec![Mop::Read { key: group }, Mop::Read { key: group + 1 }])
    });
    let mut seen: HashMap<u64, (bool, bool)> = HashMap::new();
    for operation in simulated.history.operations.iter().filter(|operation| operation.op.0.len() == 2) {
        let Some(reads) = operation.ok() else { continue };
        let group = seen.entry(operation.op.0[0].key()).or_default();
        group.0 |= reads.0[0].is_some() && reads.0[1].is_none();
        group.1 |= reads.0[0].is_none() && reads.0[1].is_some();
    }
    seen.values().any(|(first_only, second_only)| *first_only && *second_only)
}

#[test]
fn reads_fork_where_sites_have_their_own_order() {
    use Level::*;
    let never = [StrictSerializable, Serializable, SerializableSnapshotIsolation, SnapshotIsolation, Prefix];
    report("a long fork", is_forked, &never, &[(ParallelSnapshotIsolation, 0.5), (Causal, 0.5), (ReadAtomic, 0.5)]);
}

/// Pairs of keys: both are read, one is written. True if both were written by transactions that saw neither.
fn is_skewed(scenario: Scenario) -> bool {
    let simulated: Simulated<RwRegister> = simulate(scenario, |_, rng| {
        let pair = rng.random_range(0..25u64) * 2;
        let key = pair + rng.random_range(0..2u64);
        Txn(vec![Mop::Read { key: pair }, Mop::Read { key: pair + 1 }, Mop::Write { key, value: 1 }])
    });
    let mut written: HashMap<u64, [bool; 2]> = HashMap::new();
    for operation in &simulated.history.operations {
        let (Some(reads), Some(Mop::Write { key, .. })) = (operation.ok(), operation.op.0.last()) else { continue };
        if reads.0 == [None, None] {
            written.entry(key / 2).or_default()[(key % 2) as usize] = true;
        }
    }
    written.values().any(|both| both[0] && both[1])
}

#[test]
fn writes_skew_where_only_the_first_writer_wins() {
    use Level::*;
    let never = [StrictSerializable, Serializable, SerializableSnapshotIsolation];
    report(
        "write skew",
        is_skewed,
        &never,
        &[(SnapshotIsolation, 0.5), (ParallelSnapshotIsolation, 0.5), (Prefix, 0.5)],
    );
}

/// Every list that was read is what the commits appended, in the order of their versions.
#[test]
fn what_is_recorded_is_what_happened() {
    for level in Level::ALL.into_iter().filter(|level| *level != Level::ReadUncommitted) {
        for seed in 0..100 {
            let simulated = simulate_appends(level, seed, 200, 6);
            let mut versions: HashMap<u64, Vec<(usize, Vec<i64>)>> = HashMap::new();
            for witnessed in &simulated.commits {
                let op = &simulated.history.operations[witnessed.operation].op;
                for (key, position) in &witnessed.commit.writes {
                    let values = op.0.iter().filter_map(|mop| match mop {
                        Mop::Write { key: other, value } if other == key => Some(*value),
                        _ => None,
                    });
                    versions.entry(*key).or_default().push((*position, values.collect()));
                }
            }
            let lists: HashMap<u64, Vec<i64>> = versions
                .into_iter()
                .map(|(key, mut versions)| {
                    versions.sort_unstable();
                    (key, versions.into_iter().flat_map(|version| version.1).collect())
                })
                .collect();
            assert_prefixes(&simulated, &lists, &format!("{level}, seed {seed}"));
        }
    }
}

/// A read is a prefix of its list; behind an own append the own elements may follow, which then are the list's, too.
fn assert_prefixes(simulated: &Simulated<ListAppend>, lists: &HashMap<u64, Vec<i64>>, context: &str) {
    for operation in &simulated.history.operations {
        let Some(reads) = operation.ok() else { continue };
        let keys = operation.op.0.iter().filter(|mop| mop.is_read()).map(|mop| mop.key());
        for (key, read) in keys.zip(&reads.0) {
            let list = lists.get(&key).map_or(&[][..], |list| list);
            assert!(list.starts_with(read), "{context}: {read:?} of {key} is no prefix of {list:?}");
        }
    }
}

#[test]
fn a_seed_fixes_everything_and_outcomes_are_of_every_kind() {
    for level in Level::ALL {
        let simulated = simulate_appends(level, 7, 400, 6);
        assert_eq!(simulated.history, simulate_appends(level, 7, 400, 6).history);
        assert_ne!(simulated.history, simulate_appends(level, 8, 400, 6).history);
        let word = |word: &str| simulated.history.operations.iter().filter(|o| o.outcome.word() == word).count();
        assert!(word("ok") > 100 && word("fail") > 0 && word("info") > 0, "{level}: {} ok", word("ok"));
        let crashed = |operation: usize| simulated.history.operations[operation].outcome.word() == "info";
        assert!(simulated.commits.iter().any(|commit| crashed(commit.operation)), "{level}: no crash took effect");
        let recording = read_bytes(&simulated.lines(), &history::ReadOptions::default()).unwrap();
        let again = history::History::<ListAppend>::from_recording(&recording).unwrap();
        assert_eq!(again, simulated.history, "{level}");
    }
}
