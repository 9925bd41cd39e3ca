//! The levels by their axioms: does any order of commits explain the history? All of them are tried.
//!
//! Source: Biswas and Enea 2019; of parallel snapshot isolation, Cerone, Bernardi and Gotsman 2015, by visibility.

use checkers::txn::level::Level;
use checkers::txn::{Accesses, INITIAL, NEVER, Needs, Timeline, Write};
use std::sync::LazyLock;

/// All orders of so many rows.
static ORDERS: LazyLock<[Vec<Vec<usize>>; 7]> = LazyLock::new(|| std::array::from_fn(orders));

/// A relation: per row, those that it leads to.
type Relation = [u8; 8];

pub struct Oracle<'a> {
    accesses: &'a Accesses,
    rows: usize,
    before: Relation,
    reads_from: Relation,
    orders: &'static [Vec<usize>],
}

impl<'a> Oracle<'a> {
    pub fn new(accesses: &'a Accesses, timeline: &Timeline, order: Needs) -> Oracle<'a> {
        let rows = accesses.len();
        let mut before = Relation::default();
        let mut reads_from = Relation::default();
        for first in 0..rows {
            for second in 0..rows {
                let ended = timeline.completed[first] != NEVER && timeline.completed[first] < timeline.invoked[second];
                let session = timeline.session[first] == timeline.session[second];
                let ordered = match order {
                    Needs::Data => false,
                    Needs::Process => ended && session,
                    Needs::Realtime => ended,
                };
                before[first] |= u8::from(ordered) << second;
                let read = accesses.reads(second as u32).iter().any(|read| read.from == first as u32);
                reads_from[first] |= u8::from(read && first != second) << second;
            }
        }
        Oracle { accesses, rows, before, reads_from, orders: &ORDERS[rows] }
    }

    /// True if some order of commits explains the history; versions that are in a known order keep it.
    pub fn allows(&self, base: Level) -> bool {
        if base == Level::ParallelSnapshotIsolation {
            return self.allows_parallel();
        }
        self.orders.iter().any(|order| {
            let mut place = [0; 8];
            order.iter().enumerate().for_each(|(at, &row)| place[row] = at);
            self.keeps(&place, base) && self.explains(&place, base)
        })
    }

    fn keeps(&self, place: &[usize; 8], base: Level) -> bool {
        let follows = |relation: &Relation| {
            (0..self.rows).all(|a| (0..self.rows).all(|b| relation[a] >> b & 1 == 0 || place[a] < place[b]))
        };
        let read = base == Level::ReadUncommitted || follows(&self.reads_from);
        read && follows(&self.before) && follows(&self.overwrites())
    }

    fn overwrites(&self) -> Relation {
        let later = |a: usize, b: usize| {
            self.accesses.writes(a as u32).iter().any(|x| {
                let mut theirs = self.accesses.writes(b as u32).iter();
                theirs.any(|y| x.key == y.key && x.version < y.version && y.version != Write::UNORDERED)
            })
        };
        std::array::from_fn(|a| (0..self.rows).filter(|&b| a < self.rows && later(a, b)).fold(0, |set, b| set | 1 << b))
    }

    /// For each read of an object from t1 by t3, and each other t2 that wrote it: whatever t3 had to know comes before t1.
    fn explains(&self, place: &[usize; 8], base: Level) -> bool {
        if base <= Level::StrongReadCommitted {
            return true;
        }
        (0..self.rows).all(|t3| {
            self.accesses.reads(t3 as u32).iter().enumerate().all(|(at, read)| {
                (0..self.rows).all(|t2| {
                    let wrote = self.accesses.writes(t2 as u32).iter().any(|write| write.key == read.key);
                    if !wrote || t2 as u32 == read.from || t2 == t3 {
                        return true;
                    }
                    let overwritten = read.from != INITIAL && place[t2] < place[read.from as usize];
                    overwritten || !self.must_know(t2, t3, at, place, base)
                })
            })
        })
    }

    fn must_know(&self, t2: usize, t3: usize, at: usize, place: &[usize; 8], base: Level) -> bool {
        let direct = |a: usize, b: usize| (self.before[a] | self.reads_from[a]) >> b & 1 == 1;
        let precedes = |a: usize, b: usize| place[a] < place[b];
        let prefix = || (0..self.rows).any(|t4| (t4 == t2 || precedes(t2, t4)) && direct(t4, t3));
        match base {
            Level::MonotonicAtomicView => {
                self.accesses.reads(t3 as u32)[..at].iter().any(|earlier| earlier.from == t2 as u32)
            }
            Level::ReadAtomic => direct(t2, t3),
            Level::CausalCerone => closure(self.before, self.reads_from)[t2] >> t3 & 1 == 1,
            Level::Prefix => prefix(),
            Level::SnapshotIsolation => {
                let conflict = |t4: usize| {
                    let mine = self.accesses.writes(t3 as u32);
                    let theirs = self.accesses.writes(t4 as u32);
                    mine.iter().any(|x| theirs.iter().any(|y| x.key == y.key))
                };
                let through = |t4: usize| (t4 == t2 || precedes(t2, t4)) && precedes(t4, t3) && conflict(t4);
                prefix() || (0..self.rows).any(through)
            }
            _ => precedes(t2, t3),
        }
    }

    /// By visibility: transitive, it holds the order, writers of one object see one another, and everybody reads the
    /// newest that is visible. All relations within all orders are tried.
    fn allows_parallel(&self) -> bool {
        let must = {
            let (before, read, over) = (self.before, self.reads_from, self.overwrites());
            std::array::from_fn(|row| before[row] | read[row] | over[row])
        };
        self.orders.iter().any(|order| {
            let pairs: Vec<(usize, usize)> =
                (0..self.rows).flat_map(|b| (0..b).map(move |a| (a, b))).map(|(a, b)| (order[a], order[b])).collect();
            (0..1u32 << pairs.len()).any(|chosen| {
                let mut sees = Relation::default();
                let taken = pairs.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1);
                taken.for_each(|(_, &(a, b))| sees[a] |= 1 << b);
                self.is_visibility(&sees, &must)
            })
        })
    }

