//! Causal memory against its definition: each session looks for one order of all that it may know of.

use crate::notation::{options, recording};
use crate::random::{Plain, call, history, plain, rounds, same};
use checkers::{Verdict, judge};
use history::Calls;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[test]
fn sessions_find_one_order_of_what_they_know() {
    let rounds = rounds();
    let (mut rng, mut judged, mut broken) = (ChaCha8Rng::seed_from_u64(53), 0, 0);
    for _ in 0..rounds {
        let next = std::cell::Cell::new(0);
        let text = history(&mut rng, 13, |rng| {
            let key = |value: i64| format!("key={}", if value % 3 == 0 { 2 } else { 1 });
            if rng.random_bool(0.35) {
                next.set(next.get() + 1);
                return same("write", format!("{} {}", key(next.get()), next.get()));
            }
            // Mostly what was written of late, for old values are wrong in simpler ways.
            match rng.random_range((next.get() - 4).max(0)..=next.get()) {
                0 => call("read", "key=1 null", "key=1 null"),
                seen => call("read", format!("{} null", key(seen)), format!("{} {seen}", key(seen))),
            }
        });
        let recording = recording(&text);
        let calls = Calls::pair(&recording).unwrap();
        let verdict = judge("causal", &calls, &options("memory=true")).unwrap();
        let is_bug = matches!(&verdict, Verdict::Unknown { reason, .. } if reason.contains("bug"));
        assert!(!is_bug, "{text}\n{verdict:#?}");
        // Other anomalies are compared elsewhere.
        let mine = ["cyclic-hb", "write-hb-init-read"];
        let found = verdict.anomalies().iter().any(|anomaly| mine.contains(&anomaly.name.as_str()));
        if verdict.anomalies().iter().any(|anomaly| !mine.contains(&anomaly.name.as_str())) {
            continue;
        }
        assert_eq!(found, !is_memory(&plain(&calls)), "{text}\n{verdict:#?}");
        judged += 1;
        broken += usize::from(found);
    }
    assert!(judged * 10 > rounds && broken * 200 > rounds, "{judged} {broken}");
}

fn reads_from(calls: &[Plain], read: usize, write: usize) -> bool {
    let is_pair = calls[write].may("write") && calls[read].is("read") && calls[write].key == calls[read].key;
    is_pair && calls[write].argument[0] == calls[read].result[0]
}

fn is_memory(calls: &[Plain]) -> bool {
    let size = calls.len();
    let counts = |at: usize| {
        let is_seen = (0..size).any(|read| reads_from(calls, read, at));
        calls[at].is("read") || calls[at].is("write") || calls[at].may("write") && is_seen
    };
    let nodes: Vec<usize> = (0..size).filter(|at| counts(*at)).collect();
    let mut before = vec![vec![false; size]; size];
    for (a, b) in nodes.iter().flat_map(|a| nodes.iter().map(move |b| (*a, *b))) {
        before[a][b] = calls[a].process == calls[b].process && a < b || reads_from(calls, b, a);
    }
    for middle in 0..size {
        for (a, b) in (0..size).flat_map(|a| (0..size).map(move |b| (a, b))) {
            before[a][b] |= before[a][middle] && before[middle][b];
        }
    }
    nodes.iter().all(|last| {
        let process = calls[*last].process;
        let is_last = !nodes.iter().any(|other| calls[*other].process == process && other > last);
        let is_own = |at: usize| calls[at].f == "write" || calls[at].process == process;
        let items: Vec<usize> =
            nodes.iter().copied().filter(|at| (before[*at][*last] || at == last) && is_own(*at)).collect();
        !is_last || arranges(calls, &before, &items, &mut Vec::new())
    })
}

/// Tries every order of the items that respects what comes before what, and in which reads find the last write.
fn arranges(calls: &[Plain], before: &[Vec<bool>], items: &[usize], done: &mut Vec<usize>) -> bool {
    if done.len() == items.len() {
        return true;
    }
    for item in items.iter().copied().filter(|item| !done.contains(item)).collect::<Vec<usize>>() {
        let is_free = items.iter().all(|other| done.contains(other) || !before[*other][item]);
        let call = &calls[item];
        let last = done.iter().rev().find(|at| calls[**at].f == "write" && calls[**at].key == call.key);
        let fits = call.f == "write" || call.result[0] == last.and_then(|at| calls[*at].argument[0]);
        if is_free && fits {
            done.push(item);
            if arranges(calls, before, items, done) {
                return true;
            }
            done.pop();
        }
    }
    false
}
