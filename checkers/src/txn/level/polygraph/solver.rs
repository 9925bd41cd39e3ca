//! Choices between two sets of edges each, made so that no cycle closes, or shown to be impossible.
//!
//! Source: conflict-driven clause learning with the first unique implication point (Marques-Silva and Sakallah 1999), and
//! cycles as the only reason for a conflict. It knows nothing of transactions.

use super::topology::{Owned, Topology};

/// An edge that is there whatever is chosen.
pub(super) const KNOWN: u32 = u32::MAX;

/// The sides of a choice, each as edges. The literal of side `s` of choice `c` is `2c + s`.
pub(super) struct Choice {
    pub(super) sides: [Vec<(u32, u32)>; 2],
    /// Whichever node stands first says which side is tried first.
    pub(super) hint: (u32, u32),
}

/// What became of it.
pub(super) enum Solved {
    /// A side for each choice.
    Chosen(Vec<u8>),
    /// Cycles, each of which no choice can have whole, and which together leave no choice.
    Impossible(Vec<Vec<Owned>>),
    /// The budget ended before.
    GaveUp,
}

const OPEN: u8 = 2;

/// A search over choices.
pub(super) struct Solver<'a> {
    choices: &'a [Choice],
    topology: Topology,
    value: Vec<u8>,
    level: Vec<u32>,
    reason: Vec<Option<u32>>,
    trail: Vec<u32>,
    /// How many of the trail have their edges in.
    placed: usize,
    followed: usize,
    decisions: Vec<usize>,
    clauses: Vec<Vec<u32>>,
    watches: Vec<Vec<u32>>,
    cycles: Vec<Vec<Owned>>,
    steps: u64,
}

