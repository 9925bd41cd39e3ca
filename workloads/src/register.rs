//! Registers: reads, writes and compare-and-sets on a few keys at a time, so that operations on one key overlap.
//!
//! No value is ever written twice to one key, so that a read names the write that it saw. A key is retired after a
//! number of operations, and sooner if operations on it crashed: crashed ones stay possible for ever, and few of them
//! keep the judgement quick.

use crate::final_reads::FinalReads;
use crate::{Context, Description, Generator, Judge, Next, Workload};
use checkers::Linearizable;
use history::{DataType, Event, EventKind, Outcome, Process, Register, RegisterOp, RegisterRet};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) const DESCRIPTION: Description = Description {
    name: "register",
    data_type: Register::NAME,
    asks: "reads, writes and compare-and-sets of integers on many keys; no value is used twice",
    checks: "every register is linearizable: it behaves as one copy on which each operation takes effect at one instant",
    misses: "anything that spans two keys; values lost on a key that nobody reads again",
    has_level: false,
};

/// After so many operations a key is retired.
const OPERATIONS_PER_KEY: u32 = 400;

/// After so many crashed operations a key is retired.
const CRASHES_PER_KEY: u32 = 4;

/// So many keys, the last ones, are read from every node at the end.
const KEYS_READ_AT_THE_END: usize = 16;

/// Registers for `threads` clients; the seed fixes what is asked, given the same answers.
#[must_use]
pub fn register(threads: usize, seed: u64) -> Workload<Register> {
    let recent = Arc::new(Mutex::new(Vec::new()));
    let for_the_end = Arc::clone(&recent);
    Workload {
        description: &DESCRIPTION,
        main: Box::new(Registers::new(threads, seed, recent)),
        last: Box::new(FinalReads::new(move || {
            let keys = for_the_end.lock().unwrap_or_else(PoisonError::into_inner);
            keys.iter().rev().take(KEYS_READ_AT_THE_END).map(|key| RegisterOp::Read { key: *key }).collect()
        })),
        judges: judges(),
        timeout: |_| None,
    }
}

/// Who judges registers.
fn judges() -> Vec<Judge<Register>> {
    vec![Judge {
        promise: "every register behaves as one copy on which each operation takes effect at one instant",
        checker: Box::new(Linearizable::default()),
    }]
}

/// A key that is in use.
struct Key {
    key: u64,
    next_value: i64,
    last_seen: Option<i64>,
    operations: u32,
    crashes: u32,
}

impl Key {
    fn new(key: u64) -> Key {
        Key { key, next_value: 1, last_seen: None, operations: 0, crashes: 0 }
    }

    fn fresh_value(&mut self) -> i64 {
        self.next_value += 1;
        self.next_value - 1
    }

    fn is_spent(&self) -> bool {
        self.operations >= OPERATIONS_PER_KEY || self.crashes >= CRASHES_PER_KEY
    }
}

struct Registers {
    rng: ChaCha8Rng,
    active: Vec<Key>,
    next_key: u64,
    in_flight: HashMap<Process, RegisterOp>,
    recent: Arc<Mutex<Vec<u64>>>,
}

impl Registers {
    fn new(threads: usize, seed: u64, recent: Arc<Mutex<Vec<u64>>>) -> Registers {
        let keys = (threads as u64 / 5).max(1);
        recent.lock().unwrap_or_else(PoisonError::into_inner).extend(0..keys);
        Registers {
            rng: ChaCha8Rng::seed_from_u64(seed),
            active: (0..keys).map(Key::new).collect(),
            next_key: keys,
            in_flight: HashMap::new(),
            recent,
        }
    }

    fn replace(&mut self, slot: usize) {
        self.active[slot] = Key::new(self.next_key);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push(self.next_key);
        if recent.len() > 4 * KEYS_READ_AT_THE_END {
            recent.drain(..2 * KEYS_READ_AT_THE_END);
        }
        drop(recent);
        self.next_key += 1;
    }

