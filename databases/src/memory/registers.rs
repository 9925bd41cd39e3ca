//! Registers in shards, and the past of each where a planted bug needs one.

use super::bug::Bug;
use super::session::{Fate, Session, unanswered};
use async_trait::async_trait;
use cluster::{Client, ClientError};
use history::{Register, RegisterOp, RegisterRet};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many locks share the registers: clients seldom meet in one.
const SHARDS: u64 = 64;

/// So many past states of a register are kept for a bug to go back to.
const PAST: usize = 64;

/// The number of no state.
const NOTHING_MADE: u64 = 0;

/// All registers.
pub(super) struct Registers {
    shards: Vec<Mutex<HashMap<u64, Cell>>>,
    keeps_past: bool,
}

/// One register.
#[derive(Default)]
struct Cell {
    value: Option<i64>,
    past: Option<Box<Past>>,
}

/// The latest states of one register, the last of them the present one.
#[derive(Default)]
struct Past {
    states: VecDeque<State>,
    /// How many states there have ever been; the first has number 1.
    made: u64,
}

/// One state of a register, and the write that made it.
struct State {
    /// Which of all the states that there have ever been; a number is not used again when a state is undone.
    number: u64,
    value: Option<i64>,
    by_cas: bool,
    /// When the write that made it was surely recorded as complete.
    settled: Option<u64>,
}

/// Names the state that a write made.
#[derive(Clone, Copy)]
struct Written {
    key: u64,
    number: u64,
}

impl Past {
    fn push(&mut self, value: Option<i64>, by_cas: bool) -> u64 {
        if self.states.len() == PAST {
            self.states.pop_front();
        }
        self.made += 1;
        self.states.push_back(State { number: self.made, value, by_cas, settled: None });
        self.made
    }

    /// The latest state that was surely overwritten before `time`, and whose value no later state holds.
    fn overwritten_before(&self, time: u64) -> Option<usize> {
        let over = |index: &usize| self.states[index + 1].settled.is_some_and(|settled| settled < time);
        (0..self.states.len().saturating_sub(1)).rev().filter(over).find(|index| self.is_gone(*index))
    }

    /// True if a compare-and-set took the register away from its last state that held `value`.
    fn was_replaced(&self, value: i64) -> bool {
        let last = self.states.iter().rposition(|state| state.value == Some(value));
        last.and_then(|index| self.states.get(index + 1)).is_some_and(|next| next.by_cas)
    }

    fn is_gone(&self, index: usize) -> bool {
        self.states.range(index + 1..).all(|later| later.value != self.states[index].value)
    }
}

impl Cell {
    fn set(&mut self, value: Option<i64>, by_cas: bool) -> u64 {
        let before = std::mem::replace(&mut self.value, value);
        let Some(past) = &mut self.past else { return NOTHING_MADE };
        if past.states.is_empty() {
            past.push(before, false);
        }
        past.push(value, by_cas)
    }
}