impl<'a> Solver<'a> {
    pub(super) fn new(nodes: usize, choices: &'a [Choice]) -> Solver<'a> {
        let count = choices.len();
        Solver {
            choices,
            topology: Topology::new(nodes),
            value: vec![OPEN; count],
            level: vec![0; count],
            reason: vec![None; count],
            trail: Vec::new(),
            placed: 0,
            followed: 0,
            decisions: Vec::new(),
            clauses: Vec::new(),
            watches: vec![Vec::new(); 2 * count],
            cycles: Vec::new(),
            steps: 0,
        }
    }

    /// Solves, in at most so many decisions, propagations and visits.
    pub(super) fn solve(mut self, known: &[(u32, u32)], budget: &mut u64) -> Solved {
        for &(from, to) in known {
            if let Err(cycle) = self.topology.add((from, to, KNOWN)) {
                return Solved::Impossible(vec![cycle]);
            }
        }
        let mut next = 0;
        loop {
            let spent = self.steps + self.topology.visits;
            if spent > *budget {
                *budget = 0;
                return Solved::GaveUp;
            }
            if let Some(conflict) = self.propagate() {
                if self.decisions.is_empty() {
                    return Solved::Impossible(self.cycles);
                }
                if !self.learn(conflict) {
                    return Solved::Impossible(self.cycles);
                }
                next = 0;
                continue;
            }
            while next < self.value.len() && self.value[next] != OPEN {
                next += 1;
            }
            if next == self.value.len() {
                *budget -= spent;
                return Solved::Chosen(self.value);
            }
            self.steps += 1;
            self.decisions.push(self.trail.len());
            let (first, second) = self.choices[next].hint;
            let side = u32::from(self.topology.place(first) > self.topology.place(second));
            self.assign(2 * next as u32 + side, None);
        }
    }

    fn is_false(&self, literal: u32) -> bool {
        self.value[literal as usize / 2] == 1 - (literal % 2) as u8
    }

    fn assign(&mut self, literal: u32, reason: Option<u32>) {
        let choice = literal as usize / 2;
        self.value[choice] = (literal % 2) as u8;
        self.level[choice] = self.decisions.len() as u32;
        self.reason[choice] = reason;
        self.trail.push(literal);
    }

    /// Follows what must be; the literals of which one must be false, if that cannot be.
    fn propagate(&mut self) -> Option<Vec<u32>> {
        loop {
            if self.followed < self.trail.len() {
                let literal = self.trail[self.followed];
                self.followed += 1;
                if let Some(clause) = self.follow(literal ^ 1) {
                    return Some(self.clauses[clause as usize].iter().map(|literal| literal ^ 1).collect());
                }
            } else if self.placed < self.trail.len() {
                let literal = self.trail[self.placed];
                if let Some(conflict) = self.put(literal) {
                    return Some(conflict);
                }
                self.placed += 1;
            } else {
                return None;
            }
        }
    }

    /// Goes through the clauses that watch a literal that became false.
    fn follow(&mut self, literal: u32) -> Option<u32> {
        let mut watching = std::mem::take(&mut self.watches[literal as usize]);
        let mut conflict = None;
        let mut at = 0;
        while at < watching.len() && conflict.is_none() {
            self.steps += 1;
            let clause = watching[at];
            let mut literals = std::mem::take(&mut self.clauses[clause as usize]);
            if literals[0] == literal {
                literals.swap(0, 1);
            }
            match (2..literals.len()).find(|&other| !self.is_false(literals[other])) {
                Some(other) => {
                    literals.swap(1, other);
                    self.watches[literals[1] as usize].push(clause);
                    watching.swap_remove(at);
                }
                None => {
                    let first = literals[0];
                    if self.is_false(first) {
                        conflict = Some(clause);
                    } else if self.value[first as usize / 2] == OPEN {
                        self.assign(first, Some(clause));
                    }
                    at += 1;
                }
            }
            self.clauses[clause as usize] = literals;
        }
        self.watches[literal as usize].append(&mut watching);
        conflict
    }

    /// Puts the edges of a literal in; all or none.
    fn put(&mut self, literal: u32) -> Option<Vec<u32>> {
        let choices = self.choices;
        let edges = &choices[literal as usize / 2].sides[literal as usize % 2];
        for (at, &(from, to)) in edges.iter().enumerate() {
            self.steps += 1;
            if let Err(cycle) = self.topology.add((from, to, literal)) {
                edges[..at].iter().rev().for_each(|&(from, to)| self.topology.remove((from, to, literal)));
                let mut literals: Vec<u32> = cycle.iter().map(|edge| edge.2).filter(|&owner| owner != KNOWN).collect();
                literals.sort_unstable();
                literals.dedup();
                self.cycles.push(cycle);
                return Some(literals);
            }
        }
        None
    }

    /// Learns from true literals that cannot all be, and goes back; false if there is nowhere to go back to.
    fn learn(&mut self, conflict: Vec<u32>) -> bool {
        // A cycle may be older than the last decision, when edges were put in late.
        let highest = conflict.iter().map(|&literal| self.level[literal as usize / 2]).max().unwrap_or_default();
        if highest == 0 {
            return false;
        }
        self.back_to(highest);
        let clause = self.implication_point(conflict, highest);
        let level = clause[1..].iter().map(|&literal| self.level[literal as usize / 2]).max().unwrap_or_default();
        self.back_to(level);
        let first = clause[0];
        let mut reason = None;
        if clause.len() > 1 {
            let mut clause = clause;
            let deepest = (1..clause.len()).max_by_key(|&at| self.level[clause[at] as usize / 2]).unwrap_or(1);
            clause.swap(1, deepest);
            let number = self.clauses.len() as u32;
            self.watches[clause[0] as usize].push(number);
            self.watches[clause[1] as usize].push(number);
            self.clauses.push(clause);
            reason = Some(number);
        }
        self.assign(first, reason);
        true
    }

    /// A clause with just one literal of the level, which comes first.
    fn implication_point(&self, conflict: Vec<u32>, level: u32) -> Vec<u32> {
        let mut seen = vec![false; self.value.len()];
        let mut clause = vec![0];
        let mut here = 0;
        let mut pending = conflict;
        let mut at = self.trail.len();
        loop {
            for literal in pending.drain(..) {
                let choice = literal as usize / 2;
                if std::mem::replace(&mut seen[choice], true) || self.level[choice] == 0 {
                    continue;
                }
                match self.level[choice] == level {
                    true => here += 1,
                    false => clause.push(literal ^ 1),
                }
            }
            let literal = loop {
                at -= 1;
                let literal = self.trail[at];
                if seen[literal as usize / 2] && self.level[literal as usize / 2] == level {
                    break literal;
                }
            };
            here -= 1;
            match self.reason[literal as usize / 2] {
                Some(reason) if here > 0 => {
                    let others = self.clauses[reason as usize].iter().map(|other| other ^ 1);
                    pending.extend(others.filter(|&other| other != literal && other != literal ^ 1));
                }
                _ => {
                    clause[0] = literal ^ 1;
                    return clause;
                }
            }
        }
    }

    /// Takes back everything past a level.
    fn back_to(&mut self, level: u32) {
        let Some(&begin) = self.decisions.get(level as usize) else { return };
        while self.trail.len() > begin {
            let literal = self.trail.pop().unwrap_or_default();
            if self.placed > self.trail.len() {
                self.placed = self.trail.len();
                let edges = &self.choices[literal as usize / 2].sides[literal as usize % 2];
                edges.iter().rev().for_each(|&(from, to)| self.topology.remove((from, to, literal)));
            }
            self.value[literal as usize / 2] = OPEN;
        }
        self.followed = self.followed.min(begin);
        self.decisions.truncate(level as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::level::digraph::Digraph;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    const NODES: usize = 8;

    fn edges(rng: &mut ChaCha8Rng, most: usize) -> Vec<(u32, u32)> {
        let count = rng.random_range(1..=most);
        let edge = |_| {
            let from = rng.random_range(0..NODES as u32);
            (from, (from + rng.random_range(1..NODES as u32)) % NODES as u32)
        };
        (0..count).map(edge).collect()
    }

    #[test]
    fn choices_are_made_if_they_can_be_and_refuted_by_cycles_otherwise() {
        let mut tally = [0, 0];
        for seed in 0..3_000 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let known = if seed % 2 == 0 { Vec::new() } else { edges(&mut rng, 2) };
            let choices: Vec<Choice> =
                (0..8).map(|_| Choice { sides: [edges(&mut rng, 3), edges(&mut rng, 3)], hint: (0, 1) }).collect();
            let free = |taken: u32| {
                let sides =
                    choices.iter().enumerate().flat_map(|(at, choice)| &choice.sides[(taken >> at & 1) as usize]);
                let all: Vec<(u32, u32)> = known.iter().chain(sides).copied().collect();
                Digraph::new(NODES, &all).topological(|node| node).is_some()
            };
            let possible = (0..1 << choices.len()).any(free);
            tally[usize::from(possible)] += 1;
            let mut budget = 1_000_000;
            match Solver::new(NODES, &choices).solve(&known, &mut budget) {
                Solved::GaveUp => panic!("seed {seed} is not decided"),
                Solved::Chosen(sides) => {
                    let taken = sides.iter().enumerate().fold(0, |taken, (at, &side)| taken | u32::from(side) << at);
                    assert!(free(taken), "seed {seed}: {sides:?} closes a cycle");
                }
                Solved::Impossible(cycles) => {
                    let closed = |taken: u32| {
                        let owned = |owner: u32| owner == KNOWN || taken >> (owner / 2) & 1 == owner % 2;
                        cycles.iter().any(|cycle| cycle.iter().all(|edge| owned(edge.2)))
                    };
                    assert!((0..1 << choices.len()).all(closed), "seed {seed}: {cycles:?} leave a choice");
                }
            }
        }
        assert!(tally[0] > 100 && tally[1] > 100, "{tally:?}");
    }
}
