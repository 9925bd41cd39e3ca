//! The circle among reads, sessions and inferred edges, if there is one.
//!
//! Rows are put into an order in which reads and sessions lead forwards. A circle must have an inferred edge that leads
//! back, and lies within what such edges span: where nothing leads back there is nothing to search.

use super::infer::Inferred;
use super::{Before, Cause, NONE, Reason, Weak};
use crate::txn::INITIAL;
use crate::txn::level::{Level, digraph::Digraph, order};
use rustc_hash::FxHashMap;

impl Weak<'_> {
    /// A circle that refutes the level.
    pub(super) fn refutation(&self, level: Level, sessions: bool) -> Option<Vec<Before>> {
        let order = match self.order(sessions) {
            Ok(order) => order,
            Err(circle) => return Some(self.steps(&circle, sessions, &[])),
        };
        let mut position = vec![0u32; order.len()];
        order.iter().enumerate().for_each(|(at, &row)| position[row as usize] = at as u32);
        let back = |edge: &Inferred| edge.to == INITIAL || position[edge.from as usize] > position[edge.to as usize];
        let backward = self.inferred(level, sessions, &order, back);
        if let Some(edge) = backward.iter().find(|edge| edge.to == INITIAL) {
            let beginning = Before { from: INITIAL, to: edge.from, cause: Cause::Beginning };
            return Some(vec![self.overwritten(edge, sessions), beginning]);
        }
        let window = windows(&position, &backward);
        if window.is_empty() {
            return None;
        }
        let of = |row: u32| window[position[row as usize] as usize];
        let inside = |edge: &Inferred| edge.to != INITIAL && of(edge.from) != NONE && of(edge.from) == of(edge.to);
        let inferred = self.inferred(level, sessions, &order, inside);
        let circle = self.circle(&order, &inferred, sessions, of)?;
        Some(self.steps(&circle, sessions, &inferred))
    }

    fn inferred(
        &self,
        level: Level,
        sessions: bool,
        order: &[u32],
        wanted: impl Fn(&Inferred) -> bool + Sync,
    ) -> Vec<Inferred> {
        match level {
            Level::MonotonicAtomicView | Level::StrongSessionMonotonicAtomicView => self.non_monotonic(wanted),
            Level::ReadAtomic | Level::StrongSessionReadAtomic => {
                let mut found = self.fractured(&wanted);
                if sessions {
                    found.extend(self.behind_session(wanted));
                }
                found
            }
            _ => self.causal(order, wanted),
        }
    }

    /// Everybody after those that directly precede it, or else a circle of them.
    fn order(&self, sessions: bool) -> Result<Vec<u32>, Vec<u32>> {
        let rows = self.accesses.len();
        let mut order = Vec::with_capacity(rows);
        // Not met, on the way, done.
        let mut state = vec![0u8; rows];
        let mut way: Vec<(u32, u32)> = Vec::new();
        for root in 0..rows as u32 {
            if state[root as usize] == 0 {
                state[root as usize] = 1;
                way.push((root, 0));
            }
            while let Some(&mut (row, ref mut followed)) = way.last_mut() {
                let Some(before) = self.preceding(row, *followed, sessions) else {
                    way.pop();
                    state[row as usize] = 2;
                    order.push(row);
                    continue;
                };
                *followed += 1;
                match before {
                    NONE => {}
                    before if state[before as usize] == 0 => {
                        state[before as usize] = 1;
                        way.push((before, 0));
                    }
                    before if state[before as usize] == 1 => {
                        let begin = way.iter().position(|other| other.0 == before).unwrap_or_default();
                        return Err(way[begin..].iter().rev().map(|other| other.0).collect());
                    }
                    _ => {}
                }
            }
        }
        Ok(order)
    }

    /// Who directly precedes a row, by number; [`NONE`] stands for nobody, nothing for the end of them.
    fn preceding(&self, row: u32, number: u32, sessions: bool) -> Option<u32> {
        if number == 0 {
            return Some(if sessions { self.previous[row as usize] } else { NONE });
        }
        // The beginning of everything has the number of nobody.
        self.accesses.reads(row).get(number as usize - 1).map(|read| read.from)
    }

    /// The rows of a circle within windows, which `of` names.
    fn circle(
        &self,
        order: &[u32],
        inferred: &[Inferred],
        sessions: bool,
        of: impl Fn(u32) -> u32,
    ) -> Option<Vec<u32>> {
        let rows: Vec<u32> = order.iter().copied().filter(|&row| of(row) != NONE).collect();
        let mut small = vec![NONE; order.len()];
        rows.iter().enumerate().for_each(|(at, &row)| small[row as usize] = at as u32);
        let mut edges: Vec<(u32, u32)> =
            inferred.iter().map(|edge| (small[edge.from as usize], small[edge.to as usize])).collect();
        for &row in &rows {
            let near = self.precede(row, sessions).filter(|&before| of(before) == of(row));
            edges.extend(near.map(|before| (small[before as usize], small[row as usize])));
        }
        let circle = Digraph::new(rows.len(), &edges).cycle()?;
        Some(circle.into_iter().map(|at| rows[at as usize]).collect())
    }

    fn steps(&self, circle: &[u32], sessions: bool, inferred: &[Inferred]) -> Vec<Before> {
        let why: FxHashMap<(u32, u32), &Inferred> = inferred.iter().map(|edge| ((edge.from, edge.to), edge)).collect();
        let next = |at: usize| circle[(at + 1) % circle.len()];
        let step = |at: usize| {
            let (from, to) = (circle[at], next(at));
            if self.accesses.reads(to).iter().any(|read| read.from == from) {
                return Before { from, to, cause: Cause::Reads };
            }
            match why.get(&(from, to)) {
                Some(edge) => self.overwritten(edge, sessions),
                None => Before { from, to, cause: Cause::Session },
            }
        };
        (0..circle.len()).map(step).collect()
    }

    fn overwritten(&self, edge: &Inferred, sessions: bool) -> Before {
        let way = match edge.reason {
            Reason::Causal => self.way(edge.from, edge.reader, sessions),
            Reason::ReadEarlier | Reason::Atomic => Vec::new(),
        };
        let cause = Cause::Overwritten { reader: edge.reader, key: edge.key, reason: edge.reason, way };
        Before { from: edge.from, to: edge.to, cause }
    }

    /// A shortest way by reads and sessions.
    fn way(&self, from: u32, to: u32, sessions: bool) -> Vec<u32> {
        let mut next = FxHashMap::from_iter([(to, NONE)]);
        let mut queue = std::collections::VecDeque::from([to]);
        while let Some(row) = queue.pop_front() {
            if row == from {
                let mut way = vec![row];
                while let Some(&after) = way.last().and_then(|last| next.get(last)).filter(|&&after| after != NONE) {
                    way.push(after);
                }
                return way;
            }
            for before in self.precede(row, sessions) {
                next.entry(before).or_insert_with(|| {
                    queue.push_back(before);
                    row
                });
            }
        }
        debug_assert!(!order::is_session_before(self.timeline, from, to), "a clock knows only what there is a way to");
        Vec::new()
    }
}

/// For each position the window that it is in, by its first position; empty if nothing leads back.
fn windows(position: &[u32], backward: &[Inferred]) -> Vec<u32> {
    if backward.is_empty() {
        return Vec::new();
    }
    let mut reach = vec![0u32; position.len()];
    for edge in backward {
        let slot = &mut reach[position[edge.to as usize] as usize];
        *slot = position[edge.from as usize].max(*slot);
    }
    let mut window = vec![NONE; position.len()];
    let (mut begin, mut end) = (NONE, 0);
    for at in 0..position.len() as u32 {
        if begin == NONE && reach[at as usize] > at {
            begin = at;
        }
        if begin != NONE {
            end = reach[at as usize].max(end);
            window[at as usize] = begin;
            if end <= at {
                begin = NONE;
            }
        }
    }
    window
}
