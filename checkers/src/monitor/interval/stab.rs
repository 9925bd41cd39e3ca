//! Stabbing: find an instant that no interval covers, take every operation that was under way then, uncover what the
//! taken ones set free, and go on.
//!
//! Two segment trees: one counts the intervals over each instant and knows a least covered one, the other finds the
//! waiting operations that contain an instant. Every change and every answer takes log n.

use super::Span;

/// How many intervals cover each of the instants `0..n`; instants can be closed for good.
#[derive(Debug)]
pub(in crate::monitor) struct Coverage {
    leaves: usize,
    /// For each node the least count below it, without what was added to nodes above it.
    least: Vec<i32>,
    /// What was added to the whole of each node.
    added: Vec<i32>,
}

/// More than any count of intervals.
const CLOSED: i32 = i32::MAX / 2;

impl Coverage {
    /// Instants with their counts.
    pub(in crate::monitor) fn new(counts: &[i32]) -> Self {
        let leaves = counts.len().next_power_of_two();
        let mut least = vec![CLOSED; 2 * leaves];
        least[leaves..leaves + counts.len()].copy_from_slice(counts);
        for node in (1..leaves).rev() {
            least[node] = least[2 * node].min(least[2 * node + 1]);
        }
        Coverage { leaves, least, added: vec![0; 2 * leaves] }
    }

    /// An instant that is neither covered nor closed.
    pub(in crate::monitor) fn bare(&self) -> Option<usize> {
        if self.least[1] > 0 {
            return None;
        }
        let mut node = 1;
        while node < self.leaves {
            node = if self.least[2 * node] <= self.least[2 * node + 1] { 2 * node } else { 2 * node + 1 };
        }
        Some(node - self.leaves)
    }

    /// Takes one interval from the instants `from..to`.
    pub(in crate::monitor) fn uncover(&mut self, from: usize, to: usize) {
        self.add(from, to, -1);
    }

    /// Never offers this instant again.
    pub(in crate::monitor) fn close(&mut self, instant: usize) {
        self.add(instant, instant + 1, CLOSED);
    }

    fn add(&mut self, from: usize, to: usize, change: i32) {
        if from >= to {
            return;
        }
        let (mut left, mut right) = (from + self.leaves, to + self.leaves);
        let (first, last) = (left, right - 1);
        while left < right {
            if left & 1 == 1 {
                self.add_to(left, change);
                left += 1;
            }
            if right & 1 == 1 {
                right -= 1;
                self.add_to(right, change);
            }
            left /= 2;
            right /= 2;
        }
        self.refresh(first);
        self.refresh(last);
    }

    fn add_to(&mut self, node: usize, change: i32) {
        self.least[node] = self.least[node].saturating_add(change);
        self.added[node] = self.added[node].saturating_add(change);
    }

    /// Recomputes what is above a leaf.
    fn refresh(&mut self, leaf: usize) {
        let mut node = leaf / 2;
        while node >= 1 {
            let below = self.least[2 * node].min(self.least[2 * node + 1]);
            self.least[node] = below.saturating_add(self.added[node]);
            node /= 2;
        }
    }
}

/// Operations that wait to be taken, by the instants that they contain.
#[derive(Debug)]
pub(in crate::monitor) struct Waiting {
    /// Where each begins, ascending, and its tag.
    begins: Vec<(u32, u32)>,
    leaves: usize,
    /// For each node one more than the last end below it; zero when nothing waits there.
    ends: Vec<u64>,
}

impl Waiting {
    /// All of the tagged operations wait.
    pub(in crate::monitor) fn new(mut operations: Vec<(Span, u32)>) -> Self {
        operations.sort_unstable_by_key(|(span, _)| span.from);
        let leaves = operations.len().next_power_of_two();
        let mut ends = vec![0; 2 * leaves];
        for (leaf, (span, _)) in operations.iter().enumerate() {
            ends[leaves + leaf] = u64::from(span.to) + 1;
        }
        for node in (1..leaves).rev() {
            ends[node] = ends[2 * node].max(ends[2 * node + 1]);
        }
        let begins = operations.into_iter().map(|(span, tag)| (span.from, tag)).collect();
        Waiting { begins, leaves, ends }
    }

    /// Takes one operation that contains the position.
    pub(in crate::monitor) fn take(&mut self, position: u32) -> Option<u32> {
        let mut node = 1;
        // The leftmost that ends late enough begins earliest of all such.
        if self.ends[node] <= u64::from(position) {
            return None;
        }
        while node < self.leaves {
            node = if self.ends[2 * node] > u64::from(position) { 2 * node } else { 2 * node + 1 };
        }
        let (begin, tag) = self.begins[node - self.leaves];
        if begin > position {
            return None;
        }
        self.remove(node);
        Some(tag)
    }

    /// The tags of what still waits.
    pub(in crate::monitor) fn rest(&self) -> impl Iterator<Item = u32> {
        let waits = |&(leaf, _): &(usize, &(u32, u32))| self.ends[self.leaves + leaf] > 0;
        self.begins.iter().enumerate().filter(waits).map(|(_, &(_, tag))| tag)
    }

    fn remove(&mut self, leaf: usize) {
        self.ends[leaf] = 0;
        let mut node = leaf / 2;
        while node >= 1 {
            self.ends[node] = self.ends[2 * node].max(self.ends[2 * node + 1]);
            node /= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_instant_is_found_until_all_are_covered_or_closed() {
        let mut coverage = Coverage::new(&[1, 2, 0, 1, 1]);
        assert_eq!(coverage.bare(), Some(2));
        coverage.close(2);
        assert_eq!(coverage.bare(), None);
        coverage.uncover(1, 5);
        assert!(matches!(coverage.bare(), Some(3 | 4)));
        coverage.close(3);
        coverage.close(4);
        coverage.uncover(1, 2);
        assert_eq!(coverage.bare(), Some(1));
    }

    #[test]
    fn operations_are_taken_once_where_they_contain_the_position() {
        let span = |from, to| Span { from, to };
        let mut waiting = Waiting::new(vec![(span(4, 6), 0), (span(1, 3), 1), (span(2, 9), 2)]);
        assert_eq!(waiting.take(5), Some(2));
        assert_eq!(waiting.take(5), Some(0));
        assert_eq!(waiting.take(5), None);
        assert_eq!(waiting.rest().collect::<Vec<_>>(), vec![1]);
        assert_eq!(waiting.take(0), None);
        assert_eq!(waiting.take(3), Some(1));
    }

    #[test]
    fn nothing_at_all_is_no_special_case() {
        assert_eq!(Waiting::new(Vec::new()).take(0), None);
        assert_eq!(Coverage::new(&[]).bare(), None);
    }
}
