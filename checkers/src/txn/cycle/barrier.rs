//! The orders of real time and of sessions as chains, so that they cost as many edges as there are transactions.
//!
//! Rows are sorted by their beginning. A row that ended enters the chain at the first row that began after that, and
//! from there each later row can be reached: place by place, or out of the chain at the row of a place. A chain is no
//! transaction; a walk along it is one step.

use crate::txn::{NEVER, Timeline};

/// No place in a chain.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Rows by their beginning, in one chain (real time) or one for each session.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// The row at each place, in the numbering of the caller.
    pub rows: Vec<u32>,
    /// The place after each place, or [`NOWHERE`].
    pub next: Vec<u32>,
    /// Where each row enters once it ended, or [`NOWHERE`].
    pub entry: Vec<u32>,
}

impl Chain {
    /// The order of real time among these rows of the timeline.
    pub fn realtime(rows: &[u32], timeline: &Timeline) -> Chain {
        Chain::new(rows, timeline, |_| 0)
    }

    /// The orders of the sessions among these rows of the timeline.
    pub fn process(rows: &[u32], timeline: &Timeline) -> Chain {
        Chain::new(rows, timeline, |row| timeline.session[row as usize])
    }

    /// True if no row precedes another.
    pub fn is_empty(&self) -> bool {
        self.entry.iter().all(|&place| place == NOWHERE)
    }

    fn new(rows: &[u32], timeline: &Timeline, group: impl Fn(u32) -> u32) -> Chain {
        let mut places: Vec<(u32, u32, u32)> = (0..rows.len() as u32)
            .map(|at| (group(rows[at as usize]), timeline.invoked[rows[at as usize] as usize], at))
            .collect();
        places.sort_unstable();
        let goes_on = |place: usize| places.get(place + 1).is_some_and(|next| next.0 == places[place].0);
        let next = (0..places.len()).map(|place| if goes_on(place) { place as u32 + 1 } else { NOWHERE }).collect();
        let entry = rows.iter().map(|&row| match timeline.completed[row as usize] {
            NEVER => NOWHERE,
            ended => {
                let mine = group(row);
                let place = places.partition_point(|&(group, invoked, _)| (group, invoked) <= (mine, ended));
                let within = places.get(place).is_some_and(|found| found.0 == mine);
                if within { place as u32 } else { NOWHERE }
            }
        });
        Chain { entry: entry.collect(), rows: places.iter().map(|place| place.2).collect(), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(chain: &Chain, row: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut place = chain.entry[row as usize];
        while place != NOWHERE {
            found.push(chain.rows[place as usize]);
            place = chain.next[place as usize];
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn a_row_reaches_just_those_that_began_after_its_end() {
        let mut timeline = Timeline::default();
        let ends = [(0, 3, 0), (1, 2, 1), (4, NEVER, 0), (3, 9, 1), (0, 5, 2), (6, 7, 0)];
        ends.iter().for_each(|&(invoked, completed, session)| timeline.push(invoked, completed, session));
        let rows: Vec<u32> = (0..6).collect();
        let (realtime, process) = (Chain::realtime(&rows, &timeline), Chain::process(&rows, &timeline));
        for &row in &rows {
            let later = |&other: &u32| timeline.is_before(row, other);
            assert_eq!(after(&realtime, row), rows.iter().copied().filter(later).collect::<Vec<_>>());
            let same = |&other: &u32| timeline.session[row as usize] == timeline.session[other as usize];
            let expected: Vec<u32> = rows.iter().copied().filter(later).filter(same).collect();
            assert_eq!(after(&process, row), expected, "row {row}");
        }
    }
}
