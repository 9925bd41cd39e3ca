//! Sets: the smallest history of each anomaly, a valid near-miss, a second definition, and stores that work.

mod support;

use checkers::{Budget, Checker, Promise, SetChecker, Verdict, Word};
use history::{History, Outcome, Set, SetOp, SetRet};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::{Draft, assemble};

/// One operation per word, one after the other: `+1` adds, `+1!` fails, `+1?` crashes, `1:1,2` reads 1 and 2 on node
/// 1. `(` before a word lets it begin before the word in front of it does.
fn sets(text: &str) -> History<Set> {
    let mut drafts = Vec::new();
    for (number, word) in text.split_whitespace().enumerate() {
        let at = number as u64 * 10 + 20;
        let early = word.starts_with('(');
        let word = word.trim_start_matches('(');
        let (node, op, outcome) = match word.strip_prefix('+') {
            Some(add) => {
                let element = add.trim_end_matches(['!', '?']).parse().expect("an element");
                let outcome = match add.chars().last() {
                    Some('!') => Outcome::Fail("refused".into()),
                    Some('?') => Outcome::Info("timeout".into()),
                    _ => Outcome::Ok(SetRet::Done),
                };
                (0, SetOp::Add { element }, outcome)
            }
            None => {
                let (node, found) = word.split_once(':').expect("a node");
                let found = found.split(',').filter(|e| !e.is_empty()).map(|e| e.parse().expect("an element"));
                (node.parse::<u16>().expect("a node") - 1, SetOp::Read, Outcome::Ok(SetRet::Elements(found.collect())))
            }
        };
        let invoked = if early { at - 12 } else { at };
        drafts.push(Draft { process: number as u64, node: Some(node), op, invoked, ended: Some(at + 5), outcome });
    }
    assemble(drafts, 5)
}

fn judge(history: &History<Set>, promise: Promise) -> String {
    let verdict = SetChecker { promise, ..SetChecker::default() }.check(history, Budget::default());
    match verdict.word() {
        Word::Invalid => verdict.anomalies().iter().map(|a| a.name.clone()).collect::<Vec<_>>().join(" "),
        word => word.to_string(),
    }
}

fn check(text: &str, expect: &str) {
    assert_eq!(judge(&sets(text), Promise::Linearizable), expect, "of {text}");
}

fn check_eventual(text: &str, expect: &str) {
    assert_eq!(judge(&sets(text), Promise::Eventual), expect, "of {text}");
}

#[test]
fn what_was_acknowledged_is_there() {
    check("+1 +2 1:1,2 2:2,1", "valid");
    check("+1 +2 1:1", "lost");
    check("+1 +2? 1:1", "valid");
    check("+1 +2 (1:1 1:1,2", "valid");
}

#[test]
fn what_was_seen_stays() {
    check("+1 +2? 1:1,2 1:1 1:1", "lost");
    check("+1 +2? 1:1,2 (2:1 1:1,2 2:1,2", "valid");
    check("+1 1: 1:1", "stale-read");
    check("+1 +2? 1:1,2 1:1 1:1,2", "stale-read");
}

#[test]
fn every_node_has_it_in_the_end() {
    check("+1 1:1 2: 3:1", "stale");
    check("+1? 1:1 2: 3:1", "stale");
    check("+1 1:1 2: 2:1", "stale-read");
    check("+1 1: 2: 3:", "lost");
}

#[test]
fn what_was_not_added_is_not_there() {
    check("+1 +2! 1:1,2", "revived");
    check("+1 +2! 1:1", "valid");
    check("+1 1:1,2", "phantom");
    check("+1 1:1,2 +2 1:1,2", "phantom");
    check("+1 1:1,1", "duplicated");
}

#[test]
fn an_eventual_set_may_be_late_but_not_for_ever() {
    check_eventual("+1 1: +2 1:1,2", "valid");
    check_eventual("+1 1: +2 1:2 1:1,2", "valid");
    check_eventual("+1 1:1 +2 1:2", "lost");
    check_eventual("+1 +2 1:1,2 2:2", "stale");
}

