//! The graph of what is known to precede what, and why.
//!
//! Nodes are rows of transactions; edges are only those of data. The orders of sessions and of real time are no edges
//! here: whoever needs them has the [`super::Timeline`].

use rayon::prelude::*;
use std::fmt;
use std::ops::{BitOr, Range};

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
        assert!(edges.iter().all(|edge| edge.from < transactions + hubs), "an edge leaves a node of the graph");
        Graph::of(transactions, hubs, || edges.iter().copied())
    }

    /// The same of edges that are gone through several times: each thread takes those out of its share of the nodes.
    pub(super) fn of<I: Iterator<Item = Edge>>(transactions: u32, hubs: u32, edges: impl Fn() -> I + Sync) -> Graph {
        /// More threads than this would do little but skip the edges of others.
        const MOST_SHARES: usize = 4;
        /// Fewer nodes are not worth a thread.
        const LEAST: u32 = 1 << 14;
        let nodes = transactions + hubs;
        let shares = rayon::current_num_threads().min(MOST_SHARES) as u32;
        let share = nodes.div_ceil(shares).max(LEAST);
        let starts: Vec<u32> = (0..nodes).step_by(share as usize).collect();
        let parts =
            starts.into_par_iter().map(|start| Share::of(start..nodes.min(start.saturating_add(share)), nodes, &edges));
        let mut graph = Graph { transactions, offsets: vec![0], ..Graph::default() };
        for mut part in parts.collect::<Vec<Share>>() {
            let base = graph.to.len() as u32;
            graph.offsets.extend(part.ends.iter().map(|end| base + end));
            graph.to.append(&mut part.to);
            graph.kinds.append(&mut part.kinds);
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

/// The edges out of some of the nodes.
#[derive(Default)]
struct Share {
    /// Where those of each node end.
    ends: Vec<u32>,
    to: Vec<u32>,
    kinds: Vec<Kinds>,
}

impl Share {
    fn of<I: Iterator<Item = Edge>>(nodes: Range<u32>, all: u32, edges: &impl Fn() -> I) -> Share {
        let own = || edges().filter(|edge| nodes.contains(&edge.from) && edge.from != edge.to);
        let mut next = vec![0u32; nodes.len() + 1];
        own().for_each(|edge| next[(edge.from - nodes.start) as usize + 1] += 1);
        for node in 0..nodes.len() {
            next[node + 1] += next[node];
        }
        let mut slots = vec![(0u32, Kinds::NONE); next[nodes.len()] as usize];
        own().for_each(|edge| {
            assert!(edge.to < all, "an edge leads to a node of the graph");
            let slot = &mut next[(edge.from - nodes.start) as usize];
            slots[*slot as usize] = (edge.to, edge.kinds);
            *slot += 1;
        });
        // Each node's next slot is the first of the node after it.
        next.truncate(nodes.len());
        Share::merged(next, &mut slots)
    }

    /// Edges between the same two nodes become one.
    fn merged(mut ends: Vec<u32>, slots: &mut [(u32, Kinds)]) -> Share {
        let (mut to, mut kinds) = (Vec::with_capacity(slots.len()), Vec::<Kinds>::with_capacity(slots.len()));
        let mut from = 0;
        for end in &mut ends {
            let out = &mut slots[from..*end as usize];
            from = *end as usize;
            out.sort_unstable_by_key(|slot| slot.0);
            let mut last = None;
            for &(node, reasons) in out.iter() {
                match kinds.last_mut().filter(|_| last == Some(node)) {
                    Some(known) => *known = *known | reasons,
                    None => {
                        to.push(node);
                        kinds.push(reasons);
                        last = Some(node);
                    }
                }
            }
            *end = to.len() as u32;
        }
        Share { ends, to, kinds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_nodes_make_one_graph() {
        let edge = |from, to| Edge { from, to, kinds: Kinds::WR };
        let edges: Vec<Edge> =
            (0..100_000).flat_map(|node| [edge(node, (node * 7) % 100_000), edge(node, 5)]).collect();
        let graph = Graph::new(99_990, 10, &edges);
        assert_eq!(
            (graph.nodes(), graph.out(99_999).map(|(to, _)| to).collect::<Vec<_>>()),
            (100_000, vec![5, 99_993])
        );
        let mut expected: Vec<Edge> = edges.into_iter().filter(|edge| edge.from != edge.to).collect();
        expected.sort_unstable();
        expected.dedup();
        assert!(graph.edges().eq(expected));
    }

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
