//! Sides of choices that would close a cycle with what is known, found for many at once, until nothing more follows.

use super::constraints::Constraint;
use crate::txn::level::digraph::Digraph;
use crate::txn::level::exact::layers::Layers;

/// A choice that was no choice: the constraint, the side that holds, and the edge of the other that cannot be.
#[derive(Clone, Copy)]
pub(super) struct Forced {
    pub(super) constraint: usize,
    pub(super) side: usize,
    pub(super) against: (u32, u32),
}

/// What is known, and what came to be.
pub(super) struct Pruned {
    /// Edges, with the number of the forced choice that brought them; 0 for those known from the beginning.
    pub(super) edges: Vec<(u32, u32, u32)>,
    /// In the order in which they were forced, from number 1 on.
    pub(super) forced: Vec<Forced>,
    /// Constraints that are still open.
    pub(super) open: Vec<usize>,
    /// The budget ended before everything that follows was found.
    pub(super) tired: bool,
}

/// Forces all that can be, while there is no cycle.
pub(super) fn prune(layers: &Layers<'_>, constraints: &[Constraint], budget: &mut u64) -> Pruned {
    let edges = layers.edges().iter().map(|&(from, to)| (from, to, 0)).collect();
    let mut pruned = Pruned { edges, forced: Vec::new(), open: (0..constraints.len()).collect(), tired: false };
    loop {
        let plain: Vec<(u32, u32)> = pruned.edges.iter().map(|edge| (edge.0, edge.1)).collect();
        let graph = Digraph::new(layers.nodes(), &plain);
        let Some(order) = graph.topological(|node| node) else { return pruned };
        let Some(impossible) = impossible(layers, constraints, &pruned.open, &graph, &order, budget) else {
            pruned.tired = true;
            return pruned;
        };
        if impossible.is_empty() {
            return pruned;
        }
        for &forced in &impossible {
            pruned.forced.push(forced);
            let number = pruned.forced.len() as u32;
            let new = constraints[forced.constraint].edges(layers, forced.side);
            pruned.edges.extend(new.into_iter().map(|(from, to)| (from, to, number)));
        }
        let gone: Vec<usize> = impossible.iter().map(|forced| forced.constraint).collect();
        pruned.open.retain(|at| gone.binary_search(at).is_err());
    }
}

/// The open constraints one side of which closes a cycle with what is known, in their order.
fn impossible(
    layers: &Layers<'_>,
    constraints: &[Constraint],
    open: &[usize],
    graph: &Digraph,
    order: &[u32],
    budget: &mut u64,
) -> Option<Vec<Forced>> {
    let mut position = vec![0u32; order.len()];
    order.iter().enumerate().for_each(|(at, &node)| position[node as usize] = at as u32);
    // An edge from u to v cannot be if v reaches u, for which v must stand before u.
    let mut asked: Vec<(u32, u32, usize, usize)> = Vec::new();
    for &at in open {
        for side in 0..2 {
            let edges = constraints[at].edges(layers, side).into_iter();
            let back = edges.filter(|&(from, to)| position[to as usize] <= position[from as usize]);
            asked.extend(back.map(|(from, to)| (to, from, at, side)));
        }
    }
    asked.sort_unstable_by_key(|&(start, _, at, side)| (position[start as usize], at, side));
    let mut found = vec![None; constraints.len()];
    let mut marks = vec![0u64; order.len()];
    let mut begin = 0;
    while begin < asked.len() {
        let mut starts: Vec<u32> = Vec::new();
        let mut end = begin;
        while end < asked.len() && (starts.last() == Some(&asked[end].0) || starts.len() < 64) {
            if starts.last() != Some(&asked[end].0) {
                starts.push(asked[end].0);
            }
            end += 1;
        }
        let batch = &asked[begin..end];
        let low = position[starts[0] as usize] as usize;
        let high = batch.iter().map(|query| position[query.1 as usize] as usize).max().unwrap_or(low);
        *budget = budget.checked_sub((high + 1 - low) as u64)?;
        starts.iter().enumerate().for_each(|(bit, &start)| marks[start as usize] |= 1 << bit);
        for &node in &order[low..=high] {
            let mark = marks[node as usize];
            if mark != 0 {
                let inside = graph.out(node).iter().filter(|&&next| position[next as usize] as usize <= high);
                inside.for_each(|&next| marks[next as usize] |= mark);
            }
        }
        for &(start, goal, at, side) in batch {
            let bit = starts.iter().position(|&other| other == start).unwrap_or_default();
            if marks[goal as usize] >> bit & 1 == 1 && found[at].is_none() {
                found[at] = Some(Forced { constraint: at, side: 1 - side, against: (goal, start) });
            }
        }
        order[low..=high].iter().for_each(|&node| marks[node as usize] = 0);
        starts.iter().for_each(|&start| marks[start as usize] = 0);
        begin = end;
    }
    Some(found.into_iter().flatten().collect())
}
