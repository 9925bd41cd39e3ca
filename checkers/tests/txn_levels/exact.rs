//! Levels decided by known versions.

use crate::oracle::Oracle;
use crate::random::{self, Random};
use crate::recheck::Recheck;
use checkers::txn::level::{Evidence, Exact, Lattice, Level, Outcome, Step, Why, verify_circle};
use checkers::txn::{Graph, Kinds, Needs, Write};
use std::collections::BTreeMap;

const ORDERS: [Needs; 3] = [Needs::Data, Needs::Process, Needs::Realtime];

fn decide(exact: &Exact<'_>, level: Level) -> Outcome {
    exact.satisfies(level).expect("a level that is decided")
}

#[test]
fn every_level_is_what_its_axioms_say() {
    let mut tally: BTreeMap<Level, [u64; 2]> = BTreeMap::new();
    for seed in 0..crate::rounds() {
        let Random { accesses, timeline, graph } = random::history(seed, if seed % 32 == 0 { 6 } else { 4 });
        let exact = Exact::new(&accesses, &timeline, &graph, Exact::VISITS).expect("reads are of what was written");
        let recheck = Recheck { accesses: &accesses, timeline: &timeline };
        let order = ORDERS[seed as usize % 3];
        let oracle = Oracle::new(&accesses, &timeline, order);
        for base in Level::BASES {
            if base == Level::ParallelSnapshotIsolation && accesses.len() > 4 {
                continue;
            }
            let level = base.under(order).expect("a base has variants");
            let allowed = oracle.allows(base);
            tally.entry(level).or_default()[usize::from(allowed)] += 1;
            match decide(&exact, level) {
                Outcome::Satisfied => assert!(allowed, "seed {seed}: {level} is refuted by its axioms"),
                Outcome::Refuted(steps) => {
                    assert!(!allowed, "seed {seed}: {level} is kept, not {steps:?}");
                    assert!(recheck.refutes(level, &steps), "seed {seed}: {steps:?} does not refute {level}");
                    stands_and_nothing_else(&accesses, &timeline, level, &steps);
                }
                Outcome::Undecided => panic!("seed {seed}: {level} is not decided"),
            }
        }
    }
    for (level, [refuted, kept]) in tally {
        assert!(refuted > 20 && kept > 20, "{level}: {refuted} refuted, {kept} kept are not enough to tell");
    }
}

/// The second look of production finds the circle right, without the graph that it was found in, and refuses it for
/// whatever the history keeps, and with any step changed, dropped or out of place.
fn stands_and_nothing_else(accesses: &Accesses, timeline: &checkers::txn::Timeline, level: Level, steps: &[Step]) {
    let graph = Graph::new(accesses.len() as u32, 0, &[]);
    let evidence = Evidence { accesses, timeline, graph: &graph };
    assert_eq!(verify_circle(&evidence, level, steps), Ok(()), "{level}: {steps:?}");
    let recheck = Recheck { accesses, timeline };
    let refused = |mutant: &[Step]| {
        let verified = verify_circle(&evidence, level, mutant).is_ok();
        assert!(!verified || recheck.refutes(level, mutant), "{level}: {mutant:?} out of {steps:?}");
        verified
    };
    assert!(!refused(&steps[1..]) && !refused(&[]), "{steps:?} without a step");
    for at in 0..steps.len() {
        let mut other = steps.to_vec();
        other[at].to = accesses.len() as u32;
        assert!(!refused(&other), "{other:?} leads to nobody");
        let mut turned = steps.to_vec();
        turned[at] = Step { from: steps[at].to, to: steps[at].from, ..steps[at] };
        assert!(steps.len() == 2 || !refused(&turned), "{turned:?} is turned");
        for why in [Why::Session, Why::Realtime, Why::Data(Kinds::NONE), Why::Stale { key: 9 }, Why::Data(Kinds::RWP)] {
            let mut other = steps.to_vec();
            other[at].why = why;
            assert!(other == steps || !refused(&other) || matches!(why, Why::Session | Why::Realtime), "{other:?}");
        }
        for row in 0..accesses.len() as u32 {
            let mut other = steps.to_vec();
            other[at].from = row;
            assert!(row == steps[at].from || !refused(&other), "{other:?} is no round");
        }
    }
}

