//! All that follows from a history before any cycle is looked for.

use super::finding::{Checked, Findings};
use super::{Accesses, Edge, Finding, Graph, Kinds, Phenomenon, Read, Transactions, Write};
use history::CallOutcome;
use std::collections::BTreeMap;

/// What follows from a history of transactions.
#[derive(Clone, Debug)]
pub struct Inferred<'a> {
    /// The transactions themselves.
    pub transactions: Transactions<'a>,
    /// Who precedes whom, by data. What nobody knows to have committed has no edge that leaves it, unless somebody saw
    /// what it wrote.
    pub graph: Graph,
    /// Who read and wrote what.
    pub accesses: Accesses,
    /// Anomalies that need no cycle, each verified; at most 32 of each.
    pub findings: Vec<Finding>,
    /// How many there are of each, told or not.
    pub counts: BTreeMap<Phenomenon, u64>,
    /// How many edges each source of version orders gave.
    pub sources: Vec<(&'static str, u64)>,
    /// Why a history in which nothing is wrong may still not be called valid.
    pub doubts: Vec<String>,
    /// How much there was to be seen.
    pub exposure: TxnExposure,
}

/// How much a history could show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TxnExposure {
    /// Transactions.
    pub transactions: u64,
    /// Those that surely committed.
    pub committed: u64,
    /// Objects.
    pub keys: u64,
    /// Edges by which a version replaced another.
    pub ww: u64,
    /// Edges by which a version was read.
    pub wr: u64,
    /// Edges by which a version that was read was replaced. Many at once through one hub count once.
    pub rw: u64,
    /// Reads of a version that another is known to have followed.
    pub old_reads: u64,
}

/// The doubt of a history in which nobody is known to precede anybody.
pub const EMPTY_GRAPH: &str =
    "empty-transaction-graph: no transaction is known to precede another, so nothing was tested";

/// What a step saw or made, as the inference knows it: the row that wrote the version read or [`super::INITIAL`], or
/// the place of the version written in the order of versions.
pub(super) const NOTHING: u32 = u32::MAX - 1;

/// Marks a hub that is counted from the first of its part.
const HUB: u32 = 1 << 31;

/// Edges as they are found in one part of a history.
#[derive(Default)]
pub(super) struct Edges {
    edges: Vec<Edge>,
    hubs: u32,
    counts: [u64; 3],
}

impl Edges {
    pub(super) fn add(&mut self, from: u32, to: u32, kinds: Kinds) {
        if from != to {
            self.edges.push(Edge { from, to, kinds });
            self.count(kinds);
        }
    }

    /// A hub that edges of this part may lead to.
    pub(super) fn hub(&mut self) -> u32 {
        self.hubs += 1;
        HUB | (self.hubs - 1)
    }

    fn count(&mut self, kinds: Kinds) {
        let groups = [Kinds::WW | Kinds::WWP, Kinds::WR | Kinds::WRP, Kinds::RW | Kinds::RWP];
        for (count, group) in self.counts.iter_mut().zip(groups) {
            *count += u64::from(kinds.any(group));
        }
    }
}

/// What one run of objects gives.
#[derive(Default)]
pub(super) struct Part {
    pub(super) edges: Edges,
    pub(super) findings: Findings,
    /// What each step saw or made, by slot.
    pub(super) seen: Vec<u32>,
    /// Rows of indeterminate transactions whose writes an ok read found.
    pub(super) proven: Vec<u32>,
    pub(super) doubts: Vec<String>,
    /// Doubts past those that are told.
    pub(super) untold: u64,
    pub(super) old_reads: u64,
    /// Reads that may have seen several versions, where it matters which.
    pub(super) open_reads: u64,
}

/// So many doubts of one run are told in full.
const MOST_DOUBTS: usize = 8;

impl Part {
    /// One with room for what so many steps mostly give.
    pub(super) fn for_slots(slots: usize) -> Part {
        let edges = Edges { edges: Vec::with_capacity(2 * slots), ..Edges::default() };
        Part { edges, seen: Vec::with_capacity(slots), ..Part::default() }
    }