#[test]
fn too_little_evidence_is_unknown() {
    for text in ["", "+1", "1:", "+1! 1:", "+1 1:1 +2", "+1? 1:1"] {
        check(text, "unknown");
    }
}

#[test]
fn a_sentence_names_the_operations() {
    let verdict = SetChecker::default().check(&sets("+7 1:7 2:"), Budget::default());
    let Verdict::Invalid { anomalies, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(
        anomalies[0].explanation,
        "n2 did not return 7 to process 2 (read, index 40, begun at 0.040 s), the last one there, although its addition \
         by process 0 (n1) had completed at 0.025 s and process 1 (n1) had read it at 0.035 s"
    );
    assert_eq!(anomalies[0].operations.len(), 3);
}

#[test]
fn many_anomalies_are_counted_and_few_are_shown() {
    let adds: String = (0..40).map(|element| format!("+{element} ")).collect();
    let verdict = SetChecker::default().check(&sets(&format!("{adds} 1:0,50")), Budget::default());
    assert_eq!(verdict.anomalies().len(), 10);
    assert!(verdict.anomalies().iter().any(|a| a.name == "phantom"));
    assert!(verdict.evidence().contains(&("elements lost".into(), "39".into())));
}

/// By definition: for each element, is there a read that lacks it although it was known when the read began?
fn some_known_element_is_missing(history: &History<Set>) -> bool {
    let reads = || history.operations.iter().filter_map(|o| Some((o, o.ok()?))).filter(|(o, _)| o.op == SetOp::Read);
    let has = |ret: &SetRet, element: i64| matches!(ret, SetRet::Elements(all) if all.contains(&element));
    (1..=8).any(|element| {
        let added = |o: &&history::Operation<Set>| o.op == SetOp::Add { element } && o.ok().is_some();
        let adds = history.operations.iter().filter(added);
        let knowing: Vec<_> = adds.chain(reads().filter(|(_, ret)| has(ret, element)).map(|(o, _)| o)).collect();
        reads().any(|(o, ret)| !has(ret, element) && knowing.iter().any(|known| known.precedes(o)))
    })
}

#[test]
fn ten_thousand_small_histories_are_judged_as_by_definition() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut invalid = 0;
    for number in 0..10_000 {
        let mut text = String::new();
        let mut added = Vec::new();
        for element in 1..=8 {
            let early = if rng.random_bool(0.5) { "(" } else { "" };
            if rng.random_bool(0.5) {
                added.push(element);
                text += &format!("{early}+{element}{} ", ["", "?"][rng.random_range(0..2)]);
            } else {
                let found: Vec<_> = added.iter().filter(|_| rng.random_bool(0.85)).map(ToString::to_string).collect();
                text += &format!("{early}{}:{} ", rng.random_range(1..4), found.join(","));
            }
        }
        let history = sets(&text);
        let verdict = SetChecker::default().check(&history, Budget::default());
        let expected = some_known_element_is_missing(&history);
        invalid += usize::from(expected);
        assert_eq!(verdict.word() == Word::Invalid, expected, "history {number}, {text}: {verdict:?}");
        assert!(verdict.evidence().iter().all(|(name, _)| name != "not confirmed"));
    }
    assert!((2_000..8_000).contains(&invalid), "{invalid}");
}

#[test]
fn a_long_run_is_judged_in_linear_time() {
    let mut drafts = Vec::new();
    let mut all = Vec::new();
    for element in 0..2_000 {
        let at = element as u64 * 10;
        let op = SetOp::Add { element };
        let done = Outcome::Ok(SetRet::Done);
        drafts.push(Draft { process: 0, node: Some(0), op, invoked: at, ended: Some(at + 1), outcome: done });
        all.push(element);
        if element % 10 == 9 {
            let outcome = Outcome::Ok(SetRet::Elements(all.clone()));
            let (invoked, ended) = (at + 2, Some(at + 3));
            drafts.push(Draft { process: 1, node: Some(1), op: SetOp::Read, invoked, ended, outcome });
        }
    }
    assert_eq!(judge(&assemble(drafts, 2), Promise::Linearizable), "valid");
}
