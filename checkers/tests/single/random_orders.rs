//! Random histories of registers against definitions that try every order.

use crate::notation::{options, recording};
use crate::random::{Plain, call, history, numbers, plain, rounds, same};
use checkers::{Verdict, judge};
use history::{CallOutcome, Calls};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[test]
fn causal_order_is_a_closure() {
    let rounds = rounds();
    let (mut rng, mut invalid) = (ChaCha8Rng::seed_from_u64(31), [0; 4]);
    for _ in 0..rounds {
        let next = std::cell::Cell::new(0);
        let text = history(&mut rng, 12, |rng| {
            // The key follows from the value; a value may be read before it is written, which makes cycles.
            let key = |value: i64| format!("key={}", if value % 3 == 0 { 2 } else { 1 });
            if rng.random_bool(0.4) {
                next.set(next.get() + 1);
                return same("write", format!("{} {}", key(next.get()), next.get()));
            }
            let ahead = i64::from(rng.random_bool(0.2));
            let seen = rng.random_range(0..=next.get() + ahead);
            let key = if seen == 0 { format!("key={}", rng.random_range(1..3)) } else { key(seen) };
            call("read", format!("{key} null"), format!("{key} {seen}"))
        });
        let recording = recording(&text);
        let calls = Calls::pair(&recording).unwrap();
        let verdict = judge("causal", &calls, &options("convergent=true")).unwrap();
        let is_bug = matches!(&verdict, Verdict::Unknown { reason, .. } if reason.contains("bug"));
        let keys: Vec<Option<i64>> = calls.iter().map(|call| numbers(&calls, call.key.unwrap())[0]).collect();
        let expected = causal_definition(&plain(&calls), &keys);
        let names = ["cyclic-causality", "write-co-read", "write-co-init-read", "cyclic-conflict"];
        for (place, name) in names.into_iter().enumerate() {
            let found = verdict.anomalies().iter().any(|anomaly| anomaly.name == name);
            assert!(!is_bug && found == expected[place], "{name}\n{text}\n{verdict:#?}");
            invalid[place] += usize::from(found);
        }
    }
    assert!(invalid.iter().all(|number| *number * 200 > rounds), "{invalid:?}");
}

/// Cycle, overwritten read, overwritten initial read, cycle of conflicts: by the closure of all pairs.
fn causal_definition(calls: &[Plain], keys: &[Option<i64>]) -> [bool; 4] {
    let size = calls.len();
    let writes = |write: usize, read: usize| {
        let is_pair = calls[write].may("write") && calls[read].is("read") && keys[write] == keys[read];
        is_pair && calls[write].argument[0] == calls[read].result[0]
    };
    let is_strange = |read: usize| {
        calls[read].is("read") && calls[read].result[0] > Some(0) && !(0..size).any(|write| writes(write, read))
    };
    let counts = |at: usize| {
        let is_read = calls[at].is("read") && !is_strange(at);
        is_read || calls[at].is("write") || calls[at].may("write") && (0..size).any(|read| writes(at, read))
    };
    let nodes: Vec<usize> = (0..size).filter(|at| counts(*at)).collect();
    let close = |extra: &dyn Fn(usize, usize) -> bool| {
        let mut before = vec![vec![false; size]; size];
        for (a, b) in nodes.iter().flat_map(|a| nodes.iter().map(move |b| (*a, *b))) {
            before[a][b] = calls[a].process == calls[b].process && a < b || writes(a, b) || extra(a, b);
        }
        for middle in 0..size {
            for (a, b) in (0..size).flat_map(|a| (0..size).map(move |b| (a, b))) {
                before[a][b] |= before[a][middle] && before[middle][b];
            }
        }
        before
    };
    let before = close(&|_, _| false);
    let is_cyclic = nodes.iter().any(|node| before[*node][*node]);
    if is_cyclic {
        return [true, false, false, false];
    }
    let rivals = |read: usize, source: Option<usize>| {
        nodes
            .iter()
            .copied()
            .filter(move |other| calls[*other].f == "write" && keys[*other] == keys[read] && Some(*other) != source)
    };
    let (mut hidden, mut initial) = (false, false);
    for read in nodes.iter().copied().filter(|node| calls[*node].is("read")) {
        let source = nodes.iter().copied().find(|write| writes(*write, read));
        let known: Vec<usize> = rivals(read, source).filter(|other| before[*other][read]).collect();
        hidden |= source.is_some_and(|source| known.iter().any(|other| before[source][*other]));
        initial |= source.is_none() && !known.is_empty();
    }
    let conflict = |one: usize, other: usize| {
        let both = calls[one].f == "write" && calls[other].f == "write" && keys[one] == keys[other] && one != other;
        both && (0..size).any(|read| writes(other, read) && before[one][read])
    };
    let closed = close(&conflict);
    let is_conflict = !hidden && !initial && nodes.iter().any(|node| closed[*node][*node]);
    [false, hidden, initial, is_conflict]
}

#[test]
fn the_smallest_delta_makes_registers_linearizable() {
    let rounds = rounds();
    let (mut rng, mut judged) = (ChaCha8Rng::seed_from_u64(41), 0);
    for _ in 0..rounds {
        let next = std::cell::Cell::new(0);
        let text = history(&mut rng, 7, |rng| match rng.random_bool(0.5) {
            true => {
                next.set(next.get() + 1);
                same("write", next.get())
            }
            false => {
                let seen = rng.random_range(0..=next.get());
                call("read", "null", if seen == 0 { "null".to_owned() } else { seen.to_string() })
            }
        });
        let recording = recording(&text);
        let calls = Calls::pair(&recording).unwrap();
        let verdict = judge("staleness", &calls, &options("")).unwrap();
        if !verdict.anomalies().is_empty() {
            continue;
        }
        let number = |fact: &&(String, String)| fact.0 == "smallest delta in nanoseconds";
        let Some(delta) = verdict.evidence().iter().find(number).map(|fact| fact.1.parse::<i64>().unwrap()) else {
            continue;
        };
        let calls = plain(&calls);
        let calls: Vec<Plain> = calls.into_iter().filter(|call| call.may("write") || call.is("read")).collect();
        let linearizable = |delta: i64| {
            // Rows are milliseconds; two shifted times that are equal are concurrent.
            let begin = |call: &Plain| call.begin * 1_000_000 - if call.f == "read" { delta } else { 0 };
            let end = |call: &Plain| call.end.saturating_mul(1_000_000);
            search(&calls, &|a, b| end(a) < begin(b), 0, None)
        };
        assert!(linearizable(delta), "{delta}\n{text}");
        assert!(delta == 0 || !linearizable(delta - 1), "{delta}\n{text}");
        judged += usize::from(delta > 0);
    }
    assert!(judged * 20 > rounds, "{judged}");
}

/// Tries every order of a register's calls; crashed writes may stay out.
fn search(calls: &[Plain], before: &dyn Fn(&Plain, &Plain) -> bool, done: u32, value: Option<i64>) -> bool {
    let left = || (0..calls.len()).filter(move |at| done >> at & 1 == 0);
    if left().all(|at| calls[at].outcome == CallOutcome::Info) {
        return true;
    }
    left().any(|at| {
        let call = &calls[at];
        let is_free = left().all(|other| !before(&calls[other], call));
        let fits = call.f == "write" || call.result[0] == value;
        let next = if call.f == "write" { call.argument[0] } else { value };
        is_free && fits && search(calls, before, done | 1 << at, next)
    })
}
