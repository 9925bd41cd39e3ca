//! Choices that have nothing to do with each other, apart: each lot of strong components that choices join is solved by
//! itself, with its own small numbers for nodes.

use crate::txn::level::digraph::Digraph;
use rustc_hash::FxHashMap;

/// No node of a part, no part.
const OUTSIDE: u32 = u32::MAX;

/// Edges of the two sides of a choice.
pub(super) type Sides = [Vec<(u32, u32)>; 2];

/// Choices that hang together, and what is known between their nodes.
pub(super) struct Part {
    /// The nodes, by their numbers in this part.
    pub(super) nodes: Vec<u32>,
    /// The choices, by their numbers among all.
    pub(super) choices: Vec<usize>,
    /// Sides of those, as numbers of this part. Edges that can be in no cycle are left out.
    pub(super) sides: Vec<Sides>,
    /// Edges that are there whatever is chosen.
    pub(super) known: Vec<(u32, u32)>,
}

/// Takes choices apart, the part with the fewest first. Those that can close no cycle at all are in none.
pub(super) fn parts(nodes: usize, known: &[(u32, u32)], choices: Vec<Sides>) -> Vec<Part> {
    let all: Vec<(u32, u32)> = known.iter().chain(choices.iter().flatten().flatten()).copied().collect();
    let component = Digraph::new(nodes, &all).components();
    let inside = |&(from, to): &(u32, u32)| component[from as usize] == component[to as usize];
    let choices: Vec<Sides> = choices
        .into_iter()
        .map(|sides| sides.map(|side| side.into_iter().filter(inside).collect::<Vec<_>>()))
        .collect();
    let mut joined: Vec<u32> = (0..nodes as u32).collect();
    for sides in &choices {
        let mut touched = sides.iter().flatten().map(|edge| component[edge.0 as usize]);
        if let Some(first) = touched.next() {
            touched.for_each(|other| join(&mut joined, first, other));
        }
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut number: FxHashMap<u32, usize> = FxHashMap::default();
    for (at, sides) in choices.into_iter().enumerate() {
        let Some(edge) = sides.iter().flatten().next() else { continue };
        let root = root(&mut joined, component[edge.0 as usize]);
        let part = *number.entry(root).or_insert_with(|| {
            parts.push(Part { nodes: Vec::new(), choices: Vec::new(), sides: Vec::new(), known: Vec::new() });
            parts.len() - 1
        });
        parts[part].choices.push(at);
        parts[part].sides.push(sides);
    }
    let mut small = vec![OUTSIDE; nodes];
    for node in 0..nodes as u32 {
        if let Some(part) = number.get(&root(&mut joined, component[node as usize])) {
            small[node as usize] = parts[*part].nodes.len() as u32;
            parts[*part].nodes.push(node);
        }
    }
    let local = |(from, to): (u32, u32)| (small[from as usize], small[to as usize]);
    for edge in known.iter().copied().filter(inside) {
        if let Some(part) = number.get(&root(&mut joined, component[edge.0 as usize])) {
            parts[*part].known.push(local(edge));
        }
    }
    for part in &mut parts {
        part.sides.iter_mut().flatten().flatten().for_each(|edge| *edge = local(*edge));
    }
    parts.sort_by_key(|part| part.choices.len());
    parts
}

fn root(joined: &mut [u32], of: u32) -> u32 {
    let mut root = of;
    while joined[root as usize] != root {
        root = joined[root as usize];
    }
    let mut at = of;
    while at != root {
        at = std::mem::replace(&mut joined[at as usize], root);
    }
    root
}

fn join(joined: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(joined, a), root(joined, b));
    joined[a.max(b) as usize] = a.min(b);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_choices_do_not_join_is_apart_and_what_closes_no_cycle_is_left_out() {
        let known = [(0, 1), (2, 3), (4, 5), (1, 4), (6, 7)];
        let choices = vec![
            [vec![(1, 0)], vec![(0, 1)]],
            [vec![(3, 2), (0, 3)], vec![(2, 3)]],
            [vec![(6, 0)], vec![(7, 5)]],
            [vec![(5, 4)], vec![(7, 6)]],
        ];
        let parts = parts(8, &known, choices);
        let all: Vec<(&[u32], &[usize])> = parts.iter().map(|part| (&part.nodes[..], &part.choices[..])).collect();
        assert_eq!(all, [(&[0, 1][..], &[0][..]), (&[2, 3], &[1]), (&[4, 5, 6, 7], &[3])]);
        assert_eq!(parts[1].sides, [[vec![(1, 0)], vec![(0, 1)]]]);
        assert_eq!(parts[2].known, [(0, 1), (2, 3)]);
        assert_eq!(parts[2].sides, [[vec![(1, 0)], vec![(3, 2)]]]);
    }
}
