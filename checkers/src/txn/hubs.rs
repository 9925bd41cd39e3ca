//! Many before many, with fewer edges than pairs.

use super::Kinds;
use super::inferred::Edges;

/// Up to so many pairs are linked one by one.
const FEW: usize = 64;

/// Says that each of the first precedes each of the second, itself excepted.
///
/// One hub between them would let a row that is both reach itself. So there is a chain of hubs for every beginning of
/// the second list, and one for every end of it; a row at position p enters at the beginning before p and at the end
/// after p. Source: prefix and suffix sums without an inverse.
pub(super) fn all_before_all(first: &[u32], second: &[u32], kinds: Kinds, edges: &mut Edges) {
    if first.len() * second.len() <= FEW.max(4 * (first.len() + second.len())) {
        for from in first {
            for to in second {
                edges.add(*from, *to, kinds);
            }
        }
        return;
    }
    let mut places: Vec<(u32, usize)> = second.iter().copied().zip(0..).collect();
    places.sort_unstable();
    places.dedup_by_key(|place| place.0);
    let targets: Vec<u32> = places.iter().map(|place| place.0).collect();
    let begins = chain(targets.iter().copied(), edges);
    let mut ends = None;
    for from in first {
        let Ok(at) = targets.binary_search(from) else {
            edges.add(*from, begins[begins.len() - 1], kinds);
            continue;
        };
        if at > 0 {
            edges.add(*from, begins[at - 1], kinds);
        }
        let after = targets.len() - 1 - at;
        if after > 0 {
            let ends: &Vec<u32> = ends.get_or_insert_with(|| chain(targets.iter().rev().copied(), edges));
            edges.add(*from, ends[after - 1], kinds);
        }
    }
}

/// A hub for every beginning of the list: it leads to the last of it and to the hub before.
fn chain(targets: impl Iterator<Item = u32>, edges: &mut Edges) -> Vec<u32> {
    let mut hubs: Vec<u32> = Vec::new();
    for target in targets {
        let hub = edges.hub();
        edges.add(hub, target, Kinds::VIA);
        if let Some(before) = hubs.last() {
            edges.add(hub, *before, Kinds::VIA);
        }
        hubs.push(hub);
    }
    hubs
}
