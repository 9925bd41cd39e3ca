//! Polynomial monitors against a brute-force oracle, on random small histories with crashed calls and equal positions.
//!
//! `GAINSAY_NIGHTLY=1` judges six times as many.
#![allow(clippy::print_stdout, reason = "how many histories were of which kind is a result")]

use checkers::model::*;
use checkers::object::{Model, Monitor, Monitored, NIL, Timed};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashSet;

/// Chooses a legal operation of a client in a state; None if there is none. The counter gives fresh values.
type Choose<M> = fn(&mut ChaCha8Rng, &M, &<M as Model>::State, i64, &mut i64) -> Option<<M as Model>::Op>;

/// How random histories of a model are made.
struct Spec<M: Model> {
    model: M,
    choose: Choose<M>,
    /// What is known of an operation that crashed; None if that is nothing.
    crash: fn(&M::Op) -> Option<M::Op>,
    /// At most so many of a hundred histories may be refused.
    refused: usize,
}

/// Whether there is a legal order, by trying all: subsets of the calls with the states that they can lead to.
fn is_linearizable<M: Model>(model: &M, calls: &[Timed<M::Op>]) -> bool {
    let must = (0..calls.len()).filter(|&i| !calls[i].crashed()).fold(0_u32, |mask, i| mask | 1 << i);
    let (mut open, mut seen) = (vec![(0_u32, model.initial())], HashSet::new());
    while let Some((mask, state)) = open.pop() {
        if mask & must == must {
            return true;
        }
        let left = || calls.iter().enumerate().filter(|(i, _)| mask & 1 << i == 0);
        let first = left().filter_map(|(_, call)| call.returned).min().unwrap_or(u32::MAX);
        for (i, call) in left().filter(|(_, call)| call.invoked <= first) {
            if let Some(after) = model.step(&state, &call.op)
                && seen.insert((mask | 1 << i, after.clone()))
            {
                open.push((mask | 1 << i, after));
            }
        }
    }
    false
}

/// A legal history: processes invoke, take effect and return, or crash, as chance has it.
fn legal<M: Model>(rng: &mut ChaCha8Rng, spec: &Spec<M>, size: usize) -> Vec<Timed<M::Op>> {
    let (mut calls, mut state, mut fresh, mut time) = (Vec::new(), spec.model.initial(), 0, 0);
    let mut pending: Vec<(i64, Option<u32>, Option<M::Op>)> =
        (0..rng.random_range(1..5)).map(|p| (p, None, None)).collect();
    let mut process = pending.len() as i64;
    let mut begun = 0;
    let crashes = if rng.random_bool(0.5) { 0.15 } else { 0.0 };
    for _ in 0..20 * size {
        let at = rng.random_range(0..pending.len());
        let (client, invoked, op) = pending[at].clone();
        time += rng.random_range(0..4);
        let Some(invoked) = invoked else {
            if begun < size {
                begun += 1;
                pending[at].1 = Some(time);
            }
            continue;
        };
        let crash = rng.random_bool(crashes);
        let Some(op) = op else {
            let chosen = (spec.choose)(rng, &spec.model, &state, client, &mut fresh);
            if let Some(op) = chosen {
                // What crashed may have had no effect.
                if !crash || rng.random_bool(0.5) {
                    state = spec.model.step(&state, &op).expect("a legal operation");
                }
                pending[at].2 = Some(op.clone());
                if crash {
                    let op = (spec.crash)(&op);
                    calls.extend(op.map(|op| Timed { op, invoked, returned: None, process: client, call: 0 }));
                    pending[at] = (process, None, None);
                    process += 1;
                }
            }
            continue;
        };
        calls.push(Timed { op, invoked, returned: Some(time), process: client, call: 0 });
        pending[at] = (client, None, None);
    }
    calls.sort_by_key(|call| call.invoked);
    calls
}

