//! A second look at what is said to refute a level: by the history and the definition of the level alone, with nothing of
//! the engines that found it but the words in which they tell of it.
//!
//! What is known of the history are its accesses, its timeline and the graph that was inferred. Who orders versions, and
//! when, differs between lists and registers, so that [`verify_circle`] and [`verify_lemmas`] each say it for themselves.

mod circle;
mod lemmas;
mod split;

pub use circle::verify_circle;
pub use lemmas::{Unproven, verify_lemmas};

use super::{Level, Step, Why};
use crate::txn::{Accesses, Graph, Kinds, NEVER, Needs, Timeline};
use std::collections::BTreeSet;

/// What is known of a history, to whoever looks again.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Who read and wrote what.
    pub accesses: &'a Accesses,
    /// When, and in which session.
    pub timeline: &'a Timeline,
    /// Who is known to precede whom by data. It may lack what follows from the accesses.
    pub graph: &'a Graph,
}

/// What an edge of data says: an overwrite, a read, a write that was missed.
const CLASSES: [Kinds; 3] = [Kinds(Kinds::WW.0 | Kinds::WWP.0), Kinds(Kinds::WR.0 | Kinds::WRP.0), Kinds::ANTI];

impl Evidence<'_> {
    fn is_row(&self, row: u32) -> bool {
        (row as usize) < self.accesses.len() && (row as usize) < self.timeline.len()
    }

    /// True if a session did the first before the second. What nobody knows to have ended precedes nothing.
    fn is_in_session(&self, first: u32, second: u32) -> bool {
        let (a, b) = (first as usize, second as usize);
        let Timeline { invoked, completed, session } = self.timeline;
        let until = if completed[b] == NEVER { invoked[b] } else { completed[b] };
        first != second && session[a] == session[b] && completed[a] != NEVER && completed[a] < until
    }

    /// True if the first had ended before the second began.
    fn is_in_time(&self, first: u32, second: u32) -> bool {
        let ended = self.timeline.completed[first as usize];
        ended != NEVER && ended < self.timeline.invoked[second as usize]
    }

    /// True if an order of no data, as far as the level has it, puts the first before the second.
    fn is_ordered(&self, order: Needs, first: u32, second: u32) -> bool {
        (order >= Needs::Process && self.is_in_session(first, second))
            || (order == Needs::Realtime && self.is_in_time(first, second))
    }

    fn has_read_from(&self, reader: u32, writer: u32) -> bool {
        reader != writer && self.accesses.reads(reader).iter().any(|read| read.from == writer)
    }

    /// Every reason of the graph: of the edge between the two, and of those into hubs from which the second is reached.
    fn by_graph(&self, from: u32, to: u32) -> Kinds {
        let rows = self.graph.transactions();
        if from >= rows || to >= rows {
            return Kinds::NONE;
        }
        let hubs = self.graph.out(from).filter(|edge| edge.0 >= rows);
        hubs.filter(|edge| self.leads(edge.0, to)).fold(self.graph.between(from, to), |all, edge| all | edge.1)
    }

    fn leads(&self, hub: u32, to: u32) -> bool {
        let (mut open, mut seen) = (vec![hub], BTreeSet::from([hub]));
        while let Some(node) = open.pop() {
            for (next, _) in self.graph.out(node) {
                if next == to {
                    return true;
                }
                if next >= self.graph.transactions() && seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// True if the step of data is there for each sort of reason that it gives: in the graph, or by the accesses, which the
    /// closures know to read.
    fn is_data(&self, step: &Step, overwrites: impl Fn() -> bool, misses: impl Fn() -> bool) -> bool {
        let Why::Data(kinds) = step.why else { return false };
        let (graph, [ww, wr, rw]) = (self.by_graph(step.from, step.to), CLASSES);
        let plain = |class: Kinds, kind: Kinds| kinds.and(class).any(kind);
        let known = |class: Kinds| graph.any(kinds.and(class));
        kinds.any(ww | wr | rw)
            && (!kinds.any(ww) || known(ww) || (plain(ww, Kinds::WW) && overwrites()))
            && (!kinds.any(wr) || known(wr) || (plain(wr, Kinds::WR) && self.has_read_from(step.to, step.from)))
            && (!kinds.any(rw) || known(rw) || (plain(rw, Kinds::RW) && misses()))
    }
}

/// True if each of so many steps leads to where the next begins, and the last to the first.
fn is_round(count: usize, ends: impl Fn(usize) -> (u32, u32)) -> bool {
    count > 1 && (0..count).all(|at| ends(at).1 == ends((at + 1) % count).0 && ends(at).0 != ends(at).1)
}

/// True if a step can only be told as an anti-dependency.
fn is_miss(why: Why) -> bool {
    let [ww, wr, _] = CLASSES;
    matches!(why, Why::Data(kinds) if !kinds.any(ww | wr))
}

/// The level without its order, and the order; sessions for guarantees that they are given.
fn parts(level: Level) -> Option<(Level, Needs)> {
    let guarantee = Level::GUARANTEES.contains(&level).then_some((level, Needs::Process));
    level.base().or(guarantee)
}
