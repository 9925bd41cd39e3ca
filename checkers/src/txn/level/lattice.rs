//! Which level follows from which, which anomaly refutes which level, and hence how far down a history falls.
//!
//! Two lattices: [`Lattice::elle`] is that of Elle with its gaps, for whoever compares; [`Lattice::corrected`] is ours.
//! Source of the first: Kingsbury and Alvaro 2020, and Elle's consistency models. Where the second differs, and why:
//!
//! - G-single refutes parallel snapshot isolation, not only snapshot isolation (Cerone and Gotsman 2017), with sessions
//!   and real time too. It refutes neither prefix nor causal consistency: two increments of one counter that lose one of
//!   both are a G-single cycle by a write-write edge, and both of these allow it.
//! - The guarantees of sessions hang below the levels that keep the order of sessions.
//! - A read of one's own later write is an internal matter of the transaction and so refutes read atomic, nothing weaker.
//! - Cyclic versions refute read committed, nothing weaker: that a transaction overwrites what it read is not
//!   promised by read uncommitted, and with it two transactions that read each other's writes make a cycle.
//! - Reads of what nobody wrote, and acknowledged appends that vanish, have a place.

use super::super::{Needs, Phenomenon, Shape};
use super::name::Level;
use super::name::Level as L;

/// The weaker levels that a stronger one implies at once.
type Implications = &'static [(Level, &'static [Level])];

const MODELS: Implications = &[
    (
        L::StrictSerializable,
        &[
            L::Serializable,
            L::Linearizable,
            L::SnapshotIsolation,
            L::StrongSnapshotIsolation,
            L::StrongSessionSerializable,
            L::SessionSerializable,
        ],
    ),
    (L::StrongSessionSerializable, &[L::Serializable, L::StrongSessionSnapshotIsolation]),
    (L::Serializable, &[L::RepeatableRead, L::SnapshotIsolation, L::UpdateSerializable, L::ViewSerializable]),
    (L::StrongSnapshotIsolation, &[L::StrongSessionSnapshotIsolation, L::StrongReadCommitted]),
    (L::StrongSessionSnapshotIsolation, &[L::SnapshotIsolation, L::StrongSessionReadCommitted]),
    (
        L::SnapshotIsolation,
        &[
            L::ForwardConsistentView,
            L::MonotonicAtomicView,
            L::MonotonicSnapshotRead,
            L::ParallelSnapshotIsolation,
            L::Prefix,
        ],
    ),
    (L::UpdateSerializable, &[L::ForwardConsistentView]),
    (L::ForwardConsistentView, &[L::ConsistentView]),
    (L::ConsistentView, &[L::CursorStability, L::MonotonicView]),
    (L::RepeatableRead, &[L::CursorStability, L::MonotonicAtomicView]),
    (L::ParallelSnapshotIsolation, &[L::CausalCerone, L::UpdateAtomic]),
    (L::Prefix, &[L::CausalCerone]),
    (L::CausalCerone, &[L::ReadAtomic]),
    (L::UpdateAtomic, &[L::ReadAtomic]),
    (L::ReadAtomic, &[L::MonotonicAtomicView]),
    (L::MonotonicAtomicView, &[L::ReadCommitted]),
    (L::CursorStability, &[L::ReadCommitted]),
    (L::MonotonicView, &[L::ReadCommitted]),
    (L::MonotonicSnapshotRead, &[L::ReadCommitted]),
    (L::ReadCommitted, &[L::ReadUncommitted]),
    (L::StrongReadCommitted, &[L::StrongSessionReadCommitted, L::StrongReadUncommitted]),
    (L::StrongSessionReadCommitted, &[L::ReadCommitted, L::StrongSessionReadUncommitted]),
    (L::StrongReadUncommitted, &[L::StrongSessionReadUncommitted]),
    (L::StrongSessionReadUncommitted, &[L::ReadUncommitted]),
    (L::SessionSerializable, &[L::OneCopySerializable]),
    (L::Linearizable, &[L::Sequential]),
    (L::Sequential, &[L::Causal]),
    (L::Causal, &[L::WritesFollowReads, L::Pram]),
    (L::Pram, &[L::MonotonicReads, L::MonotonicWrites, L::ReadYourWrites]),
];