/// Exchanges what two calls did, or takes time from one.
fn mutate<O: Clone>(rng: &mut ChaCha8Rng, calls: &mut [Timed<O>]) {
    if calls.len() < 2 {
        return;
    }
    let (one, other) = (rng.random_range(0..calls.len()), rng.random_range(0..calls.len()));
    if rng.random_bool(0.5) && calls[one].crashed() == calls[other].crashed() {
        let op = calls[one].op.clone();
        calls[one].op = std::mem::replace(&mut calls[other].op, op);
    } else if let Some(returned) = calls[one].returned {
        let middle = rng.random_range(calls[one].invoked..=returned);
        if rng.random_bool(0.5) { calls[one].invoked = middle } else { calls[one].returned = Some(middle) }
    }
}

/// The named calls and what they are tied to.
fn closed<M: Model>(model: &M, calls: &[Timed<M::Op>], named: &[usize]) -> Vec<Timed<M::Op>> {
    let mut kept: Vec<bool> = (0..calls.len()).map(|i| named.contains(&i) || model.tie(&calls[i].op).fixed).collect();
    loop {
        let needs: Vec<i64> =
            (0..calls.len()).filter(|&i| kept[i]).flat_map(|i| model.tie(&calls[i].op).needs).collect();
        let more = |i: &usize| !kept[*i] && model.tie(&calls[*i].op).makes.iter().any(|made| needs.contains(made));
        let Some(next) = (0..calls.len()).find(more) else { break };
        kept[next] = true;
    }
    calls.iter().zip(kept).filter(|(_, kept)| *kept).map(|(call, _)| call.clone()).collect()
}

fn against_oracle<M: Model + Monitor>(spec: &Spec<M>) {
    let rounds = if std::env::var_os("GAINSAY_NIGHTLY").is_some() { 120_000 } else { 20_000 };
    let mut rng = ChaCha8Rng::seed_from_u64(2_7);
    let (mut valid, mut invalid, mut refused) = (0, 0, 0);
    for _ in 0..rounds {
        let size = rng.random_range(2..8);
        let mut calls = legal(&mut rng, spec, size);
        for _ in 0..rng.random_range(0..3) {
            mutate(&mut rng, &mut calls);
        }
        match spec.model.monitor(&calls) {
            Monitored::Unsupported(_) => refused += 1,
            Monitored::Valid => {
                valid += 1;
                assert!(is_linearizable(&spec.model, &calls), "found valid: {calls:#?}");
            }
            Monitored::Invalid(named) => {
                invalid += 1;
                assert!(!is_linearizable(&spec.model, &calls), "found invalid by {named:?}: {calls:#?}");
                assert!(!named.is_empty());
                let alone = closed(&spec.model, &calls, &named);
                assert!(!is_linearizable(&spec.model, &alone), "{named:?} show nothing alone: {calls:#?}");
            }
        }
    }
    println!("{}: {rounds} histories, {valid} valid, {invalid} invalid, {refused} refused", spec.model.name());
    assert!(refused * 100 <= rounds * spec.refused, "{refused} of {rounds} were refused");
    assert!(valid * 100 > rounds * 10 && invalid * 100 > rounds * 4, "too few of a kind: {valid} {invalid}");
}

/// A fresh value, or now and then one that was there before.
fn value(rng: &mut ChaCha8Rng, fresh: &mut i64) -> i64 {
    if *fresh > 0 && rng.random_bool(0.04) {
        return rng.random_range(1..=*fresh);
    }
    *fresh += 1;
    *fresh
}

fn keep<O: Clone>(op: &O) -> Option<O> {
    Some(op.clone())
}

#[test]
fn register() {
    against_oracle(&Spec {
        model: Register { initial: NIL },
        choose: |rng, _, state, _, fresh| {
            Some(match rng.random_range(0..3) {
                0 => RegisterOp::Write(value(rng, fresh)),
                1 => RegisterOp::Cas(*state, value(rng, fresh)),
                _ => RegisterOp::Read(*state),
            })
        },
        crash: |op| (!matches!(op, RegisterOp::Read(_))).then_some(*op),
        refused: 15,
    });
}

