//! Which levels a history keeps whose versions are in a known order: decided, not estimated.
//!
//! Every refutation is a cycle of [`Step`]s, each of which can be checked against the history alone. Source of the
//! definitions: Biswas and Enea 2019; of those by cycles: Cerone and Gotsman 2017, Adya 1999. Versions whose order nobody
//! knows are [`Write::UNORDERED`](crate::txn::Write::UNORDERED), and must come after all that are known, as unread appends
//! do: where their order among themselves matters, one is tried, and if that does not do, nothing is said.

mod guarantees;
pub(super) mod layers;
mod reach;
mod stale;
mod versions;

use super::digraph::Digraph;
use super::{Lattice, Level};
use crate::txn::{Accesses, Graph, Kinds, NEVER, Needs, Timeline};
use guarantees::Sessions;
use layers::{Layers, Rule};
use reach::{Answer, Question};
use std::cell::{Cell, OnceCell};
use versions::Versions;

/// Why one transaction must come before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// An edge of the graph, or a hop through its hubs.
    Data(Kinds),
    /// The order of a session.
    Session,
    /// The order of real time.
    Realtime,
    /// The first read the object at a version from before the one that the second wrote.
    Stale {
        /// The object.
        key: u32,
    },
    /// The version of the object that the first wrote is from before the one that the second wrote.
    Overwritten {
        /// The object.
        key: u32,
    },
}

/// One transaction before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The row that comes first.
    pub from: u32,
    /// The row that comes after it.
    pub to: u32,
    /// Why.
    pub why: Why,
}

/// Whether a history keeps a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It does: there is an explanation that the level allows.
    Satisfied,
    /// It does not: a cycle, each step of which leads to where the next begins.
    Refuted(Vec<Step>),
    /// Not decided: within the budget, or for versions in no known order.
    Undecided,
}

/// Where a history stands among all levels that can be decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The strongest levels that it keeps.
    pub strongest: Vec<Level>,
    /// The weakest that it refutes, each with its cycle.
    pub weakest_refuted: Vec<(Level, Vec<Step>)>,
    /// Those that were not decided.
    pub undecided: Vec<Level>,
}

/// A history in whose levels somebody is interested.
pub struct Exact<'a> {
    accesses: Versions<'a>,
    timeline: &'a Timeline,
    graph: &'a Graph,
    visits: Cell<u64>,
    snapshot: [OnceCell<bool>; 3],
}

impl<'a> Exact<'a> {
    /// How many visits of nodes are worth an answer to who reaches whom.
    pub const VISITS: u64 = 4_000_000_000;

