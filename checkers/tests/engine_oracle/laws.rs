//! What must never turn a valid history into an invalid one.

use super::trial::{Trial, oracle};
use super::{LIMITS, Rng};
use checkers::engine::{Witness, clean};
use checkers::model::*;
use checkers::object::{Decision, Model, NIL, Timed, V, decide};
use rand::RngExt;

impl<M: Model<Op: Renamed>> Trial<M> {
    /// What must never turn valid into invalid: a wider interval, a crash, other processes, other values, and calls left
    /// out as a witness leaves them out.
    pub fn laws(&self, calls: &[Timed<M::Op>], rng: &mut Rng, told: &str) {
        let Some(at) = (!calls.is_empty()).then(|| rng.random_range(0..calls.len())) else { return };
        let mut wider = calls.to_vec();
        wider[at].invoked = wider[at].invoked.saturating_sub(rng.random_range(0..4));
        wider[at].returned = wider[at].returned.map(|returned| returned + rng.random_range(0..4));
        let mut crashed = calls.to_vec();
        match (self.crash)(crashed[at].op.clone()) {
            Some(op) => crashed[at] = Timed { op, returned: None, ..crashed[at].clone() },
            // A read without an answer says nothing.
            None => drop(crashed.remove(at)),
        }
        let mut elsewhere = calls.to_vec();
        elsewhere.iter_mut().for_each(|call| call.process = 1000 - call.process);
        let mut renamed = calls.to_vec();
        renamed.iter_mut().for_each(|call| call.op = call.op.renamed());
        self.leaving_out_is_honest(calls, rng, told);
        let laws = [("wider", wider), ("crashed", crashed), ("other processes", elsewhere), ("other values", renamed)];
        for (law, calls) in laws {
            let decision = decide(&self.model, calls, self.monitor, LIMITS);
            assert!(matches!(decision, Decision::Valid { .. }), "{law} {at}: {told}");
        }
    }

    fn leaving_out_is_honest(&self, calls: &[Timed<M::Op>], rng: &mut Rng, told: &str) {
        let mut cleaned = calls.to_vec();
        clean(&self.model, &mut cleaned);
        for _ in 0..3 {
            // One past the end stands for no culprit: nothing is cut off.
            let culprit = rng.random_range(0..=cleaned.len());
            let wished: Vec<usize> = (0..cleaned.len()).filter(|_| rng.random_bool(0.6)).collect();
            if let Some(kept) = Witness::new(&self.model, &cleaned, culprit).kept(&wished) {
                assert!(oracle(&self.model, &kept), "only {wished:?}, cut at {culprit}, is {kept:?}: {told}");
            }
        }
    }
}

/// The same operation on other values: one to one, in the same order where the order matters, and in proportion where
/// they are added.
pub trait Renamed {
    /// With other values.
    fn renamed(&self) -> Self;
}

/// Another value for each, but for those that registers begin with.
fn other(value: V) -> V {
    if value == NIL || value == 2 { value } else { 100 - value }
}

/// A greater value for a greater one.
fn greater(value: V) -> V {
    7 * value - 3
}

fn taken(got: Got, by: fn(V) -> V) -> Got {
    if let Got::Value(value) = got { Got::Value(by(value)) } else { got }
}

/// Elements in ascending order.
fn all(elements: &[V]) -> std::sync::Arc<[V]> {
    let mut elements: Vec<V> = elements.iter().map(|value| other(*value)).collect();
    elements.sort_unstable();
    elements.into()
}

impl Renamed for RegisterOp {
    fn renamed(&self) -> Self {
        match *self {
            RegisterOp::Read(value) => RegisterOp::Read(other(value)),
            RegisterOp::Write(value) => RegisterOp::Write(other(value)),
            RegisterOp::Cas(old, new) => RegisterOp::Cas(other(old), other(new)),
            RegisterOp::Not(value) => RegisterOp::Not(other(value)),
        }
    }
}

impl Renamed for MultiOp {
    fn renamed(&self) -> Self {
        let access = |access: &Access| match *access {
            Access::Read(key, value) => Access::Read(greater(key), other(value)),
            Access::Write(key, value) => Access::Write(greater(key), other(value)),
        };
        self.iter().map(access).collect()
    }
}