#[test]
fn register_without_compare_and_set() {
    against_oracle(&Spec {
        model: Register { initial: 1 },
        choose: |rng, _, state, _, fresh| {
            Some(if rng.random_bool(0.4) { RegisterOp::Write(1 + value(rng, fresh)) } else { RegisterOp::Read(*state) })
        },
        crash: |op| (!matches!(op, RegisterOp::Read(_))).then_some(*op),
        refused: 15,
    });
}

fn crashed_dequeue(op: &QueueOp) -> Option<QueueOp> {
    Some(if let QueueOp::Enqueue(_) = op { *op } else { QueueOp::Dequeue(Got::Unknown) })
}

#[test]
fn fifo_queue() {
    against_oracle(&Spec {
        model: Fifo,
        choose: |rng, _, state, _, fresh| {
            Some(if rng.random_bool(0.55) {
                QueueOp::Enqueue(value(rng, fresh))
            } else {
                QueueOp::Dequeue(state.first().map_or(Got::Empty, |value| Got::Value(*value)))
            })
        },
        crash: crashed_dequeue,
        refused: 25,
    });
}

#[test]
fn fifo_queue_that_waits_for_values() {
    against_oracle(&Spec {
        model: Fifo,
        choose: |rng, _, state, _, fresh| match state.first() {
            Some(value) if rng.random_bool(0.5) => Some(QueueOp::Dequeue(Got::Value(*value))),
            _ => Some(QueueOp::Enqueue(value(rng, fresh))),
        },
        crash: crashed_dequeue,
        refused: 15,
    });
}

#[test]
fn stack() {
    against_oracle(&Spec {
        model: Stack,
        choose: |rng, _, state, _, fresh| {
            Some(if rng.random_bool(0.5) {
                StackOp::Push(value(rng, fresh))
            } else {
                StackOp::Pop(state.last().map_or(Got::Empty, |value| Got::Value(*value)))
            })
        },
        crash: |op| Some(if let StackOp::Push(_) = op { *op } else { StackOp::Pop(Got::Unknown) }),
        refused: 40,
    });
}

fn priority_queue_of(first: First) {
    against_oracle(&Spec {
        model: PriorityQueue { first },
        choose: |rng, model, state, _, fresh| {
            let next = if model.first == First::Greatest { state.last() } else { state.first() };
            Some(if rng.random_bool(0.5) {
                // Unique, and in no order.
                PriorityOp::Insert(value(rng, fresh) * 7 % 11)
            } else {
                PriorityOp::Poll(next.map_or(Got::Empty, |value| Got::Value(*value)))
            })
        },
        crash: |op| Some(if let PriorityOp::Insert(_) = op { *op } else { PriorityOp::Poll(Got::Unknown) }),
        refused: 40,
    });
}

#[test]
fn priority_queue() {
    priority_queue_of(First::Greatest);
    priority_queue_of(First::Least);
}

#[test]
fn set() {
    against_oracle(&Spec {
        model: Set,
        choose: |rng, _, state, _, _| {
            let value = rng.random_range(0..2);
            let there = state.contains(&value);
            let known = rng.random_bool(0.6);
            Some(match rng.random_range(0..3) {
                0 => SetOp::Add(value, known.then_some(!there)),
                1 => SetOp::Remove(value, known.then_some(there)),
                _ => SetOp::Contains(value, there),
            })
        },
        crash: |op| match op {
            SetOp::Add(value, _) => Some(SetOp::Add(*value, None)),
            SetOp::Remove(value, _) => Some(SetOp::Remove(*value, None)),
            _ => None,
        },
        refused: 0,
    });
}

#[test]
fn grow_only_set() {
    against_oracle(&Spec {
        model: GrowOnlySet,
        choose: |rng, _, state, _, fresh| {
            Some(if rng.random_bool(0.5) {
                GrowOnlyOp::Add(value(rng, fresh))
            } else {
                GrowOnlyOp::ReadAll(state[..].into())
            })
        },
        crash: |op| matches!(op, GrowOnlyOp::Add(_)).then(|| op.clone()),
        refused: 0,
    });
}

