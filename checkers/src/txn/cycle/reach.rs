//! Which anti-dependencies are closed to a cycle by a path of the rest, for all of them at once.
//!
//! In general 512 sources at a time are followed through the condensed view, a bit each. Where real time joins an
//! acyclic graph two passes are enough: with `m(v)` the earliest end of what follows `v` and `M(u)` the latest beginning
//! of what precedes `u`, real time leads from `v` to `u` just if `m(v) < M(u)`. (If there were a detour by several
//! orders of real time that one did not replace, then those would make a cycle with the path between them.)

use super::view::View;
use crate::txn::components::components;

/// How many sources are followed together.
const BATCH: usize = 512;

/// The bits of one batch.
type Bits = [u64; BATCH / 64];

/// A path that is asked for, between nodes of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub from: u32,
    pub to: u32,
}

/// A view with its strong components made one each. Edges lead from greater numbers to less.
pub(super) struct Condensed<'a> {
    view: View<'a>,
    component: Vec<u32>,
    /// Nodes by component, and where each component begins.
    nodes: Vec<u32>,
    first: Vec<u32>,
}

impl<'a> Condensed<'a> {
    pub fn new(view: View<'a>) -> Condensed<'a> {
        let mut condensed = Condensed {
            component: vec![0; view.nodes() as usize],
            nodes: Vec::with_capacity(view.nodes() as usize),
            first: vec![0],
            view,
        };
        components(
            view.extent(),
            |node| view.out(node),
            |members| {
                let number = condensed.first.len() as u32 - 1;
                members.iter().for_each(|&node| condensed.component[node as usize] = number);
                condensed.nodes.extend_from_slice(members);
                condensed.first.push(condensed.nodes.len() as u32);
            },
        );
        condensed
    }

    fn members(&self, component: u32) -> &[u32] {
        &self.nodes[self.first[component as usize] as usize..self.first[component as usize + 1] as usize]
    }

    /// Which of the paths asked for there are, as places in the question; stops when there are `enough`. None if more
    /// nodes would have to be expanded than are left in the budget.
    pub fn paths(&self, asked: &[Asked], enough: usize, budget: &mut u64) -> Option<Vec<usize>> {
        let number = |node: u32| self.component[node as usize];
        let mut open: Vec<usize> =
            (0..asked.len()).filter(|&at| number(asked[at].from) >= number(asked[at].to)).collect();
        let mut found: Vec<usize> =
            open.iter().copied().filter(|&at| number(asked[at].from) == number(asked[at].to)).collect();
        open.retain(|&at| number(asked[at].from) > number(asked[at].to));
        open.sort_unstable_by_key(|&at| (number(asked[at].from), number(asked[at].to), at));
        let mut bits: Vec<Bits> = vec![[0; BATCH / 64]; self.first.len() - 1];
        let mut rest = &open[..];
        while !rest.is_empty() && found.len() < enough {
            let (batch, sources) = self.batch(rest, asked);
            rest = &rest[batch.len()..];
            let highest = sources.last().copied().unwrap_or_default();
            let lowest = batch.iter().map(|&at| number(asked[at].to)).min().unwrap_or_default();
            bits[lowest as usize..=highest as usize].fill([0; BATCH / 64]);
            for (bit, &source) in sources.iter().enumerate() {
                bits[source as usize][bit / 64] |= 1 << (bit % 64);
            }
            self.follow(&mut bits, lowest, highest, budget)?;
            found.extend(batch.iter().copied().filter(|&at| {
                let bit = sources.binary_search(&number(asked[at].from)).unwrap_or_default();
                bits[number(asked[at].to) as usize][bit / 64] >> (bit % 64) & 1 == 1
            }));
        }
        found.sort_unstable();
        Some(found)
    }

    /// As many questions as have no more sources than there are bits, and the sources, sorted.
    fn batch<'b>(&self, rest: &'b [usize], asked: &[Asked]) -> (&'b [usize], Vec<u32>) {
        let mut sources: Vec<u32> = Vec::new();
        for (taken, &at) in rest.iter().enumerate() {
            let source = self.component[asked[at].from as usize];
            if sources.last() != Some(&source) {
                if sources.len() == BATCH {
                    return (&rest[..taken], sources);
                }
                sources.push(source);
            }
        }
        (rest, sources)
    }

    /// Hands the bits of each component on to those that follow it.
    fn follow(&self, bits: &mut [Bits], lowest: u32, highest: u32, budget: &mut u64) -> Option<()> {
        for component in (lowest..=highest).rev() {
            let mine = bits[component as usize];
            if mine == [0; BATCH / 64] {
                continue;
            }
            let members = self.members(component);
            *budget = budget.checked_sub(members.len() as u64)?;
            for &node in members {
                for next in self.view.out(node) {
                    let next = self.component[next as usize];
                    if next != component && next >= lowest {
                        bits[next as usize].iter_mut().zip(mine).for_each(|(theirs, mine)| *theirs |= mine);
                    }
                }
            }
        }
        Some(())
    }