/// What the corrected lattice knows besides.
const MORE_MODELS: Implications = &[
    (L::StrongSnapshotIsolation, &[L::StrongParallelSnapshotIsolation, L::StrongPrefix]),
    (L::StrongParallelSnapshotIsolation, &[L::StrongSessionParallelSnapshotIsolation, L::StrongCausal]),
    (L::StrongPrefix, &[L::StrongSessionPrefix, L::StrongCausal]),
    (L::StrongCausal, &[L::StrongSessionCausal, L::StrongReadAtomic]),
    (L::StrongReadAtomic, &[L::StrongSessionReadAtomic, L::StrongMonotonicAtomicView]),
    (L::StrongMonotonicAtomicView, &[L::StrongSessionMonotonicAtomicView, L::StrongReadCommitted]),
    (L::StrongSessionSnapshotIsolation, &[L::StrongSessionParallelSnapshotIsolation, L::StrongSessionPrefix]),
    (L::StrongSessionParallelSnapshotIsolation, &[L::ParallelSnapshotIsolation, L::StrongSessionCausal]),
    (L::StrongSessionPrefix, &[L::Prefix, L::StrongSessionCausal]),
    (L::StrongSessionCausal, &[L::CausalCerone, L::StrongSessionReadAtomic, L::Causal]),
    (L::StrongSessionReadAtomic, &[L::ReadAtomic, L::StrongSessionMonotonicAtomicView, L::ReadYourWrites]),
    (L::StrongSessionMonotonicAtomicView, &[L::MonotonicAtomicView, L::StrongSessionReadCommitted]),
];

/// A bit for each level.
type Levels = u64;
/// A bit for each anomaly, in the order of [`Phenomenon::all`].
type Phenomena = u64;

/// Where a history stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boundary {
    /// The weakest levels that it refutes, none of which follows from another.
    pub not: Vec<Level>,
    /// The others that it hence refutes.
    pub also_not: Vec<Level>,
}

/// Levels and anomalies with what follows from what.
#[derive(Clone, Debug)]
pub struct Lattice {
    /// Per level, itself and all that follow from it.
    weaker: [Levels; Level::COUNT],
    /// Per anomaly, itself and all that occur with it.
    implied: Vec<Phenomena>,
    /// Per anomaly, the levels whose definition names it.
    proscribing: Vec<Levels>,
}

impl Lattice {
    /// That of Elle.
    #[must_use]
    pub fn elle() -> Lattice {
        Lattice::of(&[MODELS], elle_proscribes)
    }

    /// Ours.
    #[must_use]
    pub fn corrected() -> Lattice {
        Lattice::of(&[MODELS, MORE_MODELS], corrected_proscribes)
    }

    fn of(models: &[Implications], proscribes: fn(Phenomenon) -> Vec<Level>) -> Lattice {
        let mut weaker = [0; Level::COUNT];
        for level in Level::all() {
            weaker[level as usize] = bit(level);
        }
        for (stronger, implied) in models.iter().copied().flatten() {
            for &level in *implied {
                weaker[*stronger as usize] |= bit(level);
            }
        }
        close(&mut weaker);
        let all: Vec<Phenomenon> = Phenomenon::all().collect();
        let mut implied: Vec<Phenomena> = all.iter().map(|&phenomenon| 1 << index(phenomenon)).collect();
        for (at, &phenomenon) in all.iter().enumerate() {
            for other in occurs_with(phenomenon) {
                implied[at] |= 1 << index(other);
            }
        }
        close(&mut implied);
        let levels =
            |phenomenon: &Phenomenon| proscribes(*phenomenon).into_iter().fold(0, |set, level| set | bit(level));
        Lattice { weaker, implied, proscribing: all.iter().map(levels).collect() }
    }

    /// True if whoever keeps the first keeps the second; each level implies itself.
    #[must_use]
    pub fn implies(&self, stronger: Level, weaker: Level) -> bool {
        self.weaker[stronger as usize] & bit(weaker) != 0
    }

