//! Transactions to ask of a simulated store: few hot keys that are retired after some writes, and no value written twice
//! to one of them. The workloads of a real run are others' business; this is only what tests of checkers need.

use history::{Mop, Txn};
use rand::{Rng, RngExt};

/// Draws transactions of one to four micro-operations, half of them reads.
#[derive(Clone, Debug)]
pub struct Load {
    /// The keys in use, the hottest first, each with how often it was written.
    keys: Vec<(u64, i64)>,
    next_key: u64,
    most_writes: i64,
}

impl Load {
    /// So many keys at a time, each of which is written at most so often.
    ///
    /// # Panics
    /// If there is no key.
    #[must_use]
    pub fn new(keys: u64, most_writes: i64) -> Load {
        assert!(keys > 0, "transactions need a key");
        Load { keys: (0..keys).map(|key| (key, 0)).collect(), next_key: keys, most_writes }
    }

    /// The next transaction.
    pub fn next(&mut self, rng: &mut impl Rng) -> Txn {
        (0..rng.random_range(1..=4)).map(|_| self.mop(rng)).collect()
    }

    fn mop(&mut self, rng: &mut impl Rng) -> Mop {
        // Each key is half as hot as the one before it.
        let slot = (rng.random::<u32>().trailing_zeros() as usize).min(self.keys.len() - 1);
        let is_read = rng.random_bool(0.5);
        let (key, writes) = &mut self.keys[slot];
        if is_read {
            return Mop::Read { key: *key };
        }
        *writes += 1;
        let mop = Mop::Write { key: *key, value: *writes };
        if *writes >= self.most_writes {
            self.keys[slot] = (self.next_key, 0);
            self.next_key += 1;
        }
        mop
    }
}
