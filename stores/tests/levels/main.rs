//! Every store keeps its level in every one of a thousand runs, and breaks the next one up in a share of them that is
//! stated here. The truth of each run is known, so no checker is asked.

mod truth;

use history::DataType;
use stores::{Level, Simulated, simulate_appends, simulate_registers};
use truth::Truth;

const SEEDS: u64 = 1000;
const OPERATIONS: usize = 60;

/// True of a run that does not meet a condition.
type Breaks = fn(&Truth) -> bool;

/// In how many of the runs a condition is broken.
fn share(level: Level, breaks: Breaks) -> f64 {
    let broken = |seed: &u64| breaks(&Truth::of(&simulate_appends(level, *seed, OPERATIONS, 6)));
    (0..SEEDS).filter(broken).count() as f64 / SEEDS as f64
}

/// Every condition that a level must meet.
fn promises(level: Level) -> Vec<(&'static str, Breaks)> {
    let mut all: Vec<(&'static str, Breaks)> = vec![("read uncommitted", Truth::breaks_read_uncommitted)];
    if level <= Level::ReadCommitted {
        all.push(("read committed", Truth::breaks_read_committed));
    }
    // A stale snapshot of a serializable store may lie before what its session did.
    if level <= Level::ReadAtomic && level != Level::Serializable {
        all.push(("read atomic", Truth::breaks_read_atomic));
    }
    if level <= Level::Causal && level != Level::Serializable {
        all.push(("causal", Truth::breaks_causal));
    }
    if level <= Level::Prefix && level != Level::Serializable && level != Level::ParallelSnapshotIsolation {
        all.push(("prefix", Truth::breaks_prefix));
    }
    if level <= Level::ParallelSnapshotIsolation && level != Level::Serializable {
        all.push(("parallel snapshot isolation", Truth::breaks_parallel_snapshot));
    }
    if level <= Level::SnapshotIsolation && level != Level::Serializable {
        all.push(("snapshot isolation", Truth::breaks_snapshot));
    }
    if level <= Level::SerializableSnapshotIsolation {
        all.push(("serializable", Truth::breaks_serializable));
    }
    if level == Level::StrictSerializable || level == Level::SerializableSnapshotIsolation {
        all.push(("strict serializable", Truth::breaks_strict));
    }
    all
}

fn keeps_its_level<D: DataType>(run: fn(Level, u64, usize, usize) -> Simulated<D>) {
    for level in Level::ALL {
        let promises = promises(level);
        for seed in 0..SEEDS {
            let truth = Truth::of(&run(level, seed, OPERATIONS, 6));
            for (name, breaks) in &promises {
                assert!(!breaks(&truth), "{level} is not {name} under seed {seed}");
            }
        }
    }
}

#[test]
fn lists_keep_their_level() {
    keeps_its_level(simulate_appends);
}

#[test]
fn registers_keep_their_level() {
    keeps_its_level(simulate_registers);
}

#[test]
fn each_level_breaks_the_next_one_up() {
    let pairs: [(Level, &str, Breaks, f64); 10] = [
        (Level::ReadUncommitted, "read committed", Truth::breaks_read_committed, 0.90),
        (Level::ReadCommitted, "read atomic", Truth::breaks_read_atomic, 0.94),
        (Level::ReadAtomic, "causal", Truth::breaks_causal, 0.90),
        (Level::Causal, "prefix", Truth::breaks_prefix, 0.90),
        (Level::Causal, "parallel snapshot isolation", Truth::breaks_parallel_snapshot, 0.99),
        (Level::Prefix, "snapshot isolation", Truth::breaks_snapshot, 0.99),
        (Level::ParallelSnapshotIsolation, "snapshot isolation", Truth::breaks_snapshot, 0.25),
        (Level::ParallelSnapshotIsolation, "prefix", Truth::breaks_prefix, 0.20),
        (Level::SnapshotIsolation, "serializable", Truth::breaks_serializable, 0.65),
        (Level::Serializable, "strict serializable", Truth::breaks_strict, 0.95),
    ];
    for (level, name, breaks, least) in pairs {
        let share = share(level, breaks);
        assert!(share >= least, "{level} breaks {name} in {share} of the runs, at least {least} are stated");
    }
}