    /// True if the second occurs wherever the first does.
    #[must_use]
    pub fn brings(&self, first: Phenomenon, second: Phenomenon) -> bool {
        self.implied[index(first)] & (1 << index(second)) != 0
    }

    /// The levels whose own definition names the anomaly, not those that refuse it for what they imply.
    #[must_use]
    pub fn proscribing(&self, phenomenon: Phenomenon) -> Vec<Level> {
        levels(self.proscribing[index(phenomenon)])
    }

    /// The levels that a history with these anomalies does not keep.
    #[must_use]
    pub fn refuted_by(&self, found: &[Phenomenon]) -> Vec<Level> {
        levels(self.refuted(found))
    }

    fn refuted(&self, found: &[Phenomenon]) -> Levels {
        let occurring = found.iter().fold(0, |set, &phenomenon| set | self.implied[index(phenomenon)]);
        let named = (0..self.proscribing.len()).filter(|at| occurring >> at & 1 == 1);
        self.above(named.fold(0, |set, at| set | self.proscribing[at]))
    }

    /// These levels and all from which one of them follows.
    fn above(&self, set: Levels) -> Levels {
        let stronger = Level::all().filter(|&level| self.weaker[level as usize] & set != 0);
        stronger.fold(set, |above, level| above | bit(level))
    }

    /// The weakest levels that these anomalies refute, and the rest of those that they refute.
    #[must_use]
    pub fn boundary(&self, found: &[Phenomenon]) -> Boundary {
        self.divided(levels(self.refuted(found)))
    }

    /// The weakest of levels that are refuted, and the rest of them.
    pub(in crate::txn) fn divided(&self, refuted: impl IntoIterator<Item = Level>) -> Boundary {
        let refuted = refuted.into_iter().fold(0, |set, level| set | bit(level));
        let (not, also_not) = levels(refuted).into_iter().partition(|&level| {
            let below = self.weaker[level as usize] & !bit(level);
            below & refuted == 0
        });
        Boundary { not, also_not }
    }

    /// True if a history with the anomaly does not keep the level.
    #[must_use]
    pub fn prohibits(&self, level: Level, phenomenon: Phenomenon) -> bool {
        self.refuted(&[phenomenon]) & bit(level) != 0
    }

    /// True if none of these anomalies refutes the level. No evidence that the level is kept: nothing found is nothing
    /// proved.
    #[must_use]
    pub fn valid(&self, expected: Level, found: &[Phenomenon]) -> bool {
        self.refuted(found) & bit(expected) == 0
    }

    /// Those of these levels that no other of them implies: the strongest.
    #[must_use]
    pub fn strongest(&self, among: &[Level]) -> Vec<Level> {
        let beaten = |level: &Level| among.iter().any(|&other| other != *level && self.implies(other, *level));
        among.iter().copied().filter(|level| !beaten(level)).collect()
    }

    /// Those of these levels that imply no other of them: the weakest.
    #[must_use]
    pub fn weakest(&self, among: &[Level]) -> Vec<Level> {
        let above = |level: &Level| among.iter().any(|&other| other != *level && self.implies(*level, other));
        among.iter().copied().filter(|level| !above(level)).collect()
    }
}

fn bit(level: Level) -> Levels {
    1 << level as u8
}

fn levels(set: Levels) -> Vec<Level> {
    Level::all().filter(|&level| set & bit(level) != 0).collect()
}

/// Where an anomaly stands in [`Phenomenon::all`].
fn index(phenomenon: Phenomenon) -> usize {
    match phenomenon {
        Phenomenon::Cycle(shape, needs) => Phenomenon::PLAIN.len() + shape as usize * 3 + needs as usize,
        plain => Phenomenon::PLAIN.iter().position(|&other| other == plain).unwrap_or_default(),
    }
}

/// Makes sets of followers transitive.
fn close(sets: &mut [u64]) {
    loop {
        let before = sets.to_vec();
        for set in sets.iter_mut() {
            let members = (0..before.len()).filter(|at| *set >> at & 1 == 1);
            *set = members.fold(*set, |all, at| all | before[at]);
        }
        if sets == before {
            return;
        }
    }
}