    fn is_visibility(&self, sees: &Relation, must: &Relation) -> bool {
        let holds = (0..self.rows).all(|row| must[row] & !sees[row] == 0);
        holds
            && closure(*sees, Relation::default()) == *sees
            && self.conflicts_are_seen(sees)
            && (0..self.rows).all(|row| {
                self.accesses.reads(row as u32).iter().all(|read| {
                    let version = |by: usize| {
                        self.accesses.writes(by as u32).iter().find(|w| w.key == read.key).map(|w| w.version)
                    };
                    let visible =
                        (0..self.rows).filter(|&by| by != row && sees[by] >> row & 1 == 1).filter_map(version).max();
                    let own = if read.from == INITIAL { None } else { version(read.from as usize) };
                    visible == own
                })
            })
    }

    fn conflicts_are_seen(&self, sees: &Relation) -> bool {
        let conflict = |a: usize, b: usize| {
            let mine = self.accesses.writes(a as u32);
            mine.iter().any(|x| self.accesses.writes(b as u32).iter().any(|y| x.key == y.key))
        };
        (0..self.rows).all(|a| (0..a).all(|b| !conflict(a, b) || (sees[a] >> b | sees[b] >> a) & 1 == 1))
    }
}

fn closure(first: Relation, second: Relation) -> Relation {
    let mut all: Relation = std::array::from_fn(|row| first[row] | second[row]);
    loop {
        let last = all;
        all = last.map(|set| (0..8).filter(|to| set >> to & 1 == 1).fold(set, |set, to| set | last[to]));
        if all == last {
            return all;
        }
    }
}

fn orders(rows: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for row in 0..rows {
        let longer = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, row);
                order
            })
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}
