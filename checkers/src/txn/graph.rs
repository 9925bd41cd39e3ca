//! The graph of what is known to precede what, and why.
//!
//! Nodes are rows of transactions; edges are only those of data. The orders of sessions and of real time are no edges
//! here: whoever needs them has the [`super::Timeline`].

use std::fmt;
use std::ops::BitOr;

/// Why one transaction precedes another: a set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kinds(pub u8);

impl Kinds {
    /// No reason.
    pub const NONE: Kinds = Kinds(0);
    /// Write, write: the second overwrote what the first wrote.
    pub const WW: Kinds = Kinds(1);
    /// Write, read: the second read what the first wrote.
    pub const WR: Kinds = Kinds(2);
    /// Read, write: the second overwrote what the first read (anti-dependency).
    pub const RW: Kinds = Kinds(4);
    /// As [`Kinds::WW`], by a predicate.
    pub const WWP: Kinds = Kinds(8);
    /// As [`Kinds::WR`], by a predicate.
    pub const WRP: Kinds = Kinds(16);
    /// As [`Kinds::RW`], by a predicate.
    pub const RWP: Kinds = Kinds(32);
    /// Out of a node that is no transaction: the hop goes on for the reason that led into it.
    pub const VIA: Kinds = Kinds(64);

    /// Every anti-dependency.
    pub const ANTI: Kinds = Kinds(4 | 32);

    /// True if all of these reasons are among them.
    #[must_use]
    pub fn has(self, all: Kinds) -> bool {
        self.0 & all.0 == all.0
    }

    /// True if one of these reasons is among them.
    #[must_use]
    pub fn any(self, some: Kinds) -> bool {
        self.0 & some.0 != 0
    }

    /// Those that are among both.
    #[must_use]
    pub fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }
}

impl BitOr for Kinds {
    type Output = Kinds;

    fn bitor(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["ww", "wr", "rw", "wwp", "wrp", "rwp", "via"];
        let present: Vec<&str> = (0..7).filter(|bit| self.0 >> bit & 1 == 1).map(|bit| names[bit]).collect();
        f.pad(&present.join("+"))
    }
}

/// One edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// The node that comes first.
    pub from: u32,
    /// The node that comes after it.
    pub to: u32,
    /// Why.
    pub kinds: Kinds,
}

/// Edges by the node that they leave, in three flat columns.
///
/// Nodes from 0 to `transactions` are transactions. Those from there on are *hubs*, which stand for many edges: an edge
/// into a hub carries the reason, those out of it [`Kinds::VIA`]. A path through hubs is one hop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    transactions: u32,
    offsets: Vec<u32>,
    to: Vec<u32>,
    kinds: Vec<Kinds>,
}

impl Graph {
    /// A graph of these edges: those between the same two nodes become one, those from a node to itself are left out.
    ///
    /// # Panics
    /// If an edge names a node past the last, or there are 2^32 edges.
    #[must_use]
    pub fn new(transactions: u32, hubs: u32, edges: &[Edge]) -> Graph {
        let nodes = (transactions + hubs) as usize;
        let mut offsets = vec![0u32; nodes + 1];
        for edge in edges.iter().filter(|edge| edge.from != edge.to) {
            offsets[edge.from as usize + 1] += 1;
        }
        for node in 0..nodes {
            offsets[node + 1] += offsets[node];
        }
        let mut next = offsets.clone();
        let mut slots = vec![(0u32, Kinds::NONE); offsets[nodes] as usize];
        for edge in edges.iter().filter(|edge| edge.from != edge.to) {
            assert!((edge.to as usize) < nodes, "an edge leads to a node of the graph");
            let slot = &mut next[edge.from as usize];
            slots[*slot as usize] = (edge.to, edge.kinds);
            *slot += 1;
        }
        Graph::merged(transactions, &offsets, &mut slots)
    }

    fn merged(transactions: u32, offsets: &[u32], slots: &mut [(u32, Kinds)]) -> Graph {
        let nodes = offsets.len() - 1;
        let mut graph = Graph { transactions, offsets: Vec::with_capacity(nodes + 1), ..Graph::default() };
        graph.to.reserve(slots.len());
        graph.kinds.reserve(slots.len());
        graph.offsets.push(0);
        for node in 0..nodes {
            let out = &mut slots[offsets[node] as usize..offsets[node + 1] as usize];
            out.sort_unstable_by_key(|slot| slot.0);
            let first = graph.to.len();
            for &(to, kinds) in out.iter() {
                match graph.to.len() > first && graph.to.last() == Some(&to) {
                    true => {
                        let last = graph.kinds.len() - 1;
                        graph.kinds[last] = graph.kinds[last] | kinds;
                    }
                    false => {
                        graph.to.push(to);
                        graph.kinds.push(kinds);
                    }
                }
            }
            graph.offsets.push(graph.to.len() as u32);
        }
        graph
    }

    /// How many nodes are transactions; the rest are hubs.
    #[must_use]
    pub fn transactions(&self) -> u32 {
        self.transactions
    }

    /// How many nodes there are, hubs too.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        self.offsets.len().saturating_sub(1) as u32
    }

    /// How many edges there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.to.len()
    }

    /// True if there is no edge.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.to.is_empty()
    }

    /// The edges out of a node, by the node that they lead to.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn out(&self, node: u32) -> impl DoubleEndedIterator<Item = (u32, Kinds)> + ExactSizeIterator + '_ {
        let range = self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize;
        self.to[range.clone()].iter().copied().zip(self.kinds[range].iter().copied())
    }

    /// Why the first precedes the second at once; none if there is no such edge.
    #[must_use]
    pub fn between(&self, from: u32, to: u32) -> Kinds {
        let range = self.offsets[from as usize] as usize..self.offsets[from as usize + 1] as usize;
        match self.to[range.clone()].binary_search(&to) {
            Ok(at) => self.kinds[range.start + at],
            Err(_) => Kinds::NONE,
        }
    }

    /// Every edge.
    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        (0..self.nodes()).flat_map(|from| self.out(from).map(move |(to, kinds)| Edge { from, to, kinds }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_between_the_same_two_become_one_and_loops_go() {
        let edge = |from, to, kinds| Edge { from, to, kinds };
        let edges = [edge(0, 1, Kinds::WW), edge(1, 1, Kinds::WR), edge(0, 1, Kinds::RW), edge(0, 2, Kinds::WR)];
        let graph = Graph::new(2, 1, &edges);
        assert_eq!(graph.len(), 2);
        assert_eq!(graph.between(0, 1), Kinds::WW | Kinds::RW);
        assert_eq!(graph.between(1, 0), Kinds::NONE);
        assert_eq!(graph.out(0).map(|(to, _)| to).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(graph.edges().count(), 2);
        assert_eq!((graph.nodes(), graph.transactions()), (3, 2));
    }
}
