//! Lists and registers under transactions: a micro-operation a step.

use super::{Access, Objects, Stop, Stored};
use history::{ListAppend, Mop, Reads, RwRegister, Txn};

/// How many micro-operations are done, and what the reads among them found.
#[derive(Debug)]
pub struct Done<F> {
    mops: usize,
    found: Vec<F>,
}

impl<F> Default for Done<F> {
    fn default() -> Self {
        Done { mops: 0, found: Vec::new() }
    }
}

impl<F> Done<F> {
    fn advance(
        &mut self,
        txn: &Txn,
        access: &mut Access<'_>,
        read: fn(&mut Access<'_>, u64) -> F,
    ) -> Result<bool, Stop> {
        match txn.0.get(self.mops) {
            None => return Ok(false),
            Some(Mop::Read { key }) => self.found.push(read(access, *key)),
            Some(Mop::Write { key, value }) => access.write(*key, Some(*value))?,
        }
        self.mops += 1;
        Ok(true)
    }
}

impl Stored for ListAppend {
    const OBJECTS: Objects = Objects::Lists;
    type Progress = Done<Vec<i64>>;

    fn advance(op: &Txn, progress: &mut Self::Progress, access: &mut Access<'_>) -> Result<bool, Stop> {
        progress.advance(op, access, |access, key| access.list(key))
    }

    fn answer(_: &Txn, progress: Self::Progress) -> Reads<Vec<i64>> {
        Reads(progress.found)
    }
}

impl Stored for RwRegister {
    const OBJECTS: Objects = Objects::Registers;
    type Progress = Done<Option<i64>>;

    fn advance(op: &Txn, progress: &mut Self::Progress, access: &mut Access<'_>) -> Result<bool, Stop> {
        progress.advance(op, access, |access, key| access.value(key))
    }

    fn answer(_: &Txn, progress: Self::Progress) -> Reads<Option<i64>> {
        Reads(progress.found)
    }
}
