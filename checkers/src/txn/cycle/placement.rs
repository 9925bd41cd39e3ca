//! An order of all nodes that a valid history nearly follows: by the event of completion.
//!
//! Whatever precedes in real time or in a session comes first in it, so that only edges of data can lead backward. Any
//! order would do for soundness; a good one makes few and short backward edges.

use crate::txn::{Graph, NEVER, Timeline};
use rayon::slice::ParallelSliceMut;

/// How often the places of nodes that never completed are improved.
const PASSES: usize = 4;

/// Nodes in an order, and the place of each.
pub(super) struct Placement {
    /// Nodes, the first first.
    pub order: Vec<u32>,
    /// The place of each node in `order`.
    pub rank: Vec<u32>,
    /// The position in the history by which each node was placed.
    pub position: Vec<u32>,
}

impl Placement {
    pub fn new(graph: &Graph, timeline: &Timeline) -> Placement {
        let position = positions(graph, timeline);
        let mut keys: Vec<u64> = position.iter().zip(0u64..).map(|(&at, node)| u64::from(at) << 32 | node).collect();
        if !keys.is_sorted() {
            keys.par_sort_unstable();
        }
        let order: Vec<u32> = keys.iter().map(|&key| key as u32).collect();
        drop(keys);
        let mut rank = vec![0; order.len()];
        for (place, &node) in (0u32..).zip(&order) {
            rank[node as usize] = place;
        }
        Placement { order, rank, position }
    }
}

/// Where each node belongs: what completed, there; what did not, and hubs, just before the first of what follows, but
/// no transaction before its own beginning.
fn positions(graph: &Graph, timeline: &Timeline) -> Vec<u32> {
    let mut position = timeline.completed.clone();
    position.resize(graph.nodes() as usize, NEVER);
    let open: Vec<u32> = (0..graph.nodes()).filter(|&node| position[node as usize] == NEVER).collect();
    for pass in 0..PASSES {
        let mut changed = false;
        for step in 0..open.len() {
            let node = open[if pass % 2 == 0 { open.len() - 1 - step } else { step }];
            let first = graph.out(node).map(|(to, _)| position[to as usize]).min().unwrap_or(NEVER);
            if first != NEVER {
                let begun = timeline.invoked.get(node as usize).copied().unwrap_or_default();
                let place = first.saturating_sub(1).max(begun);
                changed |= place != position[node as usize];
                position[node as usize] = place;
            }
        }
        if !changed {
            break;
        }
    }
    position
}
