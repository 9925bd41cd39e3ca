//! Snapshot isolation and serializability of registers whose versions are in an order that is known only in part: is there
//! any order that explains the history?
//!
//! Writers whose order nothing tells are put in both orders, as a choice between two sets of edges. Choices that would
//! close a cycle with what is known are made at once; what is left is searched. Source of the encoding: Papadimitriou 1979
//! for polygraphs, PolySI (2023) for snapshot isolation and for pruning, with beginnings and commits apart in place of
//! composed edges. The work is bounded by a budget, past which nothing is said.

mod constraints;
mod parts;
mod prune;
mod solver;
mod topology;
mod writers;

use super::Level;
use super::digraph::Digraph;
use super::exact::Step;
use super::exact::layers::{Layers, Rule};
use crate::txn::{Accesses, Graph, Kinds, Timeline};
use constraints::{Constraint, Objects};
use parts::{Part, Sides};
use prune::Pruned;
use rustc_hash::FxHashSet;
use solver::{Choice, KNOWN, Solved, Solver};

/// One transaction before another, for certain or by choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// For certain.
    Known(Step),
    /// If the first wrote some object before the second did.
    Chosen {
        /// The writer that comes first.
        first: u32,
        /// The writer that comes second, and to which the link leads.
        second: u32,
        /// Who read what the first wrote, and from whom the link then leads; otherwise it leads from the first.
        reader: Option<u32>,
    },
}

/// A cycle: not all that it needs can have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lemma {
    /// Each leads to where the next begins, the last to the first.
    pub links: Vec<Link>,
}

/// Whether some order of versions explains the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explained {
    /// One does, and it was looked at again.
    Satisfied,
    /// None does: these cycles together leave no order of the writers that they name.
    Refuted(Vec<Lemma>),
    /// The budget was not enough.
    Undecided,
}

/// A history of registers and what is known of the order of its versions.
pub struct Polygraph<'a> {
    accesses: &'a Accesses,
    timeline: &'a Timeline,
    graph: &'a Graph,
}

impl<'a> Polygraph<'a> {
    /// How many decisions, propagations and visits are worth an answer.
    pub const STEPS: u64 = 2_000_000_000;

    /// The graph holds what is known besides the accesses, and may be empty; it must have their rows.
    #[must_use]
    pub fn new(accesses: &'a Accesses, timeline: &'a Timeline, graph: &'a Graph) -> Polygraph<'a> {
        Polygraph { accesses, timeline, graph }
    }

    /// Decides snapshot isolation or serializability, or their variants; nothing for other levels.
    #[must_use]
    pub fn satisfies(&self, level: Level, budget: u64) -> Option<Explained> {
        let (base, order) = level.base()?;
        let rule = match base {
            Level::SnapshotIsolation => Rule::Snapshot,
            Level::Serializable => Rule::Whole(Kinds(63)),
            _ => return None,
        };
        let mut budget = budget;
        let objects = Objects::new(self.accesses, self.timeline);
        let Some(constraints) = constraints::constraints(&objects, self.timeline, order, budget / 16) else {
            return Some(Explained::Undecided);
        };
        let known = constraints::known(&objects, self.accesses, self.timeline, self.graph, order);
        let layers = Layers::new(&known, self.timeline, rule, order);
        let pruned = prune::prune(&layers, &constraints, &mut budget);
        let search = Search { layers: &layers, constraints: &constraints, pruned };
        Some(search.run(budget))
    }
}

/// An edge of the check graph, and the side of the constraint that it belongs to.
type Hop = (u32, u32, Option<(usize, usize)>);

struct Search<'a> {
    layers: &'a Layers<'a>,
    constraints: &'a [Constraint],
    pruned: Pruned,
}

