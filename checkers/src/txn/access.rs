//! What transactions read of each other and wrote, whatever their data type: what the levels that are no matter of
//! cycles alone are judged by.

/// Written by no transaction: there from the beginning.
pub const INITIAL: u32 = u32::MAX;

/// A read of a version from outside of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The object, numbered from 0.
    pub key: u32,
    /// The row of the transaction that wrote the version, or [`INITIAL`].
    pub from: u32,
}

/// The last write of a transaction to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// The object, numbered from 0.
    pub key: u32,
    /// Where it stands in the order of the object's versions, from 1 on, the initial version being 0; [`Write::UNORDERED`]
    /// where that order is not known.
    pub version: u32,
}

impl Write {
    /// Nobody knows where this version stands.
    pub const UNORDERED: u32 = u32::MAX;
}

/// Reads, in the order of the program, and writes, one per object, of each row of a [`super::Timeline`].
///
/// Rows whose commit is in doubt are here only if somebody saw what they wrote; others have neither reads nor writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accesses {
    first_read: Vec<u32>,
    reads: Vec<Read>,
    first_write: Vec<u32>,
    writes: Vec<Write>,
}

impl Default for Accesses {
    fn default() -> Self {
        Accesses { first_read: vec![0], reads: Vec::new(), first_write: vec![0], writes: Vec::new() }
    }
}

impl Accesses {
    /// Adds the row after the others.
    pub fn push(&mut self, reads: impl IntoIterator<Item = Read>, writes: impl IntoIterator<Item = Write>) {
        self.reads.extend(reads);
        self.writes.extend(writes);
        self.first_read.push(self.reads.len() as u32);
        self.first_write.push(self.writes.len() as u32);
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first_read.len() - 1
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a transaction read from outside of itself, in the order of its program.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn reads(&self, row: u32) -> &[Read] {
        &self.reads[self.first_read[row as usize] as usize..self.first_read[row as usize + 1] as usize]
    }

    /// What a transaction wrote, each object once.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn writes(&self, row: u32) -> &[Write] {
        &self.writes[self.first_write[row as usize] as usize..self.first_write[row as usize + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_what_is_theirs() {
        let mut accesses = Accesses::default();
        assert!(accesses.is_empty());
        accesses.push([Read { key: 1, from: INITIAL }], [Write { key: 1, version: 1 }, Write { key: 2, version: 1 }]);
        accesses.push([], []);
        accesses.push([Read { key: 2, from: 0 }], []);
        assert_eq!(accesses.len(), 3);
        assert_eq!(accesses.reads(0), [Read { key: 1, from: INITIAL }]);
        assert_eq!(accesses.writes(0).len(), 2);
        assert!(accesses.reads(1).is_empty() && accesses.writes(1).is_empty());
        assert_eq!(accesses.reads(2), [Read { key: 2, from: 0 }]);
    }
}
