//! Locks that know their owner, and semaphores.
//!
//! What a client acquired it surely holds from the completion of the acquire to the invocation of the release. It is
//! best for everybody that acquires take effect as late and releases as early as they can, so this one order decides:
//! legal if at no instant more is held than there is. Acquires that crashed are left out; releases that crashed count
//! from their invocation, or not at all if there is nothing to release. A client must make one call at a time, and
//! none after one that crashed. Source: checkers.md 2.7 (i); permits of any number are ours. n log n.

use super::named;
use crate::model::{OwnerMutex, OwnerOp, Semaphore, SemaphoreOp};
use crate::object::{Monitor, Monitored, Timed, V};
use rustc_hash::FxHashMap;

impl Monitor for OwnerMutex {
    fn monitor(&self, calls: &[Timed<OwnerOp>]) -> Monitored {
        judge(1, calls, |op| match *op {
            OwnerOp::Acquire(client) => Change { client, permits: 1, acquires: true },
            OwnerOp::Release(client) => Change { client, permits: 1, acquires: false },
        })
    }
}

impl Monitor for Semaphore {
    fn monitor(&self, calls: &[Timed<SemaphoreOp>]) -> Monitored {
        judge(self.permits, calls, |op| match *op {
            SemaphoreOp::Acquire(client, permits) => Change { client, permits, acquires: true },
            SemaphoreOp::Release(client, permits) => Change { client, permits, acquires: false },
        })
    }
}

/// What a call does.
#[derive(Clone, Copy)]
struct Change {
    client: V,
    permits: u32,
    acquires: bool,
}

/// What a client holds, and the acquire that gave it the first part of that.
#[derive(Clone, Copy)]
struct Held {
    permits: u64,
    since: usize,
}

fn judge<O>(limit: u32, calls: &[Timed<O>], change: impl Fn(&O) -> Change) -> Monitored {
    let changes: Vec<Change> = calls.iter().map(|call| change(&call.op)).collect();
    if !is_sequential(calls, &changes) {
        return Monitored::Unsupported("a client made two calls at a time, or one after another had crashed");
    }
    let mut held: FxHashMap<V, Held> = FxHashMap::default();
    let mut total = 0;
    for position in in_effect(calls, &changes) {
        let change = changes[position];
        let permits = u64::from(change.permits);
        let holder = held.entry(change.client).or_insert(Held { permits: 0, since: position });
        if change.acquires {
            if total + permits > u64::from(limit) {
                return Monitored::Invalid(overdrawn(calls, &held, position));
            }
            if holder.permits == 0 {
                holder.since = position;
            }
            holder.permits += permits;
            total += permits;
        } else if holder.permits >= permits {
            holder.permits -= permits;
            total -= permits;
        } else if !calls[position].crashed() {
            return Monitored::Invalid(vec![position]);
        }
    }
    Monitored::Valid
}

/// The acquires of everybody who held something, and last the one that was too much.
fn overdrawn<O>(calls: &[Timed<O>], held: &FxHashMap<V, Held>, position: usize) -> Vec<usize> {
    let holders = held.values().filter(|held| held.permits > 0).map(|held| held.since as u32);
    let mut positions = named(calls, holders);
    positions.retain(|&other| other != position);
    positions.push(position);
    positions
}

/// The calls in the order that is best for everybody; at one instant releases come first.
fn in_effect<O>(calls: &[Timed<O>], changes: &[Change]) -> impl Iterator<Item = usize> {
    let moment = |(position, call): (usize, &Timed<O>)| match call.returned {
        _ if !changes[position].acquires => Some((call.invoked, false, position)),
        Some(returned) => Some((returned, true, position)),
        None => None,
    };
    let mut moments: Vec<(u32, bool, usize)> = calls.iter().enumerate().filter_map(moment).collect();
    moments.sort_unstable();
    moments.into_iter().map(|(_, _, position)| position)
}

/// Whether each client waits for the answer to one call before it makes the next.
fn is_sequential<O>(calls: &[Timed<O>], changes: &[Change]) -> bool {
    let mut order: Vec<usize> = (0..calls.len()).collect();
    order.sort_unstable_by_key(|&position| calls[position].invoked);
    let mut last: FxHashMap<V, Option<u32>> = FxHashMap::default();
    order.into_iter().all(|position| {
        let call = &calls[position];
        let before = last.insert(changes[position].client, call.returned);
        before.is_none_or(|before| before.is_some_and(|returned| returned < call.invoked))
    })
}