impl Search<'_> {
    fn run(&self, mut budget: u64) -> Explained {
        let plain = self.pruned.edges.iter().map(|edge| (edge.0, edge.1)).collect::<Vec<_>>();
        if let Some(walk) = Digraph::new(self.layers.nodes(), &plain).cycle() {
            let next = |at: usize| walk[(at + 1) % walk.len()];
            let cycle = (0..walk.len()).map(|at| self.named((walk[at], next(at)))).collect();
            return Explained::Refuted(self.certificate(vec![cycle]));
        }
        if self.pruned.tired {
            return Explained::Undecided;
        }
        let side = |at: usize| [0, 1].map(|side| self.constraints[at].edges(self.layers, side));
        let choices: Vec<Sides> = self.pruned.open.iter().map(|&at| side(at)).collect();
        let mut sides = vec![0; choices.len()];
        let mut gave_up = false;
        for part in parts::parts(self.layers.nodes(), &plain, choices) {
            match self.solve(part, &mut sides, &mut budget) {
                Some(cycles) if cycles.is_empty() => {}
                Some(cycles) => return Explained::Refuted(self.certificate(cycles)),
                None => gave_up = true,
            }
        }
        if !gave_up && self.is_acyclic(&sides) { Explained::Satisfied } else { Explained::Undecided }
    }

    /// Chooses the sides of a part, or says by which cycles they cannot be chosen; None if the budget ended.
    fn solve(&self, part: Part, sides: &mut [u8], budget: &mut u64) -> Option<Vec<Vec<Hop>>> {
        let Part { nodes, choices: numbers, sides: edges, known } = part;
        let choice = |sides: Sides| {
            let hint = sides[0].first().copied().unwrap_or((0, 0));
            Choice { sides, hint }
        };
        let choices: Vec<Choice> = edges.into_iter().map(choice).collect();
        match Solver::new(nodes.len(), &choices).solve(&known, budget) {
            Solved::GaveUp => None,
            Solved::Chosen(chosen) => {
                numbers.iter().zip(chosen).for_each(|(&at, side)| sides[at] = side);
                Some(Vec::new())
            }
            Solved::Impossible(cycles) => {
                let whole = |edge: &(u32, u32, u32)| {
                    let ends = (nodes[edge.0 as usize], nodes[edge.1 as usize]);
                    match edge.2 {
                        KNOWN => self.named(ends),
                        literal => {
                            let at = self.pruned.open[numbers[literal as usize / 2]];
                            (ends.0, ends.1, Some((at, literal as usize % 2)))
                        }
                    }
                };
                Some(cycles.iter().map(|cycle| cycle.iter().map(whole).collect()).collect())
            }
        }
    }

    /// A second look at an order that was found.
    fn is_acyclic(&self, sides: &[u8]) -> bool {
        let mut edges: Vec<(u32, u32)> = self.pruned.edges.iter().map(|edge| (edge.0, edge.1)).collect();
        for (&at, &side) in self.pruned.open.iter().zip(sides) {
            edges.extend(self.constraints[at].edges(self.layers, usize::from(side.min(1))));
        }
        Digraph::new(self.layers.nodes(), &edges).topological(|node| node).is_some()
    }

    /// A known edge with the forced choice that brought it, if it was not there from the beginning.
    fn named(&self, ends: (u32, u32)) -> Hop {
        let same = self.pruned.edges.iter().filter(|edge| (edge.0, edge.1) == ends);
        let number = same.map(|edge| edge.2).min().unwrap_or_default();
        (ends.0, ends.1, self.owner(number))
    }

    fn owner(&self, number: u32) -> Option<(usize, usize)> {
        let forced = self.pruned.forced.get((number as usize).checked_sub(1)?)?;
        Some((forced.constraint, forced.side))
    }

    /// These cycles, and for each forced choice that they need the cycle that forced it.
    fn certificate(&self, cycles: Vec<Vec<Hop>>) -> Vec<Lemma> {
        let mut lemmas = Vec::new();
        let mut explained: FxHashSet<usize> = self.pruned.open.iter().copied().collect();
        let mut pending = cycles;
        while let Some(cycle) = pending.pop() {
            for at in cycle.iter().filter_map(|hop| hop.2).map(|owner| owner.0) {
                if explained.insert(at) {
                    pending.extend(self.forcing(at));
                }
            }
            lemmas.push(constraints::lemma(self.layers, self.constraints, &cycle));
        }
        lemmas
    }

    /// The cycle that forced a choice, of nothing that came later.
    fn forcing(&self, constraint: usize) -> Option<Vec<Hop>> {
        let at = self.pruned.forced.iter().position(|forced| forced.constraint == constraint)?;
        let forced = self.pruned.forced[at];
        let earlier = self.pruned.edges.iter().filter(|edge| edge.2 as usize <= at);
        let plain: Vec<(u32, u32)> = earlier.map(|edge| (edge.0, edge.1)).collect();
        let graph = Digraph::new(self.layers.nodes(), &plain);
        let (from, to) = forced.against;
        let path = if from == to { vec![to] } else { graph.path_within(to, from, |_| true)? };
        let mut cycle = vec![(from, to, Some((forced.constraint, 1 - forced.side)))];
        cycle.extend(path.windows(2).map(|pair| self.named((pair[0], pair[1]))));
        Some(cycle)
    }
}
