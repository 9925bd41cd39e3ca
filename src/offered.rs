//! The one place where a workload meets a database: which data types there are, how a database offers each, and which
//! workloads use it.

use crate::plan::Plan;
use checkers::txn::level::Level;
use cluster::{Connect, Database};
use history::{Bank, DataType, ListAppend, Lock, Predicates, Register, RwRegister, Set};
use workloads::Workload;

/// What a workload is made of.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Its name; a data type may have several.
    pub workload: &'a str,
    /// For so many clients.
    pub threads: usize,
    /// Fixes what is asked.
    pub seed: u64,
    /// The level of isolation that is promised, for workloads that have one.
    pub expect: Level,
}

impl Wanted<'_> {
    /// The workload of a plan, for so many clients.
    #[must_use]
    pub fn by(plan: &Plan, threads: usize) -> Wanted<'_> {
        let expect = plan.expect.as_ref().map_or(Level::StrictSerializable, |expect| expect.level());
        Wanted { workload: &plan.workload.0, threads, seed: plan.seed.0, expect }
    }
}

/// A data type that databases offer and workloads use.
pub trait Offered: DataType {
    /// The database's way to make clients of this type; None if it has none.
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Self>>;

    /// The workload that is wanted, which is one of this type.
    fn workload(wanted: Wanted<'_>) -> Workload<Self>;
}

impl Offered for Register {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Register>> {
        database.registers()
    }

    fn workload(wanted: Wanted<'_>) -> Workload<Register> {
        workloads::register(wanted.threads, wanted.seed)
    }
}

impl Offered for Set {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Set>> {
        database.sets()
    }

    fn workload(_: Wanted<'_>) -> Workload<Set> {
        workloads::set()
    }
}

impl Offered for Lock {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Lock>> {
        database.locks()
    }

    fn workload(wanted: Wanted<'_>) -> Workload<Lock> {
        workloads::lock(wanted.threads, wanted.seed)
    }
}

impl Offered for ListAppend {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<ListAppend>> {
        database.lists()
    }

    fn workload(wanted: Wanted<'_>) -> Workload<ListAppend> {
        workloads::append(wanted.seed, wanted.expect)
    }
}

impl Offered for RwRegister {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<RwRegister>> {
        database.transactional_registers()
    }

    fn workload(wanted: Wanted<'_>) -> Workload<RwRegister> {
        match wanted.workload {
            "long-fork" => workloads::long_fork(wanted.seed),
            "write-skew" => workloads::write_skew(wanted.seed, wanted.expect),
            _ => workloads::wr(wanted.seed, wanted.expect),
        }
    }
}

impl Offered for Bank {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Bank>> {
        database.banks()
    }

    fn workload(wanted: Wanted<'_>) -> Workload<Bank> {
        workloads::bank(wanted.seed)
    }
}

impl Offered for Predicates {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Predicates>> {
        database.tables()
    }

    fn workload(wanted: Wanted<'_>) -> Workload<Predicates> {
        workloads::predicate(wanted.seed, wanted.expect)
    }
}

/// Calls a generic function with the data type of a workload: `with_data_type!(name, D => judge::<D>(..))`.
#[macro_export]
macro_rules! with_data_type {
    ($workload:expr, $data_type:ident => $body:expr) => {
        match $workload {
            "register" => {
                type $data_type = history::Register;
                $body
            }
            "set" => {
                type $data_type = history::Set;
                $body
            }
            "lock" => {
                type $data_type = history::Lock;
                $body
            }
            "append" => {
                type $data_type = history::ListAppend;
                $body
            }
            "wr" | "long-fork" | "write-skew" => {
                type $data_type = history::RwRegister;
                $body
            }
            "bank" => {
                type $data_type = history::Bank;
                $body
            }
            "predicate" => {
                type $data_type = history::Predicates;
                $body
            }
            other => unreachable!("a plan with the unknown workload `{other}` is refused when it is read"),
        }
    };
}
