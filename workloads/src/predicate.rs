//! Tables that are asked by predicate: rows come, change and go, each once, while transactions look for those that are
//! like something. Whoever looks twice and finds a phantom in between was not alone.

use crate::final_reads::FinalReads;
use crate::isolation::Isolation;
use crate::{Context, Description, Generator, Judge, Next, Workload};
use checkers::txn::Objects;
use checkers::txn::level::Level;
use history::{DataType, Event, EventKind, Outcome, Predicate, Predicates, Process, TableAsk, TableMop, TableOp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;

pub(crate) const DESCRIPTION: Description = Description {
    name: "predicate",
    data_type: Predicates::NAME,
    asks: "tables of eight rows, of which six are there at first and each changes once; transactions of one to four \
           changes, reads of rows, and reads by predicate",
    checks: "what transactions saw of each other is possible at the level of isolation that --expect names",
    misses: "rows that change more than once; what spans two tables",
    has_level: true,
};

/// So many tables are in use at a time.
const TABLES: usize = 3;

/// Rows that a table has at first, from 0 on.
const FIRST_ROWS: u64 = 6;

/// Rows that a table can have in all.
const ROWS: u64 = 8;

/// A table is retired after so many transactions.
const TRANSACTIONS: u32 = 30;

/// Until its first rows are there, a table cannot be asked; so long a client waits if that is true of all.
const PAUSE: u64 = 2_000_000;

/// Tables; the seed fixes what is asked, given the same answers.
#[must_use]
pub fn predicate(seed: u64, expect: Level) -> Workload<Predicates> {
    let look = || TableOp { table: 0, ask: TableAsk::Txn(vec![TableMop::Find(Predicate::Any)]) };
    Workload {
        description: &DESCRIPTION,
        main: Box::new(Tables::new(seed)),
        last: Box::new(FinalReads::new(move || vec![look()])),
        judges: vec![Judge {
            promise: "transactions are isolated from each other as the level says that --expect names",
            checker: Box::new(Isolation { expect, objects: Objects::Predicates }),
        }],
        timeout: |_| None,
    }
}

/// A table that is in use.
struct Table {
    number: u64,
    state: State,
    /// Rows that nobody was asked to change.
    unchanged: Vec<u64>,
    left: u32,
    next_value: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Absent,
    /// This client was asked to begin it.
    Beginning(Process),
    Open,
}

impl Table {
    fn new(number: u64) -> Table {
        Table { number, state: State::Absent, unchanged: (0..ROWS).collect(), left: TRANSACTIONS, next_value: 1 }
    }

    fn fresh_value(&mut self) -> i64 {
        self.next_value += 1;
        self.next_value - 1
    }

    fn init(&mut self) -> TableOp {
        let rows = (0..FIRST_ROWS).map(|row| (row, self.fresh_value())).collect();
        TableOp { table: self.number, ask: TableAsk::Init(rows) }
    }

    fn txn(&mut self, rng: &mut ChaCha8Rng) -> TableOp {
        self.left -= 1;
        let mops = (0..rng.random_range(1..=4)).map(|_| self.mop(rng)).collect();
        TableOp { table: self.number, ask: TableAsk::Txn(mops) }
    }

    fn mop(&mut self, rng: &mut ChaCha8Rng) -> TableMop {
        match rng.random_range(0..10) {
            0..3 if !self.unchanged.is_empty() => self.change(rng),
            3..5 => TableMop::Read { row: rng.random_range(0..ROWS) },
            5 => TableMop::Find(Predicate::Equals(rng.random_range(1..self.next_value))),
            6 | 7 => TableMop::Find(Predicate::Remainder { by: 2, is: rng.random_range(0..2) }),
            _ => TableMop::Find(Predicate::Any),
        }
    }

    fn change(&mut self, rng: &mut ChaCha8Rng) -> TableMop {
        let row = self.unchanged.swap_remove(rng.random_range(0..self.unchanged.len()));
        let value = self.fresh_value();
        match row {
            FIRST_ROWS.. => TableMop::Insert { row, value },
            _ if rng.random_bool(0.5) => TableMop::Delete { row },
            _ => TableMop::Write { row, value },
        }
    }
}

struct Tables {
    rng: ChaCha8Rng,
    active: Vec<Table>,
    next_table: u64,
    in_flight: HashMap<Process, u64>,
}

impl Tables {
    fn new(seed: u64) -> Tables {
        let active = (0..TABLES as u64).map(Table::new).collect();
        Tables { rng: ChaCha8Rng::seed_from_u64(seed), active, next_table: TABLES as u64, in_flight: HashMap::new() }
    }

    fn replace(&mut self, slot: usize) {
        self.active[slot] = Table::new(self.next_table);
        self.next_table += 1;
    }
}

impl Generator<Predicates> for Tables {
    fn next(&mut self, context: Context) -> Next<TableOp> {
        let first = self.rng.random_range(0..TABLES);
        for slot in (0..TABLES).map(|offset| (first + offset) % TABLES) {
            if self.active[slot].left == 0 {
                self.replace(slot);
            }
            let table = &mut self.active[slot];
            match table.state {
                State::Beginning(_) => {}
                State::Absent => {
                    table.state = State::Beginning(context.process);
                    return Next::Invoke(table.init());
                }
                State::Open => return Next::Invoke(table.txn(&mut self.rng)),
            }
        }
        Next::Wait(context.time.plus(PAUSE))
    }

    fn observe(&mut self, _: usize, event: &Event<Predicates>) {
        let outcome = match &event.kind {
            EventKind::Invoke(op) => {
                self.in_flight.insert(event.process, op.table);
                return;
            }
            EventKind::Complete(outcome) => outcome,
        };
        let number = self.in_flight.remove(&event.process);
        let is_begun = |table: &Table| table.state == State::Beginning(event.process) && Some(table.number) == number;
        let Some(slot) = self.active.iter().position(is_begun) else { return };
        match outcome {
            Outcome::Ok(_) => self.active[slot].state = State::Open,
            // Nobody knows which rows it has, or it has none.
            Outcome::Fail(_) | Outcome::Info(_) => self.replace(slot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use history::{Moment, TableRet, Time};
    use std::collections::HashSet;

    fn tell(tables: &mut Tables, process: u64, kind: EventKind<Predicates>) {
        let moment = Moment { index: 0, time: Time(0) };
        tables.observe(0, &Event { moment, process: Process(process), kind });
    }

    fn context(process: u64) -> Context {
        Context { time: Time(0), thread: 0, process: Process(process) }
    }

    #[test]
    fn a_table_is_begun_once_and_each_row_changes_once() {
        let mut tables = Tables::new(1);
        let (mut begun, mut changed, mut found) = (HashSet::new(), HashSet::new(), 0);
        for _ in 0..2000 {
            let Next::Invoke(op) = tables.next(context(0)) else { panic!("one client never waits") };
            match &op.ask {
                TableAsk::Init(rows) => assert!(begun.insert(op.table) && rows.len() as u64 == FIRST_ROWS),
                TableAsk::Txn(mops) => {
                    assert!(begun.contains(&op.table));
                    for mop in mops {
                        match *mop {
                            TableMop::Insert { row, .. } | TableMop::Delete { row } | TableMop::Write { row, .. } => {
                                assert!(changed.insert((op.table, row)), "row {row} of {} again", op.table);
                            }
                            TableMop::Find(_) => found += 1,
                            TableMop::Read { .. } => {}
                        }
                    }
                }
            }
            tell(&mut tables, 0, EventKind::Invoke(op));
            tell(&mut tables, 0, EventKind::Complete(Outcome::Ok(TableRet::default())));
        }
        assert!(begun.len() > 50 && changed.len() > 400 && found > 1000, "{} {}", begun.len(), changed.len());
    }

    #[test]
    fn a_table_whose_beginning_is_unknown_is_left_alone() {
        let mut tables = Tables::new(1);
        for process in 0..TABLES as u64 {
            let Next::Invoke(op) = tables.next(context(process)) else { panic!("there are tables to begin") };
            tell(&mut tables, process, EventKind::Invoke(op));
        }
        assert!(matches!(tables.next(context(9)), Next::Wait(_)));
        tell(&mut tables, 1, EventKind::Complete(Outcome::Info("timeout".into())));
        let Next::Invoke(op) = tables.next(context(9)) else { panic!("another table is begun") };
        assert_eq!((op.table, matches!(op.ask, TableAsk::Init(_))), (TABLES as u64, true));
    }
}
