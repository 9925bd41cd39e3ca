//! A transaction on its way, and what is known of one that committed.

/// A transaction that has begun and is not over.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub(crate) number: u64,
    pub(crate) view: View,
    pub(crate) reads: Vec<Seen>,
    pub(crate) writes: Vec<Written>,
}

impl Transaction {
    pub(crate) fn written(&self, key: u64) -> Option<usize> {
        self.writes.iter().position(|written| written.key == key)
    }

    pub(crate) fn seen(&self, key: u64) -> Option<usize> {
        self.reads.iter().find(|seen| seen.key == key).map(|seen| seen.position)
    }
}

/// Which versions a transaction may see.
#[derive(Clone, Debug)]
pub(crate) enum View {
    /// The newest at the time of each read.
    Present,
    /// Those that were committed by then.
    Moment(u64),
    /// Those that its site had applied when it began.
    Site(Vec<u64>),
    /// Any, as long as no transaction is seen in part.
    Atomic,
}

/// What a transaction wants to write to one object.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) key: u64,
    pub(crate) values: Vec<Option<i64>>,
    /// The position upon which the transaction saw its own values, if it looked: they must stand there in the end.
    pub(crate) base: Option<usize>,
}

/// A read of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The object.
    pub key: u64,
    /// How many versions of it there were up to the one that was read; 0: it was never written.
    pub position: usize,
    /// The number of the transaction that wrote it; None if it was never written.
    pub writer: Option<u64>,
}

/// What is known of a transaction that committed: the truth behind a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The number of the transaction.
    pub number: u64,
    /// The place of its commit among those of all transactions that wrote something, from 1 on. None if it wrote nothing.
    pub stamp: Option<u64>,
    /// What it read of others.
    pub reads: Vec<Seen>,
    /// What it wrote: object, and position of its version.
    pub writes: Vec<(u64, usize)>,
}
