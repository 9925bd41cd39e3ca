//! A bare directed graph, its strong components, a short cycle, an order. It knows neither transactions nor reasons.

use crate::txn::components::{Extent, components};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Edges by the node that they leave.
#[derive(Clone, Debug, Default)]
pub(super) struct Digraph {
    offsets: Vec<u32>,
    to: Vec<u32>,
}

/// No component, no distance, no parent.
const NONE: u32 = u32::MAX;

/// From how many nodes of a component the shortest cycle is looked for.
const STARTS: usize = 16;

impl Digraph {
    pub(super) fn new(nodes: usize, edges: &[(u32, u32)]) -> Digraph {
        let mut offsets = vec![0u32; nodes + 1];
        for &(from, _) in edges {
            offsets[from as usize + 1] += 1;
        }
        for node in 0..nodes {
            offsets[node + 1] += offsets[node];
        }
        let mut next = offsets.clone();
        let mut to = vec![0; edges.len()];
        for &(from, target) in edges {
            to[next[from as usize] as usize] = target;
            next[from as usize] += 1;
        }
        Digraph { offsets, to }
    }

    pub(super) fn nodes(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    pub(super) fn out(&self, node: u32) -> &[u32] {
        &self.to[self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize]
    }

    /// The number of the strong component of each node; what a component leads to has a lower number.
    pub(super) fn components(&self) -> Vec<u32> {
        let nodes = self.nodes() as u32;
        let (mut component, mut number) = (vec![NONE; self.nodes()], 0);
        components(
            Extent { nodes, roots: nodes },
            |node| self.out(node).iter().copied(),
            |members| {
                members.iter().for_each(|member| component[*member as usize] = number);
                number += 1;
            },
        );
        component
    }

    /// A cycle as nodes, each of which leads to the next and the last to the first: short, in the smallest component
    /// that has one.
    pub(super) fn cycle(&self) -> Option<Vec<u32>> {
        let component = self.components();
        let mut size = vec![0u32; self.nodes()];
        for &of in &component {
            size[of as usize] += 1;
        }
        let smallest = (0..size.len()).filter(|&of| size[of] > 1).min_by_key(|&of| size[of])? as u32;
        let starts = (0..self.nodes() as u32).filter(|&node| component[node as usize] == smallest).take(STARTS);
        starts
            .filter_map(|start| self.path_within(start, start, |node| component[node as usize] == smallest))
            .min_by_key(Vec::len)
    }

    /// A shortest path of at least one edge, both ends included but the second if it is the first again.
    pub(super) fn path_within(&self, from: u32, to: u32, may: impl Fn(u32) -> bool) -> Option<Vec<u32>> {
        let mut parent = vec![NONE; self.nodes()];
        let mut queue = std::collections::VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            for &next in self.out(node) {
                if next == to {
                    let mut path: Vec<u32> = (to != from).then_some(to).into_iter().collect();
                    let mut at = node;
                    while at != from {
                        path.push(at);
                        at = parent[at as usize];
                    }
                    path.push(from);
                    path.reverse();
                    return Some(path);
                }
                if next != from && parent[next as usize] == NONE && may(next) {
                    parent[next as usize] = node;
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// Every node after those that lead to it, the least rank first where there is a choice; nothing if there is a cycle.
    pub(super) fn topological(&self, rank: impl Fn(u32) -> u32) -> Option<Vec<u32>> {
        let mut waiting = vec![0u32; self.nodes()];
        for &to in &self.to {
            waiting[to as usize] += 1;
        }
        let free = (0..self.nodes() as u32).filter(|&node| waiting[node as usize] == 0);
        let mut ready: BinaryHeap<Reverse<(u32, u32)>> = free.map(|node| Reverse((rank(node), node))).collect();
        let mut order = Vec::with_capacity(self.nodes());
        while let Some(Reverse((_, node))) = ready.pop() {
            order.push(node);
            for &next in self.out(node) {
                waiting[next as usize] -= 1;
                if waiting[next as usize] == 0 {
                    ready.push(Reverse((rank(next), next)));
                }
            }
        }
        (order.len() == self.nodes()).then_some(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_are_short_and_orders_are_orders() {
        let round = Digraph::new(6, &[(0, 1), (1, 2), (2, 3), (3, 0), (2, 1), (4, 0), (4, 5)]);
        let mut cycle = round.cycle().expect("there is one");
        cycle.sort_unstable();
        assert_eq!(cycle, [1, 2]);
        assert_eq!(round.topological(|node| node), None);
        let component = round.components();
        assert!(component[0] == component[3] && component[4] != component[5] && component[4] != component[0]);
        let straight = Digraph::new(4, &[(3, 1), (1, 0), (1, 2)]);
        assert!(straight.cycle().is_none());
        assert_eq!(straight.topological(|node| node), Some(vec![3, 1, 0, 2]));
        assert_eq!(straight.path_within(3, 0, |_| true), Some(vec![3, 1, 0]));
        assert_eq!(straight.path_within(0, 3, |_| true), None);
    }
}
