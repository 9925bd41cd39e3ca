//! The orders that need no data: those of sessions and of real time, in few edges.

use super::super::{NEVER, Timeline};

/// Edges from one transaction of a session to the next.
///
/// Those that committed follow each other as they ended, since a client does one after the other. One whose commit is
/// in doubt follows the last that had ended before it began, and nothing follows it: its effect may come at any time.
pub(super) fn session_edges(timeline: &Timeline) -> Vec<(u32, u32)> {
    let mut edges = Vec::new();
    let mut last: Option<u32> = None;
    for row in rows_by_session(timeline) {
        last = last.filter(|&last| timeline.session[last as usize] == timeline.session[row as usize]);
        edges.extend(last.map(|last| (last, row)));
        if timeline.completed[row as usize] != NEVER {
            last = Some(row);
        }
    }
    edges
}

/// Every row, by its session and then as it ended; one in doubt where it began.
pub(super) fn rows_by_session(timeline: &Timeline) -> Vec<u32> {
    let place = |row: u32| {
        let ended = timeline.completed[row as usize];
        if ended == NEVER { timeline.invoked[row as usize] } else { ended }
    };
    let sessions = timeline.session.iter().max().map_or(0, |&last| last as usize + 1);
    if sessions > 4 * timeline.len() {
        let mut rows: Vec<u32> = (0..timeline.len() as u32).collect();
        rows.sort_by_key(|&row| (timeline.session[row as usize], place(row)));
        return rows;
    }
    let mut next = vec![0u32; sessions + 1];
    timeline.session.iter().for_each(|&session| next[session as usize + 1] += 1);
    (0..sessions).for_each(|session| next[session + 1] += next[session]);
    let mut rows = vec![0; timeline.len()];
    for row in 0..timeline.len() as u32 {
        let slot = &mut next[timeline.session[row as usize] as usize];
        rows[*slot as usize] = row;
        *slot += 1;
    }
    for rows in rows.chunk_by_mut(|&a, &b| timeline.session[a as usize] == timeline.session[b as usize]) {
        if !rows.is_sorted_by_key(|&row| place(row)) {
            rows.sort_by_key(|&row| place(row));
        }
    }
    rows
}

/// True if a session did the first and then the second: what [`session_edges`] mean, told of two rows.
pub(super) fn is_session_before(timeline: &Timeline, first: u32, second: u32) -> bool {
    let (a, b) = (first as usize, second as usize);
    let ended = timeline.completed[a] != NEVER && timeline.session[a] == timeline.session[b] && first != second;
    let later = |row: usize| (timeline.completed[row], timeline.invoked[row], row);
    ended && if timeline.completed[b] == NEVER { timeline.is_before(first, second) } else { later(a) < later(b) }
}

/// Edges of real time by way of barriers: a chain of extra nodes, one for each end, numbered from `first` on. What ended
/// leads to its barrier, and the last barrier before a beginning leads to what begins.
///
/// Returns the edges, and how many barriers there are.
pub(super) fn realtime_edges(timeline: &Timeline, first: u32) -> (Vec<(u32, u32)>, u32) {
    let mut ends: Vec<(u32, u32)> = (0..timeline.len() as u32)
        .map(|row| (timeline.completed[row as usize], row))
        .filter(|end| end.0 != NEVER)
        .collect();
    ends.sort_unstable();
    let mut edges = Vec::with_capacity(3 * timeline.len());
    for (at, &(_, row)) in ends.iter().enumerate() {
        let barrier = first + at as u32;
        edges.push((row, barrier));
        if at > 0 {
            edges.push((barrier - 1, barrier));
        }
    }
    for row in 0..timeline.len() as u32 {
        let begun = timeline.invoked[row as usize];
        let before = ends.partition_point(|end| end.0 < begun) as u32;
        edges.extend(before.checked_sub(1).map(|last| (first + last, row)));
    }
    (edges, ends.len() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_ends_a_session_and_follows_what_had_ended() {
        let mut timeline = Timeline::default();
        for (invoked, completed, session) in [(4, 5, 0), (0, 1, 0), (6, NEVER, 0), (2, 3, 1), (0, NEVER, 1)] {
            timeline.push(invoked, completed, session);
        }
        assert_eq!(session_edges(&timeline), [(1, 0), (0, 2)]);
        for first in 0..5 {
            for second in 0..5 {
                let before = [(1, 0), (0, 2), (1, 2)].contains(&(first, second));
                assert_eq!(is_session_before(&timeline, first, second), before, "{first} {second}");
            }
        }
    }

    #[test]
    fn barriers_reach_what_real_time_orders() {
        let mut timeline = Timeline::default();
        for (invoked, completed, session) in [(0, 3, 0), (1, 2, 1), (4, 6, 0), (5, NEVER, 1), (7, 8, 2)] {
            timeline.push(invoked, completed, session);
        }
        let (edges, barriers) = realtime_edges(&timeline, 5);
        let graph = super::super::digraph::Digraph::new(5 + barriers as usize, &edges);
        for first in 0..5 {
            for second in (0..5).filter(|&second| second != first) {
                let reached = graph.path_within(first, second, |_| true).is_some();
                assert_eq!(reached, timeline.is_before(first, second), "{first} {second}");
            }
        }
    }
}
