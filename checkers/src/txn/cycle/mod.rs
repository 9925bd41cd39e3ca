//! Cycles: which of them a graph of transactions has, as witnesses that were verified and as proofs by level.
//!
//! The strongest graph is looked at first, by one scan; only where it has strong components are they cut out and
//! searched for each phenomenon, the gravest first. What a phenomenon already found implies is not searched in the same
//! component (Elle's rule: G0 covers G1c, G-single covers G-nonadjacent and G2, data covers sessions covers real time).
//! Existence is decided on strong components; only which cycle is shown depends on effort.
//!
//! Source: Adya 1999, chapter 4, for what the cycles are; Kingsbury and Alvaro 2020, "Elle", for the search by strong
//! components. The begin/commit graph is Biswas and Enea 2019 in the form of PolySI. Nothing here knows a data type,
//! reads a history or says which levels a phenomenon refutes.

mod barrier;
mod certificate;
mod classify;
mod disjoint;
mod hubs;
mod piece;
mod placement;
mod proof;
mod reach;
mod search;
mod survey;
mod view;
mod walk;
mod window;

pub use certificate::verify;
pub use proof::verify_proof;

use super::{Graph, Kinds, Needs, Phenomenon, Shape, Timeline};
use piece::Piece;
use placement::Placement;
use rayon::prelude::*;
use search::{Found, search};
use std::collections::BTreeMap;
use window::{Strongest, windows};

/// What is looked for, and how hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CycleOptions {
    /// The most cycles of one phenomenon that are handed over; they share no transaction.
    pub per_phenomenon: usize,
    /// Nodes that may be expanded in looking for cycles. What is proved by level does not depend on it.
    pub expansions: u64,
    /// The strongest order besides data that counts.
    pub orders: Needs,
}

impl Default for CycleOptions {
    fn default() -> Self {
        CycleOptions { per_phenomenon: 8, expansions: 200_000_000, orders: Needs::Realtime }
    }
}

/// Why one transaction of a cycle precedes the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// What they read and wrote; a path through hubs is one step, for the reason that led into the first hub.
    Data(Kinds),
    /// One session did them in this order.
    Process,
    /// The first had committed before the second began.
    Realtime,
}

/// One step of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// The row that comes first.
    pub from: u32,
    /// The row that comes after it.
    pub to: u32,
    /// Why.
    pub why: Why,
}

/// Transactions that each precede the next, and the last the first. Begins at the smallest row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// Always [`Phenomenon::Cycle`].
    pub phenomenon: Phenomenon,
    /// Each step begins where the one before it ends; no row is there twice.
    pub steps: Vec<Step>,
}

/// A graph that a level asks to have no cycle, the weakest level first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GraphLevel {
    /// PL-1: only writes over writes (G0).
    Writes,
    /// PL-2: and reads of writes (G1c).
    Flow,
    /// Snapshot isolation: everything, but no two anti-dependencies in a row (the begin/commit graph).
    Snapshot,
    /// PL-2.99: everything but anti-dependencies of predicates.
    RepeatableRead,
    /// PL-3: everything.
    Serializable,
}

impl GraphLevel {
    /// Every level.
    pub const ALL: [GraphLevel; 5] = [
        GraphLevel::Writes,
        GraphLevel::Flow,
        GraphLevel::Snapshot,
        GraphLevel::RepeatableRead,
        GraphLevel::Serializable,
    ];
}

/// A graph that has a cycle, shown by a strong component of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Of what the graph is.
    pub level: GraphLevel,
    /// Which order besides data is in it.
    pub needs: Needs,
    /// The transactions of its smallest strong component, sorted.
    pub rows: Vec<u32>,
}

impl Proof {
    /// What the graph surely has, at least.
    #[must_use]
    pub fn least(&self) -> Phenomenon {
        let shape = match self.level {
            GraphLevel::Writes => Shape::G0,
            GraphLevel::Flow => Shape::G1c,
            GraphLevel::Snapshot => Shape::GNonadjacent,
            GraphLevel::RepeatableRead => Shape::G2Item,
            GraphLevel::Serializable => Shape::G2,
        };
        Phenomenon::Cycle(shape, self.needs)
    }
}

/// Why not every cycle that there is need be among those found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gap {
    /// The budget was spent.
    Budget,
    /// Hubs that stand for too many edges were left out.
    Hubs,
    /// A cycle was found that did not verify: a defect of this engine. It was dropped.
    Unverified,
}

/// How much work it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CycleStats {
    /// Stretches of the history that a backward edge spans.
    pub windows: u64,
    /// Strong components of the strongest graph.
    pub components: u64,
    /// The transactions of the largest of them.
    pub largest: u64,
    /// Nodes expanded in looking for cycles.
    pub expansions: u64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cycles {
    /// By phenomenon, the gravest first; then the shorter, then the one that spans less of the history, then by row.
    pub cycles: Vec<Cycle>,
    /// How many cycles of each phenomenon there are at least, no two of them with a transaction in common.
    pub at_least: BTreeMap<Phenomenon, u64>,
    /// Every graph that has a cycle, by level, then by order. Complete whatever the budget.
    pub proven: Vec<Proof>,
    /// Why there may be more; nothing if everything was decided.
    pub incomplete: Vec<Gap>,
    /// How much work it was.
    pub stats: CycleStats,
}

/// Finds the cycles of a graph. Deterministic, whatever the number of threads.
///
/// A session is sequential in the timeline; rows that did not commit as far as anybody knows follow others and precede
/// none, but by data.
///
/// # Panics
/// If the timeline has not one row for each transaction of the graph.
#[must_use]
pub fn cycles(graph: &Graph, timeline: &Timeline, options: &CycleOptions) -> Cycles {
    assert_eq!(graph.transactions() as usize, timeline.len(), "a row of the timeline for each transaction");
    let (graph, gap) = hubs::without_dependencies(graph);
    let placement = Placement::new(&graph, timeline);
    let windows = windows(&graph, &placement);
    let mut all = Cycles { incomplete: gap.into_iter().collect(), ..Cycles::default() };
    all.stats.windows = windows.len() as u64;
    if windows.is_empty() {
        return all;
    }
    let components = Strongest::new(&graph, timeline, &placement, options.orders).components(&windows);
    all.stats.components = components.len() as u64;
    all.stats.largest = components.iter().map(Vec::len).max().unwrap_or_default() as u64;
    let nodes: u64 = components.iter().map(|places| places.len() as u64).sum();
    let found: Vec<Found> = components
        .par_iter()
        .map(|places| {
            let piece = Piece::new(places, &graph, timeline, &placement);
            let share = u128::from(options.expansions) * places.len() as u128 / u128::from(nodes);
            search(&piece, &graph, timeline, &CycleOptions { expansions: share as u64, ..*options })
        })
        .collect();
    disjoint::merge(&mut all, found, options.per_phenomenon, &placement.position);
    all
}
