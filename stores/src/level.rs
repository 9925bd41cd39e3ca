//! The isolation levels that a store can keep, and how each is spelled.

use std::fmt;

/// An isolation level, the strongest first.
///
/// Each is what its name means in Adya 1999 and in Cerone, Bernardi and Gotsman 2015; those below snapshot isolation
/// hold the order of sessions, too, except read committed and read uncommitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Reads are of the present, and still are at the commit; who only reads sees the moment of its beginning.
    StrictSerializable,
    /// The same, but transactions that only read may see a moment of the past.
    Serializable,
    /// Snapshots of the beginning; the first committer wins; no dangerous structure commits. Because snapshots are
    /// fresh, it is strict serializable, too: it differs in how it gets there, and in what it aborts.
    SerializableSnapshotIsolation,
    /// Snapshots of the beginning; the first committer wins.
    SnapshotIsolation,
    /// Snapshots of a site; the first committer of all sites wins; commits travel from site to site in causal order.
    ParallelSnapshotIsolation,
    /// Snapshots of a moment of the past, never before what the session saw or wrote; nobody wins.
    Prefix,
    /// Snapshots of a site; commits travel in causal order; nobody wins.
    Causal,
    /// Whoever sees one write of a transaction sees all of them.
    ReadAtomic,
    /// Every read is of what was committed last.
    ReadCommitted,
    /// Every read is of what was written last, committed or not; two transactions never write one object at a time.
    ReadUncommitted,
}

impl Level {
    /// Every level, the strongest first.
    pub const ALL: [Level; 10] = [
        Level::StrictSerializable,
        Level::Serializable,
        Level::SerializableSnapshotIsolation,
        Level::SnapshotIsolation,
        Level::ParallelSnapshotIsolation,
        Level::Prefix,
        Level::Causal,
        Level::ReadAtomic,
        Level::ReadCommitted,
        Level::ReadUncommitted,
    ];

    /// Their names, in the same order.
    pub const NAMES: [&'static str; 10] = [
        "strict-serializable",
        "serializable",
        "serializable-snapshot-isolation",
        "snapshot-isolation",
        "parallel-snapshot-isolation",
        "prefix",
        "causal",
        "read-atomic",
        "read-committed",
        "read-uncommitted",
    ];

    /// As it is spelled.
    #[must_use]
    pub fn name(self) -> &'static str {
        Level::NAMES[self as usize]
    }

    /// The level that is spelled so.
    #[must_use]
    pub fn named(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
