//! The truth of a simulated run as relations over its commits, and the levels as conditions on them, by brute force: up
//! to 128 commits, a row of bits each. Nothing here looks at how a store works.
//!
//! Source of the conditions: Cerone, Bernardi and Gotsman 2015, and Biswas and Enea 2019, in their characterisations by
//! dependencies, for known orders of versions.

use history::{DataType, History};
use std::collections::HashMap;
use stores::Simulated;

/// Who comes before whom: bit `b` of row `a` says that commit `a` comes before commit `b`.
#[derive(Clone)]
pub struct Relation(Vec<u128>);

impl Relation {
    fn empty(commits: usize) -> Relation {
        Relation(vec![0; commits])
    }

    fn add(&mut self, from: usize, to: usize) {
        if from != to {
            self.0[from] |= 1 << to;
        }
    }

    fn has(&self, from: usize, to: usize) -> bool {
        self.0[from] >> to & 1 == 1
    }

    pub fn or(&self, other: &Relation) -> Relation {
        Relation(self.0.iter().zip(&other.0).map(|(a, b)| a | b).collect())
    }

    /// First this, then the other.
    pub fn then(&self, other: &Relation) -> Relation {
        let row = |row: &u128| (0..self.0.len()).filter(|to| row >> to & 1 == 1).fold(0, |all, to| all | other.0[to]);
        Relation(self.0.iter().map(row).collect())
    }

    /// This, perhaps followed by the other.
    pub fn perhaps(&self, other: &Relation) -> Relation {
        self.or(&self.then(other))
    }

    /// One or more times.
    pub fn closure(&self) -> Relation {
        let mut rows = self.0.clone();
        for via in 0..rows.len() {
            let reached = rows[via];
            for row in &mut rows {
                if *row >> via & 1 == 1 {
                    *row |= reached;
                }
            }
        }
        Relation(rows)
    }

    pub fn is_reflexive_somewhere(&self) -> bool {
        (0..self.0.len()).any(|commit| self.has(commit, commit))
    }

    pub fn is_cyclic(&self) -> bool {
        self.closure().is_reflexive_somewhere()
    }
}

/// What happened, and in which orders.
pub struct Truth {
    pub ww: Relation,
    pub wr: Relation,
    pub rw: Relation,
    pub session: Relation,
    pub realtime: Relation,
    /// Reads of versions whose transaction never committed.
    pub dirty_reads: usize,
    /// Every read of a commit: commit, object, position.
    reads: Vec<(usize, u64, usize)>,
    /// By commit and object: the position that it wrote.
    writes: HashMap<(usize, u64), usize>,
}

impl Truth {
    pub fn of<D: DataType>(simulated: &Simulated<D>) -> Truth {
        let commits = &simulated.commits;
        assert!(commits.len() <= 128, "a row of bits is too short");
        let by_number: HashMap<u64, usize> =
            commits.iter().enumerate().map(|(at, witnessed)| (witnessed.commit.number, at)).collect();
        let mut writers: HashMap<(u64, usize), usize> = HashMap::new();
        let mut writes = HashMap::new();
        for (at, witnessed) in commits.iter().enumerate() {
            for (key, position) in &witnessed.commit.writes {
                writers.insert((*key, *position), at);
                writes.insert((at, *key), *position);
            }
        }
        let empty = Relation::empty(commits.len());
        let (session, realtime) = orders(&simulated.history, simulated);
        let mut truth = Truth {
            ww: empty.clone(),
            wr: empty.clone(),
            rw: empty,
            session,
            realtime,
            dirty_reads: 0,
            reads: Vec::new(),
            writes,
        };
        for ((key, position), at) in &writers {
            if let Some(next) = writers.get(&(*key, position + 1)) {
                truth.ww.add(*at, *next);
            }
        }
        for (at, witnessed) in commits.iter().enumerate() {
            for seen in &witnessed.commit.reads {
                truth.reads.push((at, seen.key, seen.position));
                match seen.writer.map(|writer| by_number.get(&writer)) {
                    Some(Some(writer)) => truth.wr.add(*writer, at),
                    Some(None) => truth.dirty_reads += 1,
                    None => {}
                }
                if let Some(next) = writers.get(&(seen.key, seen.position + 1)) {
                    truth.rw.add(at, *next);
                }
            }
        }
        truth
    }

    /// Adya's G0: writes that overwrite each other in a circle.
    pub fn breaks_read_uncommitted(&self) -> bool {
        self.ww.is_cyclic()
    }

    /// Adya's G1a and G1c.
    pub fn breaks_read_committed(&self) -> bool {
        self.dirty_reads > 0 || self.ww.or(&self.wr).is_cyclic()
    }

    /// A transaction saw another one, or follows it in its session, and missed one of its writes.
    pub fn breaks_read_atomic(&self) -> bool {
        self.breaks_read_committed() || self.misses(&self.session.or(&self.wr))
    }

    /// The same of everything that it depends on.
    pub fn breaks_causal(&self) -> bool {
        let causes = self.session.or(&self.wr).closure();
        self.misses(&causes) || self.session.or(&self.wr).or(&self.ww).is_cyclic()
    }

    pub fn breaks_prefix(&self) -> bool {
        self.session.or(&self.wr).perhaps(&self.rw).or(&self.ww).is_cyclic()
    }

    pub fn breaks_parallel_snapshot(&self) -> bool {
        self.session.or(&self.wr).or(&self.ww).closure().perhaps(&self.rw).is_reflexive_somewhere()
    }

    pub fn breaks_snapshot(&self) -> bool {
        self.session.or(&self.wr).or(&self.ww).perhaps(&self.rw).is_cyclic()
    }

    pub fn breaks_serializable(&self) -> bool {
        self.wr.or(&self.ww).or(&self.rw).is_cyclic()
    }

    pub fn breaks_strict(&self) -> bool {
        self.wr.or(&self.ww).or(&self.rw).or(&self.realtime).is_cyclic()
    }

    fn misses(&self, before: &Relation) -> bool {
        let commits = before.0.len();
        self.reads.iter().any(|(reader, key, position)| {
            (0..commits).any(|writer| {
                let written = self.writes.get(&(writer, *key));
                before.has(writer, *reader) && written.is_some_and(|written| position < written)
            })
        })
    }
}

fn orders<D: DataType>(history: &History<D>, simulated: &Simulated<D>) -> (Relation, Relation) {
    let commits = &simulated.commits;
    let (mut session, mut realtime) = (Relation::empty(commits.len()), Relation::empty(commits.len()));
    for (from, one) in commits.iter().enumerate() {
        for (to, other) in commits.iter().enumerate() {
            let (one, other) = (&history.operations[one.operation], &history.operations[other.operation]);
            if one.process == other.process && one.id < other.id {
                session.add(from, to);
            }
            if one.precedes(other) {
                realtime.add(from, to);
            }
        }
    }
    (session, realtime)
}
