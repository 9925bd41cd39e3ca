//! Draws micro-operations of transactions: a few keys at a time of which each is half as hot as the one before it,
//! retired after some writes; no value is written twice to one key, whatever became of the first write.
//!
//! Source of the distributions: Elle's generator, as far as histories are concerned; its lists are longer.

use history::{Mop, Txn};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many keys are in use at a time.
const ACTIVE: usize = 10;

/// After so many writes a key is retired. A read of a list costs as much as the list is long.
const WRITES_PER_KEY: i64 = 64;

/// A transaction has up to so many micro-operations.
const LONGEST: usize = 4;

/// So many keys are read by one transaction at the end.
const READ_TOGETHER: usize = 4;

/// What a write does first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing: what is appended does not hide what was there.
    Blind,
    /// Half of the writes read their key first, so that the order of the versions shows.
    ReadModifyWrite,
}

/// The keys in use, and how often each was written.
pub(crate) struct Mops {
    rng: ChaCha8Rng,
    shape: Shape,
    active: Vec<(u64, i64)>,
    /// Every key below this one is or was in use.
    next_key: Arc<AtomicU64>,
}

impl Mops {
    pub(crate) fn new(rng: ChaCha8Rng, shape: Shape, next_key: Arc<AtomicU64>) -> Mops {
        next_key.store(ACTIVE as u64, Ordering::Relaxed);
        Mops { rng, shape, active: (0..ACTIVE as u64).map(|key| (key, 0)).collect(), next_key }
    }

    /// The next transaction.
    pub(crate) fn txn(&mut self) -> Txn {
        let length = self.rng.random_range(1..=LONGEST);
        let mut mops = Vec::with_capacity(LONGEST);
        while mops.len() < length {
            let slot = (self.rng.next_u32().trailing_zeros() as usize).min(ACTIVE - 1);
            let key = self.active[slot].0;
            if self.rng.random_bool(0.5) {
                mops.push(Mop::Read { key });
                continue;
            }
            let is_seen = mops.iter().any(|mop: &Mop| mop.key() == key);
            if self.shape == Shape::ReadModifyWrite && !is_seen && mops.len() + 1 < length && self.rng.random_bool(0.5)
            {
                mops.push(Mop::Read { key });
            }
            mops.push(self.write(slot));
        }
        Txn(mops)
    }

    fn write(&mut self, slot: usize) -> Mop {
        let (key, writes) = &mut self.active[slot];
        *writes += 1;
        let mop = Mop::Write { key: *key, value: *writes };
        if *writes >= WRITES_PER_KEY {
            self.active[slot] = (self.next_key.fetch_add(1, Ordering::Relaxed), 0);
        }
        mop
    }
}

/// Reads of every key that was ever in use, a few to a transaction, the newest first.
pub(crate) fn read_every_key(next_key: &AtomicU64) -> Vec<Txn> {
    let keys: Vec<u64> = (0..next_key.load(Ordering::Relaxed)).rev().collect();
    keys.chunks(READ_TOGETHER).map(|keys| keys.iter().map(|key| Mop::Read { key: *key }).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::{HashMap, HashSet};

    fn drawn(shape: Shape, number: usize) -> (Vec<Txn>, u64) {
        let next_key = Arc::new(AtomicU64::new(0));
        let mut mops = Mops::new(ChaCha8Rng::seed_from_u64(3), shape, Arc::clone(&next_key));
        ((0..number).map(|_| mops.txn()).collect(), next_key.load(Ordering::Relaxed))
    }

    #[test]
    fn values_are_unique_keys_are_retired_and_half_is_read() {
        let (txns, keys) = drawn(Shape::Blind, 20_000);
        let mut written = HashSet::new();
        let mut per_key: HashMap<u64, i64> = HashMap::new();
        let (mut reads, mut all) = (0, 0);
        for txn in &txns {
            assert!((1..=LONGEST).contains(&txn.0.len()));
            for mop in &txn.0 {
                all += 1;
                match *mop {
                    Mop::Read { .. } => reads += 1,
                    Mop::Write { key, value } => {
                        assert!(written.insert((key, value)), "{value} was written twice to {key}");
                        *per_key.entry(key).or_default() += 1;
                    }
                }
            }
        }
        assert!((0.48..0.52).contains(&(f64::from(reads) / f64::from(all))), "{reads} of {all} are reads");
        assert!(per_key.values().all(|writes| *writes <= WRITES_PER_KEY));
        assert!(keys > 300, "only {keys} keys were used");
        let single = txns.iter().filter(|txn| txn.0.len() == 1).count();
        assert!((4_500..5_500).contains(&single), "{single} of 20000 have one micro-operation");
    }

    #[test]
    fn one_key_is_twice_as_hot_as_the_next() {
        let (txns, _) = drawn(Shape::Blind, 100);
        let of = |wanted: u64| txns.iter().flat_map(|txn| &txn.0).filter(|mop| mop.key() == wanted).count();
        assert!(of(0) > of(1) && of(1) > of(2), "{} {} {}", of(0), of(1), of(2));
    }

    #[test]
    fn keys_are_read_before_they_are_written() {
        let (txns, keys) = drawn(Shape::Blind, 20_000);
        let mut first: HashMap<u64, bool> = HashMap::new();
        for mop in txns.iter().flat_map(|txn| &txn.0) {
            first.entry(mop.key()).or_insert(mop.is_read());
        }
        let read_first = first.values().filter(|is_read| **is_read).count() as u64;
        assert!(read_first * 3 > keys, "{read_first} of {keys}");
    }

    #[test]
    fn registers_are_read_modified_and_written() {
        let (txns, _) = drawn(Shape::ReadModifyWrite, 5_000);
        let modifies = |txn: &&Txn| {
            txn.0.windows(2).any(|pair| pair[0].is_read() && !pair[1].is_read() && pair[0].key() == pair[1].key())
        };
        let modifying = txns.iter().filter(modifies).count();
        assert!(modifying > 1_000, "{modifying} of 5000 transactions read, modify and write");
    }

    #[test]
    fn every_key_is_read_at_the_end() {
        let next_key = AtomicU64::new(11);
        let keys: HashSet<u64> = read_every_key(&next_key).iter().flat_map(|txn| &txn.0).map(|mop| mop.key()).collect();
        assert_eq!(keys, (0..11).collect());
    }
}
