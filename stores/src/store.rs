//! A store that keeps one isolation level: what a transaction sees, and what stops it at its commit.
//!
//! The order of versions is the order of commits at every level, and a list that is read is everything appended up to
//! the version that is seen, so that lists only grow. Who saw its own append in a list at a level where nobody wins
//! cannot commit if another one came between: else it would have seen a list that never was.

use crate::Level;
use crate::chain::{Chain, PENDING, Version};
use crate::session::Session;
use crate::sites::Sites;
use crate::skew::{Footprint, Structures};
use crate::stored::Objects;
use crate::transaction::{Commit, Seen, Transaction, View, Written};
use rand::{Rng, RngExt};
use std::collections::HashMap;

/// A snapshot of the past lies up to so many commits back.
const PAST: u64 = 8;

/// At read atomic a read looks up to so many versions back.
const BACK: usize = 3;

/// The transaction took no effect: another one was in its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aborted;

/// The object is being written by a transaction that is not over: try again, or give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// Objects of one kind under one isolation level.
#[derive(Clone, Debug)]
pub struct Store {
    level: Level,
    objects: Objects,
    chains: HashMap<u64, Chain>,
    /// How many transactions have begun.
    begun: u64,
    /// How many transactions that wrote something have committed.
    stamp: u64,
    sites: Sites,
    structures: Structures,
    /// By stamp: what was written together; kept for read atomic only.
    together: Vec<Vec<(u64, usize)>>,
}

impl Store {
    /// An empty store with so many sites, of which there must be one; levels without sites need no more.
    #[must_use]
    pub fn new(level: Level, objects: Objects, sites: usize) -> Store {
        Store {
            level,
            objects,
            chains: HashMap::new(),
            begun: 0,
            stamp: 0,
            sites: Sites::new(sites.max(1)),
            structures: Structures::default(),
            together: Vec::new(),
        }
    }

    /// Begins a transaction; it is told whether it will write.
    pub(crate) fn begin(&mut self, session: &mut Session, is_read: bool, rng: &mut impl Rng) -> Transaction {
        self.begun += 1;
        let view = match self.level {
            Level::Serializable if is_read && rng.random_bool(0.5) => {
                View::Moment(self.stamp.saturating_sub(rng.random_range(0..=PAST)))
            }
            // Who only reads takes effect at its beginning: else a long read among many writers would never end.
            Level::StrictSerializable | Level::Serializable if is_read => View::Moment(self.stamp),
            Level::StrictSerializable | Level::Serializable | Level::ReadCommitted | Level::ReadUncommitted => {
                View::Present
            }
            Level::SerializableSnapshotIsolation | Level::SnapshotIsolation => View::Moment(self.stamp),
            Level::Prefix => {
                let moment = self.stamp.saturating_sub(rng.random_range(0..=PAST)).max(session.floor);
                session.floor = moment;
                View::Moment(moment)
            }
            Level::ParallelSnapshotIsolation | Level::Causal => View::Site(self.sites.snapshot(session.site, rng)),
            Level::ReadAtomic => View::Atomic,
        };
        Transaction { number: self.begun, view, reads: Vec::new(), writes: Vec::new() }
    }

    /// The list of that name as the transaction sees it, with what it appended itself.
    pub(crate) fn list(&mut self, txn: &mut Transaction, key: u64, session: &Session, rng: &mut impl Rng) -> Vec<i64> {
        let position = self.look(txn, key, session, rng);
        let mut list = self.chains.get(&key).map(|chain| chain.list(position)).unwrap_or_default();
        if let Some(own) = txn.written(key).filter(|_| self.level != Level::ReadUncommitted) {
            list.extend(txn.writes[own].values.iter().flatten());
        }
        list
    }

    /// The value of the register of that name as the transaction sees it, its own first.
    pub(crate) fn value(
        &mut self,
        txn: &mut Transaction,
        key: u64,
        session: &Session,
        rng: &mut impl Rng,
    ) -> Option<i64> {
        if let Some(own) = txn.written(key) {
            return txn.writes[own].values.last().copied().flatten();
        }
        let position = self.look(txn, key, session, rng);
        self.chains.get(&key).and_then(|chain| chain.value(position))
    }

    /// Writes, or appends. None takes a register away.
    pub(crate) fn write(&mut self, txn: &mut Transaction, key: u64, value: Option<i64>) -> Result<(), Busy> {
        if self.level == Level::ReadUncommitted {
            self.write_in_place(txn.number, key, value)?;
        }
        match txn.written(key) {
            Some(own) => txn.writes[own].values.push(value),
            None => txn.writes.push(Written { key, values: vec![value], base: None }),
        }
        Ok(())
    }

    fn write_in_place(&mut self, number: u64, key: u64, value: Option<i64>) -> Result<(), Busy> {
        let chain = self.chains.entry(key).or_default();
        match chain.0.last_mut().filter(|version| version.stamp == PENDING) {
            Some(version) if version.writer == number => version.values.push(value),
            Some(_) => return Err(Busy),
            None => chain.0.push(Version { values: vec![value], writer: number, stamp: PENDING, origin: (0, 0) }),
        }
        Ok(())
    }

