//! Shortest closed walks in a view, by steps between transactions: hubs and places of chains weigh nothing.

use super::view::View;
use std::collections::VecDeque;

/// Where a walk begins and ends, and how long it may be.
pub(super) struct Course<'a> {
    /// The row that is both first and last.
    pub row: u32,
    /// The nodes that the first step leads to; hubs and places stand for what they lead to.
    pub first: &'a [u32],
    /// The node of the row at which the walk ends.
    pub goal: u32,
    /// The most steps.
    pub most: u32,
}

/// Room for searches, used again and again.
pub(super) struct Walker {
    steps: Vec<u32>,
    parent: Vec<u32>,
    stamp: Vec<u32>,
    epoch: u32,
    queue: VecDeque<u32>,
    /// How many nodes were expanded.
    pub expansions: u64,
}

impl Walker {
    /// For views of at most so many nodes.
    pub fn new(nodes: u32) -> Walker {
        let fresh = || vec![0; nodes as usize];
        let (queue, epoch) = (VecDeque::new(), 0);
        Walker { steps: fresh(), parent: fresh(), stamp: fresh(), epoch, queue, expansions: 0 }
    }

    /// The rows of a shortest closed walk: the row of the course, whose first step leads to another row that `opens`,
    /// then rows that are `alive`. One row can be there twice only in a begin/commit view.
    pub fn closed(
        &mut self,
        view: &View,
        course: &Course,
        alive: impl Fn(u32) -> bool,
        opens: impl Fn(u32) -> bool,
    ) -> Option<Vec<u32>> {
        let sources = self.sources(view, course, |row| row != course.row && alive(row) && opens(row));
        self.begin();
        for source in sources {
            self.reach(source, source, 1);
            self.queue.push_back(source);
        }
        while let Some(node) = self.queue.pop_front() {
            let (row, steps) = (view.row(node), self.steps[node as usize]);
            if node == course.goal {
                return Some(self.rows(view, course));
            }
            self.expansions += 1;
            for next in view.out(node) {
                let (other, mut steps) = (view.row(next), steps);
                if let Some(other) = other {
                    steps += u32::from(row != Some(other));
                    if steps > course.most || !(alive(other) || other == course.row) {
                        continue;
                    }
                }
                if self.stamp[next as usize] == self.epoch && self.steps[next as usize] <= steps {
                    continue;
                }
                self.reach(next, node, steps);
                match steps == self.steps[node as usize] {
                    true => self.queue.push_front(next),
                    false => self.queue.push_back(next),
                }
            }
        }
        None
    }

    /// The nodes of rows that the first step can lead to.
    fn sources(&mut self, view: &View, course: &Course, wanted: impl Fn(u32) -> bool) -> Vec<u32> {
        self.begin();
        let (mut open, mut sources) = (Vec::new(), Vec::new());
        let mut meet = |walker: &mut Walker, node: u32, open: &mut Vec<u32>| {
            if walker.stamp[node as usize] != walker.epoch {
                walker.stamp[node as usize] = walker.epoch;
                match view.row(node) {
                    None => open.push(node),
                    Some(row) if wanted(row) => sources.push(node),
                    Some(_) => {}
                }
            }
        };
        for &node in course.first {
            meet(self, node, &mut open);
        }
        while let Some(node) = open.pop() {
            self.expansions += 1;
            for next in view.out(node) {
                meet(self, next, &mut open);
            }
        }
        sources
    }

    fn begin(&mut self) {
        if self.epoch == u32::MAX {
            self.stamp.fill(0);
            self.epoch = 0;
        }
        self.epoch += 1;
        self.queue.clear();
    }

    fn reach(&mut self, node: u32, parent: u32, steps: u32) {
        (self.stamp[node as usize], self.parent[node as usize]) = (self.epoch, parent);
        self.steps[node as usize] = steps;
    }

    fn rows(&self, view: &View, course: &Course) -> Vec<u32> {
        let (mut rows, mut node) = (vec![course.row], course.goal);
        loop {
            if let Some(row) = view.row(node)
                && rows.last() != Some(&row)
            {
                rows.push(row);
            }
            let parent = self.parent[node as usize];
            if parent == node {
                rows.reverse();
                rows.rotate_right(1);
                return rows;
            }
            node = parent;
        }
    }
}
