//! Named locks under leases. A client that is dropped refreshes no more, and its lease runs out.

use super::bug::Bug;
use super::session::{Fate, Session, unanswered};
use async_trait::async_trait;
use cluster::{Client, ClientError};
use history::{Lock, LockOp, LockRet};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A lease that is not refreshed lasts so long.
const TIME_TO_LIVE: Duration = Duration::from_secs(3);

/// A waiter that no release wakes looks again after this time at the latest.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// With `acknowledged-then-dropped`, each refresh that a waiter sees gives the lock away with this probability: a
/// lock is refreshed a few times a second at most, and seldom acquired.
const STEAL: f64 = 0.5;

/// All locks, and what writes leave behind.
#[derive(Default)]
pub(super) struct Locks {
    by_name: Mutex<HashMap<u64, Arc<Named>>>,
    written: Mutex<i64>,
}

/// One lock.
#[derive(Default)]
struct Named {
    state: Mutex<LockState>,
    released: Notify,
}

#[derive(Default)]
struct LockState {
    /// Who holds it; more than one only by a planted bug.
    holders: Vec<Holder>,
    last_token: i64,
}

/// One client's hold on a lock.
struct Holder {
    client: u64,
    expires: Instant,
    refreshes: u64,
}

/// What a client that wants a lock found.
enum Attempt {
    Acquired(i64),
    /// Held, with this lease and so many refreshes.
    Held {
        expires: Instant,
        refreshes: u64,
    },
}

impl LockState {
    fn expire(&mut self) {
        let time = Instant::now();
        self.holders.retain(|holder| holder.expires > time);
    }

    fn attempt(&mut self, client: u64) -> Attempt {
        self.expire();
        match self.holders.last() {
            Some(holder) => Attempt::Held { expires: holder.expires, refreshes: holder.refreshes },
            None => Attempt::Acquired(self.grant(client)),
        }
    }

    /// Gives the lock to a client, whoever else holds it.
    fn grant(&mut self, client: u64) -> i64 {
        self.holders.push(Holder { client, expires: Instant::now() + TIME_TO_LIVE, refreshes: 0 });
        self.last_token += 1;
        self.last_token
    }

    fn refresh(&mut self, client: u64) -> Result<(), ClientError> {
        self.expire();
        let holder = self.holders.iter_mut().find(|holder| holder.client == client).ok_or_else(lease_expired)?;
        holder.expires = Instant::now() + TIME_TO_LIVE;
        holder.refreshes += 1;
        Ok(())
    }

    fn release(&mut self, client: u64) -> Result<(), ClientError> {
        self.expire();
        let position = self.holders.iter().position(|holder| holder.client == client).ok_or_else(lease_expired)?;
        self.holders.remove(position);
        Ok(())
    }
}

fn lease_expired() -> ClientError {
    ClientError::Definite("lease expired".to_owned())
}

impl Named {
    fn state(&self) -> MutexGuard<'_, LockState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, client: u64) -> Result<(), ClientError> {
        self.state().release(client)?;
        self.released.notify_one();
        Ok(())
    }
}

impl Locks {
    fn named(&self, name: u64) -> Arc<Named> {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_name.entry(name).or_default())
    }

    fn write(&self, value: i64) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

/// One client of the locks.
pub(super) struct LockClient {
    session: Session,
    locks: Arc<Locks>,
}

impl LockClient {
    pub(super) fn new(session: Session, locks: Arc<Locks>) -> LockClient {
        LockClient { session, locks }
    }

    /// Waits until the lock is free, for as long as the caller lets it.
    async fn acquire(&mut self, name: u64) -> LockRet {
        let lock = self.locks.named(name);
        let client = self.session.number;
        let mut seen = 0;
        loop {
            let attempt = lock.state().attempt(client);
            let (expires, refreshes) = match attempt {
                Attempt::Acquired(token) => return LockRet::Acquired { token },
                Attempt::Held { expires, refreshes } => (expires, refreshes),
            };
            if refreshes > seen && self.session.plans(Bug::AcknowledgedThenDropped) && self.session.tosses(STEAL) {
                return LockRet::Acquired { token: lock.state().grant(client) };
            }
            seen = refreshes;
            let look_again = expires.min(Instant::now() + LOOK_AGAIN);
            tokio::time::timeout_at(look_again, lock.released.notified()).await.ok();
        }
    }

    async fn carry_out(&mut self, op: LockOp) -> Result<LockRet, ClientError> {
        let client = self.session.number;
        match op {
            LockOp::Acquire { key } => return Ok(self.acquire(key).await),
            LockOp::Refresh { key } => self.locks.named(key).state().refresh(client)?,
            LockOp::Release { key } => self.locks.named(key).release(client)?,
            LockOp::Write { value } => self.locks.write(value),
        }
        Ok(LockRet::Done)
    }
}

#[async_trait]
impl Client<Lock> for LockClient {
    async fn invoke(&mut self, op: &LockOp) -> Result<LockRet, ClientError> {
        let after = self.session.arrive().await;
        let result = match self.session.fate() {
            Fate::Answered => self.carry_out(*op).await,
            // A late effect is no other than a silent one here: whoever waits for a lock is late by nature.
            Fate::Silent | Fate::Late(_) => {
                self.carry_out(*op).await.ok();
                Err(unanswered())
            }
            Fate::Swallowed => Err(unanswered()),
        };
        self.session.answer(after).await;
        result
    }
}
