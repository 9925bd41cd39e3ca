//! Edges that must be there, each from one read: non-monotonic and fractured reads.

use super::{Reason, Weak};
use crate::txn::{Accesses, INITIAL, NEVER, Write};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// Up to how many objects a list is gone through instead of a table.
const FEW: usize = 16;

/// Rows per piece of parallel work.
const PIECE: u32 = 16_384;

/// An edge and why: `from` before `to`, since the reader knew of the first and read the object of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inferred {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) reader: u32,
    pub(super) key: u32,
    pub(super) reason: Reason,
}

/// What each row wrote; of rows that wrote much, in a table.
pub(super) struct Writes<'a> {
    accesses: &'a Accesses,
    wide: FxHashMap<u32, FxHashSet<u32>>,
}

impl<'a> Writes<'a> {
    pub(super) fn new(accesses: &'a Accesses) -> Writes<'a> {
        let wide = (0..accesses.len() as u32).filter(|&row| accesses.writes(row).len() > FEW);
        let keys = |row: u32| accesses.writes(row).iter().map(|write| write.key).collect();
        Writes { accesses, wide: wide.map(|row| (row, keys(row))).collect() }
    }

    pub(super) fn of(&self, row: u32) -> &'a [Write] {
        self.accesses.writes(row)
    }

    pub(super) fn wrote(&self, row: u32, key: u32) -> bool {
        let writes = self.of(row);
        match writes.len() > FEW {
            true => self.wide.get(&row).is_some_and(|keys| keys.contains(&key)),
            false => writes.iter().any(|write| write.key == key),
        }
    }
}

/// Objects that a row read, each with two writers at most.
#[derive(Default)]
struct Readings {
    list: Vec<(u32, u32, u32)>,
    table: FxHashMap<u32, u32>,
}

/// No second writer.
const NOBODY: u32 = u32::MAX - 1;

impl Readings {
    fn clear(&mut self) {
        self.list.clear();
        self.table.clear();
    }

    fn place(&self, key: u32) -> Option<usize> {
        match self.list.len() > FEW {
            true => self.table.get(&key).map(|&at| at as usize),
            false => self.list.iter().position(|entry| entry.0 == key),
        }
    }

    /// Takes note of a read that comes before all so far.
    fn put(&mut self, key: u32, from: u32) {
        match self.place(key) {
            Some(at) if self.list[at].1 == from => {}
            Some(at) => self.list[at] = (key, from, self.list[at].1),
            None => {
                self.list.push((key, from, NOBODY));
                if self.list.len() == FEW + 1 {
                    self.table.extend(self.list.iter().enumerate().map(|(at, entry)| (entry.0, at as u32)));
                } else if self.list.len() > FEW {
                    self.table.insert(key, self.list.len() as u32 - 1);
                }
            }
        }
    }

    /// The writers other than this one, of objects that it wrote too; the smaller of both sets is gone through.
    fn met_by(&self, writes: &Writes<'_>, writer: u32, mut meet: impl FnMut(u32, u32)) {
        let mut other = |entry: &(u32, u32, u32)| {
            let first = if entry.1 == writer { entry.2 } else { entry.1 };
            if first != NOBODY {
                meet(entry.0, first);
            }
        };
        let wrote = writes.of(writer);
        if wrote.len() <= self.list.len() {
            wrote.iter().filter_map(|write| self.place(write.key)).for_each(|at| other(&self.list[at]));
        } else {
            self.list.iter().filter(|entry| writes.wrote(writer, entry.0)).for_each(other);
        }
    }
}

impl Weak<'_> {
    /// Edges by reads that come after others, collected where they are wanted.
    pub(super) fn non_monotonic(&self, wanted: impl Fn(&Inferred) -> bool + Sync) -> Vec<Inferred> {
        self.by_rows(wanted, |readings, row, put| {
            let reads = self.accesses.reads(row);
            let many = (reads.len() > FEW).then(|| first_of_each(reads.iter().map(|read| read.from)));
            for (at, read) in reads.iter().enumerate().rev() {
                let first = match &many {
                    Some(firsts) => firsts[&read.from] == at,
                    None => reads[..at].iter().all(|earlier| earlier.from != read.from),
                };
                if first && read.from != INITIAL && !readings.list.is_empty() {
                    readings.met_by(&self.writes, read.from, |key, to| put(read.from, to, key, Reason::ReadEarlier));
                }
                readings.put(read.key, read.from);
            }
        })
    }

    /// Edges by reads that miss what another read shows.
    pub(super) fn fractured(&self, wanted: impl Fn(&Inferred) -> bool + Sync) -> Vec<Inferred> {
        self.by_rows(wanted, |readings, row, put| {
            let reads = self.accesses.reads(row);
            reads.iter().rev().for_each(|read| readings.put(read.key, read.from));
            let mut sources: Vec<u32> = reads.iter().map(|read| read.from).filter(|&from| from != INITIAL).collect();
            if sources.len() > 1 {
                sources.sort_unstable();
                sources.dedup();
            }
            for from in sources {
                readings.met_by(&self.writes, from, |key, to| put(from, to, key, Reason::Atomic));
            }
        })
    }

    /// Goes through all rows with more than one read, in parallel.
    fn by_rows(
        &self,
        wanted: impl Fn(&Inferred) -> bool + Sync,
        infer: impl Fn(&mut Readings, u32, &mut dyn FnMut(u32, u32, u32, Reason)) + Sync,
    ) -> Vec<Inferred> {
        let rows = self.accesses.len() as u32;
        let piece = |at: u32| {
            let mut found = Vec::new();
            let mut readings = Readings::default();
            for row in (at * PIECE..rows.min((at + 1) * PIECE)).filter(|&row| self.accesses.reads(row).len() > 1) {
                readings.clear();
                infer(&mut readings, row, &mut |from, to, key, reason| {
                    let edge = Inferred { from, to, reader: row, key, reason };
                    // What a row itself wrote it need not have read.
                    found.extend((to != row && from != row && wanted(&edge)).then_some(edge));
                });
            }
            found
        };
        let pieces: Vec<Vec<Inferred>> = (0..rows.div_ceil(PIECE)).into_par_iter().map(piece).collect();
        pieces.concat()
    }

    /// Edges by reads that miss the last write of their own session.
    pub(super) fn behind_session(&self, wanted: impl Fn(&Inferred) -> bool) -> Vec<Inferred> {
        let mut last: FxHashMap<u32, u32> = FxHashMap::default();
        let mut found = Vec::new();
        let mut session = None;
        for &row in &self.rows {
            let mine = self.timeline.session[row as usize];
            if session.replace(mine) != Some(mine) {
                last.clear();
            }
            for read in self.accesses.reads(row) {
                if let Some(&from) = last.get(&read.key).filter(|&&from| from != read.from) {
                    let edge = Inferred { from, to: read.from, reader: row, key: read.key, reason: Reason::Atomic };
                    found.extend(wanted(&edge).then_some(edge));
                }
            }
            if self.timeline.completed[row as usize] != NEVER {
                last.extend(self.writes.of(row).iter().map(|write| (write.key, row)));
            }
        }
        found
    }
}

fn first_of_each(rows: impl Iterator<Item = u32>) -> FxHashMap<u32, usize> {
    let mut firsts = FxHashMap::default();
    for (at, row) in rows.enumerate() {
        firsts.entry(row).or_insert(at);
    }
    firsts
}
