//! What a session may count on: its writes, monotonic reads and writes, writes that follow reads.
//!
//! Source of the guarantees: Terry et al. 1994. Each is told here of one session and, where others must see its writes in
//! order, of one reader; a chain over several sessions is a matter of causal consistency.

use super::stale;
use super::versions::Versions;
use super::{Step, Why};
use crate::txn::level::order::{is_session_before, rows_by_session};
use crate::txn::{INITIAL, Kinds, NEVER, Timeline};
use rustc_hash::FxHashMap;

/// The newest version of an object that a session had met up to some place in it.
#[derive(Clone, Copy)]
struct Met {
    /// Place in the session.
    at: u32,
    version: u32,
    /// Who wrote it.
    writer: u32,
    /// Which transaction of the session met it.
    by: u32,
}

/// Per session and object, what was met, the newest so far, by place.
type Newest = FxHashMap<(u32, u32), Vec<Met>>;

/// Sessions that one may count on, row by row.
pub(super) struct Sessions<'a> {
    versions: &'a Versions<'a>,
    timeline: &'a Timeline,
    rows: Vec<u32>,
    at: Vec<u32>,
}

impl<'a> Sessions<'a> {
    pub(super) fn new(versions: &'a Versions<'a>, timeline: &'a Timeline) -> Sessions<'a> {
        let rows = rows_by_session(timeline);
        let mut at = vec![0; rows.len()];
        for (place, &row) in rows.iter().enumerate() {
            at[row as usize] = place as u32 + 1;
        }
        Sessions { versions, timeline, rows, at }
    }

    pub(super) fn read_your_writes(&self) -> Option<Vec<Step>> {
        stale::behind_session(self.versions, self.timeline)
    }

    pub(super) fn monotonic_reads(&self) -> Option<Vec<Step>> {
        let read = self.read();
        self.rows.iter().find_map(|&row| {
            self.versions.reads(row).find_map(|(key, place, _)| {
                let met = self.before(&read, row, key)?;
                let steps = vec![stale(row, met.writer, key), reads(met.writer, met.by), session(met.by, row)];
                (place < met.version).then(|| without_loops(steps))
            })
        })
    }

    pub(super) fn monotonic_writes(&self) -> Option<Vec<Step>> {
        let wrote = self.wrote();
        let own = self.rows.iter().find_map(|&row| {
            self.versions.writes(row).iter().find_map(|write| {
                let met = self.before(&wrote, row, write.key)?;
                let why = Why::Overwritten { key: write.key };
                let steps = vec![Step { from: row, to: met.writer, why }, session(met.writer, row)];
                (write.version < met.version).then_some(steps)
            })
        });
        own.or_else(|| {
            self.missed_by_readers(|writer, key| {
                let met = self.before(&wrote, writer, key)?;
                Some((met.version, met.writer, vec![session(met.writer, writer)]))
            })
        })
    }

    pub(super) fn writes_follow_reads(&self) -> Option<Vec<Step>> {
        let read = self.read();
        let own = self.rows.iter().find_map(|&row| {
            self.versions.writes(row).iter().find_map(|write| {
                let met = self.upto(&read, row, write.key)?;
                let why = Why::Overwritten { key: write.key };
                let steps =
                    vec![Step { from: row, to: met.writer, why }, reads(met.writer, met.by), session(met.by, row)];
                (write.version < met.version).then(|| without_loops(steps))
            })
        });
        own.or_else(|| {
            self.missed_by_readers(|writer, key| {
                let met = self.upto(&read, writer, key)?;
                Some((met.version, met.writer, vec![reads(met.writer, met.by), session(met.by, writer)]))
            })
        })
    }

    /// Somebody reads from the last writer of a session that it reads from, and misses what that writer stands on.
    fn missed_by_readers(&self, stands_on: impl Fn(u32, u32) -> Option<(u32, u32, Vec<Step>)>) -> Option<Vec<Step>> {
        (0..self.versions.rows()).filter(|&row| self.versions.reads(row).len() > 1).find_map(|row| {
            let sources = self.last_of_each_session(row);
            self.versions.reads(row).find_map(|(key, place, _)| {
                sources.iter().find_map(|&writer| {
                    let (version, missed, mut steps) = stands_on(writer, key)?;
                    if place >= version {
                        return None;
                    }
                    steps.insert(0, stale(row, missed, key));
                    steps.push(reads(writer, row));
                    Some(without_loops(steps))
                })
            })
        })
    }

    /// Of those that a row reads from, the last of each session; those in doubt all.
    fn last_of_each_session(&self, row: u32) -> Vec<u32> {
        let from = self.versions.reads(row).map(|read| read.2).filter(|&from| from != INITIAL);
        let mut sources: Vec<u32> = from.collect();
        let session = |row: u32| self.timeline.session[row as usize];
        sources.sort_unstable_by_key(|&from| (session(from), self.at[from as usize]));
        sources.dedup();
        let later =
            |at: usize| sources.get(at + 1).is_some_and(|&next| is_session_before(self.timeline, sources[at], next));
        (0..sources.len()).filter(|&at| !later(at)).map(|at| sources[at]).collect()
    }

    fn wrote(&self) -> Newest {
        self.newest(|row| {
            let writes = self.versions.writes(row).iter();
            writes.map(|write| (write.key, write.version, row)).collect()
        })
    }

    fn read(&self) -> Newest {
        self.newest(|row| self.versions.reads(row).filter(|read| read.2 != INITIAL).collect())
    }

    fn newest(&self, met: impl Fn(u32) -> Vec<(u32, u32, u32)>) -> Newest {
        let mut newest = Newest::default();
        for &by in &self.rows {
            for (key, version, writer) in met(by) {
                let list = newest.entry((self.timeline.session[by as usize], key)).or_default();
                let at = self.at[by as usize];
                let doubt = self.timeline.completed[by as usize] == NEVER;
                // What is in doubt is met by nobody else of the session, so it must not hide what was met before.
                if doubt || list.last().is_none_or(|last| last.version < version) {
                    list.push(Met { at, version, writer, by });
                }
            }
        }
        newest
    }

    /// The newest that the session had met before a row.
    fn before(&self, newest: &Newest, row: u32, key: u32) -> Option<Met> {
        let list = newest.get(&(self.timeline.session[row as usize], key))?;
        let upto = list.partition_point(|met| met.at < self.at[row as usize]);
        list[..upto].iter().rev().find(|met| is_session_before(self.timeline, met.by, row)).copied()
    }

    /// The same, or what the row itself met.
    fn upto(&self, newest: &Newest, row: u32, key: u32) -> Option<Met> {
        let list = newest.get(&(self.timeline.session[row as usize], key))?;
        let begin = list.partition_point(|met| met.at < self.at[row as usize]);
        let own = list[begin..].iter().take_while(|met| met.by == row).max_by_key(|met| met.version).copied();
        [own, self.before(newest, row, key)].into_iter().flatten().max_by_key(|met| met.version)
    }
}

fn stale(from: u32, to: u32, key: u32) -> Step {
    Step { from, to, why: Why::Stale { key } }
}

fn reads(from: u32, to: u32) -> Step {
    Step { from, to, why: Why::Data(Kinds::WR) }
}

fn session(from: u32, to: u32) -> Step {
    Step { from, to, why: Why::Session }
}

/// A session that reads what it writes later in the same transaction takes no step.
fn without_loops(steps: Vec<Step>) -> Vec<Step> {
    steps.into_iter().filter(|step| step.from != step.to).collect()
}