#[test]
fn append_log() {
    against_oracle(&Spec {
        model: AppendLog,
        choose: |rng, _, state, _, fresh| {
            let append = rng.random_bool(0.5);
            Some(if append { LogOp::Append(value(rng, fresh)) } else { LogOp::ReadAll(state[..].into()) })
        },
        crash: |op| matches!(op, LogOp::Append(_)).then(|| op.clone()),
        refused: 15,
    });
}

#[test]
fn counter() {
    against_oracle(&Spec {
        model: Counter,
        choose: |rng, _, state, _, _| {
            let delta = if rng.random_bool(0.02) { 0 } else { -3 };
            Some(if rng.random_bool(0.5) { CounterOp::Add(delta) } else { CounterOp::Read(*state) })
        },
        crash: |op| matches!(op, CounterOp::Add(_)).then_some(*op),
        refused: 0,
    });
}

#[test]
fn fetch_and_increment() {
    against_oracle(&Spec {
        model: FetchAndIncrement { first: 5 },
        choose: |_, _, state, _, _| Some(Fetch(Some(*state))),
        crash: |_| Some(Fetch(None)),
        refused: 0,
    });
}

#[test]
fn owner_mutex() {
    against_oracle(&Spec {
        model: OwnerMutex,
        choose: |_, _, state, client, _| match state {
            None => Some(OwnerOp::Acquire(client)),
            Some(owner) => (*owner == client).then_some(OwnerOp::Release(client)),
        },
        crash: keep,
        refused: 35,
    });
}

#[test]
fn semaphore() {
    against_oracle(&Spec {
        model: Semaphore { permits: 3 },
        choose: |rng, model, state, client, _| {
            let left = model.permits - state.values().sum::<u32>();
            let mine = state.get(&client).copied().unwrap_or(0);
            match rng.random_bool(0.5) {
                true if left > 0 => Some(SemaphoreOp::Acquire(client, rng.random_range(1..=left))),
                false if mine > 0 => Some(SemaphoreOp::Release(client, rng.random_range(1..=mine))),
                _ => None,
            }
        },
        crash: keep,
        refused: 35,
    });
}

#[test]
fn a_certificate_names_calls_that_began_after_the_culprit() {
    let timed = |(op, invoked, returned)| Timed { op, invoked, returned: Some(returned), process: 0, call: 0 };
    let calls = [
        (SetOp::Remove(0, None), 1, 10),
        (SetOp::Add(0, Some(true)), 4, 8),
        (SetOp::Contains(0, false), 15, 28),
        (SetOp::Contains(0, true), 17, 21),
    ];
    assert_eq!(Set.monitor(&calls.map(timed)), Monitored::Invalid(vec![0, 1, 3, 2]));
}

#[test]
fn a_set_with_too_much_in_flight_is_refused() {
    let add = |call: u32| Timed { op: SetOp::Add(1, None), invoked: call, returned: None, process: 0, call };
    let calls: Vec<_> = (0..40).map(add).collect();
    assert!(matches!(Set.monitor(&calls), Monitored::Unsupported(_)));
}

#[test]
fn a_history_without_calls_is_valid() {
    assert_eq!(Register::default().monitor(&[]), Monitored::Valid);
    assert_eq!(Fifo.monitor(&[]), Monitored::Valid);
    assert_eq!(Stack.monitor(&[]), Monitored::Valid);
    assert_eq!(PriorityQueue::default().monitor(&[]), Monitored::Valid);
    assert_eq!(Counter.monitor(&[]), Monitored::Valid);
    assert_eq!(AppendLog.monitor(&[]), Monitored::Valid);
    assert_eq!(GrowOnlySet.monitor(&[]), Monitored::Valid);
}
