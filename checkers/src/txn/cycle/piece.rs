//! One strong component, cut out of the graph: small numbers, one label an edge.

use super::barrier::Chain;
use super::placement::Placement;
use crate::txn::{Graph, Kinds, Timeline};

/// Every way in which one overwrote the other.
const WRITES: Kinds = Kinds(1 | 8);
/// Every way in which one read the other.
const READS: Kinds = Kinds(2 | 16);

/// The gravest reason among several, as one of `WW`, `WR`, `RW`, `RWP` and `VIA`.
///
/// A cycle is never less grave for a graver label of one edge: an anti-dependency less neither adds to their number
/// nor makes two of them neighbours.
pub(super) fn gravest(kinds: Kinds) -> Kinds {
    match kinds {
        kinds if kinds.any(WRITES) => Kinds::WW,
        kinds if kinds.any(READS) => Kinds::WR,
        kinds if kinds.any(Kinds::RW) => Kinds::RW,
        kinds if kinds.any(Kinds::RWP) => Kinds::RWP,
        _ => Kinds::VIA,
    }
}

/// Those of the reasons that a label stands for.
pub(super) fn reasons(kinds: Kinds, label: Kinds) -> Kinds {
    match label {
        Kinds::WW => kinds.and(WRITES),
        Kinds::WR => kinds.and(READS),
        label => kinds.and(label),
    }
}

/// The nodes of a component: transactions in the order of their placement, then hubs.
pub(super) struct Piece {
    /// The node of the graph that each node here is.
    pub nodes: Vec<u32>,
    /// How many of them are transactions.
    pub rows: u32,
    offsets: Vec<u32>,
    to: Vec<u32>,
    label: Vec<Kinds>,
    /// The order of real time among the rows.
    pub realtime: Chain,
    /// The orders of the sessions among the rows.
    pub process: Chain,
    /// Every label of an edge.
    pub labels: Kinds,
}

impl Piece {
    /// The component at these places, which are sorted.
    pub fn new(places: &[u32], graph: &Graph, timeline: &Timeline, placement: &Placement) -> Piece {
        let node = |&place: &u32| placement.order[place as usize];
        let is_row = |node: &u32| *node < graph.transactions();
        let mut nodes: Vec<u32> = places.iter().map(node).filter(is_row).collect();
        let rows = nodes.len() as u32;
        let (realtime, process) = (Chain::realtime(&nodes, timeline), Chain::process(&nodes, timeline));
        nodes.extend(places.iter().map(node).filter(|node| !is_row(node)));
        let mut local = vec![0u32; places.len()];
        for (at, &node) in (0u32..).zip(&nodes) {
            let slot = places.binary_search(&placement.rank[node as usize]);
            local[slot.unwrap_or_default()] = at;
        }
        let mut piece = Piece {
            offsets: vec![0],
            to: Vec::new(),
            label: Vec::new(),
            labels: Kinds::NONE,
            nodes,
            rows,
            realtime,
            process,
        };
        for at in 0..piece.nodes.len() {
            for (to, kinds) in graph.out(piece.nodes[at]) {
                if let Ok(slot) = places.binary_search(&placement.rank[to as usize]) {
                    let label = if at < rows as usize { gravest(kinds) } else { Kinds::VIA };
                    piece.to.push(local[slot]);
                    piece.label.push(label);
                    piece.labels = piece.labels | label;
                }
            }
            piece.offsets.push(piece.to.len() as u32);
        }
        piece
    }

    /// How many nodes there are, hubs too.
    pub fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// The edges out of a node.
    pub fn out(&self, node: u32) -> impl Iterator<Item = (u32, Kinds)> + '_ {
        let range = self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize;
        self.to[range.clone()].iter().copied().zip(self.label[range].iter().copied())
    }

    /// The label of the edge between two nodes, if there is one.
    pub fn between(&self, from: u32, to: u32) -> Option<Kinds> {
        self.out(from).find(|edge| edge.0 == to).map(|edge| edge.1)
    }
}
