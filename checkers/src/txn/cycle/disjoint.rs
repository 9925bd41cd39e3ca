//! What the components gave, as one answer in one order.

use super::search::Found;
use super::{Cycle, Cycles, Proof};

/// Puts what was found in each component into one answer: cycles by how much they say, proofs by how small they are.
pub(super) fn merge(all: &mut Cycles, found: Vec<Found>, per_phenomenon: usize, position: &[u32]) {
    for part in found {
        all.stats.expansions += part.expansions;
        all.incomplete.extend(part.gaps);
        for cycle in &part.cycles {
            *all.at_least.entry(cycle.phenomenon).or_default() += 1;
        }
        all.cycles.extend(part.cycles);
        part.proven.into_iter().for_each(|proof| keep_smaller(&mut all.proven, proof));
    }
    all.incomplete.sort_unstable();
    all.incomplete.dedup();
    all.proven.sort_unstable_by_key(|proof| (proof.level, proof.needs));
    all.cycles.sort_by_cached_key(|cycle| rank(cycle, position));
    let mut kept: Vec<Cycle> = Vec::new();
    for cycle in all.cycles.drain(..) {
        let same = kept.iter().rev().take_while(|other| other.phenomenon == cycle.phenomenon).count();
        if same < per_phenomenon {
            kept.push(cycle);
        }
    }
    all.cycles = kept;
}

/// The lesser is told first.
fn rank(cycle: &Cycle, position: &[u32]) -> (super::Phenomenon, usize, u32, u32) {
    let places = cycle.steps.iter().map(|step| position[step.from as usize]);
    let span = places.clone().max().unwrap_or_default() - places.min().unwrap_or_default();
    (cycle.phenomenon, cycle.steps.len(), span, cycle.steps.first().map_or(0, |step| step.from))
}

fn keep_smaller(proven: &mut Vec<Proof>, proof: Proof) {
    match proven.iter_mut().find(|other| (other.level, other.needs) == (proof.level, proof.needs)) {
        None => proven.push(proof),
        Some(other) if (proof.rows.len(), &proof.rows) < (other.rows.len(), &other.rows) => *other = proof,
        Some(_) => {}
    }
}