    /// Takes a history apart. The graph must hold all edges that follow from the accesses (each version to the next,
    /// each version to its readers, each reader to the next version), and may hold more, of predicates.
    ///
    /// Nothing if some read is of a version that its row did not write.
    #[must_use]
    pub fn new(accesses: &'a Accesses, timeline: &'a Timeline, graph: &'a Graph, visits: u64) -> Option<Exact<'a>> {
        let accesses = Versions::new(accesses)?;
        Some(Exact { accesses, timeline, graph, visits: Cell::new(visits), snapshot: Default::default() })
    }

    /// Says whether the history keeps a level; nothing for levels that are not decided here.
    #[must_use]
    pub fn satisfies(&self, level: Level) -> Option<Outcome> {
        if let Some((base, order)) = level.base() {
            return Some(self.base(base, order));
        }
        let sessions = || Sessions::new(&self.accesses, self.timeline);
        let broken = match level {
            Level::ReadYourWrites => sessions().read_your_writes(),
            Level::MonotonicReads => sessions().monotonic_reads(),
            Level::MonotonicWrites => sessions().monotonic_writes(),
            Level::WritesFollowReads => sessions().writes_follow_reads(),
            Level::Pram | Level::Causal => {
                let parts = &Level::GUARANTEES[..if level == Level::Pram { 3 } else { 4 }];
                let mut outcomes = parts.iter().filter_map(|&part| self.satisfies(part));
                return Some(outcomes.find(|outcome| *outcome != Outcome::Satisfied).unwrap_or(Outcome::Satisfied));
            }
            _ => return None,
        };
        Some(outcome(broken))
    }

    fn base(&self, base: Level, order: Needs) -> Outcome {
        if base <= Level::SnapshotIsolation && *self.snapshot[order as usize].get_or_init(|| self.is_snapshot(order)) {
            return Outcome::Satisfied;
        }
        let committed = || self.cycle(Rule::Whole(COMMITTED), order);
        match base {
            Level::ReadUncommitted => outcome(self.cycle(Rule::Whole(Kinds::WW | Kinds::WWP), order)),
            Level::ReadCommitted => outcome(committed()),
            Level::MonotonicAtomicView => outcome(committed().or_else(|| stale::against_view(&self.accesses))),
            Level::ReadAtomic => {
                let missed = || stale::against_atomicity(&self.accesses, self.timeline, order);
                outcome(committed().or_else(missed))
            }
            Level::CausalCerone => committed().map_or_else(|| self.causal(order), Outcome::Refuted),
            Level::ParallelSnapshotIsolation => committed().map_or_else(|| self.parallel(order), Outcome::Refuted),
            Level::Prefix => outcome(self.cycle(Rule::Prefix, order)),
            Level::SnapshotIsolation => match self.cycle(Rule::Snapshot, order) {
                Some(steps) => Outcome::Refuted(steps),
                None => Outcome::Undecided,
            },
            _ => outcome(self.cycle(Rule::Whole(COMMITTED | Kinds::ANTI), order)),
        }
    }

    fn cycle(&self, rule: Rule, order: Needs) -> Option<Vec<Step>> {
        let layers = Layers::new(self.graph, self.timeline, rule, order);
        layers.digraph().cycle().map(|walk| layers.steps(&walk, true))
    }

    /// True if there surely is an explanation by snapshots: with versions in no known order put as they could commit.
    fn is_snapshot(&self, order: Needs) -> bool {
        let mut layers = Layers::new(self.graph, self.timeline, Rule::Snapshot, order);
        let Some(nodes) = layers.digraph().topological(|node| node) else { return false };
        if self.accesses.unordered().is_empty() {
            return true;
        }
        layers.add_overwrites(&self.guessed(&nodes));
        layers.digraph().topological(|node| node).is_some()
    }

    /// Versions in no known order, in that in which their writers stand.
    fn guessed(&self, nodes: &[u32]) -> Vec<(u32, u32)> {
        let mut position = vec![0u32; nodes.len()];
        for (at, &node) in nodes.iter().enumerate() {
            position[node as usize] = at as u32;
        }
        let mut pairs = Vec::new();
        for writers in self.accesses.unordered() {
            let mut writers = writers.clone();
            writers.sort_unstable_by_key(|&row| position[row as usize]);
            pairs.extend(writers.windows(2).map(|pair| (pair[0], pair[1])));
        }
        pairs
    }

    /// A transaction that reads from before what causally precedes it. The order is known to be free of cycles.
    fn causal(&self, order: Needs) -> Outcome {
        let layers = Layers::new(self.graph, self.timeline, Rule::Whole(Kinds::WR | Kinds::WRP), order);
        let (nodes, rows) = (layers.nodes() as u32, self.accesses.rows());
        // What leaves a transaction leaves its second node. A version leads to that one: who wrote it has not met it.
        let leaving = |node: u32| if node < rows { nodes + node } else { node };
        let mut edges: Vec<_> = layers.edges().iter().map(|&(from, to)| (leaving(from), to)).collect();
        edges.extend((0..rows).map(|row| (row, leaving(row))));
        // A node for each version, which leads to its writer and to the next version.
        let first = nodes + rows;
        for at in 0..self.accesses.len() {
            edges.push((first + at as u32, leaving(self.accesses.writer(at))));
            if self.accesses.has_next(at) {
                edges.push((first + at as u32, first + at as u32 + 1));
            }
        }
        let mut keys = Vec::new();
        let mut questions = Vec::new();
        for row in 0..rows {
            for (key, place, _) in self.accesses.reads(row) {
                if let Some(at) = self.accesses.next(key, place) {
                    questions.push(Question { starts: vec![first + at as u32], end: row });
                    keys.push(key);
                }
            }
        }
        let graph = Digraph::new(first as usize + self.accesses.len(), &edges);
        let leap = |at, row, to| Step { from: row, to, why: Why::Stale { key: keys[at] } };
        self.reached(&graph, &layers, first, &questions, leap)
    }

    /// An anti-dependency whose end reaches its beginning without another. The rest is known to be free of cycles.
    fn parallel(&self, order: Needs) -> Outcome {
        let mut layers = Layers::new(self.graph, self.timeline, Rule::Whole(COMMITTED), order);
        let doubt = !self.accesses.unordered().is_empty();
        let first = self.parallel_by(&layers);
        if !doubt || first != Outcome::Satisfied {
            return first;
        }
        let Some(nodes) = layers.digraph().topological(|node| node) else { return Outcome::Undecided };
        layers.add_overwrites(&self.guessed(&nodes));
        let guessed = self.parallel_by(&layers);
        if guessed == Outcome::Satisfied { guessed } else { Outcome::Undecided }
    }

    fn parallel_by(&self, layers: &Layers<'_>) -> Outcome {
        let (nodes, rows) = (layers.nodes() as u32, self.accesses.rows());
        // Hubs again, for the hop of the anti-dependency alone.
        let place = |node: u32| if node < rows { node } else { nodes + node - rows };
        let mut edges = layers.edges().to_vec();
        for hub in rows..self.graph.nodes() {
            let out = self.graph.out(hub).filter(|hop| hop.1.has(Kinds::VIA));
            edges.extend(out.map(|(to, _)| (place(hub), place(to))));
        }
        let anti = |row: u32| self.graph.out(row).filter(|hop| hop.1.any(Kinds::ANTI)).map(|(to, _)| place(to));
        let questions: Vec<Question> = (0..rows)
            .map(|row| Question { starts: anti(row).collect(), end: row })
            .filter(|question| !question.starts.is_empty())
            .collect();
        let graph = Digraph::new((nodes + self.graph.nodes() - rows) as usize, &edges);
        self.reached(&graph, layers, nodes, &questions, |_, from, to| Step { from, to, why: Why::Data(Kinds::ANTI) })
    }

    fn reached(
        &self,
        graph: &Digraph,
        layers: &Layers<'_>,
        real: u32,
        questions: &[Question],
        leap: impl Fn(usize, u32, u32) -> Step,
    ) -> Outcome {
        let Some(order) = self.order(graph) else { return Outcome::Undecided };
        let mut visits = self.visits.get();
        let answer = reach::ask(graph, &order, real, questions, &mut visits);
        self.visits.set(visits);
        match answer {
            Answer::Nobody => Outcome::Satisfied,
            Answer::GaveUp => Outcome::Undecided,
            Answer::Reached(at, walk) => {
                let nodes = layers.nodes() as u32;
                let whole = |node: u32| if node < nodes { node } else { node - nodes };
                let walk: Vec<u32> = walk.into_iter().filter(|&node| node < real).map(whole).collect();
                let mut steps = vec![leap(at, questions[at].end, walk[0])];
                steps.extend(layers.steps(&walk, false));
                steps.retain(|step| step.from != step.to);
                Outcome::Refuted(steps)
            }
        }
    }

    /// An order of the nodes near to that of time, with those that are no transactions as late as may be.
    fn order(&self, graph: &Digraph) -> Option<Vec<u32>> {
        let rows = self.accesses.rows();
        let mut rank = vec![u32::MAX; graph.nodes()];
        for (row, rank) in rank.iter_mut().take(rows as usize).enumerate() {
            let ended = self.timeline.completed[row];
            *rank = if ended == NEVER { self.timeline.invoked[row] } else { ended };
        }
        let any = graph.topological(|node| node)?;
        for &node in any.iter().rev().filter(|&&node| node >= rows) {
            let least = graph.out(node).iter().map(|&next| rank[next as usize]).min();
            rank[node as usize] = least.unwrap_or(u32::MAX);
        }
        graph.topological(|node| rank[node as usize])
    }

    /// Decides all levels, skipping those that follow, and says where the history stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let lattice = Lattice::corrected();
        let orders = [Needs::Realtime, Needs::Process, Needs::Data];
        let variants = orders
            .into_iter()
            .flat_map(|order| Level::BASES.into_iter().rev().filter_map(move |base| base.under(order)));
        let mut levels: Vec<Level> = variants.chain([Level::Causal, Level::Pram]).chain(Level::GUARANTEES).collect();
        levels.dedup();
        let (mut kept, mut refuted, mut standing) = (Vec::new(), Vec::<(Level, Vec<Step>)>::new(), Standing::default());
        for level in levels {
            if kept.iter().any(|&stronger| lattice.implies(stronger, level)) {
                continue;
            }
            match self.satisfies(level) {
                Some(Outcome::Satisfied) => kept.push(level),
                Some(Outcome::Refuted(steps)) => refuted.push((level, steps)),
                _ => standing.undecided.push(level),
            }
        }
        let all: Vec<Level> = refuted.iter().map(|found| found.0).collect();
        let weakest = lattice.weakest(&all);
        standing.undecided.retain(|&level| !all.iter().any(|&weak| lattice.implies(level, weak)));
        standing.strongest = lattice.strongest(&kept);
        refuted.retain(|found| weakest.contains(&found.0));
        refuted.dedup_by_key(|found| found.0);
        standing.weakest_refuted = refuted;
        standing
    }
}

/// What read committed forbids in a circle.
const COMMITTED: Kinds = Kinds(Kinds::WW.0 | Kinds::WWP.0 | Kinds::WR.0 | Kinds::WRP.0);

fn outcome(broken: Option<Vec<Step>>) -> Outcome {
    broken.map_or(Outcome::Satisfied, Outcome::Refuted)
}
