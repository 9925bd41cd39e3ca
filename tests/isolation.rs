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
                if *code == 1 && *workload == "append" {
                    tells_of_a_cycle(&harness);
                }
            });
        }
    });
}

/// A run says step by step what cannot have been, to machines and on its own page.
fn tells_of_a_cycle(harness: &Harness) {
    let told = harness.run("check results/latest --output json");
    let answer: serde_json::Value = serde_json::from_str(&told.stdout).expect("it is JSON");
    let checks = answer["files"][0]["checks"].as_array().expect("there are checks");
    let violations = checks.iter().flat_map(|check| check["violations"].as_array().into_iter().flatten());
    let with_steps = violations.filter(|violation| violation["steps"].is_array());
    let first = with_steps.into_iter().next().expect("a violation has steps");
    let count = |field: &serde_json::Value| field.as_array().map_or(0, Vec::len);
    assert!(count(&first["steps"]) > 1 && count(&first["steps"]) == count(&first["transactions"]), "{first}");
    let all = first["minimal"]["of"].as_u64().expect("there is a minimal history");
    assert!((count(&first["minimal"]["transactions"]) as u64) < all / 10, "{first}");
    let page = std::fs::read_to_string(harness.latest().join("report.html")).expect("there is a page");
    for expected in ["class=\"cycle\"", "However, ", "Minimal history: "] {
        assert!(page.contains(expected), "{expected}");
    }
}
