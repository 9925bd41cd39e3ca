//! Whole runs of transactions: a database that keeps a level is found to keep it, and is refuted one level up.

mod harness;

use harness::Harness;

/// What the database keeps, the workload, the level that it promises, and the exit code.
const RUNS: &[(&str, &str, &str, i32)] = &[
    ("strict-serializable", "append", "strict-serializable", 0),
    ("snapshot-isolation", "append", "serializable", 1),
    ("snapshot-isolation", "wr", "snapshot-isolation", 0),
    ("read-committed", "wr", "read-atomic", 1),
    ("snapshot-isolation", "write-skew", "serializable", 1),
    ("strict-serializable", "predicate", "serializable", 0),
    ("snapshot-isolation", "predicate", "serializable", 1),
];

#[test]
fn a_level_is_kept_and_the_next_one_refuted() {
    // All at a time: each spends its time waiting for the clock.
    std::thread::scope(|scope| {
        for (isolation, workload, expect, code) in RUNS {
            scope.spawn(move || {
                let harness = Harness::new();
                let arguments = format!(
                    "test --database memory:isolation={isolation} --workload {workload} --expect {expect} --time-limit 3s \
                     --rate 1000 --seed 1"
                );
                let answer = harness.run(&arguments);
                assert_eq!(answer.code, *code, "{workload} at {isolation}, expecting {expect}: {answer}");
                let again = harness.run("check --brief results/latest");
                assert_eq!(again.code, *code, "judged again: {again}");
            });
        }
    });
}
