//! Weak levels of registers whose versions are in no known order.

use crate::oracle::Oracle;
use crate::random::{self, Random};
use checkers::txn::level::{Before, Cause, Level, Weak, WeakOutcome};
use checkers::txn::{Accesses, INITIAL, Needs, Read, Timeline, Write};
use std::collections::BTreeMap;

const LEVELS: [(Level, Level, Needs); 6] = [
    (Level::MonotonicAtomicView, Level::MonotonicAtomicView, Needs::Data),
    (Level::StrongSessionMonotonicAtomicView, Level::MonotonicAtomicView, Needs::Process),
    (Level::ReadAtomic, Level::ReadAtomic, Needs::Data),
    (Level::StrongSessionReadAtomic, Level::ReadAtomic, Needs::Process),
    (Level::StrongSessionCausal, Level::CausalCerone, Needs::Process),
    (Level::StrongCausal, Level::CausalCerone, Needs::Realtime),
];

/// The same history, with no word on the order of versions.
pub fn forget(accesses: &Accesses) -> Accesses {
    let mut copy = Accesses::default();
    for row in 0..accesses.len() as u32 {
        let writes = accesses.writes(row).iter().map(|write| Write { version: Write::UNORDERED, ..*write });
        copy.push(accesses.reads(row).to_vec(), writes);
    }
    copy
}

#[test]
fn every_weak_level_is_what_its_axioms_say() {
    let mut tally: BTreeMap<Level, [u64; 2]> = BTreeMap::new();
    for seed in 0..crate::rounds() {
        let Random { accesses, timeline, .. } = random::history(seed, if seed % 16 == 0 { 6 } else { 4 });
        let accesses = forget(&accesses);
        let weak = Weak::new(&accesses, &timeline);
        for (level, base, order) in LEVELS {
            let allowed = Oracle::new(&accesses, &timeline, order).allows(base);
            tally.entry(level).or_default()[usize::from(allowed)] += 1;
            match weak.satisfies(level).expect("a level that is decided") {
                WeakOutcome::Satisfied => assert!(allowed, "seed {seed}: {level} is refuted by its axioms"),
                WeakOutcome::Refuted(steps) => assert!(!allowed, "seed {seed}: {level} is kept, not {steps:?}"),
                other => panic!("seed {seed}: {level}: {other:?}"),
            }
        }
    }
    for (level, [refuted, kept]) in tally {
        assert!(refuted > 20 && kept > 20, "{level}: {refuted} refuted, {kept} kept are not enough to tell");
    }
}

/// What one read, and what it wrote.
type Told<'a> = (&'a [(u32, u32)], &'a [u32]);

/// Transactions as reads of (object, row) and writes of objects, all at once.
fn history(rows: &[Told]) -> (Accesses, Timeline) {
    let (mut accesses, mut timeline) = (Accesses::default(), Timeline::default());
    for (row, (reads, writes)) in rows.iter().enumerate() {
        let reads = reads.iter().map(|&(key, from)| Read { key, from });
        accesses.push(reads, writes.iter().map(|&key| Write { key, version: Write::UNORDERED }));
        timeline.push(0, 100 + row as u32, row as u32);
    }
    (accesses, timeline)
}

#[test]
fn a_fractured_read_is_told_by_who_read_it() {
    let (accesses, timeline) = history(&[(&[], &[0, 1]), (&[(1, INITIAL), (0, 0)], &[])]);
    let weak = Weak::new(&accesses, &timeline);
    let Some(WeakOutcome::Refuted(steps)) = weak.satisfies(Level::ReadAtomic) else { panic!("half of it was read") };
    let [Before { from: 0, to: INITIAL, cause: Cause::Overwritten { reader: 1, key: 1, .. } }, _] = &steps[..] else {
        panic!("{steps:?}")
    };
    assert_eq!(weak.satisfies(Level::MonotonicAtomicView), Some(WeakOutcome::Satisfied), "the other came first");
}

#[test]
fn what_nobody_wrote_comes_out_of_thin_air() {
    let (accesses, timeline) = history(&[(&[], &[0]), (&[(1, 0)], &[])]);
    let thin = WeakOutcome::ThinAir { row: 1, key: 1, from: 0 };
    assert_eq!(Weak::new(&accesses, &timeline).satisfies(Level::ReadAtomic), Some(thin));
    assert_eq!(Weak::new(&accesses, &timeline).satisfies(Level::ReadCommitted), None, "Adya's is another");
}
