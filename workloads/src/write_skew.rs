//! Write skew: of a pair of registers that nobody wrote, two transactions read both and each writes one. In any order one
//! of them would have seen the other.

use crate::final_reads::FinalReads;
use crate::isolation::Isolation;
use crate::{Context, Description, Generator, Judge, Next, Workload};
use checkers::txn::Objects;
use checkers::txn::level::Level;
use history::{DataType, Mop, RwRegister, Txn};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;

pub(crate) const DESCRIPTION: Description = Description {
    name: "write-skew",
    data_type: RwRegister::NAME,
    asks: "pairs of registers, three at a time: one transaction reads both and writes the first, another one reads both \
           and writes the second; both are read afterwards",
    checks: "what transactions saw of each other is possible at the level of isolation that --expect names",
    misses: "everything but skew between two registers",
    has_level: true,
};

/// So many pairs are in use at a time: few, so that both transactions of a pair overlap.
const PAIRS: usize = 3;

/// Pairs of registers; the seed fixes what is asked.
#[must_use]
pub fn write_skew(seed: u64, expect: Level) -> Workload<RwRegister> {
    Workload {
        description: &DESCRIPTION,
        main: Box::new(Pairs::new(seed)),
        last: Box::new(FinalReads::new(|| vec![Txn(reads(0).to_vec())])),
        judges: vec![Judge {
            promise: "transactions are isolated from each other as the level says that --expect names",
            checker: Box::new(Isolation { expect, objects: Objects::Registers }),
        }],
        timeout: |_| None,
    }
}

fn reads(pair: u64) -> [Mop; 2] {
    [Mop::Read { key: 2 * pair }, Mop::Read { key: 2 * pair + 1 }]
}

struct Pairs {
    rng: ChaCha8Rng,
    /// What is still to be asked of each pair.
    left: Vec<VecDeque<Txn>>,
    next_pair: u64,
}

impl Pairs {
    fn new(seed: u64) -> Pairs {
        Pairs { rng: ChaCha8Rng::seed_from_u64(seed), left: vec![VecDeque::new(); PAIRS], next_pair: 0 }
    }

    fn open(&mut self) -> VecDeque<Txn> {
        let pair = self.next_pair;
        self.next_pair += 1;
        let [first, second] = reads(pair);
        let write = |key| Txn(vec![first, second, Mop::Write { key, value: 1 }]);
        let mut writes = [write(2 * pair), write(2 * pair + 1)];
        if self.rng.random_bool(0.5) {
            writes.swap(0, 1);
        }
        writes.into_iter().chain([Txn(vec![first, second])]).collect()
    }
}

impl Generator<RwRegister> for Pairs {
    fn next(&mut self, _: Context) -> Next<Txn> {
        let slot = self.rng.random_range(0..PAIRS);
        if self.left[slot].is_empty() {
            self.left[slot] = self.open();
        }
        self.left[slot].pop_front().map_or(Next::Done, Next::Invoke)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use history::{Process, Time};
    use std::collections::HashMap;

    #[test]
    fn each_register_of_a_pair_is_written_once_after_both_were_read() {
        let mut generator = Pairs::new(1);
        let context = Context { time: Time(0), thread: 0, process: Process(0) };
        let mut written: HashMap<u64, u32> = HashMap::new();
        for _ in 0..900 {
            let Next::Invoke(txn) = generator.next(context) else { panic!("pairs never end") };
            let pair = txn.0[0].key() / 2;
            assert_eq!(txn.0[..2], reads(pair));
            if let Some(write) = txn.0.get(2) {
                assert_eq!(write.key() / 2, pair);
                *written.entry(write.key()).or_default() += 1;
            }
        }
        assert!(written.len() > 500 && written.values().all(|times| *times == 1));
    }
}
