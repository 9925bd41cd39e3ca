//! The tests of the tests: every bug planted into the in-process database is found, and without a bug nothing is.

mod harness;

use harness::Harness;

/// Bug and workload, as they are found together.
const BUGS: &[(&str, &str)] = &[
    ("stale-read", "register"),
    ("lost-write", "register"),
    ("lost-update", "register"),
    ("duplicate-apply", "register"),
    ("acknowledged-then-dropped", "register"),
    ("stale-read", "set"),
    ("lost-write", "set"),
    ("duplicate-apply", "set"),
    ("acknowledged-then-dropped", "set"),
];

#[test]
fn every_planted_bug_is_found() {
    for (bug, workload) in BUGS {
        let harness = Harness::new();
        let answer =
            harness.run(&format!("test --database memory:{bug} --workload {workload} --time-limit 5s --seed 1"));
        assert_eq!(answer.code, 1, "{bug} under {workload}: {answer}");
        assert!(answer.stdout.starts_with("VIOLATION"), "{answer}");
        let again = harness.run("check --brief results/latest");
        assert_eq!((again.code, again.stdout.as_str()), (1, "results/latest\tinvalid\n"), "{again}");
    }
}

#[test]
fn a_lock_that_is_given_to_two_clients_is_found() {
    let harness = Harness::new();
    let answer =
        harness.run("test --database memory:acknowledged-then-dropped --workload lock --time-limit 20s --seed 1");
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stdout.contains("mutual-exclusion"), "{answer}");
}

#[test]
fn without_a_bug_fifty_seeds_are_valid() {
    // Several at a time: each spends its time waiting for the clock.
    let seeds: Vec<u64> = (1..=50).collect();
    std::thread::scope(|scope| {
        for group in seeds.chunks(13) {
            scope.spawn(move || {
                for seed in group {
                    let workload = if seed % 5 == 0 { "set" } else { "register" };
                    let harness = Harness::new();
                    let arguments = format!(
                        "test --database memory:flaky=0.01 --workload {workload} --time-limit 2s --rate 2000 --seed {seed}"
                    );
                    let answer = harness.run(&arguments);
                    assert_eq!(answer.code, 0, "seed {seed} under {workload}: {answer}");
                }
            });
        }
    });
}

#[test]
fn locks_without_a_bug_are_valid() {
    let harness = Harness::new();
    let answer = harness.run("test --database memory --workload lock --time-limit 30s --seed 1");
    assert_eq!(answer.code, 0, "{answer}");
}
