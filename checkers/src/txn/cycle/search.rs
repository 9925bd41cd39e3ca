//! The search of one component for each phenomenon, the gravest first.
//!
//! A phenomenon that asks for two things at once (say a read *and* a step of real time) needs no search of its own:
//! when it is looked for, whatever lacks one of the two was looked for before and is not there, so any cycle will do.
//! Only G-nonadjacent and G2 next to cycles without anti-dependencies are different; for those the walk is made to go
//! through an anti-dependency. If such a walk meets a row twice it is cut into simple cycles, and each is what it is.

use super::certificate::verify;
use super::classify::{Target, classify, simple};
use super::piece::Piece;
use super::reach::{Asked, Condensed};
use super::survey::{Grade, Survey, view};
use super::view::View;
use super::walk::{Course, Walker};
use super::{Cycle, CycleOptions, Gap, GraphLevel, Proof};
use crate::txn::{Graph, Kinds, Needs, Phenomenon, Shape, Timeline};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Expansions for one phenomenon, beyond the first cycle, to make it shorter and to find more; and as many times the
/// nodes of the component.
const EFFORT: u64 = 500_000;
/// The most anti-dependencies that close a cycle which are looked at.
const ENOUGH: usize = 4096;

/// What was found in a component.
pub(super) struct Found {
    pub cycles: Vec<Cycle>,
    pub proven: Vec<Proof>,
    pub gaps: BTreeSet<Gap>,
    pub expansions: u64,
}

/// Searches a component.
pub(super) fn search(piece: &Piece, graph: &Graph, timeline: &Timeline, options: &CycleOptions) -> Found {
    let survey = Survey::new(piece, options.orders);
    let nodes = piece.len() + 3 * piece.rows;
    let mut search = Search {
        walker: Walker::new(nodes),
        dead: vec![false; piece.rows as usize],
        used: FxHashMap::default(),
        targets: BTreeSet::new(),
        cycles: Vec::new(),
        gaps: BTreeSet::new(),
        piece,
        graph,
        timeline,
        options,
        survey,
    };
    search.run();
    let proven = search.survey.proofs(piece);
    Found { cycles: search.cycles, proven, gaps: search.gaps, expansions: search.walker.expansions }
}

struct Search<'a> {
    piece: &'a Piece,
    graph: &'a Graph,
    timeline: &'a Timeline,
    options: &'a CycleOptions,
    survey: Survey,
    walker: Walker,
    /// Rows of cycles of the phenomenon that is being looked for.
    dead: Vec<bool>,
    /// Rows of cycles of each phenomenon.
    used: FxHashMap<Phenomenon, FxHashSet<u32>>,
    targets: BTreeSet<Target>,
    cycles: Vec<Cycle>,
    gaps: BTreeSet<Gap>,
}

fn grade(shape: Shape) -> Grade {
    match shape {
        Shape::G0 => Grade::Level(GraphLevel::Writes),
        Shape::G1c | Shape::GSingleItem | Shape::GSingle => Grade::Level(GraphLevel::Flow),
        Shape::GNonadjacentItem => Grade::SnapshotItem,
        Shape::GNonadjacent => Grade::Level(GraphLevel::Snapshot),
        Shape::G2Item => Grade::Level(GraphLevel::RepeatableRead),
        Shape::G2 => Grade::Level(GraphLevel::Serializable),
    }
}