    pub(super) fn doubt(&mut self, doubt: String) {
        if self.doubts.len() < MOST_DOUBTS {
            self.doubts.push(doubt);
        } else {
            self.untold += 1;
        }
    }
}

/// Joins the parts, in the order of objects; `steps` names the step of each slot.
pub(super) fn join<'a>(mut transactions: Transactions<'a>, parts: Vec<Part>, steps: &[u32]) -> Inferred<'a> {
    let mut committed: Vec<bool> = transactions.outcomes.iter().map(|outcome| *outcome == CallOutcome::Ok).collect();
    for row in parts.iter().flat_map(|part| &part.proven) {
        committed[*row as usize] = true;
    }
    let mut exposure = TxnExposure {
        transactions: transactions.len() as u64,
        committed: committed.iter().filter(|committed| **committed).count() as u64,
        keys: u64::from(transactions.objects()),
        ..TxnExposure::default()
    };
    parts.iter().for_each(|part| exposure.add(part));
    let (graph, accesses) =
        rayon::join(|| graph(&parts, &committed), || accesses(&transactions, &parts, steps, &committed));
    let (mut findings, mut doubts, mut untold) = (Findings::default(), std::mem::take(&mut transactions.doubts), 0);
    for part in parts {
        findings.absorb(part.findings);
        let room = MOST_DOUBTS.saturating_sub(doubts.len()).min(part.doubts.len());
        untold += part.untold + (part.doubts.len() - room) as u64;
        doubts.extend(part.doubts.into_iter().take(room));
    }
    if untold > 0 {
        doubts.push(format!("and {untold} more of the kind"));
    }
    if graph.is_empty() && !transactions.is_empty() {
        doubts.push(EMPTY_GRAPH.to_owned());
    }
    let Checked { findings, counts, doubts: unsure } = findings.finish(&transactions);
    doubts.extend(unsure);
    Inferred { transactions, graph, accesses, findings, counts, sources: Vec::new(), doubts, exposure }
}

impl TxnExposure {
    fn add(&mut self, part: &Part) {
        let [ww, wr, rw] = part.edges.counts;
        self.old_reads += part.old_reads;
        (self.ww, self.wr, self.rw) = (self.ww + ww, self.wr + wr, self.rw + rw);
    }
}

/// Edges out of what may never have committed prove nothing, and are left out.
fn graph(parts: &[Part], committed: &[bool]) -> Graph {
    let transactions = committed.len() as u32;
    let mut hubs = 0;
    let mut placed: Vec<(u32, &[Edge])> = Vec::with_capacity(parts.len());
    for part in parts {
        placed.push((transactions + hubs, &part.edges.edges));
        hubs += part.edges.hubs;
    }
    Graph::of(transactions, hubs, || {
        placed.iter().flat_map(|&(base, edges)| {
            let place = move |node: u32| if node & HUB == 0 { node } else { base + (node & !HUB) };
            let kept = edges.iter().filter(|edge| edge.from & HUB != 0 || committed[edge.from as usize]);
            kept.map(move |edge| Edge { from: place(edge.from), to: place(edge.to), kinds: edge.kinds })
        })
    })
}

fn accesses(transactions: &Transactions<'_>, parts: &[Part], steps: &[u32], committed: &[bool]) -> Accesses {
    let mut seen = vec![NOTHING; transactions.steps()];
    for (step, what) in steps.iter().zip(parts.iter().flat_map(|part| &part.seen)) {
        seen[*step as usize] = *what;
    }
    let mut accesses = Accesses::default();
    for row in 0..transactions.len() as u32 {
        let (from, to) = if committed[row as usize] { transactions.range(row) } else { (0, 0) };
        let known = || (from..to).filter(|at| seen[*at as usize] != NOTHING);
        let is_write = |at: &u32| transactions.kinds[*at as usize].is_write();
        let key = |at: u32| transactions.keys[at as usize];
        let reads = known().filter(|at| !is_write(at)).map(|at| Read { key: key(at), from: seen[at as usize] });
        let writes = known().filter(is_write).map(|at| Write { key: key(at), version: seen[at as usize] });
        accesses.push(reads, writes);
    }
    accesses
}
