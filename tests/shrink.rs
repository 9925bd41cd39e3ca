//! A violation that was found once is found again by a smaller test.

mod harness;

use harness::Harness;

#[test]
fn a_violation_comes_back_in_less_time() {
    let harness = Harness::new();
    let found = harness.run("test --database memory:stale-read --time-limit 6s --rate 500 --seed 3");
    assert_eq!(found.code, 1, "{found}");
    let smaller = harness.run("shrink results/latest --times 1");
    assert_eq!(smaller.code, 1, "{smaller}");
    assert!(!smaller.stdout.contains("VIOLATION"), "the runs themselves are silent: {smaller}");
    assert!(smaller.stdout.contains("the whole schedule: no faults, 6s"), "{smaller}");
    let last = smaller.stdout.lines().rev().find(|line| line.contains("it failed in")).expect("it says how often");
    assert!(last.starts_with("it failed in") && last.contains("of 1 more runs"), "{smaller}");
    let plan = std::fs::read_to_string(harness.path().join("results/memory-register/smallest.toml"));
    let plan = plan.expect("the smallest plan is kept");
    assert!(!plan.contains("time-limit = \"6s\""), "{plan}");
    let again = harness.run("test results/memory-register/smallest.toml");
    assert!([0, 1, 2].contains(&again.code), "{again}");
}

#[test]
fn what_does_not_come_back_is_unknown() {
    let harness = Harness::new();
    let kept = harness.run("test --database memory --time-limit 1s --seed 3");
    assert_eq!(kept.code, 0, "{kept}");
    let smaller = harness.run("shrink --times 1");
    assert_eq!(smaller.code, 2, "{smaller}");
    assert!(smaller.stdout.contains("no violation in 1 runs"), "{smaller}");
    let nothing = harness.run("shrink results/nowhere");
    assert_eq!(nothing.code, 65, "{nothing}");
    let replayed = harness.run("test --replay results/latest --time-limit 500ms");
    assert_eq!(replayed.code, 0, "{replayed}");
}
