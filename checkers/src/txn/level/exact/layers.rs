//! The graphs whose cycles refute a level: one node for a transaction, or its beginning and its commit apart.
//!
//! Source of the halves: a cycle without two anti-dependencies in a row is a cycle over beginnings and commits, where an
//! anti-dependency leads from a beginning to a commit and everything else from a commit to a beginning. Nothing here
//! composes edges: that would be quadratic.

use super::super::digraph::Digraph;
use super::super::order;
use super::{Step, Why};
use crate::txn::{Graph, Kinds, Needs, Timeline};

/// What a graph is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Rule {
    /// Every edge of these kinds, over whole transactions.
    Whole(Kinds),
    /// No two anti-dependencies in a row: snapshot isolation.
    Snapshot,
    /// An anti-dependency only after something read or something before: prefix.
    Prefix,
}

/// Overwriting, reading, being overwritten after a read.
const CLASSES: [Kinds; 3] = [Kinds(Kinds::WW.0 | Kinds::WWP.0), Kinds(Kinds::WR.0 | Kinds::WRP.0), Kinds::ANTI];

/// A check graph, and how its nodes are read.
pub(in super::super) struct Layers<'a> {
    graph: &'a Graph,
    rule: Rule,
    transactions: u32,
    first_hub: u32,
    first_barrier: u32,
    edges: Vec<(u32, u32)>,
    nodes: usize,
}

impl<'a> Layers<'a> {
    pub(in super::super) fn new(graph: &'a Graph, timeline: &Timeline, rule: Rule, order: Needs) -> Layers<'a> {
        let transactions = graph.transactions();
        let halves = if matches!(rule, Rule::Whole(_)) { 1 } else { 2 };
        let first_hub = halves * transactions;
        let first_barrier = first_hub + 3 * (graph.nodes() - transactions);
        let nodes = first_barrier as usize;
        let mut layers = Layers {
            graph,
            rule,
            transactions,
            first_hub,
            first_barrier,
            edges: Vec::with_capacity(graph.len()),
            nodes,
        };
        if halves == 2 {
            layers.edges.extend((0..transactions).map(|row| (transactions + row, row)));
        }
        layers.add_data();
        layers.add_order(timeline, order);
        layers
    }

    fn add_data(&mut self) {
        for edge in self.graph.edges() {
            for (class, kinds) in CLASSES.into_iter().enumerate() {
                let through = edge.kinds.has(Kinds::VIA) && edge.from >= self.transactions;
                if self.uses(class) && (through || edge.kinds.any(kinds)) {
                    self.edges.push((self.leaving(edge.from, class), self.entering(edge.to, class)));
                }
            }
        }
    }

    fn add_order(&mut self, timeline: &Timeline, order: Needs) {
        if order == Needs::Data {
            return;
        }
        let begun = if self.first_hub == self.transactions { 0 } else { self.transactions };
        self.edges.extend(order::session_edges(timeline).into_iter().map(|(from, to)| (from, to + begun)));
        if order == Needs::Realtime {
            let (edges, barriers) = order::realtime_edges(timeline, self.first_barrier);
            let into = |to: u32| if to < self.transactions { to + begun } else { to };
            self.edges.extend(edges.into_iter().map(|(from, to)| (from, into(to))));
            self.nodes += barriers as usize;
        }
    }

    /// Adds that one transaction's versions come before another's.
    pub(in super::super) fn add_overwrites(&mut self, pairs: &[(u32, u32)]) {
        let added: Vec<_> = pairs.iter().map(|&(from, to)| (self.leaving(from, 0), self.entering(to, 0))).collect();
        self.edges.extend(added);
    }

    fn uses(&self, class: usize) -> bool {
        match self.rule {
            Rule::Whole(kinds) => kinds.any(CLASSES[class]),
            Rule::Snapshot | Rule::Prefix => true,
        }
    }

    fn leaving(&self, node: u32, class: usize) -> u32 {
        match (self.rule, class) {
            _ if node >= self.transactions => self.hub(node, class),
            (Rule::Snapshot | Rule::Prefix, 2) => self.transactions + node,
            _ => node,
        }
    }

    fn entering(&self, node: u32, class: usize) -> u32 {
        match (self.rule, class) {
            _ if node >= self.transactions => self.hub(node, class),
            (Rule::Snapshot, 0 | 1) | (Rule::Prefix, 1) => self.transactions + node,
            _ => node,
        }
    }

    /// A hub stands once for each class, so that a reason does not change on the way.
    fn hub(&self, node: u32, class: usize) -> u32 {
        self.first_hub + 3 * (node - self.transactions) + class as u32
    }

    /// The edge that a reason of a class makes: overwriting, reading, being overwritten.
    pub(in super::super) fn edge(&self, from: u32, to: u32, class: usize) -> (u32, u32) {
        (self.leaving(from, class), self.entering(to, class))
    }

    pub(in super::super) fn nodes(&self) -> usize {
        self.nodes
    }

    pub(in super::super) fn edges(&self) -> &[(u32, u32)] {
        &self.edges
    }

    pub(in super::super) fn digraph(&self) -> Digraph {
        Digraph::new(self.nodes, &self.edges)
    }

    /// The transaction that a node is a half of.
    fn row(&self, node: u32) -> Option<u32> {
        (node < self.first_hub).then(|| node % self.transactions)
    }

    /// A walk over nodes as steps between transactions; a closed one comes back to where it began.
    pub(in super::super) fn steps(&self, walk: &[u32], closed: bool) -> Vec<Step> {
        let begin = walk.iter().position(|&node| self.row(node).is_some()).unwrap_or_default();
        let mut nodes: Vec<u32> = walk[begin..].iter().chain(&walk[..begin]).copied().collect();
        if closed {
            nodes.push(nodes[0]);
        }
        let mut steps = Vec::new();
        let mut last = 0;
        for at in 1..nodes.len() {
            let (Some(from), Some(to)) = (self.row(nodes[last]), self.row(nodes[at])) else { continue };
            if from != to {
                steps.push(Step { from, to, why: self.why(&nodes[last..=at], from, to) });
            }
            last = at;
        }
        steps
    }

    fn why(&self, hop: &[u32], from: u32, to: u32) -> Why {
        if hop.len() > 2 {
            let through = hop[1];
            return match through >= self.first_barrier {
                true => Why::Realtime,
                false => Why::Data(CLASSES[((through - self.first_hub) % 3) as usize]),
            };
        }
        let kinds = self.graph.between(from, to);
        let fits = |class: &usize| {
            let ends = (self.leaving(from, *class), self.entering(to, *class));
            self.uses(*class) && kinds.any(CLASSES[*class]) && ends == (hop[0], hop[1])
        };
        let found = (0..3).filter(fits).fold(Kinds::NONE, |all, class| all | kinds.and(CLASSES[class]));
        if found == Kinds::NONE { Why::Session } else { Why::Data(found) }
    }
}
