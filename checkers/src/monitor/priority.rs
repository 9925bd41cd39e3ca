//! Priority queues, with polls that found nothing.
//!
//! A poll needs an instant at which no value that goes first is surely inside. Values are looked at in the order in
//! which the queue gives them out, each covers its stay for those after it, and a poll whose whole interval is covered
//! has no place. Polls that crashed are not judged. Source: checkers.md 2.7 (e). n log n, with the positions that are
//! still free as disjoint sets.

use super::interval::{Span, Uncovered};
use super::named;
use super::passage::{Item, Move, Passages, gather};
use crate::model::{First, PriorityOp, PriorityQueue};
use crate::object::{Monitor, Monitored, Timed};

impl Monitor for PriorityQueue {
    fn monitor(&self, calls: &[Timed<PriorityOp>]) -> Monitored {
        match judge(self.first, calls) {
            Ok(()) => Monitored::Valid,
            Err(verdict) => verdict,
        }
    }
}

fn judge(first: First, calls: &[Timed<PriorityOp>]) -> Result<(), Monitored> {
    let mut passages = gather(calls, |op| match *op {
        PriorityOp::Insert(value) => Move::Put(value),
        PriorityOp::Poll(got) => Move::Took(got),
    })?;
    if !passages.unknown.is_empty() {
        return Err(Monitored::Unsupported("some polls crashed"));
    }
    if let Some(calls) = passages.false_empty(calls) {
        return Err(Monitored::Invalid(calls));
    }
    passages.items.sort_unstable_by_key(|item| (item.value, item.put));
    if first == First::Greatest {
        passages.items.reverse();
    }
    let Some(index) = hindered(&passages.items) else { return Ok(()) };
    let item = passages.items[index];
    let before = |other: &Item| match first {
        First::Greatest => other.value > item.value,
        First::Least => other.value < item.value,
    };
    Err(Monitored::Invalid(certificate(calls, &passages, &item, before)))
}

/// When a poll can have taken the item: not before its insertion was invoked.
fn exit(item: &Item) -> Span {
    Span { from: item.exit.from.max(item.entry.from), to: item.exit.to }
}

/// The first item, in the order that they come in, that cannot have been taken when it was.
fn hindered(items: &[Item]) -> Option<usize> {
    let ends = |item: &Item| [item.entry.from, item.entry.to, item.exit.from, item.exit.to];
    let mut uncovered = Uncovered::new(items.iter().flat_map(ends).collect());
    items.iter().position(|item| {
        let hindered = item.taken.is_some() && !uncovered.leaves(exit(item));
        uncovered.cover(item.presence());
        hindered
    })
}

fn certificate(
    calls: &[Timed<PriorityOp>],
    passages: &Passages,
    item: &Item,
    before: impl Fn(&Item) -> bool,
) -> Vec<usize> {
    let mut positions = named(calls, passages.covering(exit(item), before).into_iter().chain([item.put]));
    positions.extend(item.taken.map(|taken| taken as usize));
    positions
}
