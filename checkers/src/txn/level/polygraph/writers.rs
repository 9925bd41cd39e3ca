//! The writers of one object: which pairs of them no order of no data puts in order, and who comes next after whom.
//!
//! Sorted by when they began, and within sessions by when they ended, so that each question takes little more than its answer.

use crate::txn::level::order::is_session_before;
use crate::txn::{NEVER, Needs, Timeline, Write};

/// Who wrote an object, and the place of each version; in the order of sessions, and in each as they ended.
pub(super) struct Writers<'a> {
    timeline: &'a Timeline,
    order: Needs,
    rows: &'a [(u32, u32)],
    /// Positions of rows by when they began.
    by_begin: Vec<u32>,
    /// By position in that order: the soonest end from there on.
    soonest: Vec<u32>,
    /// Places that are known, with their rows.
    placed: Vec<(u32, u32)>,
}

impl<'a> Writers<'a> {
    pub(super) fn new(timeline: &'a Timeline, order: Needs, rows: &'a [(u32, u32)]) -> Writers<'a> {
        let mut by_begin: Vec<u32> = (0..rows.len() as u32).collect();
        by_begin.sort_by_key(|at| timeline.invoked[rows[*at as usize].0 as usize]);
        let end = |at: &u32| timeline.completed[rows[*at as usize].0 as usize];
        let mut soonest: Vec<u32> = by_begin.iter().map(end).collect();
        for at in (1..soonest.len()).rev() {
            soonest[at - 1] = soonest[at - 1].min(soonest[at]);
        }
        let known = rows.iter().filter(|writer| writer.1 != Write::UNORDERED);
        let mut placed: Vec<(u32, u32)> = known.map(|&(row, place)| (place, row)).collect();
        placed.sort_unstable();
        Writers { timeline, order, rows, by_begin, soonest, placed }
    }

    fn begin(&self, at: u32) -> u32 {
        self.timeline.invoked[self.rows[at as usize].0 as usize]
    }

    fn end(&self, at: u32) -> u32 {
        self.timeline.completed[self.rows[at as usize].0 as usize]
    }

    fn is_ordered(&self, first: u32, second: u32) -> bool {
        match self.order {
            Needs::Data => false,
            Needs::Process => is_session_before(self.timeline, first, second),
            Needs::Realtime => {
                self.timeline.is_before(first, second) || is_session_before(self.timeline, first, second)
            }
        }
    }

    /// Pairs of rows, the lesser first, of which nothing says who wrote first; sorted. None if there may be more than so
    /// many.
    pub(super) fn open_pairs(&self, most: u64) -> Option<Vec<(u32, u32)>> {
        let mut pairs = Vec::new();
        let mut looked = 0;
        let mut open: Vec<u32> = Vec::new();
        if self.placed.len() == self.rows.len() {
            return Some(pairs);
        }
        for &at in &self.by_begin {
            if self.order == Needs::Realtime {
                // Who had ended by then is ordered with this one, and with all that follow.
                open.retain(|&other| self.end(other) == NEVER || self.end(other) >= self.begin(at));
            }
            looked += open.len() as u64;
            if looked > most {
                return None;
            }
            let (row, place) = self.rows[at as usize];
            for &other in &open {
                let (other, other_place) = self.rows[other as usize];
                let known = place != Write::UNORDERED && other_place != Write::UNORDERED;
                if !known && !self.is_ordered(row, other) && !self.is_ordered(other, row) {
                    pairs.push((row.min(other), row.max(other)));
                }
            }
            open.push(at);
        }
        pairs.sort_unstable();
        Some(pairs)
    }

    /// Those after the writer at a position with none between: in an order of no data, and by their places.
    pub(super) fn next(&self, at: usize) -> Vec<u32> {
        let (first, place) = self.rows[at];
        let mut next = Vec::new();
        if self.order != Needs::Data {
            next.extend(self.next_in_session(at));
        }
        if self.order == Needs::Realtime && self.timeline.completed[first as usize] != NEVER {
            let ended = self.timeline.completed[first as usize];
            let from = self.by_begin.partition_point(|&at| self.begin(at) <= ended);
            let soonest = self.soonest.get(from).copied().unwrap_or(NEVER);
            let after = self.by_begin[from..].iter().take_while(|&&at| self.begin(at) <= soonest);
            next.extend(after.map(|&at| self.rows[at as usize].0));
        }
        if place != Write::UNORDERED {
            let after = self.placed.partition_point(|placed| placed.0 <= place);
            next.extend(self.placed.get(after).map(|placed| placed.1));
        }
        next.retain(|&row| row != first);
        next.sort_unstable();
        next.dedup();
        next
    }

    /// The next of the session that ended, and whoever of it is in doubt up to there: nothing follows those.
    fn next_in_session(&self, at: usize) -> Vec<u32> {
        let first = self.rows[at].0;
        let session = |row: u32| self.timeline.session[row as usize];
        let mut next = Vec::new();
        for &(row, _) in self.rows[at + 1..].iter().take_while(|writer| session(writer.0) == session(first)) {
            if is_session_before(self.timeline, first, row) {
                next.push(row);
                if self.timeline.completed[row as usize] != NEVER {
                    break;
                }
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::level::order::rows_by_session;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Writers that are invoked and end at random, a few of them in doubt, a few with a place.
    fn random(seed: u64) -> (Timeline, Vec<(u32, u32)>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut timeline = Timeline::default();
        let mut clock = [0_u32; 3];
        for _ in 0..rng.random_range(1..9) {
            let session = rng.random_range(0..3);
            let begin = clock[session] + rng.random_range(1..9);
            let end = begin + rng.random_range(1..9);
            clock[session] = end;
            let ended = if rng.random_bool(0.1) { NEVER } else { end * 4 + session as u32 };
            timeline.push(begin * 4 + session as u32, ended, session as u32);
        }
        let place =
            |at: usize| if at.is_multiple_of(3) && seed.is_multiple_of(2) { at as u32 } else { Write::UNORDERED };
        let rows = rows_by_session(&timeline).into_iter().enumerate().map(|(at, row)| (row, place(at))).collect();
        (timeline, rows)
    }

    #[test]
    fn pairs_are_those_that_nothing_orders_and_every_order_follows_from_the_next() {
        for seed in 0..3_000 {
            let (timeline, rows) = random(seed);
            for order in [Needs::Data, Needs::Process, Needs::Realtime] {
                let writers = Writers::new(&timeline, order, &rows);
                let is_open = |&((a, x), (b, y)): &((u32, u32), (u32, u32))| {
                    let known = x != Write::UNORDERED && y != Write::UNORDERED;
                    a < b && !known && !writers.is_ordered(a, b) && !writers.is_ordered(b, a)
                };
                let all = || rows.iter().flat_map(|a| rows.iter().map(move |b| (*a, *b)));
                let mut expected: Vec<(u32, u32)> = all().filter(is_open).map(|(a, b)| (a.0, b.0)).collect();
                expected.sort_unstable();
                assert_eq!(writers.open_pairs(u64::MAX), Some(expected), "seed {seed} {order:?}");
                // Whoever is ordered is reached by way of the next ones.
                for (at, &(first, place)) in rows.iter().enumerate() {
                    let mut reached = writers.next(at);
                    let mut done = 0;
                    while done < reached.len() {
                        let place = rows.iter().position(|writer| writer.0 == reached[done]).expect("a writer");
                        for row in writers.next(place) {
                            if !reached.contains(&row) {
                                reached.push(row);
                            }
                        }
                        done += 1;
                    }
                    for &(second, other) in rows.iter().filter(|writer| writer.0 != first) {
                        let by_place = place != Write::UNORDERED && other != Write::UNORDERED && place < other;
                        let ordered = by_place || writers.is_ordered(first, second);
                        assert!(!ordered || reached.contains(&second), "seed {seed} {order:?}: {first} {second}");
                    }
                    let direct = |row: &u32| {
                        let other = rows.iter().find(|writer| writer.0 == *row).expect("a writer").1;
                        let by_place = place != Write::UNORDERED && other != Write::UNORDERED && place < other;
                        by_place || writers.is_ordered(first, *row)
                    };
                    assert!(writers.next(at).iter().all(direct), "seed {seed} {order:?}: {first}");
                }
            }
        }
    }

    #[test]
    fn a_long_history_without_much_at_a_time_takes_little() {
        let mut timeline = Timeline::default();
        (0..200_000).for_each(|row| timeline.push(4 * row, 4 * row + 5, row % 4));
        let rows: Vec<(u32, u32)> = rows_by_session(&timeline).into_iter().map(|row| (row, Write::UNORDERED)).collect();
        let writers = Writers::new(&timeline, Needs::Realtime, &rows);
        let pairs = writers.open_pairs(1_000_000).expect("few at a time");
        assert_eq!(pairs.len(), 199_999);
        assert!((0..rows.len()).all(|at| writers.next(at).len() <= 3));
    }
}
