//! A second look at a component that is said to hold a cycle: whoever nobody precedes is taken away, and the next, and the
//! next; if transactions are left in the end, each of them follows another that is left, and so there is a circle.
//!
//! It shares no code with the survey that found the component, and finds no cycle that could be shown.

use super::{GraphLevel, Proof};
use crate::txn::{Graph, Kinds, NEVER, Needs, Timeline};
use std::collections::BTreeMap;

/// What one precedes another by: an overwrite, a read, a write that was missed.
const CLASSES: [Kinds; 3] = [Kinds(Kinds::WW.0 | Kinds::WWP.0), Kinds(Kinds::WR.0 | Kinds::WRP.0), Kinds::ANTI];

/// True if the graph of the level has a cycle among the transactions that the proof names. Linear but for sorting.
#[must_use]
pub fn verify_proof(proof: &Proof, graph: &Graph, timeline: &Timeline) -> bool {
    let is_sorted = proof.rows.is_sorted_by(|a, b| a < b);
    let is_known = |row: &u32| *row < graph.transactions() && (*row as usize) < timeline.len();
    if !is_sorted || !proof.rows.iter().all(is_known) {
        return false;
    }
    let mut ahead = Ahead { proof, edges: Vec::new(), nodes: 0 };
    ahead.data(graph);
    ahead.order(timeline);
    ahead.has_circle()
}

/// Who is ahead of whom. Under snapshot isolation a transaction begins and commits apart: whom it missed commits after it
/// began, and everything else begins after it committed.
struct Ahead<'a> {
    proof: &'a Proof,
    edges: Vec<(u32, u32)>,
    nodes: u32,
}

