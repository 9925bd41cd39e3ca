//! Counters whose additions are all of one size.
//!
//! Distinct results of reads, in order, leave gaps that need an exact number of additions each. Reads must not go back
//! in real time. An addition can fill no gap below a read that returned before it was invoked, and must fill one below
//! every read that was invoked after it returned; crashed additions need not count at all. Gap by gap the additions
//! with the earliest deadlines are taken. Source: checkers.md 2.7 (h). n log n.

use super::interval::{FOREVER, Ranged, Span, shrink, sweep};
use super::{TOO_LONG, is_too_long, named, span};
use crate::model::{Counter, CounterOp};
use crate::object::{Monitor, Monitored, Timed};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

impl Monitor for Counter {
    fn monitor(&self, calls: &[Timed<CounterOp>]) -> Monitored {
        if is_too_long(calls) {
            return Monitored::Unsupported(TOO_LONG);
        }
        if calls.iter().any(|call| matches!(call.op, CounterOp::AddAndGet(..))) {
            return Monitored::Unsupported("additions are answered with the number after them");
        }
        let (size, additions) = match additions(calls) {
            Ok(additions) => additions,
            Err(reason) => return Monitored::Unsupported(reason),
        };
        let mut reads = Vec::new();
        for (call, tag) in calls.iter().zip(0..).filter(|(call, _)| !call.crashed()) {
            let CounterOp::Read(found) = call.op else { continue };
            let found = i128::from(found);
            if found % size != 0 || found / size < 0 || found / size > additions.len() as i128 {
                return Monitored::Invalid(vec![tag as usize]);
            }
            reads.push(Read { count: (found / size) as u32, span: span(call), tag });
        }
        judge(calls, &additions, &reads)
    }
}

/// A read, counted in additions.
#[derive(Clone, Copy)]
struct Read {
    count: u32,
    span: Span,
    tag: u32,
}

/// The size of all additions, and their spans.
fn additions(calls: &[Timed<CounterOp>]) -> Result<(i128, Vec<Span>), &'static str> {
    let mut sizes = calls.iter().filter_map(|call| match call.op {
        CounterOp::Add(delta) if delta != 0 => Some((delta, span(call))),
        _ => None,
    });
    let Some((size, first)) = sizes.next() else { return Ok((1, Vec::new())) };
    let mut spans = vec![first];
    for (delta, span) in sizes {
        if delta != size {
            return Err("the additions are not all of one size");
        }
        spans.push(span);
    }
    let size = i128::from(size);
    if size.abs() * spans.len() as i128 > i128::from(i64::MAX) {
        return Err("the counter may wrap around");
    }
    Ok((size, spans))
}

fn judge(calls: &[Timed<CounterOp>], additions: &[Span], reads: &[Read]) -> Monitored {
    let ranged = |read: &Read| Ranged { lowest: read.count, highest: read.count, span: read.span, tag: read.tag };
    if let Some((earlier, later)) = sweep(&reads.iter().map(ranged).collect::<Vec<_>>()) {
        return Monitored::Invalid(named(calls, [earlier, later]));
    }
    if is_filled(additions, reads) {
        return Monitored::Valid;
    }
    let part = |indexes: &[u32]| indexes.iter().map(|&index| reads[index as usize]).collect::<Vec<_>>();
    let least =
        shrink((0..reads.len() as u32).collect(), additions.len(), |indexes| !is_filled(additions, &part(indexes)));
    Monitored::Invalid(named(calls, part(&least).iter().map(|read| read.tag)))
}

/// The gaps that an addition can fill; gap `g` lies below rank `g`.
struct Window {
    release: u32,
    deadline: u32,
}

/// Whether the additions fill the gaps between reads that do not go back.
fn is_filled(additions: &[Span], reads: &[Read]) -> bool {
    let mut counts: Vec<u32> = reads.iter().map(|read| read.count).chain([0]).collect();
    counts.sort_unstable();
    counts.dedup();
    let mut windows = windows(additions, reads, &counts);
    windows.sort_unstable_by_key(|window| window.release);
    let mut coming = windows.iter().peekable();
    let mut ready = BinaryHeap::new();
    for (gap, ends) in (1..).zip(counts.windows(2)) {
        while let Some(window) = coming.next_if(|window| window.release <= gap) {
            ready.push(Reverse(window.deadline));
        }
        for _ in ends[0]..ends[1] {
            if ready.pop().is_none_or(|Reverse(deadline)| deadline < gap) {
                return false;
            }
        }
        if ready.peek().is_some_and(|Reverse(deadline)| *deadline <= gap) {
            return false;
        }
    }
    coming.all(|window| window.deadline >= window.release)
}

fn windows(additions: &[Span], reads: &[Read], counts: &[u32]) -> Vec<Window> {
    let rank = |read: &Read| counts.partition_point(|&count| count < read.count) as u32;
    let mut returned: Vec<(u32, u32)> = reads.iter().map(|read| (read.span.to, rank(read))).collect();
    let mut invoked: Vec<(u32, u32)> = reads.iter().map(|read| (read.span.from, rank(read))).collect();
    returned.sort_unstable();
    invoked.sort_unstable();
    for index in 1..returned.len() {
        returned[index].1 = returned[index].1.max(returned[index - 1].1);
        let before = invoked.len() - 1 - index;
        invoked[before].1 = invoked[before].1.min(invoked[before + 1].1);
    }
    let window = |addition: &Span| {
        let before = returned.partition_point(|read| read.0 < addition.from);
        let after = invoked.partition_point(|read| read.0 <= addition.to);
        Window {
            release: returned[..before].last().map_or(0, |read| read.1) + 1,
            deadline: invoked.get(after).map_or(FOREVER, |read| read.1),
        }
    };
    additions.iter().map(window).collect()
}
