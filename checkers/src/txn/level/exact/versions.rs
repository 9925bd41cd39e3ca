//! The versions of objects by their place, and what each row read and wrote of them, looked up in little time.

use crate::txn::{Accesses, INITIAL, Read, Write};

/// Writes of each row by object, and versions of each object by place.
pub(super) struct Versions<'a> {
    accesses: &'a Accesses,
    first: Vec<u32>,
    /// Per row by object. A place that is not known is one past the last that is.
    writes: Vec<Write>,
    /// Per object by place: who wrote it.
    chain_first: Vec<u32>,
    chain: Vec<(u32, u32)>,
    unordered: Vec<Vec<u32>>,
}

impl<'a> Versions<'a> {
    /// Nothing if a read is of what its row never wrote: such a history has no place among versions.
    pub(super) fn new(accesses: &'a Accesses) -> Option<Versions<'a>> {
        let rows = accesses.len() as u32;
        let keys = (0..rows).flat_map(|row| accesses.writes(row)).map(|write| write.key + 1).max().unwrap_or_default();
        let mut last = vec![0u32; keys as usize];
        for write in (0..rows).flat_map(|row| accesses.writes(row)).filter(|write| write.version != Write::UNORDERED) {
            last[write.key as usize] = last[write.key as usize].max(write.version);
        }
        let mut first = vec![0];
        let mut writes = Vec::new();
        let mut chain = Vec::new();
        for row in 0..rows {
            let begin = writes.len();
            writes.extend(accesses.writes(row).iter().map(|write| match write.version {
                Write::UNORDERED => Write { key: write.key, version: last[write.key as usize] + 1 },
                _ => *write,
            }));
            writes[begin..].sort_unstable_by_key(|write| write.key);
            chain.extend(writes[begin..].iter().map(|write| (write.key, write.version, row)));
            first.push(writes.len() as u32);
        }
        chain.sort_unstable();
        let unordered = together(&chain);
        let chain_first = (0..=keys).map(|key| chain.partition_point(|entry| entry.0 < key) as u32).collect();
        let chain = chain.into_iter().map(|(_, version, row)| (version, row)).collect();
        let versions = Versions { accesses, first, writes, chain_first, chain, unordered };
        let known =
            |read: &Read| read.from == INITIAL || (read.from < rows && versions.written(read.from, read.key).is_some());
        (0..rows).flat_map(|row| accesses.reads(row)).all(known).then_some(versions)
    }

    pub(super) fn rows(&self) -> u32 {
        self.accesses.len() as u32
    }

    /// What a row wrote, by object.
    pub(super) fn writes(&self, row: u32) -> &[Write] {
        &self.writes[self.first[row as usize] as usize..self.first[row as usize + 1] as usize]
    }

    /// The place of the version of the object that a row wrote.
    pub(super) fn written(&self, row: u32, key: u32) -> Option<u32> {
        let writes = self.writes(row);
        writes.binary_search_by_key(&key, |write| write.key).ok().map(|at| writes[at].version)
    }

    /// What a row read: object, place of the version, who wrote it.
    pub(super) fn reads(&self, row: u32) -> impl DoubleEndedIterator<Item = (u32, u32, u32)> + ExactSizeIterator + '_ {
        self.accesses.reads(row).iter().map(|read| (read.key, self.place(read), read.from))
    }

    fn place(&self, read: &Read) -> u32 {
        if read.from == INITIAL { 0 } else { self.written(read.from, read.key).unwrap_or_default() }
    }

    /// How many versions there are, of all objects.
    pub(super) fn len(&self) -> usize {
        self.chain.len()
    }

    /// Who wrote the version with this number among all.
    pub(super) fn writer(&self, at: usize) -> u32 {
        self.chain[at].1
    }

    /// True if the version after this one among all is of the same object.
    pub(super) fn has_next(&self, at: usize) -> bool {
        self.chain_first.binary_search(&(at as u32 + 1)).is_err()
    }

    /// The number among all of the first version of the object past a place, if there is one.
    pub(super) fn next(&self, key: u32, place: u32) -> Option<usize> {
        let begin = *self.chain_first.get(key as usize)? as usize;
        let end = *self.chain_first.get(key as usize + 1)? as usize;
        let at = begin + self.chain[begin..end].partition_point(|entry| entry.0 <= place);
        (at < end).then_some(at)
    }

    /// Writers of the same object of whom nobody knows who came first, two at least.
    pub(super) fn unordered(&self) -> &[Vec<u32>] {
        &self.unordered
    }
}

fn together(chain: &[(u32, u32, u32)]) -> Vec<Vec<u32>> {
    let same = chain.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    same.filter(|chunk| chunk.len() > 1).map(|chunk| chunk.iter().map(|entry| entry.2).collect()).collect()
}
