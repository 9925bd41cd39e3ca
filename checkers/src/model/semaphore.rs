//! A semaphore: so many permits, and who has them.

use crate::object::{Model, Names, Tie, Timed, V};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// What is done to a semaphore by one of its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SemaphoreOp {
    /// This client took so many permits.
    Acquire(V, u32),
    /// This client gave so many permits back.
    Release(V, u32),
}

/// A semaphore. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug)]
pub struct Semaphore {
    /// How many permits there are.
    pub permits: u32,
}

impl Default for Semaphore {
    /// Two, as Hazelcast's tests have it.
    fn default() -> Self {
        Semaphore { permits: 2 }
    }
}

impl Model for Semaphore {
    type Op = SemaphoreOp;
    /// How many permits each client has; never 0.
    type State = BTreeMap<V, u32>;

    fn name(&self) -> &'static str {
        "semaphore"
    }

    fn initial(&self) -> BTreeMap<V, u32> {
        BTreeMap::new()
    }

    fn step(&self, state: &BTreeMap<V, u32>, op: &SemaphoreOp) -> Option<BTreeMap<V, u32>> {
        let mut after = state.clone();
        match *op {
            SemaphoreOp::Acquire(client, permits) => {
                let taken: u64 = state.values().map(|count| u64::from(*count)).sum();
                (taken + u64::from(permits) <= u64::from(self.permits)).then_some(())?;
                *after.entry(client).or_default() += permits;
            }
            SemaphoreOp::Release(client, permits) => {
                let left = after.get(&client).copied().unwrap_or(0).checked_sub(permits)?;
                after.insert(client, left);
            }
        }
        after.retain(|_, count| *count > 0);
        Some(after)
    }

    fn tie(&self, op: &SemaphoreOp) -> Tie {
        match *op {
            SemaphoreOp::Acquire(client, _) | SemaphoreOp::Release(client, _) => Tie::group(client),
        }
    }

    fn prune(&self, calls: &mut Vec<Timed<SemaphoreOp>>) {
        let released: FxHashSet<V> = calls
            .iter()
            .filter_map(|call| match call.op {
                SemaphoreOp::Release(client, _) => Some(client),
                SemaphoreOp::Acquire(..) => None,
            })
            .collect();
        calls.retain(|call| match call.op {
            SemaphoreOp::Acquire(client, _) => !call.crashed() || released.contains(&client),
            SemaphoreOp::Release(..) => true,
        });
    }

    fn describe_op(&self, op: &SemaphoreOp, names: &Names<'_>) -> String {
        match op {
            SemaphoreOp::Acquire(client, permits) => format!("acquire {permits} by client {}", names.text(*client)),
            SemaphoreOp::Release(client, permits) => format!("release {permits} by client {}", names.text(*client)),
        }
    }

    fn describe_state(&self, state: &BTreeMap<V, u32>, names: &Names<'_>) -> String {
        let holders: Vec<String> = state.iter().map(|(c, n)| format!("{n} by client {}", names.text(*c))).collect();
        if holders.is_empty() { "all permits are free".to_owned() } else { format!("held: {}", holders.join(", ")) }
    }
}
