//! The one place where a workload meets a database: which data types there are, how a database offers each, and which
//! workloads use it.

use cluster::{Connect, Database};
use history::{DataType, Lock, Register, Set};
use workloads::Workload;

/// A data type that databases offer and workloads use.
pub trait Offered: DataType {
    /// The database's way to make clients of this type; None if it has none.
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Self>>;

    /// The workload of this type for so many clients.
    fn workload(threads: usize, seed: u64) -> Workload<Self>;
}

impl Offered for Register {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Register>> {
        database.registers()
    }

    fn workload(threads: usize, seed: u64) -> Workload<Register> {
        workloads::register(threads, seed)
    }
}

impl Offered for Set {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Set>> {
        database.sets()
    }

    fn workload(_: usize, _: u64) -> Workload<Set> {
        workloads::set()
    }
}

impl Offered for Lock {
    fn connect(database: &dyn Database) -> Option<&dyn Connect<Lock>> {
        database.locks()
    }

    fn workload(threads: usize, seed: u64) -> Workload<Lock> {
        workloads::lock(threads, seed)
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
            other => unreachable!("a plan with the unknown workload `{other}` is refused when it is read"),
        }
    };
}