impl Search<'_> {
    fn run(&mut self) {
        let orders = [Needs::Data, Needs::Process, Needs::Realtime];
        let orders = orders.into_iter().filter(|&needs| needs <= self.options.orders);
        for target in Shape::ALL.iter().flat_map(|&shape| orders.clone().map(move |needs| Target { shape, needs })) {
            if !self.targets.iter().any(|found| found.implies(target)) && self.is_possible(target) {
                match self.left() {
                    0 => drop(self.gaps.insert(Gap::Budget)),
                    _ => self.look_for(target),
                }
            }
        }
        let weakest = Shape::ALL.iter().flat_map(|&shape| orders.clone().map(move |needs| Target { shape, needs }));
        let is_single = |target: &Target| matches!(target.shape, Shape::GSingleItem | Shape::GSingle);
        let mut weakest = weakest.filter(|target| !is_single(target));
        if self.cycles.is_empty()
            && let Some(target) = weakest.find(|target| !self.survey.of(grade(target.shape), target.needs).is_empty())
        {
            self.any(target);
        }
    }

    fn is_possible(&self, target: Target) -> bool {
        let grade = match target.shape {
            Shape::GSingleItem => Grade::SnapshotItem,
            Shape::GSingle => Grade::Level(GraphLevel::Snapshot),
            shape => grade(shape),
        };
        !self.survey.of(grade, target.needs).is_empty()
    }

    fn look_for(&mut self, target: Target) {
        self.dead.fill(false);
        let graver = |found: &Target| found.shape <= target.shape && found.needs <= target.needs;
        match target.shape {
            Shape::G0 | Shape::G1c => self.any(target),
            Shape::GSingleItem => self.single(target, Kinds::RW),
            Shape::GSingle => self.single(target, Kinds::RWP),
            _ if self.targets.iter().any(graver) => self.through_anti(target),
            _ => self.any(target),
        }
    }

    fn left(&self) -> u64 {
        self.options.expansions.saturating_sub(self.walker.expansions)
    }

    /// The count of expansions at which a search gives up making things nicer.
    fn deadline(&self) -> u64 {
        self.walker.expansions + (EFFORT + 4 * u64::from(self.piece.len())).min(self.left())
    }

    /// Cycles of a graph of which each is what is looked for.
    fn any(&mut self, target: Target) {
        let piece = self.piece;
        let view = view(piece, grade(target.shape), target.needs);
        let components = self.survey.of(grade(target.shape), target.needs).to_vec();
        let mut member = vec![usize::MAX; piece.rows as usize];
        for (number, rows) in components.iter().enumerate() {
            rows.iter().for_each(|&row| member[row as usize] = number);
        }
        let deadline = self.deadline();
        let mut some = false;
        for (number, rows) in components.iter().enumerate() {
            for _ in 0..self.options.per_phenomenon.max(1) {
                if some && self.walker.expansions > deadline {
                    return;
                }
                let deadline = if some { deadline } else { deadline.max(self.walker.expansions) };
                let Some(walk) = self.shortest(&view, rows, deadline, |row| member[row as usize] == number) else {
                    break;
                };
                some = true;
                self.keep(&walk, target);
            }
        }
    }

    /// The shortest closed walk through one of the rows, as far as the effort goes.
    fn shortest(&mut self, view: &View, rows: &[u32], deadline: u64, within: impl Fn(u32) -> bool) -> Option<Vec<u32>> {
        let (dead, mut best, mut most) = (&self.dead, None, u32::MAX);
        for &row in rows.iter().filter(|&&row| !dead[row as usize]) {
            let mut first: Vec<u32> = view.out(row).collect();
            let commits: Vec<u32> = first.iter().copied().filter(|&node| view.row(node) == Some(row)).collect();
            commits.into_iter().for_each(|commit| first.extend(view.out(commit)));
            let course = Course { row, first: &first, goal: row, most };
            let alive = |row: u32| within(row) && !dead[row as usize];
            if let Some(walk) = self.walker.closed(view, &course, alive, |_| true) {
                most = walk.len() as u32 - 1;
                best = Some(walk);
            }
            if most < 2 || (self.walker.expansions > deadline && best.is_some()) {
                break;
            }
        }
        best
    }

    /// Cycles with one anti-dependency: each is closed by a path without any.
    fn single(&mut self, target: Target, label: Kinds) {
        let piece = self.piece;
        let view = view(piece, Grade::Level(GraphLevel::Flow), target.needs);
        let mut asked: Vec<Asked> = Vec::new();
        for row in 0..piece.rows {
            let anti = piece.out(row).filter(|edge| edge.1 == label);
            let anti = anti.filter(|&(to, _)| to >= piece.rows || !self.ordered(row, to, target.needs));
            asked.extend(anti.map(|(from, _)| Asked { from, to: row }));
        }
        let Some(closing) = self.closing(&view, &asked, target.needs) else {
            self.gaps.insert(Gap::Budget);
            return;
        };
        let mut closing: Vec<Asked> = closing.into_iter().map(|at| asked[at]).collect();
        closing.sort_by_key(|asked| (asked.from.abs_diff(asked.to), asked.to, asked.from));
        let (deadline, mut some) = (self.deadline(), false);
        for _ in 0..self.options.per_phenomenon.max(1) {
            let Some(walk) = self.shortest_closing(&view, &closing, deadline, target.needs) else { break };
            some = true;
            self.keep(&walk, target);
        }
        if !some && self.left() == 0 {
            self.gaps.insert(Gap::Budget);
        }
    }

    /// Which of the paths asked for there are.
    fn closing(&mut self, view: &View, asked: &[Asked], needs: Needs) -> Option<Vec<usize>> {
        let flow = Grade::Level(GraphLevel::Flow);
        if needs == Needs::Realtime && self.survey.of(flow, needs).is_empty() {
            let by_row = |column: &[u32]| -> Vec<u32> {
                self.piece.nodes[..self.piece.rows as usize].iter().map(|&row| column[row as usize]).collect()
            };
            let (completed, invoked) = (by_row(&self.timeline.completed), by_row(&self.timeline.invoked));
            let data = Condensed::new(super::survey::view(self.piece, flow, Needs::Data));
            return Some(data.paths_by_realtime(asked, &completed, &invoked));
        }
        let before = self.left();
        let mut left = before;
        let closing = Condensed::new(*view).paths(asked, ENOUGH, &mut left);
        self.walker.expansions += before - left;
        closing
    }

    /// The shortest cycle of those that are closed, as far as the effort goes.
    fn shortest_closing(&mut self, view: &View, closing: &[Asked], deadline: u64, needs: Needs) -> Option<Vec<u32>> {
        let (mut best, mut most) = (None, u32::MAX);
        let alive = |row: u32| !self.dead[row as usize];
        let mut expansions = self.walker.expansions;
        let mut walker = std::mem::replace(&mut self.walker, Walker::new(0));
        for &Asked { from, to: row } in closing.iter().filter(|asked| alive(asked.to)) {
            let course = Course { row, first: &[from], goal: row, most };
            let plain = |to: u32| {
                let anti = self.piece.between(row, to).is_none_or(|label| label.any(Kinds::ANTI));
                anti && !self.ordered(row, to, needs)
            };
            if let Some(walk) = walker.closed(view, &course, alive, plain) {
                most = walk.len() as u32 - 1;
                best = Some(walk);
            }
            expansions = walker.expansions;
            if most < 2 || (expansions > deadline && (best.is_some() || self.dead.contains(&true))) {
                break;
            }
        }
        walker.expansions = expansions;
        self.walker = walker;
        best
    }

    /// Cycles with at least one anti-dependency, next to others without any.
    fn through_anti(&mut self, target: Target) {
        let piece = self.piece;
        let view = view(piece, grade(target.shape), target.needs);
        let mut member = vec![u32::MAX; piece.rows as usize];
        for (number, rows) in (0u32..).zip(self.survey.of(grade(target.shape), target.needs)) {
            rows.iter().for_each(|&row| member[row as usize] = number);
        }
        let deadline = self.deadline();
        let items = matches!(target.shape, Shape::GNonadjacentItem | Shape::G2Item);
        let labels = if items { Kinds::RW } else { Kinds::ANTI };
        for row in 0..piece.rows {
            for (to, label) in piece.out(row).filter(|edge| edge.1.any(labels)) {
                let inside = member[row as usize] != u32::MAX
                    && (to >= piece.rows || member[to as usize] == member[row as usize]);
                let spent = self.walker.expansions > deadline;
                if !inside || self.dead[row as usize] || spent {
                    continue;
                }
                let first = [if to < piece.rows { view.arrival(to, label) } else { to }];
                let course = Course { row, first: &first, goal: row, most: u32::MAX };
                let dead = &self.dead;
                if let Some(walk) = self.walker.closed(&view, &course, |row| !dead[row as usize], |_| true) {
                    self.keep(&walk, target);
                }
            }
        }
    }

    /// True if an order precedes anyhow.
    fn ordered(&self, from: u32, to: u32, needs: Needs) -> bool {
        let (from, to) = (self.piece.nodes[from as usize], self.piece.nodes[to as usize]);
        let session = &self.timeline.session;
        let counts = match needs {
            Needs::Data => false,
            Needs::Process => session[from as usize] == session[to as usize],
            Needs::Realtime => true,
        };
        counts && self.timeline.is_before(from, to)
    }

    /// Keeps the cycles of a closed walk that say something, and takes their rows out of the search.
    fn keep(&mut self, walk: &[u32], target: Target) {
        walk.iter().for_each(|&row| self.dead[row as usize] = true);
        for rows in simple(walk) {
            let rows: Vec<u32> = rows.iter().map(|&row| self.piece.nodes[row as usize]).collect();
            let cycle = classify(&rows, self.graph, self.timeline, target);
            let cycle = cycle.filter(|cycle| verify(cycle, self.graph, self.timeline).is_ok());
            let Some(cycle) = cycle else {
                debug_assert!(false, "a cycle was found that does not verify: {rows:?}");
                self.gaps.insert(Gap::Unverified);
                continue;
            };
            let Phenomenon::Cycle(shape, needs) = cycle.phenomenon else { continue };
            let found = Target { shape, needs };
            let covered = self.targets.iter().any(|&other| other != found && other.implies(found));
            let used = self.used.entry(cycle.phenomenon).or_default();
            if !covered && rows.iter().all(|row| !used.contains(row)) {
                used.extend(rows);
                self.targets.insert(found);
                self.cycles.push(cycle);
            }
        }
    }
}
