//! Locks: the smallest history of each anomaly, a valid near-miss, and a second definition.

mod support;

use checkers::{Budget, Checker, LockChecker, Verdict, Word};
use history::{History, Lock, LockOp, LockRet, Operation, Outcome, Process};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::notation::locks;
use support::{Draft, assemble};

/// A lease lasts a second, which is ten columns, and all of it counts.
const LEASE: LockChecker = LockChecker { time_to_live_ns: 1_000_000_000, margin_ns: 0, most_anomalies: 10 };

fn judge(history: &History<Lock>) -> String {
    let verdict = LEASE.check(history, Budget::default());
    match verdict.word() {
        Word::Invalid => verdict.anomalies().iter().map(|a| a.name.clone()).collect::<Vec<_>>().join(" "),
        word => word.to_string(),
    }
}

fn check(text: &str, expect: &str) {
    assert_eq!(judge(&locks(text)), expect, "of{text}");
}

#[test]
fn one_holder_at_a_time() {
    check("[a1][f][r]\n            [a2][f][r]", "valid");
    check("[a1][f]        [r]\n         [a2][f][r]", "mutual-exclusion");
    check("[a1][f]        [r]\n                [a2][f][r]", "valid");
    check("[a1][f]        [r]\n         [a2@1][f@1][r@1]", "unknown");
}

#[test]
fn a_lease_ends_unless_it_is_refreshed() {
    check("[a1][f]              \n         [a2][f]", "mutual-exclusion");
    check("[a1][f]              \n             [a2][f]", "valid");
    check("[a1][f]     [f]      \n             [a2][f]", "mutual-exclusion");
    check("[a1][f]     [f?      \n             [a2][f]", "valid");
    check("[a1][f]     [f!      \n             [a2][f]", "valid");
}

#[test]
fn without_a_refresh_nothing_is_held() {
    check("[a1]        [r]\n    [a2][f] [r]", "valid");
    check("[a1]        [r]\n    [a2]    [r]", "unknown");
    check("[a1][f]     [r]", "unknown");
    check("", "unknown");
}

#[test]
fn a_holder_that_knows_of_its_loss_holds_no_more() {
    check("[a1][f][f!      \n            [a2][f]", "valid");
    check("[a1][f][r!      \n            [a2][f]", "valid");
    check("[a1][f][r?      \n            [a2][f]", "valid");
    check("[a1][f][f?      \n            [a2][f]", "valid");
    check("[a1?[f]         \n     [a2][f]", "unknown");
}

#[test]
fn a_margin_is_taken_off_the_lease() {
    let history = locks("[a1][f]              \n          [a2][f]");
    let careful = LockChecker { margin_ns: 100_000_000, ..LEASE };
    assert_eq!(careful.check(&history, Budget::default()).word(), Word::Valid);
    assert_eq!(LEASE.check(&history, Budget::default()).word(), Word::Invalid);
    let history = locks("[a1][f]              \n        [a2][f]");
    assert_eq!(careful.check(&history, Budget::default()).word(), Word::Invalid);
    assert_eq!(LockChecker::new(1_000).margin_ns, 100);
}

#[test]
fn tokens_grow_and_are_told_once() {
    check("[a2][f][r]\n            [a1][f][r]", "token-order");
    check("[a2][f][r]\n            [a2][f][r]", "token-order");
    check("[a2][r]\n[a1]          [f]", "valid");
    check("[a2][r]\n[a2]          [f]", "token-order");
    check("[a2@1][f@1][r@1]\n                [a1][f][r]\n                     [a2][f]", "valid");
}

