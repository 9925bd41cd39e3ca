//! Long fork: two registers of a group are written once each, by different transactions, while others read both. Two
//! reads of which each has seen only the other write have two histories in mind.

use crate::final_reads::FinalReads;
use crate::isolation::Named;
use crate::{Context, Description, Generator, Judge, Next, Workload};
use checkers::SingleOptions;
use history::{DataType, Mop, RwRegister, Txn};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(crate) const DESCRIPTION: Description = Description {
    name: "long-fork",
    data_type: RwRegister::NAME,
    asks: "single writes of registers in groups of two, each written once, and reads of a whole group about that time",
    checks: "no two reads disagree on which register of a group was written first",
    misses: "everything that needs more than one group; lost updates and write skew",
    has_level: false,
};

/// So many registers are read together.
const GROUP: u64 = 2;

/// Reads are of a group that was written up to so many groups ago.
const RECENT: u64 = 4;

/// Groups of registers; the seed fixes what is asked.
#[must_use]
pub fn long_fork(seed: u64) -> Workload<RwRegister> {
    let options = SingleOptions { group: Some(GROUP as usize), ..SingleOptions::default() };
    Workload {
        description: &DESCRIPTION,
        main: Box::new(Groups { rng: ChaCha8Rng::seed_from_u64(seed), next_key: 0 }),
        last: Box::new(FinalReads::new(|| vec![read(0)])),
        judges: vec![Judge {
            promise: "of two reads of the same registers, one has seen everything that the other has seen",
            checker: Box::new(Named { name: "long-fork", options }),
        }],
        timeout: |_| None,
    }
}

fn read(group: u64) -> Txn {
    (group * GROUP..(group + 1) * GROUP).map(|key| Mop::Read { key }).collect()
}

struct Groups {
    rng: ChaCha8Rng,
    next_key: u64,
}

impl Generator<RwRegister> for Groups {
    fn next(&mut self, _: Context) -> Next<Txn> {
        if self.rng.random_bool(0.3) {
            self.next_key += 1;
            return Next::Invoke(Txn(vec![Mop::Write { key: self.next_key - 1, value: 1 }]));
        }
        let newest = self.next_key / GROUP;
        Next::Invoke(read(newest.saturating_sub(self.rng.random_range(0..RECENT))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use history::{Process, Time};
    use std::collections::HashSet;

    #[test]
    fn registers_are_written_once_and_groups_are_read_whole_and_early() {
        let mut generator = Groups { rng: ChaCha8Rng::seed_from_u64(1), next_key: 0 };
        let context = Context { time: Time(0), thread: 0, process: Process(0) };
        let (mut written, mut early) = (HashSet::new(), 0);
        for _ in 0..2000 {
            let Next::Invoke(txn) = generator.next(context) else { panic!("groups never end") };
            match txn.0[..] {
                [Mop::Write { key, .. }] => assert!(written.insert(key), "{key} was written twice"),
                [Mop::Read { key: first }, Mop::Read { key: second }] => {
                    assert_eq!((first % GROUP, second), (0, first + 1));
                    early += usize::from(!written.contains(&first) || !written.contains(&second));
                }
                ref other => panic!("{other:?}"),
            }
        }
        assert!(written.len() > 400 && early > 100, "{} {early}", written.len());
    }
}