impl Registers {
    /// Nothing written yet.
    pub(super) fn new(keeps_past: bool) -> Registers {
        Registers { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), keeps_past }
    }

    fn shard(&self, key: u64) -> MutexGuard<'_, HashMap<u64, Cell>> {
        self.shards[(key % SHARDS) as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to one register, which is made if it is not there.
    fn with<R>(&self, key: u64, act: impl FnOnce(&mut Cell) -> R) -> R {
        let mut shard = self.shard(key);
        let fresh = || Cell { value: None, past: self.keeps_past.then(Box::default) };
        act(shard.entry(key).or_insert_with(fresh))
    }

    fn settle(&self, written: Written, time: u64) {
        self.with(written.key, |cell| {
            let past = cell.past.as_mut().expect("only a store with a bug settles writes");
            if let Some(state) = past.states.iter_mut().rev().find(|state| state.number == written.number) {
                state.settled = Some(time);
            }
        });
    }

    /// Does a write or compare-and-set, and returns the number of the state that it made.
    fn change(&self, op: RegisterOp) -> Result<u64, ClientError> {
        self.with(op_key(op), |cell| match op {
            RegisterOp::Read { .. } => Ok(NOTHING_MADE),
            RegisterOp::Write { value, .. } => Ok(cell.set(Some(value), false)),
            RegisterOp::Cas { expected, new, .. } if cell.value == Some(expected) => Ok(cell.set(Some(new), true)),
            RegisterOp::Cas { expected, .. } => Err(ClientError::Definite(format!("value was not {expected}"))),
        })
    }

    /// Loses an update: a compare-and-set that should succeed is only said to, so that another one from the same value
    /// can succeed after it; one that should fail, because another one took the value away, succeeds. None if `op` is
    /// no such occasion.
    fn lose_update(&self, op: RegisterOp) -> Option<u64> {
        let RegisterOp::Cas { key, expected, new } = op else { return None };
        self.with(key, |cell| match cell.value {
            Some(value) if value == expected => Some(NOTHING_MADE),
            _ => cell.past.as_ref()?.was_replaced(expected).then(|| cell.set(Some(new), true)),
        })
    }

    /// Finds a value that was overwritten before `time`, and does to it what `bug` does; None if there is none.
    fn reach_back(&self, key: u64, time: u64, bug: Bug) -> Option<Option<i64>> {
        self.with(key, |cell| {
            let past = cell.past.as_mut()?;
            let index = past.overwritten_before(time)?;
            let value = past.states[index].value;
            if bug == Bug::AcknowledgedThenDropped {
                past.states.truncate(index + 1);
                cell.value = value;
            } else if bug == Bug::DuplicateApply && value.is_none() {
                return None;
            } else if bug == Bug::DuplicateApply {
                cell.set(value, false);
            }
            Some(value)
        })
    }
}

fn op_key(op: RegisterOp) -> u64 {
    match op {
        RegisterOp::Read { key } | RegisterOp::Write { key, .. } | RegisterOp::Cas { key, .. } => key,
    }
}

/// One client of the registers.
pub(super) struct RegisterClient {
    session: Session,
    registers: Arc<Registers>,
    /// The last acknowledged write, until the client is asked for more.
    unsettled: Option<Written>,
}

impl RegisterClient {
    pub(super) fn new(session: Session, registers: Arc<Registers>) -> RegisterClient {
        RegisterClient { session, registers, unsettled: None }
    }

    fn settle(&mut self) {
        if let Some(written) = self.unsettled.take() {
            let time = self.session.tick();
            self.registers.settle(written, time);
        }
    }

    fn read(&mut self, key: u64) -> Option<i64> {
        for bug in [Bug::StaleRead, Bug::DuplicateApply, Bug::AcknowledgedThenDropped] {
            if self.session.strikes(bug)
                && let Some(value) = self.registers.reach_back(key, self.session.answered, bug)
            {
                return value;
            }
        }
        self.registers.shard(key).get(&key).and_then(|cell| cell.value)
    }

    fn change(&mut self, op: RegisterOp) -> Result<(), ClientError> {
        match self.session.fate() {
            Fate::Answered => self.change_answered(op),
            Fate::Silent => {
                self.registers.change(op).ok();
                Err(unanswered())
            }
            Fate::Late(delay) => {
                self.change_later(op, delay);
                Err(unanswered())
            }
            Fate::Swallowed => Err(unanswered()),
        }
    }

    fn change_answered(&mut self, op: RegisterOp) -> Result<(), ClientError> {
        if matches!(op, RegisterOp::Write { .. }) && self.session.strikes(Bug::LostWrite) {
            return Ok(());
        }
        let spoilt = self.session.strikes(Bug::LostUpdate).then(|| self.registers.lose_update(op)).flatten();
        let number = spoilt.map_or_else(|| self.registers.change(op), Ok)?;
        self.unsettled = self.session.has_bug().then_some(Written { key: op_key(op), number });
        Ok(())
    }

    fn change_later(&self, op: RegisterOp, delay: std::time::Duration) {
        let registers = Arc::clone(&self.registers);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            registers.change(op).ok();
        });
    }
}

#[async_trait]
impl Client<Register> for RegisterClient {
    async fn invoke(&mut self, op: &RegisterOp) -> Result<RegisterRet, ClientError> {
        self.settle();
        let after = self.session.arrive().await;
        let result = match *op {
            RegisterOp::Read { key } => Ok(RegisterRet::Value(self.read(key))),
            op => self.change(op).map(|()| RegisterRet::Done),
        };
        self.session.answer(after).await;
        result
    }
}