    /// Which of the paths asked for there are with one step of real time in them, as places in the question. The view
    /// is one without real time; `completed` and `invoked` are by row.
    pub fn paths_by_realtime(&self, asked: &[Asked], completed: &[u32], invoked: &[u32]) -> Vec<usize> {
        let count = self.first.len() - 1;
        let (mut earliest, mut latest) = (vec![u32::MAX; count], vec![0u32; count]);
        for component in 0..count {
            for &node in self.members(component as u32) {
                if let Some(row) = self.view.row(node) {
                    earliest[component] = earliest[component].min(completed[row as usize]);
                    latest[component] = latest[component].max(invoked[row as usize]);
                }
                for next in self.view.out(node) {
                    let theirs = earliest[self.component[next as usize] as usize];
                    earliest[component] = earliest[component].min(theirs);
                }
            }
        }
        for component in (0..count).rev() {
            for &node in self.members(component as u32) {
                for next in self.view.out(node) {
                    let next = self.component[next as usize] as usize;
                    latest[next] = latest[next].max(latest[component]);
                }
            }
        }
        let number = |node: u32| self.component[node as usize] as usize;
        (0..asked.len()).filter(|&at| earliest[number(asked[at].from)] < latest[number(asked[at].to)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::cycle::piece::Piece;
    use crate::txn::cycle::placement::Placement;
    use crate::txn::cycle::survey::{Grade, strong, view};
    use crate::txn::cycle::walk::{Course, Walker};
    use crate::txn::cycle::window::{Strongest, windows};
    use crate::txn::{Edge, Graph, GraphLevel, Kinds, Needs, Timeline};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    const FLOW: Grade = Grade::Level(GraphLevel::Flow);

    fn random(rng: &mut ChaCha8Rng, rows: u32) -> (Graph, Timeline) {
        let mut timeline = Timeline::default();
        (0..rows).for_each(|row| timeline.push(2 * row, 2 * row + 1 + 2 * rng.random_range(0..12), row));
        let mut edge = || {
            let from = rng.random_range(0..rows);
            let to = (from + rng.random_range(0..20)).saturating_sub(6).min(rows - 1);
            Edge { from, to, kinds: [Kinds::WR, Kinds::WW, Kinds::RW][rng.random_range(0..3)] }
        };
        let edges: Vec<Edge> = (0..rows / 2).map(|_| edge()).collect();
        (Graph::new(rows, 0, &edges), timeline)
    }

    fn whole(graph: &Graph, timeline: &Timeline) -> Piece {
        let places: Vec<u32> = (0..graph.nodes()).collect();
        Piece::new(&places, graph, timeline, &Placement::new(graph, timeline))
    }

    #[test]
    fn windows_hold_every_component_of_the_whole() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let mut met = 0;
        for _ in 0..300 {
            let (graph, timeline) = random(&mut rng, 60);
            let placement = Placement::new(&graph, &timeline);
            let strongest = Strongest::new(&graph, &timeline, &placement, Needs::Realtime);
            let mut within = strongest.components(&windows(&graph, &placement));
            let piece = whole(&graph, &timeline);
            let all = view(&piece, Grade::Level(GraphLevel::Serializable), Needs::Realtime);
            let mut there = strong(&piece, &all);
            within.sort_unstable();
            there.sort_unstable();
            met += within.len();
            assert_eq!(within, there);
        }
        assert!(met > 50, "only {met} components");
    }

    #[test]
    fn batches_and_the_two_passes_agree_with_one_walk_after_the_other() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let (mut acyclic, mut closed) = (0, 0);
        for _ in 0..300 {
            let (graph, timeline) = random(&mut rng, 40);
            let piece = whole(&graph, &timeline);
            let pairs =
                (0..40).flat_map(|from| (0..40).map(move |to| Asked { from, to })).filter(|one| one.from != one.to);
            let asked: Vec<Asked> = pairs.collect();
            let realtime = view(&piece, FLOW, Needs::Realtime);
            let mut budget = u64::MAX;
            let bits = Condensed::new(realtime).paths(&asked, usize::MAX, &mut budget).unwrap_or_default();
            let mut walker = Walker::new(realtime.nodes());
            let mut walk = |asked: &Asked| {
                let course = Course { row: asked.to, first: &[asked.from], goal: asked.to, most: u32::MAX };
                walker.closed(&realtime, &course, |_| true, |_| true).is_some()
            };
            let walked: Vec<usize> = (0..asked.len()).filter(|&at| walk(&asked[at])).collect();
            assert_eq!(bits, walked);
            closed += walked.len();
            if strong(&piece, &realtime).is_empty() {
                acyclic += 1;
                let data = Condensed::new(view(&piece, FLOW, Needs::Data));
                let column =
                    |column: &[u32]| -> Vec<u32> { piece.nodes.iter().map(|&row| column[row as usize]).collect() };
                let mut either =
                    data.paths_by_realtime(&asked, &column(&timeline.completed), &column(&timeline.invoked));
                either.extend(data.paths(&asked, usize::MAX, &mut budget).unwrap_or_default());
                either.sort_unstable();
                either.dedup();
                assert_eq!(either, walked);
            }
        }
        assert!(acyclic > 10 && closed > 1_000, "{acyclic} acyclic, {closed} paths");
    }
}
