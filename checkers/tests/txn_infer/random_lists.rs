//! Random histories of lists against definitions: every edge holds in every order of versions that explains what was read,
//! and the anomalies are just those that are defined.

use crate::edges_in_parts as edges;
use crate::random::{Tally, commits, histories, history, is_before, is_ok, permutations, rows, steps, writes};
use crate::support::transactions::Objects;
use checkers::txn::{InferOptions, Inferred, Kind, infer_append};
use history::{CallOutcome, Calls, ValueId};

/// What a row read of an object, where it says something.
fn reads<'a>(inferred: &Inferred<'a>, row: u32, key: u32) -> Vec<&'a [ValueId]> {
    let is_info = inferred.transactions.outcome(row) == CallOutcome::Info;
    let reads = steps(inferred, row, key).into_iter().filter(|mop| mop.kind == Kind::Read);
    let lists = reads.map(|mop| inferred.transactions.list(mop.value));
    lists.filter(|list| !is_info || !list.is_empty()).collect()
}

/// Every order of an object's elements that explains what committed transactions read of it.
fn orders(inferred: &Inferred<'_>, committed: &[bool], key: u32) -> Vec<Vec<ValueId>> {
    let rows = || rows(inferred).filter(|row| committed[*row as usize]);
    let elements: Vec<ValueId> = rows().flat_map(|row| writes(inferred, row, key)).collect();
    let lists: Vec<&[ValueId]> = rows().flat_map(|row| reads(inferred, row, key)).collect();
    let mut orders = permutations(&elements);
    orders.retain(|order| lists.iter().all(|list| order.starts_with(list)));
    orders
}

/// True if the edge, or one of that kind followed by overwrites, is there by this object in this order.
fn holds(inferred: &Inferred<'_>, key: u32, order: &[ValueId], (from, what, to): &(u32, String, u32)) -> bool {
    let place = |row: u32| {
        let own = writes(inferred, row, key);
        order.iter().enumerate().filter(move |(_, element)| own.contains(element)).map(|(at, _)| at)
    };
    match what.as_str() {
        "ww" => place(*from).any(|a| place(*to).any(|b| a < b)),
        "wr" => {
            reads(inferred, *to, key).iter().any(|list| !list.is_empty() && place(*from).any(|a| a + 1 == list.len()))
        }
        _ => reads(inferred, *from, key).iter().any(|list| place(*to).any(|b| b >= list.len())),
    }
}

fn edges_hold(inferred: &Inferred<'_>, text: &str) -> usize {
    let (edges, keys) = (edges(inferred), 0..inferred.transactions.objects());
    let mut worlds = 0;
    for committed in commits(inferred) {
        let orders: Vec<_> = keys.clone().map(|key| orders(inferred, &committed, key)).collect();
        if orders.iter().any(Vec::is_empty) {
            continue;
        }
        worlds += 1;
        for edge in edges.iter().filter(|edge| committed[edge.2 as usize]) {
            let by = |key: &u32| orders[*key as usize].iter().all(|order| holds(inferred, *key, order, edge));
            assert!(committed[edge.0 as usize] && keys.clone().any(|key| by(&key)), "{edge:?} in {text}");
        }
    }
    worlds.min(1)
}

/// Asks something of a read: row, object, position among the row's steps on the object, list.
type Test<'t> = &'t dyn Fn(u32, u32, usize, &[ValueId]) -> bool;

/// Every ok read of every object, with its row and position among the row's steps on the object.
fn ok_reads<'a>(inferred: &Inferred<'a>) -> Vec<(u32, u32, usize, &'a [ValueId])> {
    let mut all = Vec::new();
    for row in rows(inferred).filter(|row| is_ok(inferred, *row)) {
        for key in 0..inferred.transactions.objects() {
            let steps = steps(inferred, row, key);
            let reads = steps.iter().enumerate().filter(|(_, mop)| mop.kind == Kind::Read);
            all.extend(reads.map(|(at, mop)| (row, key, at, inferred.transactions.list(mop.value))));
        }
    }
    all
}

fn is_internal(inferred: &Inferred<'_>, row: u32, key: u32) -> bool {
    let (mut before, mut own): (Option<Vec<ValueId>>, Vec<ValueId>) = (None, Vec::new());
    for mop in steps(inferred, row, key) {
        if mop.kind == Kind::Append {
            own.push(mop.value);
            continue;
        }
        let list = inferred.transactions.list(mop.value).to_vec();
        let is_wrong = match &before {
            Some(before) => list != [&before[..], &own[..]].concat(),
            None => !list.ends_with(&own),
        };
        if is_wrong {
            return true;
        }
        (before, own) = (Some(list), Vec::new());
    }
    false
}