    /// Lets everything that the transaction wrote take effect at this moment, or nothing.
    pub(crate) fn commit(&mut self, txn: Transaction, session: &mut Session) -> Result<Commit, Aborted> {
        if !self.may_commit(&txn) {
            self.abort(&txn);
            return Err(Aborted);
        }
        if txn.writes.is_empty() {
            return Ok(Commit { number: txn.number, stamp: None, reads: txn.reads, writes: Vec::new() });
        }
        self.stamp += 1;
        let origin = match self.level {
            Level::ParallelSnapshotIsolation | Level::Causal => self.sites.commit(session.site),
            _ => (0, 0),
        };
        let writes: Vec<(u64, usize)> =
            txn.writes.into_iter().map(|written| (written.key, self.install(written, txn.number, origin))).collect();
        session.floor = self.stamp;
        if self.level == Level::ReadAtomic {
            session.own.extend(writes.iter().copied());
            self.together.push(writes.clone());
        }
        Ok(Commit { number: txn.number, stamp: Some(self.stamp), reads: txn.reads, writes })
    }

    fn install(&mut self, written: Written, number: u64, origin: (usize, u64)) -> usize {
        let chain = self.chains.entry(written.key).or_default();
        match chain.0.last_mut().filter(|version| version.stamp == PENDING) {
            Some(version) => version.stamp = self.stamp,
            None => chain.0.push(Version { values: written.values, writer: number, stamp: self.stamp, origin }),
        }
        chain.tip()
    }

    /// Gives a transaction up: nothing that it wrote takes effect, though at read uncommitted others may have seen it.
    pub(crate) fn abort(&mut self, txn: &Transaction) {
        for written in &txn.writes {
            if let Some(chain) = self.chains.get_mut(&written.key) {
                chain.0.retain(|version| version.writer != txn.number);
            }
        }
    }

    fn may_commit(&mut self, txn: &Transaction) -> bool {
        let stands = |written: &Written| written.base.is_none_or(|base| self.tip(written.key) == base);
        if !txn.writes.iter().all(stands) {
            return false;
        }
        match (self.level, &txn.view) {
            (Level::StrictSerializable | Level::Serializable, View::Present) => {
                txn.reads.iter().all(|seen| self.tip(seen.key) == seen.position)
            }
            (Level::SnapshotIsolation | Level::ParallelSnapshotIsolation, view) => self.is_first(txn, view),
            (Level::SerializableSnapshotIsolation, view) => self.is_first(txn, view) && self.is_harmless(txn),
            _ => true,
        }
    }

    /// True if nobody committed a version of what it writes that it does not see.
    fn is_first(&self, txn: &Transaction, view: &View) -> bool {
        txn.writes.iter().all(|written| self.visible(written.key, view) == self.tip(written.key))
    }

    fn is_harmless(&mut self, txn: &Transaction) -> bool {
        let View::Moment(began) = txn.view else { return true };
        let writes: Vec<u64> = txn.writes.iter().map(|written| written.key).collect();
        let committed = self.stamp + u64::from(!writes.is_empty());
        let reads = txn.reads.iter().map(|seen| seen.key).collect();
        self.structures.admit(Footprint { began, committed, reads, writes, is_overtaken: false })
    }

    fn tip(&self, key: u64) -> usize {
        self.chains.get(&key).map_or(0, Chain::tip)
    }

    fn visible(&self, key: u64, view: &View) -> usize {
        let Some(chain) = self.chains.get(&key) else { return 0 };
        match view {
            View::Present | View::Atomic => chain.tip(),
            View::Moment(stamp) => chain.at(*stamp),
            View::Site(applied) => chain.applied(applied),
        }
    }

    /// Which version of an object the transaction sees.
    fn look(&mut self, txn: &mut Transaction, key: u64, session: &Session, rng: &mut impl Rng) -> usize {
        let is_repeatable = !matches!(self.level, Level::ReadCommitted | Level::ReadUncommitted);
        let own = txn.written(key).filter(|_| self.level != Level::ReadUncommitted && self.objects == Objects::Lists);
        let known = own.and_then(|own| txn.writes[own].base).or_else(|| txn.seen(key).filter(|_| is_repeatable));
        let position = known.unwrap_or_else(|| match txn.view {
            View::Atomic => self.atomic(txn, key, session, rng),
            ref view => self.visible(key, view),
        });
        if let Some(own) = own {
            txn.writes[own].base = Some(position);
        }
        if known.is_none() {
            let writer = self.chains.get(&key).and_then(|chain| chain.writer(position));
            if writer != Some(txn.number) {
                txn.reads.push(Seen { key, position, writer });
            }
        }
        position
    }

    /// A version of which the transaction has not missed a part, and which misses no part of what it has seen. The one
    /// that is as old as its session and its earlier reads permit always is such a version.
    fn atomic(&self, txn: &Transaction, key: u64, session: &Session, rng: &mut impl Rng) -> usize {
        let own = session.own.get(&key).copied().unwrap_or(0);
        let parts = txn.reads.iter().filter_map(|seen| self.part(seen.key, seen.position, key));
        let oldest = parts.max().unwrap_or(0).max(own);
        let newest = self.tip(key);
        let start = newest.saturating_sub(rng.random_range(0..=BACK)).max(oldest);
        let is_whole = |position: &usize| {
            let misses = |seen: &Seen| self.part(key, *position, seen.key).is_some_and(|part| seen.position < part);
            !txn.reads.iter().any(misses)
        };
        (oldest..=start).rev().find(is_whole).unwrap_or(oldest)
    }

    /// The position of what was written to `other` together with a version of `key`.
    fn part(&self, key: u64, position: usize, other: u64) -> Option<usize> {
        let stamp = self.chains.get(&key)?.version(position)?.stamp;
        let together = self.together.get(stamp.checked_sub(1)? as usize)?;
        together.iter().find(|part| part.0 == other).map(|part| part.1)
    }
}