    fn key_of(&mut self, op: RegisterOp) -> Option<&mut Key> {
        let key = Register::key(&op)?;
        self.active.iter_mut().find(|k| k.key == key)
    }
}

impl Generator<Register> for Registers {
    fn next(&mut self, _: Context) -> Next<RegisterOp> {
        let slot = self.rng.random_range(0..self.active.len());
        if self.active[slot].is_spent() {
            self.replace(slot);
        }
        let choice = self.rng.random_range(0..10);
        let key = &mut self.active[slot];
        key.operations += 1;
        Next::Invoke(match (choice, key.last_seen) {
            (0..5, _) => RegisterOp::Read { key: key.key },
            (5..7, Some(expected)) => RegisterOp::Cas { key: key.key, expected, new: key.fresh_value() },
            _ => RegisterOp::Write { key: key.key, value: key.fresh_value() },
        })
    }

    fn observe(&mut self, _: usize, event: &Event<Register>) {
        let outcome = match &event.kind {
            EventKind::Invoke(op) => {
                self.in_flight.insert(event.process, *op);
                return;
            }
            EventKind::Complete(outcome) => outcome,
        };
        let Some(op) = self.in_flight.remove(&event.process) else { return };
        let Some(key) = self.key_of(op) else { return };
        match (outcome, op) {
            (Outcome::Info(_), _) => key.crashes += 1,
            (Outcome::Ok(RegisterRet::Value(value)), _) => key.last_seen = *value,
            (Outcome::Ok(RegisterRet::Done), RegisterOp::Write { value, .. }) => key.last_seen = Some(value),
            (Outcome::Ok(RegisterRet::Done), RegisterOp::Cas { new, .. }) => key.last_seen = Some(new),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use history::{Moment, Time};
    use std::collections::HashSet;

    fn context(thread: usize) -> Context {
        Context { time: Time(0), thread, process: Process(thread as u64) }
    }

    fn event(process: u64, kind: EventKind<Register>) -> Event<Register> {
        Event { moment: Moment { index: 0, time: Time(0) }, process: Process(process), kind }
    }

    #[test]
    fn no_value_is_used_twice_and_the_seed_decides_what_is_asked() {
        let ask = |seed| {
            let mut generator = Registers::new(10, seed, Arc::default());
            (0..5000).map(|_| generator.next(context(0))).collect::<Vec<_>>()
        };
        let asked = ask(7);
        assert_eq!(asked, ask(7));
        assert_ne!(asked, ask(8));
        let mut written = HashSet::new();
        for next in asked {
            if let Next::Invoke(RegisterOp::Write { key, value } | RegisterOp::Cas { key, new: value, .. }) = next {
                assert!(written.insert((key, value)));
            }
        }
        assert!(written.len() > 1000);
    }

    #[test]
    fn crashes_retire_a_key() {
        let mut generator = Registers::new(5, 1, Arc::default());
        for process in 0..u64::from(CRASHES_PER_KEY) {
            let op = RegisterOp::Write { key: 0, value: 100 };
            generator.observe(0, &event(process, EventKind::Invoke(op)));
            generator.observe(0, &event(process, EventKind::Complete(Outcome::Info("timeout".into()))));
        }
        let Next::Invoke(op) = generator.next(context(0)) else { panic!("registers never end") };
        assert_eq!(Register::key(&op), Some(1));
    }

    #[test]
    fn a_compare_and_set_expects_what_was_last_seen() {
        let mut generator = Registers::new(5, 3, Arc::default());
        generator.observe(0, &event(0, EventKind::Invoke(RegisterOp::Read { key: 0 })));
        generator.observe(0, &event(0, EventKind::Complete(Outcome::Ok(RegisterRet::Value(Some(42))))));
        let cas = (0..100).find_map(|_| match generator.next(context(0)) {
            Next::Invoke(RegisterOp::Cas { expected, .. }) => Some(expected),
            _ => None,
        });
        assert_eq!(cas, Some(42));
    }
}
