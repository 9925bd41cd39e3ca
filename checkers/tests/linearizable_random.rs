//! Linearizability of registers: the checker against a brute-force oracle, and against stores that work and that don't.

mod support;

use checkers::{Anomaly, Budget, Checker, Linearizable, Verdict, Word};
use history::{History, Moment, Outcome, Register, RegisterOp, RegisterRet, Time};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::notation::show;
use support::oracle::is_linearizable;
use support::store::{Load, simulate};

fn judge(history: &History<Register>) -> Verdict {
    Linearizable::default().check(history, Budget::default())
}

fn small(rng: &mut ChaCha8Rng) -> History<Register> {
    let load = Load {
        operations: rng.random_range(2..=8),
        processes: rng.random_range(2..=4),
        keys: 1,
        values: [0, 2, 3][rng.random_range(0..3)],
        crashes: [0, 20, 50][rng.random_range(0..3)],
        stale: 0,
    };
    let mut history = simulate(load, rng);
    if rng.random_bool(0.7) {
        for _ in 0..rng.random_range(1..3) {
            mutate(&mut history, rng);
        }
    }
    history
}

/// Changes what a read found, or what became of an operation.
fn mutate(history: &mut History<Register>, rng: &mut ChaCha8Rng) {
    let at = rng.random_range(0..history.operations.len());
    let operation = &mut history.operations[at];
    match (operation.op, rng.random_range(0..4)) {
        (RegisterOp::Read { .. }, _) if operation.ok().is_some() => {
            let found = Some(rng.random_range(0..4)).filter(|value| *value > 0);
            operation.outcome = Outcome::Ok(RegisterRet::Value(found));
        }
        (RegisterOp::Cas { .. } | RegisterOp::Write { .. }, 0) if operation.completed.is_some() => {
            operation.outcome = Outcome::Ok(RegisterRet::Done);
        }
        (RegisterOp::Write { .. }, 1) if operation.completed.is_some() => {
            operation.outcome = Outcome::Fail("refused".into());
        }
        (_, 2) if operation.completed.is_some() => {
            operation.outcome = Outcome::Info("timeout".into());
            operation.gave_up = operation.completed.take();
        }
        _ => {}
    }
}

#[test]
fn forty_thousand_small_histories_are_judged_as_by_brute_force() {
    let mut rng = ChaCha8Rng::seed_from_u64(20_260);
    let (mut valid, mut invalid, mut largest) = (0, 0, 0);
    for number in 0..40_000 {
        let history = small(&mut rng);
        let verdict = judge(&history);
        let truth = is_linearizable(&history);
        match verdict.word() {
            Word::Valid => valid += 1,
            Word::Invalid => invalid += 1,
            Word::Unknown => assert!(truth, "history {number} is invalid, not {verdict:?}: {}", show(&history)),
        }
        assert_eq!(verdict.word() != Word::Invalid, truth, "history {number}: {verdict:?}, {}", show(&history));
        for anomaly in verdict.anomalies() {
            largest = largest.max(anomaly.operations.len());
        }
    }
    assert!(valid > 15_000 && invalid > 7_000, "{valid} valid, {invalid} invalid");
    assert!(largest <= 8);
}

#[test]
fn more_freedom_never_breaks_a_history() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..1_500 {
        let history = small(&mut rng);
        if judge(&history).word() == Word::Invalid {
            continue;
        }
        for freer in [widened(&history, &mut rng), without_answer(&history, &mut rng)] {
            assert_ne!(judge(&freer).word(), Word::Invalid, "{} became {}", show(&history), show(&freer));
        }
    }
}

/// One operation completes later, as late as its process allows, which here is any time.
fn widened(history: &History<Register>, rng: &mut ChaCha8Rng) -> History<Register> {
    let mut freer = history.clone();
    let at = rng.random_range(0..freer.operations.len());
    if let Some(completed) = &mut freer.operations[at].completed {
        *completed = Moment { index: completed.index * 2 + 1, time: Time(completed.time.0 * 2) };
    }
    freer
}

/// Nobody knows what became of one operation.
fn without_answer(history: &History<Register>, rng: &mut ChaCha8Rng) -> History<Register> {
    let mut freer = history.clone();
    let at = rng.random_range(0..freer.operations.len());
    let operation = &mut freer.operations[at];
    operation.gave_up = operation.completed.take();
    operation.outcome = Outcome::Info("timeout".into());
    freer
}

