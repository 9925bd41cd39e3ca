//! Which writers of one object come in an order that nobody knows, and what follows from either.

use super::writers::Writers;
use super::{Hop, Lemma, Link};
use crate::txn::level::exact::layers::Layers;
use crate::txn::level::order::rows_by_session;
use crate::txn::{Accesses, Edge, Graph, INITIAL, Kinds, Needs, Timeline};
use rustc_hash::FxHashMap;

/// Two writers in one order or the other.
pub(super) struct Constraint {
    pub(super) writers: [u32; 2],
    /// Who read what the first, or the second, of them wrote and the other overwrites, whoever comes first.
    pub(super) readers: [Vec<u32>; 2],
}

/// A history of registers by object.
pub(super) struct Objects {
    /// Per object, who wrote it, and the place of the version.
    pub(super) writers: Vec<Vec<(u32, u32)>>,
    /// Who read a version, by object and writer.
    pub(super) readers: FxHashMap<(u32, u32), Vec<u32>>,
}

impl Objects {
    pub(super) fn new(accesses: &Accesses, timeline: &Timeline) -> Objects {
        let mut objects = Objects { writers: Vec::new(), readers: FxHashMap::default() };
        for row in rows_by_session(timeline) {
            for write in accesses.writes(row) {
                let key = write.key as usize;
                objects.writers.resize(objects.writers.len().max(key + 1), Vec::new());
                objects.writers[key].push((row, write.version));
            }
        }
        for row in 0..accesses.len() as u32 {
            for read in accesses.reads(row) {
                let readers = objects.readers.entry((read.key, read.from)).or_default();
                if readers.last() != Some(&row) {
                    readers.push(row);
                }
            }
        }
        objects
    }

    fn readers(&self, key: u32, writer: u32) -> &[u32] {
        self.readers.get(&(key, writer)).map_or(&[], Vec::as_slice)
    }
}

/// The pairs that are open, by object; nothing if there are more edges to them than allowed.
pub(super) fn constraints(objects: &Objects, timeline: &Timeline, order: Needs, most: u64) -> Option<Vec<Constraint>> {
    let mut by_pair: FxHashMap<(u32, u32), usize> = FxHashMap::default();
    let mut all: Vec<Constraint> = Vec::new();
    let mut left = most;
    for (key, writers) in (0..).zip(&objects.writers) {
        let pairs = Writers::new(timeline, order, writers).open_pairs(left)?;
        for pair in pairs {
            let at = *by_pair.entry(pair).or_insert_with(|| {
                all.push(Constraint { writers: [pair.0, pair.1], readers: [Vec::new(), Vec::new()] });
                all.len() - 1
            });
            let both = [pair.0, pair.1];
            for side in 0..2 {
                let readers = objects.readers(key, both[side]).iter();
                all[at].readers[side].extend(readers.copied().filter(|&reader| reader != both[1 - side]));
            }
            left = left.checked_sub(3 + (all[at].readers[0].len() + all[at].readers[1].len()) as u64)?;
        }
    }
    Some(all)
}

/// Everything that holds whoever comes first: what was known, reads, and what overwrites reads of the beginning or of
/// those that are in a known order.
pub(super) fn known(objects: &Objects, accesses: &Accesses, timeline: &Timeline, graph: &Graph, order: Needs) -> Graph {
    let rows = accesses.len() as u32;
    let mut edges: Vec<Edge> = graph.edges().collect();
    let mut hubs = graph.nodes() - rows;
    for row in 0..rows {
        let sources = accesses.reads(row).iter().filter(|read| read.from != INITIAL);
        edges.extend(sources.map(|read| Edge { from: read.from, to: row, kinds: Kinds::WR }));
    }
    for (key, writers) in objects.writers.iter().enumerate() {
        let key = key as u32;
        overwrites_of_the_beginning(objects.readers(key, INITIAL), writers, rows, &mut hubs, &mut edges);
        let ordered = Writers::new(timeline, order, writers);
        for (at, &(first, _)) in writers.iter().enumerate() {
            for second in ordered.next(at) {
                edges.push(Edge { from: first, to: second, kinds: Kinds::WW });
                let readers = objects.readers(key, first).iter().filter(|&&reader| reader != second);
                edges.extend(readers.map(|&from| Edge { from, to: second, kinds: Kinds::RW }));
            }
        }
    }
    Graph::new(rows, hubs, &edges)
}

