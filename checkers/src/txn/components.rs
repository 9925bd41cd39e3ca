//! Strong components of any graph that can say what follows a node: Tarjan's algorithm without recursion.
//!
//! Source: Tarjan 1972, "Depth-first search and linear graph algorithms".

/// A node that was not reached yet.
const UNSEEN: u32 = u32::MAX;
/// A node whose component is known.
const DONE: u32 = u32::MAX - 1;

/// How many nodes there are, and how many of them, the first ones, are where a search begins.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    pub nodes: u32,
    pub roots: u32,
}

/// Hands over each strong component once, those that are reached from it before it (reverse topological order). What
/// no root reaches is left out.
pub(super) fn components<I>(extent: Extent, out: impl Fn(u32) -> I, mut found: impl FnMut(&[u32]))
where
    I: Iterator<Item = u32>,
{
    let mut low = vec![UNSEEN; extent.nodes as usize];
    let (mut open, mut path): (Vec<u32>, Vec<(u32, u32, I)>) = (Vec::new(), Vec::new());
    let mut counter = 0;
    for root in 0..extent.roots {
        if low[root as usize] != UNSEEN {
            continue;
        }
        let mut entered = Some(root);
        loop {
            if let Some(node) = entered.take() {
                low[node as usize] = counter;
                path.push((node, counter, out(node)));
                open.push(node);
                counter += 1;
            }
            let Some((node, number, rest)) = path.last_mut() else { break };
            let (node, number) = (*node, *number);
            for next in rest.by_ref() {
                match low[next as usize] {
                    UNSEEN => {
                        entered = Some(next);
                        break;
                    }
                    DONE => {}
                    other => low[node as usize] = low[node as usize].min(other),
                }
            }
            if entered.is_some() {
                continue;
            }
            path.pop();
            let lowest = low[node as usize];
            if let Some((parent, ..)) = path.last() {
                low[*parent as usize] = low[*parent as usize].min(lowest);
            }
            if lowest == number {
                let first = open.iter().rposition(|&member| member == node).unwrap_or_default();
                for &member in &open[first..] {
                    low[member as usize] = DONE;
                }
                found(&open[first..]);
                open.truncate(first);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_of(nodes: u32) -> Extent {
        Extent { nodes, roots: nodes }
    }

    fn of(edges: &[&[u32]]) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        components(
            all_of(edges.len() as u32),
            |node| edges[node as usize].iter().copied(),
            |members| {
                let mut members = members.to_vec();
                members.sort_unstable();
                all.push(members);
            },
        );
        all
    }

    #[test]
    fn what_reaches_each_other_is_one_and_sinks_come_first() {
        assert_eq!(of(&[&[1], &[2], &[1, 3], &[]]), [vec![3], vec![1, 2], vec![0]]);
        assert_eq!(of(&[&[1], &[0], &[0, 3], &[2]]), [vec![0, 1], vec![2, 3]]);
        assert_eq!(of(&[&[1, 2], &[3], &[3], &[0]]), [vec![0, 1, 2, 3]]);
    }

    #[test]
    fn a_long_path_needs_no_deep_stack() {
        let last = 300_000;
        let mut sizes = Vec::new();
        components(all_of(last), |node| std::iter::once((node + 1) % last), |members| sizes.push(members.len()));
        assert_eq!(sizes, [last as usize]);
    }
}
