//! Snapshot isolation and serializability of registers whose versions are in an order known in part at most.

use crate::oracle::Oracle;
use crate::random::{self, Random};
use checkers::txn::level::{Evidence, Explained, Lemma, Level, Link, Polygraph, Unproven, Why, verify_lemmas};
use checkers::txn::{Accesses, Graph, INITIAL, Kinds, NEVER, Needs, Timeline, Write};
use std::collections::BTreeMap;

/// The same history, with the order of versions of some objects only.
fn half_forgotten(accesses: &Accesses, known: impl Fn(u32) -> bool) -> Accesses {
    let mut copy = Accesses::default();
    for row in 0..accesses.len() as u32 {
        let place = |write: &Write| if known(write.key) { write.version } else { Write::UNORDERED };
        let writes = accesses.writes(row).iter().map(|write| Write { key: write.key, version: place(write) });
        copy.push(accesses.reads(row).to_vec(), writes);
    }
    copy
}

/// Cycles that together leave no order of writers, checked by nothing but the history.
struct Certificate<'a> {
    accesses: &'a Accesses,
    timeline: &'a Timeline,
    level: Level,
}

impl Certificate<'_> {
    fn ordered(&self, from: u32, to: u32, why: Why) -> bool {
        let ended = self.timeline.completed[from as usize];
        let before = ended != NEVER && ended < self.timeline.invoked[to as usize];
        let session = before && self.timeline.session[from as usize] == self.timeline.session[to as usize];
        match (self.level.base().expect("a variant").1, why) {
            (Needs::Realtime, Why::Realtime | Why::Data(_)) => before,
            (Needs::Process | Needs::Realtime, _) => session,
            (Needs::Data, _) => false,
        }
    }

    fn place(&self, row: u32, key: u32) -> Option<u32> {
        self.accesses.writes(row).iter().find(|write| write.key == key).map(|write| write.version)
    }

    /// The first wrote the object before the second did, for certain.
    fn precedes(&self, first: u32, second: u32, key: u32) -> bool {
        let Some(version) = self.place(second, key) else { return false };
        if first == INITIAL {
            return true;
        }
        let known = |other: u32| other != Write::UNORDERED && version != Write::UNORDERED && other < version;
        self.place(first, key).is_some_and(|other| known(other) || self.ordered(first, second, Why::Data(Kinds::WW)))
    }

    fn holds(&self, link: &Link) -> bool {
        match *link {
            Link::Known(step) => {
                let keys = || self.accesses.writes(step.to).iter().map(|write| write.key);
                let reads = |row: u32| self.accesses.reads(row).iter();
                let missed = |key| {
                    reads(step.from).any(|r| r.key == key && r.from != step.to && self.precedes(r.from, step.to, key))
                };
                match step.why {
                    Why::Data(kinds) => {
                        (!kinds.has(Kinds::WR) || reads(step.to).any(|read| read.from == step.from))
                            && (!kinds.has(Kinds::WW) || keys().any(|key| self.precedes(step.from, step.to, key)))
                            && (!kinds.has(Kinds::RW) || keys().any(missed))
                    }
                    why => self.ordered(step.from, step.to, why),
                }
            }
            Link::Chosen { first, second, reader } => self.accesses.writes(first).iter().any(|write| {
                let read = |row| self.accesses.reads(row).iter().any(|r| (r.key, r.from) == (write.key, first));
                self.place(second, write.key).is_some() && reader.is_none_or(|row| row != second && read(row))
            }),
        }
    }

    fn is_cycle(&self, lemma: &Lemma) -> bool {
        let ends = |link: &Link| match *link {
            Link::Known(step) => (step.from, step.to),
            Link::Chosen { first, second, reader } => (reader.unwrap_or(first), second),
        };
        let anti = |link: &Link| match link {
            Link::Known(step) => matches!(step.why, Why::Data(kinds) if kinds.any(Kinds::ANTI)),
            Link::Chosen { reader, .. } => reader.is_some(),
        };
        let count = lemma.links.len();
        let next = |at: usize| &lemma.links[(at + 1) % count];
        let snapshot = self.level.base().expect("a variant").0 == Level::SnapshotIsolation;
        count > 0
            && (0..count).all(|at| {
                let link = &lemma.links[at];
                self.holds(link) && ends(link).1 == ends(next(at)).0 && !(snapshot && anti(link) && anti(next(at)))
            })
    }

    /// All cycles hold, and every order of the writers that they name closes one of them.
    fn stands(&self, lemmas: &[Lemma]) -> bool {
        let chosen = |lemma: &Lemma| -> Vec<(u32, u32)> {
            let pairs = lemma.links.iter().filter_map(|link| match *link {
                Link::Chosen { first, second, .. } => Some((first, second)),
                Link::Known(_) => None,
            });
            pairs.collect()
        };
        let needs: Vec<Vec<(u32, u32)>> = lemmas.iter().map(chosen).collect();
        let mut pairs: Vec<(u32, u32)> = needs.iter().flatten().map(|&(a, b)| (a.min(b), a.max(b))).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let closes = |order: u32, need: &[(u32, u32)]| {
            need.iter().all(|&(a, b)| {
                let bit = pairs.iter().position(|&pair| pair == (a.min(b), a.max(b))).expect("it is named");
                (order >> bit & 1 == 1) == (a < b)
            })
        };
        lemmas.iter().all(|lemma| self.is_cycle(lemma))
            && (0..1u32 << pairs.len()).all(|order| needs.iter().any(|need| closes(order, need)))
    }
}

