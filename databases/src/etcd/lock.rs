//! Locks: etcd's own lock service, under a lease of 3 s for each acquisition.
//!
//! Lock 7 is the name `l/7`. While an acquisition waits, its lease is kept alive over a second connection to the same
//! node; a lock is taken only while this client knows by its own clock that the lease lives. A failed acquisition
//! leaves its lease to expire by itself. The fencing token is the store's revision at the acquisition: the holder
//! before got its own at a lower one, for its key was deleted in between.

use super::gateway::{Done, KeepAlive, Lease, Locked, call, encode};
use async_trait::async_trait;
use cluster::http::Connection;
use cluster::{Client, ClientError};
use history::{Lock, LockOp, LockRet};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// The lease of a lock, in seconds.
const TIME_TO_LIVE: u64 = 3;

/// While an acquisition waits, its lease is kept alive so often.
const KEEP_ALIVE_EVERY: Duration = Duration::from_millis(500);

/// After a release its lease is revoked, if that takes no longer.
const REVOKE_LIMIT: Duration = Duration::from_secs(1);

/// Writes go to so many keys; their only purpose is to keep the disk busy.
const WRITE_KEYS: i64 = 64;

/// So many bytes are written each time.
const WRITE_SIZE: usize = 1024;

/// The lock that a client holds.
struct Held {
    name: u64,
    lease: String,
    /// The key that etcd made for it, in base64.
    key: String,
}

/// One client of locks.
pub(super) struct LockClient {
    connection: Connection,
    /// Keeps a lease alive while the other connection waits for a lock.
    keeper: Connection,
    held: Option<Held>,
}

impl LockClient {
    pub(super) fn new(connection: Connection, keeper: Connection) -> LockClient {
        LockClient { connection, keeper, held: None }
    }

    async fn acquire(&mut self, name: u64) -> Result<LockRet, ClientError> {
        self.held = None;
        let granted = Instant::now();
        let lease = grant(&mut self.connection).await?;
        let request = json!({"name": encode(&format!("l/{name}")), "lease": lease});
        let locked = tokio::select! {
            biased;
            reason = keep_alive(&mut self.keeper, &lease, granted) => return Err(ClientError::Indefinite(reason)),
            locked = call::<Locked>(&mut self.connection, "/v3/lock/lock", &request) => locked?,
        };
        self.held = Some(Held { name, lease, key: locked.key });
        Ok(LockRet::Acquired { token: locked.header.revision })
    }

    async fn refresh(&mut self, name: u64) -> Result<LockRet, ClientError> {
        let lease = self.holding(name)?.lease.clone();
        if time_to_live(&mut self.connection, &lease).await? > 0 {
            return Ok(LockRet::Done);
        }
        self.held = None;
        Err(ClientError::Definite("lease expired".to_owned()))
    }

    async fn release(&mut self, name: u64) -> Result<LockRet, ClientError> {
        let key = self.holding(name)?.key.clone();
        let released = call::<Done>(&mut self.connection, "/v3/lock/unlock", &json!({"key": key})).await;
        let held = self.held.take();
        released?;
        let lease = held.map(|held| held.lease);
        let revoke = json!({"ID": lease});
        // The key is gone already; a lease that stays behind expires.
        timeout(REVOKE_LIMIT, call::<Done>(&mut self.connection, "/v3/lease/revoke", &revoke)).await.ok();
        Ok(LockRet::Done)
    }

    async fn write(&mut self, value: i64) -> Result<LockRet, ClientError> {
        let key = encode(&format!("w/{}", value.rem_euclid(WRITE_KEYS)));
        let request = json!({"key": key, "value": encode(&format!("{value:WRITE_SIZE$}"))});
        call::<Done>(&mut self.connection, "/v3/kv/put", &request).await?;
        Ok(LockRet::Done)
    }

    fn holding(&self, name: u64) -> Result<&Held, ClientError> {
        let held = self.held.as_ref().filter(|held| held.name == name);
        held.ok_or_else(|| ClientError::Definite(format!("lock {name} is not held by this client")))
    }
}

/// A fresh lease. A failure is always definite for the lock: it was not asked for yet.
async fn grant(connection: &mut Connection) -> Result<String, ClientError> {
    let lease = call::<Lease>(connection, "/v3/lease/grant", &json!({"TTL": TIME_TO_LIVE.to_string()})).await;
    lease.map(|lease| lease.id).map_err(|error| ClientError::Definite(format!("no lease was granted: {error}")))
}

/// Keeps a lease alive until it may be dead, and says why it may be.
async fn keep_alive(keeper: &mut Connection, lease: &str, granted: Instant) -> String {
    let lifetime = Duration::from_secs(TIME_TO_LIVE);
    let mut alive_at = granted;
    let mut complaint = "no keep-alive was answered".to_owned();
    while Instant::now() < alive_at + lifetime {
        sleep_until((Instant::now() + KEEP_ALIVE_EVERY).min(alive_at + lifetime)).await;
        let asked = Instant::now();
        match timeout_at(alive_at + lifetime, time_to_live(keeper, lease)).await {
            Ok(Ok(0)) => return "lease expired while waiting for the lock".to_owned(),
            Ok(Ok(_)) => alive_at = asked,
            Ok(Err(error)) => complaint = error.to_string(),
            Err(_) => {}
        }
    }
    format!("lease may have expired while waiting for the lock: {complaint}")
}

/// Extends a lease, and returns for how many seconds; 0 if there is none.
async fn time_to_live(connection: &mut Connection, lease: &str) -> Result<i64, ClientError> {
    let kept: KeepAlive = call(connection, "/v3/lease/keepalive", &json!({"ID": lease})).await?;
    Ok(kept.result.time_to_live.max(0))
}

#[async_trait]
impl Client<Lock> for LockClient {
    async fn invoke(&mut self, op: &LockOp) -> Result<LockRet, ClientError> {
        match *op {
            LockOp::Acquire { key } => self.acquire(key).await,
            LockOp::Refresh { key } => self.refresh(key).await,
            LockOp::Release { key } => self.release(key).await,
            LockOp::Write { value } => self.write(value).await,
        }
    }
}
