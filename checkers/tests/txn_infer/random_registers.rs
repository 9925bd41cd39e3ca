//! Random histories of registers against definitions: every edge holds in every order of versions that keeps what is
//! assumed, versions are called cyclic just if there is no such order, and the other anomalies are just those defined.

use crate::edges_in_parts as edges;
use crate::random::{Tally, commits, histories, history, is_before, is_ok, permutations, rows, steps, writes};
use crate::support::transactions::Objects;
use checkers::txn::{InferOptions, Inferred, Kind, Mop, infer_register};
use history::{CallOutcome, Calls, ValueId};

/// What a row read of an object before it wrote it itself, where that says something.
fn outside(inferred: &Inferred<'_>, row: u32, key: u32) -> Vec<ValueId> {
    let is_info = inferred.transactions.outcome(row) == CallOutcome::Info;
    let reads = steps(inferred, row, key).into_iter().take_while(|mop| mop.kind == Kind::Read);
    reads.map(|mop| mop.value).filter(|value| !is_info || !value.is_nil()).collect()
}

/// What a row found an object in, and what it left it in.
fn ends(inferred: &Inferred<'_>, row: u32, key: u32) -> Option<(ValueId, ValueId)> {
    let write = writes(inferred, row, key).last().copied();
    let read = outside(inferred, row, key).first().copied().filter(|_| is_ok(inferred, row));
    Some((read.or(write)?, write.or(read)?))
}

/// Pairs of versions of which the first is assumed to come before the second.
fn assumed(inferred: &Inferred<'_>, committed: &[bool], key: u32, options: &InferOptions) -> Vec<(ValueId, ValueId)> {
    let mut pairs = Vec::new();
    let session = |row: u32| inferred.transactions.timeline().session[row as usize];
    let rows = || rows(inferred).filter(|row| committed[*row as usize]);
    for row in rows() {
        let (read, write) = (outside(inferred, row, key).first().copied(), writes(inferred, row, key).last().copied());
        pairs.extend(read.zip(write).filter(|_| is_ok(inferred, row)));
        for other in rows().filter(|other| *other != row && is_ok(inferred, row)) {
            let in_session = options.sequential_keys && row < other && session(row) == session(other);
            let in_time = options.linearizable_keys && is_before(inferred, row, other);
            if let (true, Some(a), Some(b)) =
                (in_session || in_time, ends(inferred, row, key), ends(inferred, other, key))
            {
                pairs.push((a.1, b.0));
            }
        }
    }
    pairs.retain(|(a, b)| a != b);
    pairs
}

/// Every order of an object's versions that keeps what is assumed; the initial one is the first.
fn orders(inferred: &Inferred<'_>, committed: &[bool], key: u32, options: &InferOptions) -> Vec<Vec<ValueId>> {
    let versions: Vec<ValueId> = rows(inferred)
        .filter(|row| committed[*row as usize])
        .filter_map(|row| writes(inferred, row, key).last().copied())
        .collect();
    let pairs = assumed(inferred, committed, key, options);
    let all = permutations(&versions).into_iter().map(|order| [vec![ValueId::NIL], order].concat());
    let place = |order: &[ValueId], value: ValueId| order.iter().position(|own| *own == value);
    all.filter(|order| pairs.iter().all(|(a, b)| place(order, *a) < place(order, *b))).collect()
}

/// True if every read is of a version that a committed transaction left behind.
fn is_clean(inferred: &Inferred<'_>, committed: &[bool]) -> bool {
    let rows = || rows(inferred).filter(|row| committed[*row as usize]);
    rows().all(|row| {
        (0..inferred.transactions.objects()).all(|key| {
            let is_left = |value: &ValueId| rows().any(|w| w != row && writes(inferred, w, key).last() == Some(value));
            outside(inferred, row, key).iter().all(|value| value.is_nil() || is_left(value))
        })
    })
}

fn holds(inferred: &Inferred<'_>, key: u32, order: &[ValueId], (from, what, to): &(u32, String, u32)) -> bool {
    let place = |value: ValueId| order.iter().position(|own| *own == value);
    let left = |row: u32| writes(inferred, row, key).last().and_then(|value| place(*value));
    let reads = |row: u32| outside(inferred, row, key);
    match what.as_str() {
        "ww" => left(*from).is_some_and(|a| left(*to).is_some_and(|b| a < b)),
        "wr" => reads(*to).iter().any(|value| writes(inferred, *from, key).last() == Some(value)),
        _ => reads(*from).iter().any(|value| left(*to).is_some_and(|b| place(*value).is_some_and(|a| a < b))),
    }
}