/// Session guarantees pair by pair, as they are told.
fn guaranteed(history: &Random, level: Level) -> bool {
    let Random { accesses, timeline, .. } = history;
    let rows = || 0..accesses.len() as u32;
    let session = |a: u32, b: u32| {
        let same = timeline.session[a as usize] == timeline.session[b as usize];
        same && timeline.is_before(a, b)
    };
    let version = |row: u32, key: u32| match row {
        u32::MAX => Some(0),
        row => accesses.writes(row).iter().find(|write| write.key == key).map(|write| write.version),
    };
    let reads =
        |row: u32| accesses.reads(row).iter().map(move |read| (read.key, version(read.from, read.key), read.from));
    let missed = |row: u32, key: u32, than: Option<u32>| reads(row).any(|(k, v, _)| k == key && v < than);
    let writes = |row: u32| accesses.writes(row).iter().map(|write| (write.key, Some(write.version)));
    let overwritten = |row: u32, key: u32, than: Option<u32>| writes(row).any(|(k, v)| k == key && v < than);
    let from = |row: u32, source: u32| reads(row).any(|read| read.2 == source);
    let pairs = || rows().flat_map(|a| rows().map(move |b| (a, b)));
    match level {
        Level::ReadYourWrites => {
            !pairs().any(|(a, b)| session(a, b) && writes(a).any(|(key, version)| missed(b, key, version)))
        }
        Level::MonotonicReads => {
            !pairs().any(|(a, b)| session(a, b) && reads(a).any(|(key, version, _)| missed(b, key, version)))
        }
        Level::MonotonicWrites => !pairs().filter(|&(a, b)| session(a, b)).any(|(a, b)| {
            let seen = |key, version| rows().any(|t| from(t, b) && missed(t, key, version));
            writes(a).any(|(key, version)| overwritten(b, key, version) || seen(key, version))
        }),
        Level::WritesFollowReads => !pairs().filter(|&(a, b)| a == b || session(a, b)).any(|(a, b)| {
            let seen = |key, version| rows().any(|t| from(t, b) && missed(t, key, version));
            reads(a).any(|(key, version, _)| overwritten(b, key, version) || seen(key, version))
        }),
        _ => unreachable!("no guarantee"),
    }
}

#[test]
fn guarantees_of_sessions_are_what_their_pairs_say() {
    for seed in 0..crate::rounds() {
        let history = random::history(seed, 6);
        let exact = Exact::new(&history.accesses, &history.timeline, &history.graph, Exact::VISITS).expect("known");
        let recheck = Recheck { accesses: &history.accesses, timeline: &history.timeline };
        for &level in &Level::GUARANTEES[..4] {
            let kept = guaranteed(&history, level);
            match decide(&exact, level) {
                Outcome::Refuted(steps) => {
                    assert!(!kept, "seed {seed}: {level} is kept, not {steps:?}");
                    assert!(recheck.refutes(level, &steps), "seed {seed}: {steps:?} does not refute {level}");
                    stands_and_nothing_else(&history.accesses, &history.timeline, level, &steps);
                }
                other => assert_eq!((other, kept), (Outcome::Satisfied, true), "seed {seed}: {level}"),
            }
        }
    }
}