/// All readers before all writers but themselves, by a chain from either end.
fn overwrites_of_the_beginning(
    readers: &[u32],
    writers: &[(u32, u32)],
    rows: u32,
    hubs: &mut u32,
    edges: &mut Vec<Edge>,
) {
    let hop = |from, to| Edge { from, to, kinds: Kinds::RW };
    if readers.len() * writers.len() <= 4 * (readers.len() + writers.len()) {
        let pairs = readers.iter().flat_map(|&reader| writers.iter().map(move |writer| (reader, writer.0)));
        edges.extend(pairs.filter(|(reader, writer)| reader != writer).map(|(from, to)| hop(from, to)));
        return;
    }
    let (count, upto) = (writers.len() as u32, rows + *hubs);
    let from = upto + count;
    *hubs += 2 * count;
    for (at, &(writer, _)) in (0..).zip(writers) {
        let via = |from, to| Edge { from, to, kinds: Kinds::VIA };
        edges.extend([via(upto + at, writer), via(from + at, writer)]);
        edges.extend((at > 0).then(|| via(upto + at, upto + at - 1)));
        edges.extend((at + 1 < count).then(|| via(from + at, from + at + 1)));
    }
    let place: FxHashMap<u32, u32> = (0..).zip(writers).map(|(at, writer)| (writer.0, at)).collect();
    for &reader in readers {
        match place.get(&reader) {
            None => edges.push(hop(reader, upto + count - 1)),
            Some(&at) => {
                edges.extend((at > 0).then(|| hop(reader, upto + at - 1)));
                edges.extend((at + 1 < count).then(|| hop(reader, from + at + 1)));
            }
        }
    }
}

impl Constraint {
    /// The edges that follow if the writer of that side comes first.
    pub(super) fn edges(&self, layers: &Layers<'_>, side: usize) -> Vec<(u32, u32)> {
        let (first, second) = (self.writers[side], self.writers[1 - side]);
        let readers = self.readers[side].iter().map(|&reader| layers.edge(reader, second, 2));
        [layers.edge(first, second, 0)].into_iter().chain(readers).collect()
    }

    /// What one of those edges says.
    fn link(&self, layers: &Layers<'_>, side: usize, edge: (u32, u32)) -> Link {
        let (first, second) = (self.writers[side], self.writers[1 - side]);
        let overwrites = layers.edge(first, second, 0) == edge;
        let reader = self.readers[side].iter().copied().find(|&reader| layers.edge(reader, second, 2) == edge);
        Link::Chosen { first, second, reader: reader.filter(|_| !overwrites) }
    }
}

/// A cycle of check-graph edges, each known or of a side of a constraint, as what it says about transactions.
pub(super) fn lemma(layers: &Layers<'_>, constraints: &[Constraint], cycle: &[Hop]) -> Lemma {
    let begin = cycle.iter().position(|edge| edge.2.is_some());
    let Some(begin) = begin else {
        let walk: Vec<u32> = cycle.iter().map(|edge| edge.0).collect();
        return Lemma { links: layers.steps(&walk, true).into_iter().map(Link::Known).collect() };
    };
    let mut links = Vec::new();
    let mut walk: Vec<u32> = Vec::new();
    for &(from, to, owner) in cycle[begin..].iter().chain(&cycle[..begin]) {
        walk.push(from);
        if let Some((at, side)) = owner {
            links.extend(layers.steps(&walk, false).into_iter().map(Link::Known));
            links.push(constraints[at].link(layers, side, (from, to)));
            walk.clear();
        }
    }
    walk.extend(cycle.get(begin).map(|edge| edge.0));
    links.extend(layers.steps(&walk, false).into_iter().map(Link::Known));
    Lemma { links }
}
