//! Edges of causal consistency: clocks, one counter per session, over reads and sessions.
//!
//! A clock lives until all that come directly after its transaction took it over, so that there are about as many as
//! sessions at a time, not as many as transactions.

use super::infer::Inferred;
use super::{NONE, Reason, Weak};
use crate::txn::NEVER;

/// Writers of objects by session, in the order of the session.
struct Writers {
    /// Per object, where its groups begin.
    groups_of: Vec<u32>,
    /// Session, and where its writers begin; they end where the next group's begin.
    groups: Vec<(u32, u32)>,
    /// Place in the session and row.
    rows: Vec<(u32, u32)>,
}

/// Where each row stands: its chain, and its place in it. Whoever is in doubt is a chain of its own.
struct Chains {
    chain: Vec<u32>,
    place: Vec<u32>,
    count: u32,
}

impl Chains {
    fn new(weak: &Weak<'_>) -> Chains {
        let rows = weak.rows.len();
        let mut chains = Chains { chain: vec![0; rows], place: vec![0; rows], count: 0 };
        for &row in &weak.rows {
            let before = weak.previous[row as usize];
            if before == NONE || weak.timeline.completed[row as usize] == NEVER {
                chains.chain[row as usize] = chains.count;
                chains.count += 1;
            } else {
                chains.chain[row as usize] = chains.chain[before as usize];
                chains.place[row as usize] = chains.place[before as usize] + 1;
            }
        }
        chains
    }
}

impl Writers {
    fn new(weak: &Weak<'_>, chains: &Chains) -> Writers {
        let all = || weak.rows.iter().flat_map(|&row| weak.writes.of(row).iter().map(move |write| (write.key, row)));
        let keys = all().map(|write| write.0 as usize + 1).max().unwrap_or_default();
        let mut next = vec![0u32; keys + 1];
        all().for_each(|(key, _)| next[key as usize + 1] += 1);
        (0..keys).for_each(|key| next[key + 1] += next[key]);
        let begins = next.clone();
        let mut rows = vec![(0, 0); next[keys] as usize];
        for (key, row) in all() {
            let slot = &mut next[key as usize];
            rows[*slot as usize] = (chains.place[row as usize], row);
            *slot += 1;
        }
        let mut writers = Writers { groups_of: Vec::with_capacity(keys + 1), groups: Vec::new(), rows };
        for key in 0..keys {
            writers.groups_of.push(writers.groups.len() as u32);
            let mut last = NONE;
            for at in begins[key]..begins[key + 1] {
                let chain = chains.chain[writers.rows[at as usize].1 as usize];
                // One in doubt stands among those of its session, and parts them.
                if chain != last {
                    writers.groups.push((chain, at));
                    last = chain;
                }
            }
        }
        writers.groups_of.push(writers.groups.len() as u32);
        writers.groups.push((NONE, writers.rows.len() as u32));
        writers
    }

    /// The last writer of the object in each group that a clock knows.
    fn known(&self, key: u32, clock: &[u32], mut meet: impl FnMut(u32)) {
        for group in self.groups_of[key as usize]..self.groups_of[key as usize + 1] {
            let (chain, begin) = self.groups[group as usize];
            let end = self.groups[group as usize + 1].1;
            let upto = clock[chain as usize];
            let rows = &self.rows[begin as usize..end as usize];
            if upto > rows[0].0 {
                let known = rows.partition_point(|writer| writer.0 < upto);
                meet(rows[known - 1].1);
            }
        }
    }
}

/// Clocks that somebody still needs.
struct Clocks {
    width: usize,
    store: Vec<u32>,
    free: Vec<u32>,
    of: Vec<u32>,
    /// How many still come directly after a row.
    needed: Vec<u32>,
}

impl Clocks {
    fn new(weak: &Weak<'_>, width: u32) -> Clocks {
        let rows = weak.rows.len();
        let mut needed = vec![0; rows];
        (0..rows as u32).for_each(|row| weak.precede(row, true).for_each(|before| needed[before as usize] += 1));
        Clocks { width: width as usize, store: Vec::new(), free: Vec::new(), of: vec![NONE; rows], needed }
    }

    fn slot(&mut self) -> u32 {
        if let Some(slot) = self.free.pop() {
            let begin = slot as usize * self.width;
            self.store[begin..begin + self.width].fill(0);
            return slot;
        }
        let slot = self.store.len() / self.width;
        self.store.resize(self.store.len() + self.width, 0);
        slot as u32
    }

    fn of(&self, slot: u32) -> &[u32] {
        &self.store[slot as usize * self.width..][..self.width]
    }

    /// The clock of what a row knows, itself not included.
    fn join(&mut self, weak: &Weak<'_>, row: u32) -> u32 {
        let mut slot = NONE;
        for before in weak.precede(row, true) {
            let theirs = self.of[before as usize];
            self.needed[before as usize] -= 1;
            let last = self.needed[before as usize] == 0;
            if slot == NONE && last {
                slot = theirs;
                continue;
            }
            if slot == NONE {
                slot = self.slot();
            }
            self.raise(slot, theirs);
            if last {
                self.free.push(theirs);
            }
        }
        if slot == NONE { self.slot() } else { slot }
    }

    fn raise(&mut self, slot: u32, theirs: u32) {
        let (mine, theirs) = (slot as usize * self.width, theirs as usize * self.width);
        let (low, high) = self.store.split_at_mut(mine.max(theirs));
        let width = self.width;
        let (mine, theirs) = match mine < theirs {
            true => (&mut low[mine..mine + width], &high[..width]),
            false => (&mut high[..width], &low[theirs..theirs + width]),
        };
        mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
    }
}

impl Weak<'_> {
    /// Edges by reads that miss what their transaction knows of, collected where they are wanted. The order is one in
    /// which everybody comes after those that directly precede it.
    pub(super) fn causal(&self, order: &[u32], wanted: impl Fn(&Inferred) -> bool) -> Vec<Inferred> {
        let chains = Chains::new(self);
        let writers = Writers::new(self, &chains);
        let mut clocks = Clocks::new(self, chains.count.max(1));
        let mut found = Vec::new();
        for &row in order {
            let slot = clocks.join(self, row);
            let clock = clocks.of(slot);
            for (at, read) in self.accesses.reads(row).iter().enumerate() {
                let again = self.accesses.reads(row)[..at.min(8)].contains(read);
                if again || read.key as usize + 1 >= writers.groups_of.len() {
                    continue;
                }
                writers.known(read.key, clock, |from| {
                    let edge = Inferred { from, to: read.from, reader: row, key: read.key, reason: Reason::Causal };
                    found.extend((from != read.from && wanted(&edge)).then_some(edge));
                });
            }
            match clocks.needed[row as usize] {
                0 => clocks.free.push(slot),
                _ => {
                    let own = slot as usize * clocks.width + chains.chain[row as usize] as usize;
                    clocks.store[own] = chains.place[row as usize] + 1;
                    clocks.of[row as usize] = slot;
                }
            }
        }
        found
    }
}
