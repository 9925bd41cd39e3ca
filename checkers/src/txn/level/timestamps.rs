//! Isolation by the timestamps that a database itself gave: did each transaction read what its timestamps say?
//!
//! Source: the offline algorithm published as Chronos in 2025. Events are gone through in the order of timestamps, with
//! the last committed version of each object at hand. Reads of one's own writes are no matter of this: accesses hold
//! none. Whether timestamps agree with real time is not asked either.

use super::order;
use crate::txn::{Accesses, INITIAL, NEVER, Needs, Timeline};
use rustc_hash::FxHashMap;

/// When a transaction took its snapshot, and when it committed, by the database's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// The timestamp of its snapshot; that of its commit where there is but one.
    pub start: u64,
    /// The timestamp of its commit.
    pub commit: u64,
}

/// What the timestamps are to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Reads are of the snapshot, and nobody overwrites what committed since.
    SnapshotIsolation,
    /// Reads are of what was committed just before one's own commit; only that timestamp counts.
    Serializable,
}

/// How a history contradicts its timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    /// It committed before it took its snapshot.
    Backwards {
        /// Whose.
        row: u32,
    },
    /// Two writers committed at the same time, so that nobody can say whose version is the last.
    Tie {
        /// One of them.
        row: u32,
        /// The other.
        other: u32,
    },
    /// It read another version than the last that was committed then.
    Read {
        /// Who read.
        row: u32,
        /// What.
        key: u32,
        /// Whose version it read, or [`INITIAL`].
        read: u32,
        /// Whose version was the last, or [`INITIAL`].
        expected: u32,
    },
    /// It overwrote what another committed between its snapshot and its commit.
    Conflict {
        /// Who committed later.
        row: u32,
        /// Who committed in between.
        other: u32,
        /// What both wrote.
        key: u32,
    },
    /// Its snapshot is from before the end of what its session had done.
    Session {
        /// Whose snapshot.
        row: u32,
        /// What the session had done before.
        before: u32,
    },
}

/// What happens at a timestamp; commits come before the snapshots of the same time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Commit,
    Start,
}

/// Finds all contradictions, in time proportional to n log n. `stamps` has one entry per row; none for those whose
/// timestamps nobody knows, which neither read nor write here: whoever read from one of them is passed over.
///
/// With [`Needs::Process`] sessions must not go back behind themselves; real time is not asked.
///
/// # Panics
/// If there are not as many stamps as rows.
#[must_use]
pub fn contradictions(
    accesses: &Accesses,
    timeline: &Timeline,
    stamps: &[Option<Stamps>],
    claim: Claim,
    order: Needs,
) -> Vec<Contradiction> {
    assert_eq!(stamps.len(), accesses.len(), "each row has its stamps, or none");
    let mut replay = Replay { accesses, stamps, last: FxHashMap::default(), found: Vec::new() };
    replay.run(claim);
    if order != Needs::Data {
        replay.sessions(timeline, claim);
    }
    replay.found.sort_unstable();
    replay.found.dedup();
    replay.found
}

/// True if nobody's snapshot, or commit where only that counts, is from before the commit of one that had ended in real time.
#[must_use]
pub fn keep_realtime(timeline: &Timeline, stamps: &[Option<Stamps>], claim: Claim) -> bool {
    let known = || stamps.iter().enumerate().filter_map(|(row, stamps)| Some((row, (*stamps)?)));
    let mut ends: Vec<(u32, u64)> = known()
        .filter(|(row, _)| timeline.completed[*row] != NEVER)
        .map(|(row, s)| (timeline.completed[row], s.commit))
        .collect();
    let mut begins: Vec<(u32, u64)> = known()
        .map(|(row, s)| (timeline.invoked[row], if claim == Claim::Serializable { s.commit } else { s.start }))
        .collect();
    ends.sort_unstable();
    begins.sort_unstable();
    let (mut ended, mut last) = (ends.into_iter().peekable(), None);
    begins.into_iter().all(|(begun, stamp)| {
        while let Some((_, commit)) = ended.next_if(|end| end.0 < begun) {
            last = last.max(Some(commit));
        }
        last.is_none_or(|last| last <= stamp)
    })
}

