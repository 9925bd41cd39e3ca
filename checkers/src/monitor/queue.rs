//! FIFO queues, with dequeues that found nothing and dequeues that crashed.
//!
//! Two values contradict each other if one was enqueued surely before the other and dequeued surely after it, or
//! never: pairs are enough, since the union of two interval orders has no longer minimal cycles. An empty dequeue must
//! find an instant at which no value is surely inside. A value that was overtaken and never came out may have been
//! taken by a crashed dequeue that was invoked before the first overtaking was complete; earliest deadlines first.
//! Source: checkers.md 2.7 (c), appendix B. n log n.

use super::interval::{Ranged, first_unmatched, sweep};
use super::named;
use super::passage::{Item, Move, Passages, gather};
use crate::model::{Fifo, QueueOp};
use crate::object::{Monitor, Monitored, Timed};

impl Monitor for Fifo {
    fn monitor(&self, calls: &[Timed<QueueOp>]) -> Monitored {
        match judge(calls) {
            Ok(()) => Monitored::Valid,
            Err(verdict) => verdict,
        }
    }
}

fn judge(calls: &[Timed<QueueOp>]) -> Result<(), Monitored> {
    let mut passages = gather(calls, |op| match *op {
        QueueOp::Enqueue(value) => Move::Put(value),
        QueueOp::Dequeue(got) => Move::Took(got),
    })?;
    if let Some((first, second)) = overtaken(&passages) {
        let items = [first, second].map(|index| passages.items[index as usize]);
        return Err(Monitored::Invalid(named(calls, items.iter().flat_map(Item::calls))));
    }
    if passages.unknown.is_empty() {
        return passages.false_empty(calls).map_or(Ok(()), |calls| Err(Monitored::Invalid(calls)));
    }
    let lost = lost(&mut passages);
    match lost {
        // Without the empty dequeues there are only fewer constraints.
        Some(lost) => Err(Monitored::Invalid(named(calls, lost))),
        None if passages.empties.is_empty() => Ok(()),
        None => Err(Monitored::Unsupported("some dequeues crashed and some found nothing")),
    }
}

/// Two items in the wrong order. When some dequeues crashed, only items that surely came out are compared.
fn overtaken(passages: &Passages) -> Option<(u32, u32)> {
    let certain = passages.unknown.is_empty();
    let ranged = |(item, tag): (&Item, u32)| Ranged {
        lowest: if item.taken.is_some() || certain { item.exit.from } else { 0 },
        highest: item.exit.to,
        span: item.entry,
        tag,
    };
    sweep(&passages.items.iter().zip(0..).map(ranged).collect::<Vec<_>>())
}

/// Items that never came out and were overtaken before so many crashed dequeues were invoked: of each the enqueue, and
/// the enqueue and the dequeue of what overtook it.
fn lost(passages: &mut Passages) -> Option<Vec<u32>> {
    let mut others: Vec<&Item> = passages.items.iter().filter(|item| item.taken.is_some()).collect();
    others.sort_unstable_by_key(|item| item.entry.from);
    // For each suffix of the others the one that came out first.
    let mut earliest: Vec<&Item> = others.clone();
    for index in (1..earliest.len()).rev() {
        if earliest[index].exit.to < earliest[index - 1].exit.to {
            earliest[index - 1] = earliest[index];
        }
    }
    let overtaking = |item: &Item| {
        let after = others.partition_point(|other| other.entry.from <= item.entry.to);
        earliest.get(after).map(|other| (other.exit.to, item.put, *other))
    };
    let remaining = passages.items.iter().filter(|item| item.taken.is_none());
    let mut needs: Vec<(u32, u32, &Item)> = remaining.filter_map(overtaking).collect();
    needs.sort_unstable_by_key(|need| (need.0, need.1));
    let deadlines: Vec<u32> = needs.iter().map(|need| need.0).collect();
    passages.unknown.sort_unstable();
    let unmatched = first_unmatched(&deadlines, &passages.unknown)?;
    Some(needs[..=unmatched].iter().flat_map(|(_, put, other)| other.calls().chain([*put])).collect())
}
