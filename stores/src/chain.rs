//! One object: the versions that it had, in the order in which they were committed.

/// The stamp of a version whose transaction has not committed.
pub(crate) const PENDING: u64 = u64::MAX;

/// What one transaction wrote to one object: one value after another, if it wrote several.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// In the order in which they were written; None of an object that was taken away.
    pub(crate) values: Vec<Option<i64>>,
    /// The number of the transaction.
    pub(crate) writer: u64,
    /// The place of its commit among all commits, from 1 on; [`PENDING`] before.
    pub(crate) stamp: u64,
    /// The site where it committed, and the place of its commit among those of that site, from 1 on.
    pub(crate) origin: (usize, u64),
}

/// The versions of one object. A *position* is a number of versions, counted from the oldest: 0 stands for the object
/// before anybody wrote it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain(pub(crate) Vec<Version>);

impl Chain {
    /// The position of the newest version.
    pub(crate) fn tip(&self) -> usize {
        self.0.len()
    }

    /// The position of the newest version that was committed by then.
    pub(crate) fn at(&self, stamp: u64) -> usize {
        self.0.partition_point(|version| version.stamp <= stamp)
    }

    /// The position of the newest version that a site has applied, given how many commits of each site it has.
    pub(crate) fn applied(&self, applied: &[u64]) -> usize {
        let is_there = |version: &Version| applied.get(version.origin.0).is_some_and(|most| version.origin.1 <= *most);
        self.0.iter().rposition(is_there).map_or(0, |place| place + 1)
    }

    /// The version at a position; None at 0.
    pub(crate) fn version(&self, position: usize) -> Option<&Version> {
        self.0.get(position.checked_sub(1)?)
    }

    /// Who wrote the version at a position.
    pub(crate) fn writer(&self, position: usize) -> Option<u64> {
        self.version(position).map(|version| version.writer)
    }

    /// Everything that was appended up to a position.
    pub(crate) fn list(&self, position: usize) -> Vec<i64> {
        self.0[..position].iter().flat_map(|version| version.values.iter().flatten().copied()).collect()
    }

    /// What was written last up to a position.
    pub(crate) fn value(&self, position: usize) -> Option<i64> {
        self.version(position).and_then(|version| version.values.last().copied().flatten())
    }
}