/// A second look at a contradiction, in the simplest way that there is: true if reads, writes and timestamps show it. A
/// tie shows nothing by itself.
#[must_use]
pub fn verify_contradiction(
    accesses: &Accesses,
    timeline: &Timeline,
    stamps: &[Option<Stamps>],
    claim: Claim,
    found: &Contradiction,
) -> bool {
    let known = |row: u32| stamps.get(row as usize).copied().flatten();
    let serial = claim == Claim::Serializable;
    let wrote = |row: u32, key: u32| accesses.writes(row).iter().any(|write| write.key == key);
    match *found {
        Contradiction::Backwards { row } => known(row).is_some_and(|own| !serial && own.commit < own.start),
        Contradiction::Tie { .. } => false,
        Contradiction::Read { row, key, read, .. } => {
            let Some(own) = known(row) else { return false };
            let has_read = accesses.reads(row).iter().any(|own| (own.key, own.from) == (key, read));
            let seen = |other: &u32| {
                let before = |at: u64| match (serial, accesses.writes(row).is_empty()) {
                    (true, true) => at <= own.commit,
                    (true, false) => at < own.commit,
                    // A snapshot of the time of one's own commit is from just before it.
                    (false, _) => at < own.start || (at == own.start && own.start != own.commit),
                };
                *other != row && wrote(*other, key) && known(*other).is_some_and(|other| before(other.commit))
            };
            let commit = |row: u32| known(row).map(|stamps| stamps.commit);
            let last = (0..accesses.len() as u32).filter(seen).map(commit).max().flatten();
            let of_read = if read == INITIAL { None } else { commit(read) };
            has_read && (read == INITIAL || of_read.is_some()) && last != of_read
        }
        Contradiction::Conflict { row, other, key } => {
            let Some((own, other_stamps)) = known(row).zip(known(other)) else { return false };
            let between = own.start < other_stamps.commit && other_stamps.commit < own.commit;
            !serial && row != other && wrote(row, key) && wrote(other, key) && between
        }
        Contradiction::Session { row, before } => {
            let Some((own, first)) = known(row).zip(known(before)) else { return false };
            let begun = if serial { own.commit } else { own.start };
            order::is_session_before(timeline, before, row) && begun < first.commit
        }
    }
}

struct Replay<'a> {
    accesses: &'a Accesses,
    stamps: &'a [Option<Stamps>],
    /// Per object, who committed the last version, and when.
    last: FxHashMap<u32, (u32, u64)>,
    found: Vec<Contradiction>,
}

impl Replay<'_> {
    fn run(&mut self, claim: Claim) {
        let mut events = Vec::with_capacity(2 * self.stamps.len());
        for (row, stamps) in (0..).zip(self.stamps) {
            let Some(stamps) = *stamps else { continue };
            if claim == Claim::SnapshotIsolation {
                if stamps.start > stamps.commit {
                    self.found.push(Contradiction::Backwards { row });
                }
                // A snapshot of the time of one's own commit is from just before it.
                if stamps.start != stamps.commit {
                    events.push((stamps.start, Event::Start, row));
                }
            }
            events.push((stamps.commit, Event::Commit, row));
        }
        events.sort_unstable();
        let same = |a: &(u64, Event, u32), b: &(u64, Event, u32)| (a.0, a.1) == (b.0, b.1);
        for group in events.chunk_by(same) {
            match (group[0].1, claim) {
                (Event::Start, _) => group.iter().for_each(|event| self.read(event.2)),
                (Event::Commit, Claim::SnapshotIsolation) => {
                    let at_once =
                        |row: u32| self.stamps[row as usize].is_some_and(|stamps| stamps.start == stamps.commit);
                    let rows: Vec<u32> = group.iter().map(|event| event.2).filter(|&row| at_once(row)).collect();
                    rows.into_iter().for_each(|row| self.read(row));
                    group.iter().for_each(|event| self.commit(event.2, claim));
                }
                (Event::Commit, Claim::Serializable) => {
                    // Readers share a timestamp with the writer before them: what they read is after it.
                    let writes = |row: u32| !self.accesses.writes(row).is_empty();
                    let (writers, readers): (Vec<u32>, Vec<u32>) =
                        group.iter().map(|event| event.2).partition(|&row| writes(row));
                    writers.iter().for_each(|&row| self.read(row));
                    writers.iter().for_each(|&row| self.commit(row, claim));
                    readers.iter().for_each(|&row| self.read(row));
                }
            }
        }
    }

    /// Compares what a row read with what is last.
    fn read(&mut self, row: u32) {
        for read in self.accesses.reads(row) {
            let expected = self.last.get(&read.key).map_or(INITIAL, |last| last.0);
            let timed = match self.stamps.get(read.from as usize) {
                // Who committed at the very time of the reader's own commit may have come before it.
                Some(Some(from)) => self.stamps[row as usize].is_none_or(|own| own.commit != from.commit),
                Some(None) => false,
                None => true,
            };
            if timed && expected != read.from {
                self.found.push(Contradiction::Read { row, key: read.key, read: read.from, expected });
            }
        }
    }

    /// Makes what a row wrote the last version.
    fn commit(&mut self, row: u32, claim: Claim) {
        let Some(stamps) = self.stamps[row as usize] else { return };
        for write in self.accesses.writes(row) {
            let before = self.last.insert(write.key, (row, stamps.commit));
            let Some((other, committed)) = before else { continue };
            if committed == stamps.commit {
                self.found.push(Contradiction::Tie { row, other });
            } else if claim == Claim::SnapshotIsolation && committed > stamps.start {
                self.found.push(Contradiction::Conflict { row, other, key: write.key });
            }
        }
    }

    fn sessions(&mut self, timeline: &Timeline, claim: Claim) {
        for (before, row) in order::session_edges(timeline) {
            let (Some(first), Some(second)) = (self.stamps[before as usize], self.stamps[row as usize]) else {
                continue;
            };
            let begun = if claim == Claim::Serializable { second.commit } else { second.start };
            if begun < first.commit {
                self.found.push(Contradiction::Session { row, before });
            }
        }
    }
}
