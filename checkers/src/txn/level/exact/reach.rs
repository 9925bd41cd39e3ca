//! Who reaches whom, for many pairs at once: 64 questions go through a graph in one pass, and only through the part of it
//! that lies between the ends of those questions.
//!
//! Two filters keep this near-linear where histories are nearly right: a question whose starts all stand after its end is
//! answered by the order alone, and questions are asked in the order of their ends.

use super::super::digraph::Digraph;

/// Does one of the starts reach the end?
pub(super) struct Question {
    pub(super) starts: Vec<u32>,
    pub(super) end: u32,
}

/// What came out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This question, the first in the order of their ends, by this walk from a start to the end.
    Reached(usize, Vec<u32>),
    /// None of them.
    Nobody,
    /// The budget of visits ended before.
    GaveUp,
}

/// Asks the questions of a graph without cycles, whose order is given.
///
/// Nodes from `real` on only stand for others, and nothing but their like leads to them.
pub(super) fn ask(graph: &Digraph, order: &[u32], real: u32, questions: &[Question], budget: &mut u64) -> Answer {
    let mut position = vec![0u32; order.len()];
    for (at, &node) in order.iter().enumerate() {
        position[node as usize] = at as u32;
    }
    let first = first_reached(graph, order, real, &position);
    let end = |at: &usize| position[questions[*at].end as usize];
    let may = |at: &usize| questions[*at].starts.iter().any(|&start| first[start as usize] <= end(at));
    let mut open: Vec<usize> = (0..questions.len()).filter(may).collect();
    open.sort_by_key(end);
    let mut marks = vec![0u64; order.len()];
    for batch in open.chunks(64) {
        let last = batch.iter().map(end).max().unwrap_or_default() as usize;
        let starts =
            || batch.iter().enumerate().flat_map(|(bit, &at)| questions[at].starts.iter().map(move |&s| (bit, s)));
        let begin = starts().map(|(_, start)| position[start as usize]).min().unwrap_or_default() as usize;
        match budget.checked_sub((last - begin.min(last)) as u64 + 1) {
            Some(left) => *budget = left,
            None => return Answer::GaveUp,
        }
        starts().for_each(|(bit, start)| marks[start as usize] |= 1 << bit);
        for &node in order.iter().take(last + 1).skip(begin) {
            let mark = marks[node as usize];
            if mark != 0 {
                let inside = graph.out(node).iter().filter(|&&next| position[next as usize] as usize <= last);
                inside.for_each(|&next| marks[next as usize] |= mark);
            }
        }
        let reached = batch.iter().enumerate().find(|&(bit, &at)| marks[questions[at].end as usize] >> bit & 1 == 1);
        if let Some((_, &at)) = reached {
            return Answer::Reached(at, walk(graph, &questions[at]));
        }
        order.iter().take(last + 1).skip(begin).for_each(|&node| marks[node as usize] = 0);
        starts().for_each(|(_, start)| marks[start as usize] = 0);
    }
    Answer::Nobody
}

/// Where a node stands, or, if it only stands for others, the first of those.
fn first_reached(graph: &Digraph, order: &[u32], real: u32, position: &[u32]) -> Vec<u32> {
    let mut first = position.to_vec();
    for &node in order.iter().rev().filter(|&&node| node >= real) {
        let next = graph.out(node).iter().map(|&next| first[next as usize]).min();
        first[node as usize] = next.unwrap_or(u32::MAX);
    }
    first
}

fn walk(graph: &Digraph, question: &Question) -> Vec<u32> {
    let walks = question.starts.iter().filter_map(|&start| match start == question.end {
        true => Some(vec![start]),
        false => graph.path_within(start, question.end, |_| true),
    });
    walks.min_by_key(Vec::len).unwrap_or_default()
}