impl Ahead<'_> {
    fn has_halves(&self) -> bool {
        self.proof.level == GraphLevel::Snapshot
    }

    fn begin(&self, place: u32) -> u32 {
        place
    }

    fn commit(&self, place: u32) -> u32 {
        if self.has_halves() { place + self.proof.rows.len() as u32 } else { place }
    }

    fn place(&self, row: u32) -> Option<u32> {
        self.proof.rows.binary_search(&row).ok().map(|place| place as u32)
    }

    fn counts(&self, kinds: Kinds) -> bool {
        let without = match self.proof.level {
            GraphLevel::Writes => CLASSES[1] | CLASSES[2],
            GraphLevel::Flow => CLASSES[2],
            GraphLevel::RepeatableRead => Kinds::RWP,
            GraphLevel::Snapshot | GraphLevel::Serializable => Kinds::NONE,
        };
        kinds.0 & !without.0 & !Kinds::VIA.0 != 0
    }

    /// Hubs stand once for each class, so that nothing that enters by one leaves by another.
    fn data(&mut self, graph: &Graph) {
        let rows = self.proof.rows.len() as u32 * if self.has_halves() { 2 } else { 1 };
        let hub = |node: u32, class: usize| rows + 3 * (node - graph.transactions()) + class as u32;
        self.nodes = rows + 3 * (graph.nodes() - graph.transactions());
        let hubs = graph.transactions()..graph.nodes();
        for from in self.proof.rows.iter().copied().chain(hubs) {
            let own = self.place(from);
            for (to, kinds) in graph.out(from) {
                for (class, of) in CLASSES.into_iter().enumerate() {
                    let ahead = match own {
                        Some(_) if !self.counts(kinds.and(of)) => continue,
                        Some(place) if class == 2 => self.begin(place),
                        Some(place) => self.commit(place),
                        None => hub(from, class),
                    };
                    let behind = match self.place(to) {
                        Some(place) if class == 2 => self.commit(place),
                        Some(place) => self.begin(place),
                        None if to >= graph.transactions() => hub(to, class),
                        None => continue,
                    };
                    self.edges.push((ahead, behind));
                }
            }
        }
        if self.has_halves() {
            let halves = (0..rows / 2).map(|place| (self.begin(place), self.commit(place)));
            self.edges.extend(halves.collect::<Vec<_>>());
        }
    }

    /// What ended leads to a node of its end, that to the next end, and the last end before a beginning to what begins.
    fn order(&mut self, timeline: &Timeline) {
        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (place, &row) in (0..).zip(&self.proof.rows) {
            let group = match self.proof.needs {
                Needs::Data => return,
                Needs::Process => timeline.session[row as usize],
                Needs::Realtime => 0,
            };
            groups.entry(group).or_default().push(place);
        }
        for members in groups.into_values() {
            let row = |place: &u32| self.proof.rows[*place as usize] as usize;
            let ended = members.iter().filter(|place| timeline.completed[row(place)] != NEVER);
            let mut ends: Vec<(u32, u32)> = ended.map(|place| (timeline.completed[row(place)], *place)).collect();
            ends.sort_unstable();
            let first = self.nodes;
            self.nodes += ends.len() as u32;
            let mut edges = Vec::new();
            for (end, &(_, place)) in (first..).zip(&ends) {
                edges.push((self.commit(place), end));
                edges.extend((end > first).then(|| (end - 1, end)));
            }
            for place in &members {
                let before = ends.partition_point(|end| end.0 < timeline.invoked[row(place)]) as u32;
                edges.extend((before > 0).then(|| (first + before - 1, self.begin(*place))));
            }
            self.edges.append(&mut edges);
        }
    }

    fn has_circle(mut self) -> bool {
        self.edges.sort_unstable();
        let mut waiting = vec![0u32; self.nodes as usize];
        self.edges.iter().for_each(|edge| waiting[edge.1 as usize] += 1);
        let mut free: Vec<u32> = (0..self.nodes).filter(|node| waiting[*node as usize] == 0).collect();
        let mut taken = 0;
        while let Some(node) = free.pop() {
            taken += 1;
            let from = self.edges.partition_point(|edge| edge.0 < node);
            for &(_, next) in self.edges[from..].iter().take_while(|edge| edge.0 == node) {
                waiting[next as usize] -= 1;
                if waiting[next as usize] == 0 {
                    free.push(next);
                }
            }
        }
        taken < self.nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::{CycleOptions, Edge, cycles};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// A timeline of rows that overlap, and a graph of a few edges and hubs.
    fn history(rng: &mut ChaCha8Rng) -> (Graph, Timeline) {
        let rows = rng.random_range(2..7u32);
        let hubs = rng.random_range(0..3u32);
        let mut timeline = Timeline::default();
        for row in 0..rows {
            let begin = 10 * row;
            let end = if rng.random_bool(0.1) { NEVER } else { begin + rng.random_range(1..30) };
            timeline.push(begin, end, row % 3 * 10 + u32::from(end == NEVER) * (row + 1));
        }
        let kinds = [1, 2, 4, 8, 16, 32].map(Kinds);
        let mut edges = Vec::new();
        for _ in 0..rng.random_range(1..8) {
            let (from, to) = (rng.random_range(0..rows), rng.random_range(0..rows + hubs));
            // No transaction reaches itself by way of its own hub.
            if to < rows || from != (to - rows) % rows {
                edges.push(Edge { from, to, kinds: kinds[rng.random_range(0..6)] });
            }
        }
        for hub in rows..rows + hubs {
            edges.push(Edge { from: hub, to: (hub - rows) % rows, kinds: Kinds::VIA });
        }
        (Graph::new(rows, hubs, &edges), timeline)
    }

    #[test]
    fn what_the_search_proves_is_there_and_what_it_does_not_prove_is_not() {
        let mut tally = [0, 0];
        for seed in 0..3_000 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let (graph, timeline) = history(&mut rng);
            let found = cycles(&graph, &timeline, &CycleOptions::default());
            for level in GraphLevel::ALL {
                for needs in [Needs::Data, Needs::Process, Needs::Realtime] {
                    let proven = found.proven.iter().find(|proof| (proof.level, proof.needs) == (level, needs));
                    tally[usize::from(proven.is_some())] += 1;
                    match proven {
                        Some(proof) => assert!(verify_proof(proof, &graph, &timeline), "seed {seed}: {proof:?}"),
                        None => {
                            let all = Proof { level, needs, rows: (0..graph.transactions()).collect() };
                            assert!(!verify_proof(&all, &graph, &timeline), "seed {seed}: {all:?}");
                        }
                    }
                }
            }
        }
        assert!(tally[0] > 5_000 && tally[1] > 5_000, "{tally:?}");
    }

    #[test]
    fn less_than_a_circle_proves_nothing() {
        let hop = |from, to| Edge { from, to, kinds: Kinds::WW };
        let graph = Graph::new(3, 0, &[hop(0, 1), hop(1, 2), hop(2, 0)]);
        let mut timeline = Timeline::default();
        (0..3).for_each(|row| timeline.push(0, 10 + row, row));
        let of = |rows: &[u32]| Proof { level: GraphLevel::Writes, needs: Needs::Data, rows: rows.to_vec() };
        assert!(verify_proof(&of(&[0, 1, 2]), &graph, &timeline));
        for less in [&[][..], &[0], &[0, 1], &[0, 2], &[2, 1, 0], &[0, 1, 2, 3]] {
            assert!(!verify_proof(&of(less), &graph, &timeline), "{less:?}");
        }
    }
}
