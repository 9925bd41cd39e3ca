//! A bank: money moves between eight accounts, and all balances are read at once. Whoever reads between the two halves of
//! a transfer, or overwrites one, changes the sum.

use crate::final_reads::FinalReads;
use crate::isolation::Named;
use crate::{Context, Description, Generator, Judge, Next, Workload};
use checkers::SingleOptions;
use history::{Bank, BankOp, DataType, Transfer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(crate) const DESCRIPTION: Description = Description {
    name: "bank",
    data_type: Bank::NAME,
    asks: "transfers of 1 to 5 between eight accounts that hold 100 each; every second operation reads all of them",
    checks: "every read finds 800 in all accounts together, no account below zero, and balances that transfers explain",
    misses: "transfers that are lost as a whole; write skew; reads of the past",
    has_level: false,
};

/// The most that is moved at a time.
const MOST: i64 = 5;

/// A bank; the seed fixes what is asked.
#[must_use]
pub fn bank(seed: u64) -> Workload<Bank> {
    let options = SingleOptions {
        total: Some(Bank::TOTAL),
        accounts: u32::try_from(Bank::ACCOUNTS).ok(),
        ..SingleOptions::default()
    };
    Workload {
        description: &DESCRIPTION,
        main: Box::new(Transfers { rng: ChaCha8Rng::seed_from_u64(seed) }),
        last: Box::new(FinalReads::new(|| vec![BankOp::Read])),
        judges: vec![Judge {
            promise: "transfers neither make nor destroy money, in any read",
            checker: Box::new(Named { name: "bank", options }),
        }],
        timeout: |_| None,
    }
}

struct Transfers {
    rng: ChaCha8Rng,
}

impl Generator<Bank> for Transfers {
    fn next(&mut self, _: Context) -> Next<BankOp> {
        if self.rng.random_bool(0.5) {
            return Next::Invoke(BankOp::Read);
        }
        let from = self.rng.random_range(0..Bank::ACCOUNTS);
        let to = (from + self.rng.random_range(1..Bank::ACCOUNTS)) % Bank::ACCOUNTS;
        Next::Invoke(BankOp::Transfer(Transfer { from, to, amount: self.rng.random_range(1..=MOST) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use history::{Process, Time};

    #[test]
    fn money_moves_between_two_accounts_that_exist() {
        let mut generator = Transfers { rng: ChaCha8Rng::seed_from_u64(1) };
        let context = Context { time: Time(0), thread: 0, process: Process(0) };
        let mut reads = 0;
        for _ in 0..1000 {
            match generator.next(context) {
                Next::Invoke(BankOp::Read) => reads += 1,
                Next::Invoke(BankOp::Transfer(Transfer { from, to, amount })) => {
                    assert!(from != to && from.max(to) < Bank::ACCOUNTS && (1..=MOST).contains(&amount));
                }
                other => panic!("a bank never closes: {other:?}"),
            }
        }
        assert!((400..600).contains(&reads), "{reads}");
    }
}
