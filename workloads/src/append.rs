//! Lists under transactions: a read tells the order of everything that was appended before it, so that who saw and
//! overtook whom is known and not guessed.

use crate::final_reads::FinalReads;
use crate::isolation::Isolation;
use crate::mops::{Mops, Shape, read_every_key};
use crate::{Context, Description, Generator, Judge, Next, Workload};
use checkers::txn::Objects;
use checkers::txn::level::Level;
use history::{DataType, ListAppend, Txn};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

pub(crate) const DESCRIPTION: Description = Description {
    name: "append",
    data_type: ListAppend::NAME,
    asks: "transactions of one to four reads of lists and appends to them, on ten lists at a time; every list is read \
           from every node at the end",
    checks: "what transactions saw of each other is possible at the level of isolation that --expect names",
    misses: "what predicates see; appends to a list that nobody reads again",
    has_level: true,
};

/// Lists under transactions that promise a level; the seed fixes what is asked.
#[must_use]
pub fn append(seed: u64, expect: Level) -> Workload<ListAppend> {
    let keys = Arc::default();
    let for_the_end = Arc::clone(&keys);
    Workload {
        description: &DESCRIPTION,
        main: Box::new(Appends(Mops::new(ChaCha8Rng::seed_from_u64(seed), Shape::Blind, keys))),
        last: Box::new(FinalReads::new(move || read_every_key(&for_the_end))),
        judges: vec![Judge {
            promise: "transactions are isolated from each other as the level says that --expect names",
            checker: Box::new(Isolation { expect, objects: Objects::Lists }),
        }],
        timeout: |_| None,
    }
}

struct Appends(Mops);

impl Generator<ListAppend> for Appends {
    fn next(&mut self, _: Context) -> Next<Txn> {
        Next::Invoke(self.0.txn())
    }
}
