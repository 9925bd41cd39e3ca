//! Registers under transactions: what most databases offer. A read tells one version only; the order of versions must be
//! inferred, which is why half of the writes read their register first.

use crate::final_reads::FinalReads;
use crate::isolation::Isolation;
use crate::mops::{Mops, Shape, read_every_key};
use crate::{Context, Description, Generator, Judge, Next, Workload};
use checkers::txn::Objects;
use checkers::txn::level::Level;
use history::{DataType, RwRegister, Txn};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

pub(crate) const DESCRIPTION: Description = Description {
    name: "wr",
    data_type: RwRegister::NAME,
    asks: "transactions of one to four reads and writes of registers, on ten registers at a time, half of the writes \
           after a read of the same; every register is read from every node at the end",
    checks: "what transactions saw of each other is possible at the level of isolation that --expect names",
    misses: "what predicates see; whatever needs the order of two writes that nobody read in between",
    has_level: true,
};

/// Registers under transactions that promise a level; the seed fixes what is asked.
#[must_use]
pub fn wr(seed: u64, expect: Level) -> Workload<RwRegister> {
    let keys = Arc::default();
    let for_the_end = Arc::clone(&keys);
    Workload {
        description: &DESCRIPTION,
        main: Box::new(Writes(Mops::new(ChaCha8Rng::seed_from_u64(seed), Shape::ReadModifyWrite, keys))),
        last: Box::new(FinalReads::new(move || read_every_key(&for_the_end))),
        judges: vec![Judge {
            promise: "transactions are isolated from each other as the level says that --expect names",
            checker: Box::new(Isolation { expect, objects: Objects::Registers }),
        }],
        timeout: |_| None,
    }
}

struct Writes(Mops);

impl Generator<RwRegister> for Writes {
    fn next(&mut self, _: Context) -> Next<Txn> {
        Next::Invoke(self.0.txn())
    }
}