/// Asks whether edges hold; counts histories that can be explained, and those with versions in a circle.
fn edges_hold(inferred: &Inferred<'_>, text: &str, options: &InferOptions) -> (usize, usize) {
    let (edges, keys) = (edges(inferred), 0..inferred.transactions.objects());
    let is_cyclic = inferred.findings.iter().any(|finding| finding.phenomenon.name() == "cyclic-versions");
    let mut worlds = 0;
    for committed in commits(inferred).into_iter().filter(|committed| is_clean(inferred, committed)) {
        let orders: Vec<_> = keys.clone().map(|key| orders(inferred, &committed, key, options)).collect();
        assert_eq!(orders.iter().any(Vec::is_empty), is_cyclic, "cyclic-versions in {text}: {:?}", inferred.findings);
        if is_cyclic {
            return (0, 1);
        }
        worlds += 1;
        for edge in edges.iter().filter(|edge| committed[edge.2 as usize]) {
            let by = |key: &u32| orders[*key as usize].iter().all(|order| holds(inferred, *key, order, edge));
            assert!(committed[edge.0 as usize] && keys.clone().any(|key| by(&key)), "{edge:?} in {text}");
        }
    }
    (worlds.min(1), 0)
}

fn anomalies_are_those_defined(inferred: &Inferred<'_>, text: &str, tally: &mut Tally) {
    let objects = 0..inferred.transactions.objects();
    let ok = rows(inferred).filter(|row| is_ok(inferred, *row));
    let pairs: Vec<(u32, u32)> = ok.flat_map(|row| objects.clone().map(move |key| (row, key))).collect();
    let writer = |key: u32, value: ValueId| rows(inferred).find(|row| writes(inferred, *row, key).contains(&value));
    let failed = |row: u32| inferred.transactions.outcome(row) == CallOutcome::Fail;
    let any_read = |test: &dyn Fn(u32, u32, ValueId) -> bool| {
        let reads = |row, key| steps(inferred, row, key).into_iter().filter(|mop: &Mop| mop.kind == Kind::Read);
        pairs.iter().any(|(row, key)| reads(*row, *key).any(|mop| !mop.value.is_nil() && test(*row, *key, mop.value)))
    };
    tally.agree(inferred, text, "G1a", any_read(&|_, key, value| writer(key, value).is_some_and(failed)));
    tally.agree(inferred, text, "garbage-read", any_read(&|_, key, value| writer(key, value).is_none()));
    let is_intermediate = |row, key, value| {
        let from = writer(key, value).filter(|from| *from != row && !failed(*from));
        from.is_some_and(|from| writes(inferred, from, key).last() != Some(&value))
    };
    tally.agree(inferred, text, "G1b", any_read(&is_intermediate));
    let is_internal = |(row, key): &(u32, u32)| {
        let steps = steps(inferred, *row, *key);
        steps.windows(2).any(|pair| pair[1].kind == Kind::Read && pair[0].value != pair[1].value)
    };
    tally.agree(inferred, text, "internal", pairs.iter().any(is_internal));
    let is_future = |(row, key): &(u32, u32)| {
        outside(inferred, *row, *key).iter().any(|value| writes(inferred, *row, *key).contains(value))
    };
    tally.agree(inferred, text, "future-read", pairs.iter().any(is_future));
    let update = |row: u32, key: u32| {
        let read = outside(inferred, row, key).first().copied();
        read.filter(|_| !writes(inferred, row, key).is_empty())
    };
    let is_lost = |(row, key): &(u32, u32)| {
        let rivals = pairs.iter().filter(|(other, same)| other != row && same == key);
        update(*row, *key).is_some_and(|read| rivals.into_iter().any(|(other, _)| update(*other, *key) == Some(read)))
    };
    tally.agree(inferred, text, "lost-update", pairs.iter().any(is_lost));
    let is_dirty = |(row, key): &(u32, u32)| update(*row, *key).and_then(|read| writer(*key, read)).is_some_and(failed);
    tally.agree(inferred, text, "dirty-update", pairs.iter().any(is_dirty));
}

#[test]
fn registers_agree_with_their_definitions() {
    let (mut explained, mut cyclic) = (0, 0);
    let mut tally = Tally { found: std::collections::BTreeMap::new() };
    for seed in 0..histories() {
        let (text, recording) = history(seed, Objects::Registers);
        let calls = Calls::pair(&recording).expect("pairs");
        let (sequential_keys, linearizable_keys) = (seed % 4 == 1, seed % 4 == 2);
        let options = InferOptions { sequential_keys, linearizable_keys, ..InferOptions::default() };
        let inferred = infer_register(&calls, &options).expect("transactions of registers");
        assert!(!inferred.doubts.iter().any(|doubt| doubt.contains("second look")), "{text}: {:?}", inferred.doubts);
        let (own_explained, own_cyclic) = edges_hold(&inferred, &text, &options);
        (explained, cyclic) = (explained + own_explained, cyclic + own_cyclic);
        anomalies_are_those_defined(&inferred, &text, &mut tally);
    }
    let least = histories() as usize / 1000;
    assert!(explained > 100 * least && cyclic > least, "{explained} {cyclic}");
    assert!(tally.found.values().all(|found| *found > least), "{:?}", tally.found);
}
