//! Causal consistency together with real time: whoever had ended before another began precedes it.
//!
//! Real time is told by reads and one more session: for each end a *mark*, which reads what is written at that end, the marks
//! one after the other in a session of their own; and each row reads from the last mark before it began. Nobody else writes
//! these objects, so nothing follows of them but who precedes whom, with three steps a row.

use super::{Before, Cause, Level, Weak, WeakOutcome, verify_befores};
use crate::txn::level::Evidence;
use crate::txn::{Accesses, Graph, INITIAL, NEVER, Read, Timeline, Write};

/// Decides causal consistency with sessions and real time.
pub(super) fn causal(accesses: &Accesses, timeline: &Timeline) -> WeakOutcome {
    let marked = Marked::new(accesses, timeline);
    let weak = Weak::new(&marked.accesses, &marked.timeline);
    match weak.satisfies(Level::StrongSessionCausal) {
        Some(WeakOutcome::Refuted(steps)) => {
            let steps = marked.without_marks(steps);
            let graph = Graph::default();
            let evidence = Evidence { accesses, timeline, graph: &graph };
            let stands = verify_befores(&evidence, Level::StrongCausal, &steps);
            if stands { WeakOutcome::Refuted(steps) } else { WeakOutcome::Undecided }
        }
        Some(outcome) => outcome,
        None => WeakOutcome::Undecided,
    }
}

/// A history with its marks, which come after all rows.
struct Marked {
    rows: u32,
    accesses: Accesses,
    timeline: Timeline,
}

impl Marked {
    fn new(accesses: &Accesses, timeline: &Timeline) -> Marked {
        let rows = accesses.len() as u32;
        let all = || 0..rows;
        let written = all().flat_map(|row| accesses.writes(row)).map(|write| write.key + 1);
        let read = all().flat_map(|row| accesses.reads(row)).map(|read| read.key + 1);
        let objects = written.chain(read).max().unwrap_or_default();
        let mut ends: Vec<(u32, u32)> = all().map(|row| (timeline.completed[row as usize], row)).collect();
        ends.retain(|end| end.0 != NEVER);
        ends.sort_unstable();
        let mut marked = Marked { rows, accesses: Accesses::default(), timeline: Timeline::default() };
        for row in all() {
            let before = ends.partition_point(|end| end.0 < timeline.invoked[row as usize]) as u32;
            let last = before.checked_sub(1).map(|mark| Read { key: objects + rows + mark, from: rows + mark });
            let ended = timeline.completed[row as usize] != NEVER;
            let own = ended.then_some(Write { key: objects + row, version: Write::UNORDERED });
            let reads = accesses.reads(row).iter().copied().chain(last);
            marked.accesses.push(reads, accesses.writes(row).iter().copied().chain(own));
            let at = row as usize;
            marked.timeline.push(timeline.invoked[at], timeline.completed[at], timeline.session[at]);
        }
        let session = timeline.session.iter().max().map_or(0, |last| last + 1);
        for (mark, &(_, row)) in (0..).zip(&ends) {
            let own = Write { key: objects + rows + mark, version: Write::UNORDERED };
            marked.accesses.push([Read { key: objects + row, from: row }], [own]);
            marked.timeline.push(0, mark, session);
        }
        marked
    }

    fn is_mark(&self, row: u32) -> bool {
        row >= self.rows && row != INITIAL
    }

    /// The same circle: what leads over marks is real time.
    fn without_marks(&self, mut steps: Vec<Before>) -> Vec<Before> {
        if let Some(first) = steps.iter().position(|step| !self.is_mark(step.from)) {
            steps.rotate_left(first);
        }
        let mut plain: Vec<Before> = Vec::new();
        for mut step in steps {
            if let Cause::Overwritten { way, .. } = &mut step.cause {
                way.retain(|row| !self.is_mark(*row));
            }
            match plain.last_mut().filter(|last| self.is_mark(last.to)) {
                Some(last) => last.to = step.to,
                None => {
                    let cause = if self.is_mark(step.to) { Cause::Realtime } else { step.cause };
                    plain.push(Before { cause, ..step });
                }
            }
        }
        plain
    }
}
