//! Locks that are held or not: without owner, with owner, and reentrant.

use crate::object::{Cell, Model, Names, Tie, Timed, V};
use rustc_hash::FxHashSet;

/// What is done to a lock that knows no owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MutexOp {
    /// Took it.
    Acquire,
    /// Let go of it.
    Release,
}

/// A lock that any client may release, as Knossos has it. Source: checkers.md 2.3.
///
/// No call may be left out of a witness: nobody knows which release belongs to which acquire, and to leave out one
/// without the other makes two neighbours impossible.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mutex;

impl Model for Mutex {
    type Op = MutexOp;
    type State = bool;

    fn name(&self) -> &'static str {
        "mutex"
    }

    fn initial(&self) -> bool {
        false
    }

    fn step(&self, held: &bool, op: &MutexOp) -> Option<bool> {
        match op {
            MutexOp::Acquire => (!held).then_some(true),
            MutexOp::Release => held.then_some(false),
        }
    }

    fn cell(&self, op: &MutexOp) -> Option<Cell<bool>> {
        let held = matches!(op, MutexOp::Release);
        Some(Cell { needs: Some(held), makes: Some(!held) })
    }

    fn describe_op(&self, op: &MutexOp, _names: &Names<'_>) -> String {
        match op {
            MutexOp::Acquire => "acquire".to_owned(),
            MutexOp::Release => "release".to_owned(),
        }
    }

    fn describe_state(&self, held: &bool, _names: &Names<'_>) -> String {
        if *held { "the lock is held".to_owned() } else { "the lock is free".to_owned() }
    }
}

/// What is done to a lock by one of its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnerOp {
    /// This client took it.
    Acquire(V),
    /// This client let go of it.
    Release(V),
}

/// A lock that only its owner may release. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnerMutex;

impl Model for OwnerMutex {
    type Op = OwnerOp;
    type State = Option<V>;

    fn name(&self) -> &'static str {
        "owner-mutex"
    }

    fn initial(&self) -> Option<V> {
        None
    }

    fn step(&self, owner: &Option<V>, op: &OwnerOp) -> Option<Option<V>> {
        match *op {
            OwnerOp::Acquire(client) => owner.is_none().then_some(Some(client)),
            OwnerOp::Release(client) => (*owner == Some(client)).then_some(None),
        }
    }

    fn cell(&self, op: &OwnerOp) -> Option<Cell<Option<V>>> {
        Some(match *op {
            OwnerOp::Acquire(client) => Cell { needs: Some(None), makes: Some(Some(client)) },
            OwnerOp::Release(client) => Cell { needs: Some(Some(client)), makes: Some(None) },
        })
    }

    fn tie(&self, op: &OwnerOp) -> Tie {
        tie(op)
    }

    /// A crashed acquire of a client that never released is of no use: it would only keep others out.
    fn prune(&self, calls: &mut Vec<Timed<OwnerOp>>) {
        prune(calls);
    }

    fn describe_op(&self, op: &OwnerOp, names: &Names<'_>) -> String {
        describe(op, names)
    }

    fn describe_state(&self, owner: &Option<V>, names: &Names<'_>) -> String {
        match owner {
            Some(client) => format!("client {} holds the lock", names.text(*client)),
            None => "the lock is free".to_owned(),
        }
    }
}

/// A lock that its owner may take again. Source: checkers.md 2.3.
#[derive(Clone, Copy, Debug)]
pub struct ReentrantMutex {
    /// How often it may be held at a time.
    pub limit: u32,
}

impl Default for ReentrantMutex {
    /// Twice, as Hazelcast's tests have it.
    fn default() -> Self {
        ReentrantMutex { limit: 2 }
    }
}

impl Model for ReentrantMutex {
    type Op = OwnerOp;
    /// The owner, and how often it holds the lock.
    type State = Option<(V, u32)>;

    fn name(&self) -> &'static str {
        "reentrant-mutex"
    }

    fn initial(&self) -> Self::State {
        None
    }

    fn step(&self, state: &Self::State, op: &OwnerOp) -> Option<Self::State> {
        match (*op, *state) {
            (OwnerOp::Acquire(client), None) => (self.limit > 0).then_some(Some((client, 1))),
            (OwnerOp::Acquire(client), Some((owner, count))) => {
                (client == owner && count < self.limit).then(|| Some((owner, count + 1)))
            }
            (OwnerOp::Release(client), Some((owner, count))) if client == owner => {
                Some((count > 1).then(|| (owner, count - 1)))
            }
            (OwnerOp::Release(_), _) => None,
        }
    }

    fn tie(&self, op: &OwnerOp) -> Tie {
        tie(op)
    }

    fn prune(&self, calls: &mut Vec<Timed<OwnerOp>>) {
        prune(calls);
    }

    fn describe_op(&self, op: &OwnerOp, names: &Names<'_>) -> String {
        describe(op, names)
    }

    fn describe_state(&self, state: &Self::State, names: &Names<'_>) -> String {
        match state {
            Some((client, count)) => format!("client {} holds the lock {count} times", names.text(*client)),
            None => "the lock is free".to_owned(),
        }
    }
}

fn tie(op: &OwnerOp) -> Tie {
    match *op {
        OwnerOp::Acquire(client) | OwnerOp::Release(client) => Tie::group(client),
    }
}

fn prune(calls: &mut Vec<Timed<OwnerOp>>) {
    let released: FxHashSet<V> = calls
        .iter()
        .filter_map(|call| match call.op {
            OwnerOp::Release(client) => Some(client),
            OwnerOp::Acquire(_) => None,
        })
        .collect();
    calls.retain(|call| match call.op {
        OwnerOp::Acquire(client) => !call.crashed() || released.contains(&client),
        OwnerOp::Release(_) => true,
    });
}

fn describe(op: &OwnerOp, names: &Names<'_>) -> String {
    match op {
        OwnerOp::Acquire(client) => format!("acquire by client {}", names.text(*client)),
        OwnerOp::Release(client) => format!("release by client {}", names.text(*client)),
    }
}
