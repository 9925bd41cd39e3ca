//! Histories against the timestamps that their database gave.

use crate::random::{self, Random};
use crate::recheck::Recheck;
use checkers::txn::level::{Claim, Contradiction, Exact, Level, Outcome, Stamps, contradictions};
use checkers::txn::{Accesses, Graph, INITIAL, NEVER, Needs, Read, Timeline, Write};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A store that gives out snapshots as their timestamps say.
fn store(seed: u64) -> (Accesses, Timeline, Vec<Option<Stamps>>, Graph) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let rows = rng.random_range(3..=8u32);
    let mut committed: Vec<Vec<(u64, u32)>> = vec![Vec::new(); 3];
    let (mut accesses, mut timeline, mut stamps) = (Accesses::default(), Timeline::default(), Vec::new());
    for row in 0..rows {
        let commit = u64::from(row + 1) * 10;
        let start = commit - rng.random_range(1..=35).min(commit);
        let last = |key: u32, committed: &[Vec<(u64, u32)>]| {
            let seen = committed[key as usize].iter().rev().find(|version| version.0 <= start);
            seen.map_or(INITIAL, |version| version.1)
        };
        let reads = (0..2).map(|_| rng.random_range(0..3)).map(|key| Read { key, from: last(key, &committed) });
        let reads: Vec<Read> = reads.collect();
        let mut writes = Vec::new();
        for key in 0..3u32 {
            let free = committed[key as usize].last().is_none_or(|version| version.0 <= start);
            if free && rng.random_bool(0.4) {
                committed[key as usize].push((commit, row));
                writes.push(Write { key, version: committed[key as usize].len() as u32 });
            }
        }
        accesses.push(reads, writes);
        timeline.push(start as u32 * 2, commit as u32 * 2 + 1, row);
        stamps.push(Some(Stamps { start, commit }));
    }
    let graph = random::graph(&accesses);
    (accesses, timeline, stamps, graph)
}

#[test]
fn a_store_that_keeps_its_timestamps_is_never_contradicted_and_is_snapshot_isolated() {
    let mut skewed = 0;
    for seed in 0..crate::rounds() / 10 {
        let (accesses, timeline, stamps, graph) = store(seed);
        let found = contradictions(&accesses, &timeline, &stamps, Claim::SnapshotIsolation, Needs::Process);
        assert_eq!(found, [], "seed {seed}");
        let exact = Exact::new(&accesses, &timeline, &graph, Exact::VISITS).expect("known");
        assert_eq!(exact.satisfies(Level::SnapshotIsolation), Some(Outcome::Satisfied), "seed {seed}");
        let serial = contradictions(&accesses, &timeline, &stamps, Claim::Serializable, Needs::Data);
        match exact.satisfies(Level::Serializable) {
            Some(Outcome::Refuted(steps)) => {
                let recheck = Recheck { accesses: &accesses, timeline: &timeline };
                assert!(recheck.refutes(Level::Serializable, &steps));
                assert!(!serial.is_empty(), "seed {seed}: no order is serial, that of commits neither");
                skewed += 1;
            }
            _ => assert!(serial.iter().all(|found| matches!(found, Contradiction::Read { .. })), "seed {seed}"),
        }
    }
    assert!(skewed > 5, "{skewed} with write skew are not enough to tell");
}

#[test]
fn without_a_contradiction_the_history_has_the_level() {
    let mut kept = 0;
    for seed in 0..crate::rounds() {
        let Random { accesses, timeline, graph } = random::history(seed, 5);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let stamp = |row: usize, rng: &mut ChaCha8Rng| {
            let end = if timeline.completed[row] == NEVER { 40 } else { timeline.completed[row] };
            let begin = u64::from(timeline.invoked[row]);
            let commit = rng.random_range(begin..=u64::from(end)) * 8 + row as u64;
            Some(Stamps { start: rng.random_range(begin * 8..=commit), commit })
        };
        let stamps: Vec<_> = (0..accesses.len()).map(|row| stamp(row, &mut rng)).collect();
        // Versions are those of commits, whatever the history was told.
        let ordered = accesses_by_commit(&accesses, &stamps);
        let told = random::graph(&ordered);
        let exact = Exact::new(&ordered, &timeline, &told, Exact::VISITS).expect("known");
        for (claim, level) in
            [(Claim::SnapshotIsolation, Level::SnapshotIsolation), (Claim::Serializable, Level::Serializable)]
        {
            if contradictions(&ordered, &timeline, &stamps, claim, Needs::Data).is_empty() {
                assert_eq!(exact.satisfies(level), Some(Outcome::Satisfied), "seed {seed}");
                kept += 1;
            }
        }
        drop(graph);
    }
    assert!(kept > 100, "{kept} are not enough to tell");
}

fn accesses_by_commit(accesses: &Accesses, stamps: &[Option<Stamps>]) -> Accesses {
    let commit = |row: u32| stamps[row as usize].expect("stamped").commit;
    let mut copy = Accesses::default();
    for row in 0..accesses.len() as u32 {
        let place = |write: &Write| {
            let others =
                (0..accesses.len() as u32).filter(|&other| accesses.writes(other).iter().any(|w| w.key == write.key));
            others.filter(|&other| commit(other) <= commit(row)).count() as u32
        };
        let writes: Vec<Write> = accesses.writes(row).iter().map(|w| Write { key: w.key, version: place(w) }).collect();
        copy.push(accesses.reads(row).to_vec(), writes);
    }
    copy
}

/// Three rows: a writer, and two as the test says.
fn three(second: (&[Read], &[u32]), third: (&[Read], &[u32]), stamps: [(u64, u64); 3]) -> Vec<Contradiction> {
    let (mut accesses, mut timeline) = (Accesses::default(), Timeline::default());
    for (version, (reads, writes)) in (1..).zip([(&[][..], &[0][..]), second, third]) {
        let writes: Vec<Write> = writes.iter().map(|&key| Write { key, version }).collect();
        accesses.push(reads.to_vec(), writes);
    }
    for row in 0..3 {
        timeline.push(10 * row, 10 * row + 5, 0);
    }
    let stamps = stamps.map(|(start, commit)| Some(Stamps { start, commit }));
    contradictions(&accesses, &timeline, &stamps, Claim::SnapshotIsolation, Needs::Process)
}

#[test]
fn each_contradiction_has_its_smallest_history() {
    let read = |from| Read { key: 0, from };
    let none: (&[Read], &[u32]) = (&[], &[]);
    assert_eq!(three((&[read(0)], &[]), none, [(1, 2), (3, 4), (5, 6)]), []);
    let stale = Contradiction::Read { row: 1, key: 0, read: INITIAL, expected: 0 };
    assert_eq!(three((&[read(INITIAL)], &[]), none, [(1, 2), (3, 4), (5, 6)]), [stale]);
    let session = Contradiction::Session { row: 1, before: 0 };
    let conflict = Contradiction::Conflict { row: 1, other: 0, key: 0 };
    assert_eq!(three((&[], &[0]), none, [(1, 3), (2, 4), (5, 6)]), [conflict, session]);
    assert_eq!(three((&[], &[1]), none, [(1, 3), (3, 4), (5, 6)]), []);
    assert_eq!(three((&[], &[1]), none, [(1, 2), (5, 4), (6, 7)]), [Contradiction::Backwards { row: 1 }]);
    let tie = Contradiction::Tie { row: 1, other: 0 };
    assert_eq!(three((&[], &[0]), none, [(1, 3), (3, 3), (5, 6)]), [tie]);
}