#[test]
fn a_sentence_names_both_holders_and_their_grounds() {
    let verdict = LEASE.check(&locks("[a1][f]        [r]\n         [a2][f][r]"), Budget::default());
    let Verdict::Invalid { anomalies, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(
        anomalies[0].explanation,
        "process 0 (n1) surely held lock 0 from 0.300 s to 1.400 s, and process 1 (n2) surely held it from 1.201 s to \
         1.601 s: both for 0.199 s; the last successful keep-alive of process 0 was sent at 0.400 s for 1.000 s, of \
         which 1.000 s count, and it asked to release it at 1.500 s; the last successful keep-alive of process 1 was \
         sent at 1.301 s for 1.000 s, of which 1.000 s count, and it asked to release it at 1.601 s"
    );
    assert_eq!(anomalies[0].operations.len(), 6);
    assert_eq!(anomalies[0].intervals[1].label, "process 1 (n2) surely holds lock 0");
}

/// By definition: for each acquisition, from when to when it was surely held.
fn spans(history: &History<Lock>) -> Vec<(u64, Process, u64, u64)> {
    let mut spans = Vec::new();
    for (at, acquire) in history.operations.iter().enumerate() {
        let (LockOp::Acquire { key }, Some(_)) = (acquire.op, acquire.ok()) else { continue };
        let own = |o: &&Operation<Lock>| o.process == acquire.process;
        let mut end = u64::MAX;
        let mut lease = 0;
        for later in history.operations[at + 1..].iter().filter(own) {
            match (later.op, &later.outcome) {
                (LockOp::Refresh { key: refreshed }, Outcome::Ok(_)) if refreshed == key => {
                    lease = later.invoked.time.0 + 1_000_000_000;
                    continue;
                }
                (LockOp::Release { key: other }, _) if other == key => end = later.invoked.time.0,
                (LockOp::Refresh { key: other }, Outcome::Fail(_)) if other == key => end = later.invoked.time.0,
                (LockOp::Acquire { .. }, _) => end = later.invoked.time.0,
                (_, Outcome::Info(_)) => end = later.gave_up.map_or(u64::MAX, |gave_up| gave_up.time.0),
                _ => continue,
            }
            break;
        }
        spans.push((key, acquire.process, acquire.completed.expect("it is ok").time.0, end.min(lease)));
    }
    spans
}

fn some_two_overlap(history: &History<Lock>) -> bool {
    let spans = spans(history);
    let overlap = |a: &(u64, Process, u64, u64), b: &(u64, Process, u64, u64)| {
        a.0 == b.0 && a.1 != b.1 && a.2.max(b.2) < a.3.min(b.3)
    };
    spans.iter().any(|a| spans.iter().any(|b| overlap(a, b)))
}

/// Processes that do what comes to their mind; tokens grow in the order of the acquisitions' ends.
fn random(rng: &mut ChaCha8Rng) -> History<Lock> {
    let mut drafts = Vec::new();
    for process in 0..3 {
        let mut clock = process + 1;
        for _ in 0..rng.random_range(2..6) {
            clock += rng.random_range(1..60) * 10;
            let invoked = clock;
            clock += rng.random_range(1..40) * 10;
            let key = u64::from(rng.random_bool(0.1));
            let (op, ret) = match rng.random_range(0..6) {
                0 | 1 => (LockOp::Acquire { key }, LockRet::Acquired { token: clock as i64 }),
                2..=4 => (LockOp::Refresh { key }, LockRet::Done),
                _ => (LockOp::Release { key }, LockRet::Done),
            };
            let outcome = match rng.random_range(0..10) {
                0 => Outcome::Fail("refused".into()),
                1 => Outcome::Info("timeout".into()),
                _ => Outcome::Ok(ret),
            };
            let is_over = matches!(outcome, Outcome::Info(_));
            drafts.push(Draft { process, node: None, op, invoked, ended: Some(clock), outcome });
            if is_over {
                break;
            }
        }
    }
    assemble(drafts, 0)
}

#[test]
fn ten_thousand_small_histories_are_judged_as_by_definition() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut invalid = 0;
    for number in 0..10_000 {
        let history = random(&mut rng);
        let verdict = LEASE.check(&history, Budget::default());
        let expected = some_two_overlap(&history);
        invalid += usize::from(expected);
        let found = verdict.anomalies().iter().any(|a| a.name == "mutual-exclusion");
        assert_eq!(found, expected, "history {number}: {verdict:#?} {history:#?}");
        assert!(verdict.anomalies().iter().all(|a| a.name == "mutual-exclusion"), "tokens grow: {verdict:#?}");
        assert!(verdict.evidence().iter().all(|(name, _)| name != "not confirmed"));
    }
    assert!((500..9_500).contains(&invalid), "{invalid}");
}