#[test]
fn orders_are_found_if_there_are_any_and_refuted_by_cycles_otherwise() {
    let mut tally: BTreeMap<Level, [u64; 2]> = BTreeMap::new();
    for seed in 0..crate::rounds() {
        let Random { accesses, timeline, .. } = random::history(seed, if seed % 16 == 0 { 6 } else { 5 });
        let accesses = half_forgotten(&accesses, |key| seed % 4 == 3 && key == 0);
        let graph = Graph::new(accesses.len() as u32, 0, &[]);
        let order = [Needs::Data, Needs::Process, Needs::Realtime][seed as usize % 3];
        let oracle = Oracle::new(&accesses, &timeline, order);
        for base in [Level::SnapshotIsolation, Level::Serializable] {
            let level = base.under(order).expect("a base has variants");
            let allowed = oracle.allows(base);
            tally.entry(level).or_default()[usize::from(allowed)] += 1;
            let polygraph = Polygraph::new(&accesses, &timeline, &graph);
            match polygraph.satisfies(level, Polygraph::STEPS).expect("a level that is decided") {
                Explained::Satisfied => assert!(allowed, "seed {seed}: {level} is refuted by its axioms"),
                Explained::Refuted(lemmas) => {
                    assert!(!allowed, "seed {seed}: {level} is kept, not {lemmas:?}");
                    let certificate = Certificate { accesses: &accesses, timeline: &timeline, level };
                    assert!(certificate.stands(&lemmas), "seed {seed}: {level}: {lemmas:?} leaves some order");
                    refused_if_mutated(&certificate, &lemmas);
                    let evidence = Evidence { accesses: &accesses, timeline: &timeline, graph: &graph };
                    assert_eq!(verify_lemmas(&evidence, level, &lemmas, 1_000_000), Ok(()), "seed {seed}: {lemmas:?}");
                    agree_about_mutants(&certificate, &evidence, &lemmas);
                }
                Explained::Undecided => panic!("seed {seed}: {level} is not decided"),
            }
        }
    }
    for (level, [refuted, kept]) in tally {
        assert!(refuted > 20 && kept > 20, "{level}: {refuted} refuted, {kept} kept are not enough to tell");
    }
}

/// The second look of production believes no lemmas that the checker of this file refuses.
fn agree_about_mutants(certificate: &Certificate<'_>, evidence: &Evidence<'_>, lemmas: &[Lemma]) {
    let level = certificate.level;
    let look = |mutant: &[Lemma]| {
        let verified = verify_lemmas(evidence, level, mutant, 1_000_000);
        assert_eq!(verified.is_ok(), certificate.stands(mutant), "{level}: {mutant:?} out of {lemmas:?}");
        verified
    };
    assert!(matches!(look(&[]), Err(Unproven::Wrong(_))));
    for at in 0..lemmas.len() {
        let mut less = lemmas.to_vec();
        less.remove(at);
        let _ = look(&less);
        for link in 0..lemmas[at].links.len() {
            let mut cut = lemmas.to_vec();
            cut[at].links.remove(link);
            assert!(look(&cut).is_err(), "a cycle that is cut is none: {cut:?}");
            let mut turned = lemmas.to_vec();
            if let Link::Chosen { first, second, .. } = &mut turned[at].links[link] {
                std::mem::swap(first, second);
                assert!(look(&turned).is_err() || lemmas[at].links.len() == 2, "{turned:?}");
            }
            let mut named = lemmas.to_vec();
            if let Link::Known(step) = &mut named[at].links[link] {
                step.why = Why::Stale { key: 0 };
                assert!(verify_lemmas(evidence, level, &named, 1_000_000).is_err(), "{named:?}");
            }
        }
    }
}

fn refused_if_mutated(certificate: &Certificate<'_>, lemmas: &[Lemma]) {
    assert!(!certificate.stands(&[]), "nothing proves nothing");
    let mut cut = lemmas.to_vec();
    cut[0].links.pop();
    assert!(!certificate.stands(&cut), "a cycle that is cut is none: {cut:?}");
}

#[test]
fn a_budget_that_ends_leaves_the_question_open() {
    let (mut accesses, mut timeline) = (Accesses::default(), Timeline::default());
    for row in 0..3 {
        accesses.push([], [Write { key: 0, version: Write::UNORDERED }]);
        timeline.push(0, 10 + row, row);
    }
    let graph = Graph::new(3, 0, &[]);
    let polygraph = Polygraph::new(&accesses, &timeline, &graph);
    assert_eq!(polygraph.satisfies(Level::Serializable, Polygraph::STEPS), Some(Explained::Satisfied));
    assert_eq!(polygraph.satisfies(Level::Serializable, 0), Some(Explained::Undecided));
    assert_eq!(polygraph.satisfies(Level::ReadAtomic, 0), None);
}
