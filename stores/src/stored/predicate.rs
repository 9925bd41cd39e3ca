//! Tables of registers, a row each: a predicate read looks at every row that a table can have, in one step.

use super::{Access, Objects, Stop, Stored};
use history::{Predicate, Predicates, Rows, TableAsk, TableFound, TableMop, TableOp, TableRet};

/// The rows of a table are numbered from 0 up to, not including, this.
const ROWS: u64 = 16;

/// How many micro-operations are done, and what the reads among them found.
#[derive(Debug, Default)]
pub struct Done {
    mops: usize,
    found: Vec<TableFound>,
}

/// The register that holds a row.
fn register(table: u64, row: u64) -> Result<u64, Stop> {
    if row < ROWS { Ok(table * ROWS + row) } else { Err(Stop::Refused(format!("a table has no row {row}"))) }
}

fn find(table: u64, predicate: Predicate, access: &mut Access<'_>) -> Rows {
    let row = |row: u64| Some((row, access.value(table * ROWS + row)?));
    (0..ROWS).filter_map(row).filter(|(_, value)| predicate.matches(*value)).collect()
}

impl Stored for Predicates {
    const OBJECTS: Objects = Objects::Registers;
    type Progress = Done;

    fn advance(op: &TableOp, progress: &mut Done, access: &mut Access<'_>) -> Result<bool, Stop> {
        let table = op.table;
        match &op.ask {
            TableAsk::Init(rows) => match rows.iter().nth(progress.mops) {
                None => return Ok(false),
                Some((row, value)) => access.write(register(table, *row)?, Some(*value))?,
            },
            TableAsk::Txn(mops) => match mops.get(progress.mops) {
                None => return Ok(false),
                Some(mop) => progress.found.extend(carry_out(table, *mop, access)?),
            },
        }
        progress.mops += 1;
        Ok(true)
    }

    fn answer(_: &TableOp, progress: Done) -> TableRet {
        TableRet(progress.found)
    }
}

fn carry_out(table: u64, mop: TableMop, access: &mut Access<'_>) -> Result<Option<TableFound>, Stop> {
    match mop {
        TableMop::Insert { row, value } | TableMop::Write { row, value } => {
            access.write(register(table, row)?, Some(value))?;
        }
        TableMop::Delete { row } => access.write(register(table, row)?, None)?,
        TableMop::Read { row } => return Ok(Some(TableFound::Value(access.value(register(table, row)?)))),
        TableMop::Find(predicate) => return Ok(Some(TableFound::Rows(find(table, predicate, access)))),
    }
    Ok(None)
}