/// What occurs wherever the anomaly does, by one step.
fn occurs_with(phenomenon: Phenomenon) -> Vec<Phenomenon> {
    use Phenomenon as P;
    match phenomenon {
        P::IncompatibleOrder | P::DirtyUpdate => vec![P::G1a],
        P::LostUpdate => vec![P::Cycle(Shape::G2Item, Needs::Data)],
        P::Cycle(shape, needs) => {
            let graver: &[Shape] = match shape {
                Shape::G0 => &[Shape::G1c],
                Shape::GSingleItem => &[Shape::GSingle, Shape::GNonadjacentItem],
                Shape::GSingle => &[Shape::GNonadjacent],
                Shape::GNonadjacentItem => &[Shape::GNonadjacent, Shape::G2Item],
                Shape::GNonadjacent | Shape::G2Item => &[Shape::G2],
                Shape::G1c | Shape::G2 => &[],
            };
            let longer = match needs {
                Needs::Data => Some(Needs::Process),
                Needs::Process => Some(Needs::Realtime),
                Needs::Realtime => None,
            };
            let same = longer.map(|needs| P::Cycle(shape, needs));
            graver.iter().map(|&shape| P::Cycle(shape, needs)).chain(same).collect()
        }
        _ => Vec::new(),
    }
}

/// The levels whose definition names the anomaly, to Elle.
fn elle_proscribes(phenomenon: Phenomenon) -> Vec<Level> {
    use Phenomenon as P;
    match phenomenon {
        P::DuplicateElements | P::CyclicVersions => vec![L::ReadUncommitted],
        P::G1a | P::G1b | P::FutureRead | P::GarbageRead => vec![L::ReadCommitted],
        P::LostUpdate => vec![L::CursorStability, L::UpdateAtomic, L::RepeatableRead],
        P::Internal => vec![L::ReadAtomic],
        P::PredicateReadMiss => vec![L::Serializable],
        P::LostAppend => vec![L::StrongSnapshotIsolation],
        P::IncompatibleOrder | P::DirtyUpdate => Vec::new(),
        P::Cycle(shape, needs) => elle_refuses(shape, needs),
    }
}

fn elle_refuses(shape: Shape, needs: Needs) -> Vec<Level> {
    let [data, process, realtime]: [&[Level]; 3] = match shape {
        Shape::G0 => [&[L::ReadUncommitted], &[L::StrongSessionReadUncommitted], &[L::StrongReadUncommitted]],
        Shape::G1c => [&[L::ReadCommitted], &[L::StrongSessionReadCommitted], &[L::StrongReadCommitted]],
        Shape::GSingle => [&[L::ConsistentView], &[], &[]],
        Shape::GNonadjacent => {
            [&[L::SnapshotIsolation], &[L::StrongSessionSnapshotIsolation], &[L::StrongSnapshotIsolation]]
        }
        Shape::G2Item => [&[L::RepeatableRead], &[], &[]],
        Shape::G2 => [&[L::Serializable], &[L::StrongSessionSerializable], &[L::StrictSerializable]],
        Shape::GSingleItem | Shape::GNonadjacentItem => [&[], &[], &[]],
    };
    [data, process, realtime][needs as usize].to_vec()
}

/// The same, to us.
fn corrected_proscribes(phenomenon: Phenomenon) -> Vec<Level> {
    use Phenomenon as P;
    match phenomenon {
        P::FutureRead => vec![L::ReadAtomic],
        P::CyclicVersions => vec![L::ReadCommitted],
        // Either a later append overtook it (G0-realtime), or a later read missed it (G-single-realtime).
        P::LostAppend => vec![L::StrongParallelSnapshotIsolation],
        P::Cycle(Shape::GSingle, Needs::Data) => {
            vec![L::ConsistentView, L::ForwardConsistentView, L::ParallelSnapshotIsolation]
        }
        P::Cycle(Shape::GSingle, Needs::Process) => vec![L::StrongSessionParallelSnapshotIsolation],
        P::Cycle(Shape::GSingle, Needs::Realtime) => vec![L::StrongParallelSnapshotIsolation],
        other => elle_proscribes(other),
    }
}

#[cfg(test)]
#[path = "lattice_tests.rs"]
mod tests;
