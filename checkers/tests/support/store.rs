//! A store of registers that works, and clients of it that crash now and then.

use super::{Draft, assemble};
use history::{History, Outcome, Register, RegisterOp, RegisterRet};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;

/// What is asked of the store.
#[derive(Clone, Copy)]
pub struct Load {
    pub operations: usize,
    pub processes: usize,
    pub keys: u64,
    /// Written values are 1 to this; 0 if each is written once.
    pub values: i64,
    /// Of a hundred operations, how many crash.
    pub crashes: u32,
    /// Of a hundred reads, how many are answered from an old copy.
    pub stale: u32,
}

struct Pending {
    process: u64,
    invoked: u64,
    op: RegisterOp,
    result: Option<Option<RegisterRet>>,
}

struct Store<'a> {
    load: Load,
    rng: &'a mut ChaCha8Rng,
    values: HashMap<u64, Vec<i64>>,
    fresh: i64,
    clock: u64,
    drafts: Vec<Draft<Register>>,
    unanswered: Vec<Pending>,
}

/// A history of that load. It is linearizable unless stale reads are asked for.
pub fn simulate(load: Load, rng: &mut ChaCha8Rng) -> History<Register> {
    let (values, drafts, unanswered) = (HashMap::new(), Vec::new(), Vec::new());
    Store { load, rng, values, fresh: 0, clock: 0, drafts, unanswered }.run()
}

impl Store<'_> {
    fn run(mut self) -> History<Register> {
        let mut threads: Vec<Option<Pending>> = (0..self.load.processes).map(|_| None).collect();
        let mut processes: Vec<u64> = (0..self.load.processes as u64).collect();
        let mut asked = 0;
        while asked < self.load.operations || threads.iter().any(Option::is_some) {
            self.clock += 1;
            self.apply_something_unanswered();
            let thread = self.rng.random_range(0..threads.len());
            match threads[thread].take() {
                None if asked < self.load.operations => {
                    asked += 1;
                    threads[thread] = Some(self.invoke(processes[thread]));
                }
                None => {}
                Some(pending) if self.rng.random_ratio(self.load.crashes, 200) => {
                    processes[thread] += self.load.processes as u64;
                    self.crash(pending);
                }
                Some(mut pending) if pending.result.is_none() => {
                    pending.result = Some(self.apply(pending.op));
                    threads[thread] = Some(pending);
                }
                Some(pending) => self.complete(pending),
            }
        }
        assemble(self.drafts, 3)
    }

    fn invoke(&mut self, process: u64) -> Pending {
        let key = self.rng.random_range(0..self.load.keys);
        let op = match self.rng.random_range(0..3) {
            0 => RegisterOp::Read { key },
            1 => RegisterOp::Write { key, value: self.value() },
            _ => {
                let held = self.values.get(&key).and_then(|all| all.last()).copied();
                let expected = if self.rng.random_bool(0.5) { held.unwrap_or(1) } else { self.rng.random_range(1..4) };
                RegisterOp::Cas { key, expected, new: self.value() }
            }
        };
        Pending { process, invoked: self.clock, op, result: None }
    }

    fn value(&mut self) -> i64 {
        if self.load.values > 0 {
            return self.rng.random_range(1..=self.load.values);
        }
        self.fresh += 1;
        self.fresh
    }

    /// What the store does; None if it refuses.
    fn apply(&mut self, op: RegisterOp) -> Option<RegisterRet> {
        let (RegisterOp::Read { key } | RegisterOp::Write { key, .. } | RegisterOp::Cas { key, .. }) = op;
        let values = self.values.entry(key).or_default();
        match op {
            RegisterOp::Read { .. } => {
                let age = if self.rng.random_ratio(self.load.stale, 100) { self.load.processes + 2 } else { 0 };
                let at = values.len().checked_sub(age + 1);
                return Some(RegisterRet::Value(at.map(|at| values[at])));
            }
            RegisterOp::Write { value, .. } => values.push(value),
            RegisterOp::Cas { expected, new, .. } if values.last() == Some(&expected) => values.push(new),
            RegisterOp::Cas { .. } => return None,
        }
        Some(RegisterRet::Done)
    }

    fn apply_something_unanswered(&mut self) {
        if !self.unanswered.is_empty() && self.rng.random_ratio(1, 20) {
            let at = self.rng.random_range(0..self.unanswered.len());
            let late = self.unanswered.swap_remove(at);
            self.apply(late.op);
        }
    }

    fn crash(&mut self, pending: Pending) {
        self.draft(&pending, Outcome::Info("timeout".into()));
        if pending.result.is_none() && self.rng.random_bool(0.5) {
            self.unanswered.push(pending);
        }
    }

    fn complete(&mut self, pending: Pending) {
        let outcome = match pending.result {
            Some(Some(ret)) => Outcome::Ok(ret),
            _ => Outcome::Fail("it holds something else".into()),
        };
        self.draft(&pending, outcome);
    }

    fn draft(&mut self, pending: &Pending, outcome: Outcome<RegisterRet>) {
        self.drafts.push(Draft {
            process: pending.process,
            node: Some((pending.process % 3) as u16),
            op: pending.op,
            invoked: pending.invoked,
            ended: Some(self.clock),
            outcome,
        });
    }
}