impl Renamed for VersionedOp {
    fn renamed(&self) -> Self {
        match *self {
            VersionedOp::Read(version, value) => VersionedOp::Read(version, other(value)),
            VersionedOp::Write(version, value) => VersionedOp::Write(version, other(value)),
            VersionedOp::Cas(version, old, new) => VersionedOp::Cas(version, other(old), other(new)),
            VersionedOp::CasVersion(version, new) => VersionedOp::CasVersion(version, other(new)),
        }
    }
}

impl Renamed for KvOp {
    fn renamed(&self) -> Self {
        let swap = |text: &str| text.replace('a', "c").into();
        match self {
            KvOp::Get(text) => KvOp::Get(swap(text)),
            KvOp::Put(text) => KvOp::Put(swap(text)),
            KvOp::Append(text) => KvOp::Append(swap(text)),
        }
    }
}

impl Renamed for MutexOp {
    fn renamed(&self) -> Self {
        *self
    }
}

impl Renamed for OwnerOp {
    fn renamed(&self) -> Self {
        match *self {
            OwnerOp::Acquire(client) => OwnerOp::Acquire(other(client)),
            OwnerOp::Release(client) => OwnerOp::Release(other(client)),
        }
    }
}

impl Renamed for FencedOp {
    fn renamed(&self) -> Self {
        match *self {
            FencedOp::Acquire(client, token) => FencedOp::Acquire(other(client), token.map(greater)),
            FencedOp::Release(client) => FencedOp::Release(other(client)),
        }
    }
}

impl Renamed for SemaphoreOp {
    fn renamed(&self) -> Self {
        match *self {
            SemaphoreOp::Acquire(client, permits) => SemaphoreOp::Acquire(other(client), permits),
            SemaphoreOp::Release(client, permits) => SemaphoreOp::Release(other(client), permits),
        }
    }
}

impl Renamed for QueueOp {
    fn renamed(&self) -> Self {
        match *self {
            QueueOp::Enqueue(value) => QueueOp::Enqueue(other(value)),
            QueueOp::Dequeue(got) => QueueOp::Dequeue(taken(got, other)),
        }
    }
}

impl Renamed for StackOp {
    fn renamed(&self) -> Self {
        match *self {
            StackOp::Push(value) => StackOp::Push(other(value)),
            StackOp::Pop(got) => StackOp::Pop(taken(got, other)),
        }
    }
}

impl Renamed for PriorityOp {
    fn renamed(&self) -> Self {
        match *self {
            PriorityOp::Insert(value) => PriorityOp::Insert(greater(value)),
            PriorityOp::Poll(got) => PriorityOp::Poll(taken(got, greater)),
        }
    }
}

impl Renamed for SetOp {
    fn renamed(&self) -> Self {
        match self {
            SetOp::Add(value, answer) => SetOp::Add(other(*value), *answer),
            SetOp::Remove(value, answer) => SetOp::Remove(other(*value), *answer),
            SetOp::Contains(value, answer) => SetOp::Contains(other(*value), *answer),
            SetOp::ReadAll(elements) => SetOp::ReadAll(all(elements)),
        }
    }
}

impl Renamed for GrowOnlyOp {
    fn renamed(&self) -> Self {
        match self {
            GrowOnlyOp::Add(value) => GrowOnlyOp::Add(other(*value)),
            GrowOnlyOp::ReadAll(elements) => GrowOnlyOp::ReadAll(all(elements)),
        }
    }
}

impl Renamed for LogOp {
    fn renamed(&self) -> Self {
        match self {
            LogOp::Append(value) => LogOp::Append(other(*value)),
            LogOp::ReadAll(elements) => LogOp::ReadAll(elements.iter().map(|value| other(*value)).collect()),
        }
    }
}

impl Renamed for CounterOp {
    fn renamed(&self) -> Self {
        match *self {
            CounterOp::Add(delta) => CounterOp::Add(-3 * delta),
            CounterOp::AddAndGet(delta, total) => CounterOp::AddAndGet(-3 * delta, -3 * total),
            CounterOp::Read(total) => CounterOp::Read(-3 * total),
        }
    }
}

/// Tickets are counted one by one: there is no other way to number them.
impl Renamed for Fetch {
    fn renamed(&self) -> Self {
        *self
    }
}