#[test]
fn the_strong_implies_the_weak_and_the_standing_agrees() {
    let lattice = Lattice::corrected();
    for seed in 0..crate::rounds() / 20 {
        let Random { accesses, timeline, graph } = random::history(seed, 6);
        let exact = Exact::new(&accesses, &timeline, &graph, Exact::VISITS).expect("known");
        let decided = Level::all().filter_map(|level| Some((level, exact.satisfies(level)? == Outcome::Satisfied)));
        let decided: Vec<(Level, bool)> = decided.collect();
        let standing = exact.standing();
        assert!(standing.undecided.is_empty());
        for &(strong, kept) in &decided {
            for &(weak, also) in &decided {
                assert!(!kept || also || !lattice.implies(strong, weak), "seed {seed}: {strong} without {weak}");
            }
            let below = standing.strongest.iter().any(|&level| lattice.implies(level, strong));
            let above = standing.weakest_refuted.iter().any(|found| lattice.implies(strong, found.0));
            assert_eq!((below, above), (kept, !kept), "seed {seed}: {strong} in {standing:?}");
        }
    }
}

#[test]
fn appends_that_nobody_read_are_tried_in_some_order() {
    for seed in 0..crate::rounds() / 10 {
        let Random { accesses, timeline, .. } = random::history(seed, 4);
        let (told, hidden) = unread(&accesses);
        let graph = unread_graph(&told, &hidden);
        let exact = Exact::new(&hidden, &timeline, &graph, Exact::VISITS).expect("known");
        for order in ORDERS {
            for base in Level::BASES {
                let level = base.under(order).expect("a base has variants");
                let allowed = told.iter().any(|known| Oracle::new(known, &timeline, order).allows(base));
                match decide(&exact, level) {
                    Outcome::Satisfied => assert!(allowed, "seed {seed}: {level}"),
                    Outcome::Refuted(steps) => assert!(!allowed, "seed {seed}: {level} {steps:?}"),
                    Outcome::Undecided => assert!(base >= Level::ParallelSnapshotIsolation, "seed {seed}: {level}"),
                }
            }
        }
    }
}

type Accesses = checkers::txn::Accesses;

/// The history with the last unread versions of object 0 in both orders, and in none.
fn unread(accesses: &Accesses) -> (Vec<Accesses>, Accesses) {
    let rows = 0..accesses.len() as u32;
    let read = |row: u32| rows.clone().flat_map(|by| accesses.reads(by)).any(|read| (read.key, read.from) == (0, row));
    let writers = rows.clone().filter_map(|row| {
        let write = accesses.writes(row).iter().find(|write| write.key == 0)?;
        Some((write.version, row))
    });
    let mut writers: Vec<(u32, u32)> = writers.collect();
    writers.sort_unstable();
    let last: Vec<(u32, u32)> = writers.iter().rev().take(2).copied().filter(|&(_, row)| !read(row)).collect();
    let &[(high, a), (low, b)] = &last[..] else { return (vec![accesses.clone()], accesses.clone()) };
    let with = |first: u32, second: u32| {
        let mut copy = Accesses::default();
        for row in rows.clone() {
            let place = |write: &Write| match (write.key, row) {
                (0, row) if row == a => first,
                (0, row) if row == b => second,
                _ => write.version,
            };
            let writes: Vec<Write> =
                accesses.writes(row).iter().map(|write| Write { key: write.key, version: place(write) }).collect();
            copy.push(accesses.reads(row).to_vec(), writes);
        }
        copy
    };
    (vec![with(high, low), with(low, high)], with(Write::UNORDERED, Write::UNORDERED))
}

/// What both orders have in common: every edge into the two, none between them.
fn unread_graph(told: &[Accesses], hidden: &Accesses) -> checkers::txn::Graph {
    use checkers::txn::{Edge, Graph, Kinds};
    let unordered = |row: u32| hidden.writes(row).iter().any(|write| write.version == Write::UNORDERED);
    let mut edges: Vec<Edge> = Vec::new();
    for known in told {
        for edge in random::graph(known).edges() {
            let by_zero = unordered(edge.from) && unordered(edge.to);
            let other = told.iter().all(|known| random::graph(known).between(edge.from, edge.to).has(edge.kinds));
            let kinds = if by_zero && !other { edge.kinds.and(Kinds::WR | Kinds::RW) } else { edge.kinds };
            edges.extend((kinds != Kinds::NONE).then_some(Edge { kinds, ..edge }));
        }
    }
    Graph::new(hidden.len() as u32, 0, &edges)
}
