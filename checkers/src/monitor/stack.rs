//! Stacks, with pops that found nothing.
//!
//! A value is surely inside between the completion of its push and the invocation of its pop. At an instant at which no
//! remaining value is surely inside, every push and pop under way can take effect; a value both of whose calls have is
//! done and no longer covers anything. If calls are left when no such instant is, there is no legal order. Values that
//! never came out are popped at the end of time. Pops that crashed are not judged.
//! Source: Lee and Mathur 2025; checkers.md 2.7 (d). n log n, by two segment trees.

use super::interval::{Coverage, FOREVER, Span, Waiting, shrink};
use super::named;
use super::passage::{Item, Move, gather};
use crate::model::{Stack, StackOp};
use crate::object::{Monitor, Monitored, Timed};

impl Monitor for Stack {
    fn monitor(&self, calls: &[Timed<StackOp>]) -> Monitored {
        match judge(calls) {
            Ok(()) => Monitored::Valid,
            Err(verdict) => verdict,
        }
    }
}

fn judge(calls: &[Timed<StackOp>]) -> Result<(), Monitored> {
    let passages = gather(calls, |op| match *op {
        StackOp::Push(value) => Move::Put(value),
        StackOp::Pop(got) => Move::Took(got),
    })?;
    if !passages.unknown.is_empty() {
        return Err(Monitored::Unsupported("some pops crashed"));
    }
    if let Some(calls) = passages.false_empty(calls) {
        return Err(Monitored::Invalid(calls));
    }
    let mut left = stuck(&passages.items);
    if left.is_empty() {
        return Ok(());
    }
    left.sort_unstable_by_key(|&index| passages.items[index as usize].exit.to);
    let part = |indexes: &[u32]| indexes.iter().map(|&index| passages.items[index as usize]).collect::<Vec<_>>();
    let least = part(&shrink(left, 0, |indexes| !stuck(&part(indexes)).is_empty()));
    Err(Monitored::Invalid(named(calls, least.iter().flat_map(Item::calls))))
}

/// The items that cannot be finished, by their indexes: alone, they cannot either.
fn stuck(items: &[Item]) -> Vec<u32> {
    let positions = positions(items);
    let mut coverage = Coverage::new(&counts(items, &positions));
    let mut waiting = Waiting::new(operations(items));
    let mut done = vec![0_u8; items.len()];
    while let Some(instant) = coverage.bare() {
        coverage.close(instant);
        while let Some(tag) = waiting.take(positions[instant]) {
            let index = tag as usize / 2;
            done[index] += 1;
            if done[index] == 2 {
                let (from, to) = covered(&items[index], &positions);
                coverage.uncover(from, to);
            }
        }
    }
    let mut left: Vec<u32> = waiting.rest().map(|tag| tag / 2).collect();
    left.sort_unstable();
    left.dedup();
    left
}

/// Pushes with even tags and pops with odd ones. A push takes effect before its pop returns, a pop not before its push
/// was invoked.
fn operations(items: &[Item]) -> Vec<(Span, u32)> {
    let both = |(item, index): (&Item, u32)| {
        let push = Span { from: item.entry.from, to: item.entry.to.min(item.exit.to) };
        let pop = Span { from: item.exit.from.max(item.entry.from), to: item.exit.to };
        [(push, 2 * index), (pop, 2 * index + 1)]
    };
    items.iter().zip(0..).flat_map(both).collect()
}

/// Every instant worth a look, ascending; the last is the end of time.
fn positions(items: &[Item]) -> Vec<u32> {
    let all = |item: &Item| [item.entry.from, item.entry.to, item.exit.from, item.exit.to];
    let mut positions: Vec<u32> = items.iter().flat_map(all).chain([FOREVER]).collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// The instants, by their indexes, at which the item is surely inside.
fn covered(item: &Item, positions: &[u32]) -> (usize, usize) {
    let presence = item.presence();
    let from = positions.partition_point(|&position| position <= presence.from);
    (from, positions.partition_point(|&position| position < presence.to).max(from))
}

/// How many items are surely inside at each instant.
fn counts(items: &[Item], positions: &[u32]) -> Vec<i32> {
    let mut counts = vec![0; positions.len() + 1];
    for item in items {
        let (from, to) = covered(item, positions);
        counts[from] += 1;
        counts[to] -= 1;
    }
    counts.pop();
    let mut inside = 0;
    for count in &mut counts {
        inside += *count;
        *count = inside;
    }
    counts
}