fn anomalies_are_those_defined(inferred: &Inferred<'_>, text: &str, tally: &mut Tally) {
    let reads = ok_reads(inferred);
    let failed = |row: u32| inferred.transactions.outcome(row) == CallOutcome::Fail;
    let writer = |key: u32, element: &ValueId| rows(inferred).find(|row| writes(inferred, *row, key).contains(element));
    let any = |test: Test<'_>| reads.iter().any(|read| test(read.0, read.1, read.2, read.3));
    tally.agree(inferred, text, "G1a", any(&|_, key, _, list| list.iter().any(|e| writer(key, e).is_some_and(failed))));
    tally.agree(inferred, text, "garbage-read", any(&|_, key, _, list| list.iter().any(|e| writer(key, e).is_none())));
    let is_intermediate = |row: u32, key: u32, element: &ValueId| {
        let from = writer(key, element).filter(|from| *from != row && !failed(*from));
        from.is_some_and(|from| writes(inferred, from, key).last() != Some(element))
    };
    tally.agree(
        inferred,
        text,
        "G1b",
        any(&|row, key, _, list| list.last().is_some_and(|e| is_intermediate(row, key, e))),
    );
    let twice = |list: &[ValueId]| (1..list.len()).any(|at| list[..at].contains(&list[at]));
    tally.agree(inferred, text, "duplicate-elements", any(&|_, _, _, list| twice(list)));
    let disagree = |a: &[ValueId], b: &[ValueId]| !a.starts_with(b) && !b.starts_with(a);
    let is_split = any(&|_, key, _, list| reads.iter().any(|other| other.1 == key && disagree(list, other.3)));
    tally.agree(inferred, text, "incompatible-order", is_split);
    let is_future = |row: u32, key: u32, at: usize, list: &[ValueId]| {
        steps(inferred, row, key)[at..].iter().any(|mop| mop.kind == Kind::Append && list.contains(&mop.value))
    };
    tally.agree(inferred, text, "future-read", any(&is_future));
    let internal = rows(inferred).filter(|row| is_ok(inferred, *row));
    let mut internal = internal.flat_map(|row| (0..inferred.transactions.objects()).map(move |key| (row, key)));
    tally.agree(inferred, text, "internal", internal.any(|(row, key)| is_internal(inferred, row, key)));
    let updates = |row: u32, key: u32, at: usize| at == 0 && !writes(inferred, row, key).is_empty();
    let is_lost = any(&|row, key, at, list| {
        let rivals = reads.iter().filter(|other| other.0 != row && other.1 == key && other.3 == list);
        updates(row, key, at) && rivals.into_iter().any(|other| updates(other.0, key, other.2))
    });
    tally.agree(inferred, text, "lost-update", is_lost);
}

/// No order explains an object that is said to have lost an element, if real time is to be kept.
fn losses_are_real(inferred: &Inferred<'_>, text: &str) -> usize {
    let lost = inferred.findings.iter().filter(|finding| finding.phenomenon.name() == "lost-append");
    let keys: Vec<u32> = lost.map(|finding| finding.key).collect();
    for (key, committed) in keys.iter().flat_map(|key| commits(inferred).into_iter().map(move |c| (*key, c))) {
        let writer = |element: &ValueId| rows(inferred).find(|row| writes(inferred, *row, key).contains(element));
        let keeps_time = |order: &Vec<ValueId>| {
            let places: Vec<u32> = order.iter().filter_map(writer).collect();
            let readers = rows(inferred).filter(|row| committed[*row as usize]);
            let mut lists = readers.flat_map(|row| reads(inferred, row, key).into_iter().map(move |list| (row, list)));
            let is_sorted = (1..places.len()).all(|b| (0..b).all(|a| !is_before(inferred, places[b], places[a])));
            is_sorted && lists.all(|(row, list)| places[list.len()..].iter().all(|w| !is_before(inferred, *w, row)))
        };
        assert!(!orders(inferred, &committed, key).iter().any(keeps_time), "lost-append in {text}");
    }
    keys.len().min(1)
}

#[test]
fn lists_agree_with_their_definitions() {
    let (mut explained, mut lost, mut dirty) = (0, 0, 0);
    let mut tally = Tally { found: std::collections::BTreeMap::new() };
    for seed in 0..histories() {
        let (text, recording) = history(seed, Objects::Lists);
        let calls = Calls::pair(&recording).expect("pairs");
        let inferred = infer_append(&calls, &InferOptions::default()).expect("transactions of lists");
        assert!(!inferred.doubts.iter().any(|doubt| doubt.contains("second look")), "{text}: {:?}", inferred.doubts);
        explained += edges_hold(&inferred, &text);
        anomalies_are_those_defined(&inferred, &text, &mut tally);
        lost += losses_are_real(&inferred, &text);
        dirty += usize::from(inferred.findings.iter().any(|finding| finding.phenomenon.name() == "dirty-update"));
    }
    let least = histories() as usize / 1000;
    assert!(explained > 300 * least && lost > least && dirty > least, "{explained} {lost} {dirty}");
    assert!(tally.found.values().all(|found| *found > least), "{:?}", tally.found);
}
