//! Which instants do open intervals cover? While a value is surely present, nothing that needs its absence can happen.
//!
//! All intervals here are open, and what asks is a closed span of an operation: it is doomed when the union of the
//! intervals contains every instant of it. It is enough to look at positions where an operation begins or ends, since
//! no instant between two of them is covered less. Each function n log n.

use super::Span;

/// Merged open intervals, ascending and apart from each other.
#[derive(Debug)]
pub(in crate::monitor) struct Union(Vec<Span>);

impl Union {
    /// The union of open intervals; empty and reversed ones count for nothing.
    pub(in crate::monitor) fn of(intervals: impl Iterator<Item = Span>) -> Self {
        let mut intervals: Vec<Span> = intervals.filter(|interval| interval.from < interval.to).collect();
        intervals.sort_unstable_by_key(|interval| interval.from);
        let mut merged: Vec<Span> = Vec::new();
        for interval in intervals {
            match merged.last_mut() {
                // Touching is not enough: nothing covers the instant between the two.
                Some(last) if interval.from < last.to => last.to = last.to.max(interval.to),
                _ => merged.push(interval),
            }
        }
        Union(merged)
    }

    /// Whether every instant of the span is covered.
    pub(in crate::monitor) fn covers(&self, span: Span) -> bool {
        let before = self.0.partition_point(|interval| interval.from < span.from);
        self.0[..before].last().is_some_and(|interval| span.to < interval.to)
    }
}

/// The fewest of the tagged open intervals that together cover the span, which all of them together do.
pub(in crate::monitor) fn covering(intervals: impl Iterator<Item = (Span, u32)>, span: Span) -> Vec<u32> {
    let mut intervals: Vec<(Span, u32)> = intervals.collect();
    intervals.sort_unstable_by_key(|(interval, _)| interval.from);
    let mut intervals = intervals.into_iter().peekable();
    let (mut chosen, mut instant) = (Vec::new(), span.from);
    let mut farthest = (0, 0);
    loop {
        while let Some((interval, tag)) = intervals.next_if(|(interval, _)| interval.from < instant) {
            farthest = farthest.max((interval.to, tag));
        }
        if farthest.0 <= instant {
            return chosen;
        }
        chosen.push(farthest.1);
        if farthest.0 > span.to {
            return chosen;
        }
        instant = farthest.0;
    }
}

/// Positions that no interval has covered yet; intervals only ever come in addition.
#[derive(Debug)]
pub(in crate::monitor) struct Uncovered {
    positions: Vec<u32>,
    /// For each position an index at or after it, on the way to the next that is not covered.
    next: Vec<u32>,
}

impl Uncovered {
    /// All positions are without cover at first.
    pub(in crate::monitor) fn new(mut positions: Vec<u32>) -> Self {
        positions.sort_unstable();
        positions.dedup();
        let next = (0..=positions.len() as u32).collect();
        Uncovered { positions, next }
    }

    /// Covers what lies strictly inside of the interval.
    pub(in crate::monitor) fn cover(&mut self, interval: Span) {
        let mut index = self.next_from(self.positions.partition_point(|&position| position <= interval.from));
        while self.positions.get(index).is_some_and(|&position| position < interval.to) {
            self.next[index] = index as u32 + 1;
            index = self.next_from(index + 1);
        }
    }

    /// Whether some position of the span is without cover.
    pub(in crate::monitor) fn leaves(&mut self, span: Span) -> bool {
        let index = self.next_from(self.positions.partition_point(|&position| position < span.from));
        self.positions.get(index).is_some_and(|&position| position <= span.to)
    }

    /// The first index from here on that is without cover, halving the path to it.
    fn next_from(&mut self, mut index: usize) -> usize {
        while self.next[index] as usize != index {
            let after = self.next[self.next[index] as usize];
            self.next[index] = after;
            index = after as usize;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span((from, to): (u32, u32)) -> Span {
        Span { from, to }
    }

    #[test]
    fn intervals_that_only_touch_leave_an_instant_between_them() {
        let touching = Union::of([(1, 5), (5, 9)].map(span).into_iter());
        assert!(!touching.covers(span((3, 7))));
        let merged = Union::of([(1, 6), (5, 9), (7, 7)].map(span).into_iter());
        assert!(merged.covers(span((3, 7))));
        assert!(!merged.covers(span((1, 3))));
        assert!(!merged.covers(span((7, 9))));
    }

    #[test]
    fn the_fewest_intervals_are_named() {
        let intervals = [(0, 4), (1, 6), (2, 5), (5, 20), (3, 7)].map(span).into_iter().zip(0..);
        assert_eq!(covering(intervals, span((3, 9))), vec![1, 3]);
    }

    #[test]
    fn positions_lose_their_freedom_one_interval_at_a_time() {
        let mut uncovered = Uncovered::new(vec![7, 1, 3, 5, 3]);
        uncovered.cover(span((1, 5)));
        assert!(uncovered.leaves(span((1, 3))));
        assert!(!uncovered.leaves(span((3, 3))));
        assert!(uncovered.leaves(span((3, 5))));
        uncovered.cover(span((0, 100)));
        assert!(!uncovered.leaves(span((0, 50))));
    }
}
