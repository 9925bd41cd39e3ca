//! Hubs that stand for dependencies are replaced by the edges that they stand for.
//!
//! A transaction may be on both sides of its hub. With an anti-dependency that makes no cycle that is not there anyhow
//! (in the begin/commit graph it says that a transaction begins before it commits); with a dependency it would.

use super::Gap;
use crate::txn::{Edge, Graph, Kinds};
use rustc_hash::FxHashSet;
use std::borrow::Cow;

/// The most edges that are put in the place of hubs.
const MOST: usize = 50_000_000;

/// The same graph with anti-dependencies only into hubs; and a gap, if some hubs stood for too much.
pub(super) fn without_dependencies(graph: &Graph) -> (Cow<'_, Graph>, Option<Gap>) {
    let transactions = graph.transactions();
    let into_hub = |edge: &Edge| edge.from < transactions && edge.to >= transactions;
    let depends = |edge: &Edge| edge.kinds.and(Kinds(!(Kinds::ANTI.0 | Kinds::VIA.0))) != Kinds::NONE;
    if graph.nodes() == transactions || !graph.edges().any(|edge| into_hub(&edge) && depends(&edge)) {
        return (Cow::Borrowed(graph), None);
    }
    let (mut edges, mut work, mut gap) = (Vec::with_capacity(graph.len()), 0, None);
    for edge in graph.edges() {
        if !into_hub(&edge) {
            edges.push(edge);
            continue;
        }
        let anti = edge.kinds.and(Kinds::ANTI);
        if anti != Kinds::NONE {
            edges.push(Edge { kinds: anti, ..edge });
        }
        let kinds = edge.kinds.and(Kinds(!(Kinds::ANTI.0 | Kinds::VIA.0)));
        if kinds == Kinds::NONE {
            continue;
        }
        if work > MOST {
            gap = Some(Gap::Hubs);
            continue;
        }
        work += each_behind(graph, edge.to, |to| edges.push(Edge { to, kinds, ..edge }));
    }
    (Cow::Owned(Graph::new(transactions, graph.nodes() - transactions, &edges)), gap)
}

/// Names each transaction that a hub leads to; says how many edges were followed.
pub(super) fn each_behind(graph: &Graph, hub: u32, mut found: impl FnMut(u32)) -> usize {
    let (mut open, mut seen, mut followed) = (vec![hub], FxHashSet::from_iter([hub]), 0);
    while let Some(hub) = open.pop() {
        for (to, _) in graph.out(hub) {
            followed += 1;
            if seen.insert(to) {
                if to < graph.transactions() { found(to) } else { open.push(to) }
            }
        }
    }
    followed
}