#[test]
fn a_store_that_works_is_always_valid() {
    for seed in 0..60 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let load = Load {
            operations: 600,
            processes: [3, 10, 20][seed as usize % 3],
            keys: [1, 5][seed as usize % 2],
            values: [0, 5, 3, 20][seed as usize % 4],
            crashes: [0, 2, 5][seed as usize % 3],
            stale: 0,
        };
        let verdict = judge(&simulate(load, &mut rng));
        assert_eq!(verdict.word(), Word::Valid, "seed {seed}: {verdict:?}");
    }
}

#[test]
fn a_store_that_reads_old_copies_is_found() {
    for seed in 0..40 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let values = [0, 50, 8, 5][seed as usize % 4];
        let load = Load { operations: 600, processes: 6, keys: 2, values, crashes: 1, stale: 20 };
        let history = simulate(load, &mut rng);
        let verdict = judge(&history);
        assert_eq!(verdict.word(), Word::Invalid, "seed {seed}: {verdict:?}");
        for anomaly in verdict.anomalies() {
            assert!(anomaly.operations.len() <= 8, "seed {seed}: {anomaly:#?}");
            let named = sub_history(&history, anomaly);
            assert!(!is_linearizable(&named), "seed {seed}: {anomaly:#?}");
        }
    }
}

/// The operations of a witness alone, up to the completion of its culprit; a compare-and-set without its source stands
/// for a write.
fn sub_history(history: &History<Register>, anomaly: &Anomaly) -> History<Register> {
    let mut operations: Vec<_> = anomaly.operations.iter().map(|id| history.operation(*id).clone()).collect();
    let end = anomaly.culprit.and_then(|culprit| history.operation(culprit).completed);
    for operation in operations.iter_mut().filter(|o| o.completed > end) {
        operation.outcome = Outcome::Info("still pending".into());
        operation.completed = None;
    }
    let written: Vec<i64> = operations.iter().filter_map(|o| written(&o.op)).collect();
    for operation in &mut operations {
        if let (RegisterOp::Cas { key, expected, new }, true) = (operation.op, operation.ok().is_some()) {
            let by_others = written.iter().filter(|value| **value == expected).count() - usize::from(expected == new);
            if by_others == 0 {
                operation.op = RegisterOp::Write { key, value: new };
            }
        }
    }
    History { operations, ..history.clone() }
}

fn written(op: &RegisterOp) -> Option<i64> {
    match op {
        RegisterOp::Write { value, .. } => Some(*value),
        RegisterOp::Cas { new, .. } => Some(*new),
        RegisterOp::Read { .. } => None,
    }
}

#[test]
fn forty_crashed_writes_of_five_values_are_within_the_budget() {
    let mut rng = ChaCha8Rng::seed_from_u64(40);
    let load = Load { operations: 2_000, processes: 10, keys: 1, values: 5, crashes: 4, stale: 0 };
    let history = simulate(load, &mut rng);
    let crashed = |o: &&history::Operation<Register>| o.completed.is_none() && written(&o.op).is_some();
    assert!(history.operations.iter().filter(crashed).count() >= 40);
    let budget = Budget { nodes: 2_000_000, bytes: 1 << 28 };
    let verdict = Linearizable::default().check(&history, budget);
    assert_eq!(verdict.word(), Word::Valid, "{verdict:?}");
}

#[test]
fn a_verdict_does_not_depend_on_the_number_of_threads() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let load = Load { operations: 2_000, processes: 10, keys: 12, values: 4, crashes: 4, stale: 1 };
    let history = simulate(load, &mut rng);
    let budget = Budget { nodes: 2_000, bytes: 1 << 20 };
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let many = rayon::ThreadPoolBuilder::new().num_threads(4).build().expect("a pool");
    let judge = || Linearizable::default().check(&history, budget);
    assert_eq!(alone.install(judge), many.install(judge));
}

#[test]
fn a_long_history_of_one_key_is_judged_within_the_budget() {
    for (values, crashes) in [(0, 0), (5, 0), (0, 1)] {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let load = Load { operations: 30_000, processes: 10, keys: 1, values, crashes, stale: 0 };
        let verdict = judge(&simulate(load, &mut rng));
        assert!(matches!(verdict, Verdict::Valid { .. }), "{values} values, {crashes} % crashes: {verdict:?}");
    }
}
