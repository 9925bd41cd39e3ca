//! Levels that no single anomaly refutes: asked for by themselves, and no refutation believed before a second look.

use super::case::{Case, fault};
use super::{Certificate, Objects, Refutation, stamped};
use crate::phrase::count;
use crate::txn::level::{self, Exact, Lattice, Lemma, Level, Link, Polygraph, Unproven, Weak, WeakOutcome};
use crate::txn::level::{verify_circle, verify_lemmas};
use crate::txn::{Inferred, Needs, Phenomenon, explain};
use std::collections::BTreeSet;

/// Levels that were decided by more than anomalies.
#[derive(Default)]
pub(super) struct Decided {
    pub(super) kept: Vec<Level>,
    pub(super) refuted: Vec<Refutation>,
    pub(super) doubts: Vec<String>,
    /// Those that are kept because timestamps say so.
    pub(super) by_timestamps: Vec<Level>,
}

/// Whether a history of registers keeps a level.
enum Answer {
    Kept,
    /// By the timestamps that the database gave.
    Stamped,
    Refuted(Box<Refutation>),
    Open,
    /// It was said to be refuted, by what did not stand a second look.
    Unproven(Unproven),
}

impl Case<'_> {
    /// Levels that no single anomaly refutes are asked for by themselves, if something is wrong or the order of versions
    /// is open.
    pub(super) fn decided(&self, lattice: &Lattice, found: &[Phenomenon]) -> Decided {
        let mut decided = Decided::default();
        if self.options.as_elle || self.inferred.graph.is_empty() {
            return decided;
        }
        match self.objects {
            Objects::Lists => self.decide_lists(lattice, found, &mut decided),
            Objects::Registers => self.decide_registers(lattice, found, &mut decided),
            Objects::Predicates => self.decide_predicates(lattice, found, &mut decided),
        }
        decided
    }

    fn decide_lists(&self, lattice: &Lattice, found: &[Phenomenon], decided: &mut Decided) {
        let timeline = self.inferred.transactions.timeline();
        if found.is_empty() && self.cycles.incomplete.is_empty() {
            let strongest = Level::Serializable.under(self.options.cycles.orders);
            decided.kept.extend(strongest);
            return;
        }
        let exact = Exact::new(&self.inferred.accesses, timeline, &self.inferred.graph, self.options.visits);
        let standing = exact.map(|exact| exact.standing()).unwrap_or_default();
        decided.kept = standing.strongest;
        if [Phenomenon::IncompatibleOrder, Phenomenon::DuplicateElements].iter().any(|odd| found.contains(odd)) {
            // Reads that no order explains say nothing of sessions, neither for nor against them.
            decided.kept.retain(|level| level.base().is_some());
        }
        for (level, steps) in standing.weakest_refuted {
            match verify_circle(&self.evidence_of_rows(), level, &steps) {
                Ok(()) => decided.refuted.push(self.circle(level, &steps)),
                Err(_) => decided.doubts.push(fault(&format!("a refutation of {level}"))),
            }
        }
        let by_anomalies = lattice.refuted_by(found);
        let is_refuted = |level: &Level| {
            by_anomalies.contains(level) || decided.refuted.iter().any(|weaker| lattice.implies(*level, weaker.level))
        };
        let is_kept = |level: &Level| follows(lattice, &decided.kept, *level, |level| is_refuted(&level));
        let open: Vec<&Level> =
            self.options.expect.iter().filter(|level| !is_refuted(level) && !is_kept(level)).collect();
        decided
            .doubts
            .extend(open.into_iter().map(|level| format!("nothing decides {level}, or not within the budget")));
    }

    /// Who precedes whom is all known if there is no doubt, and these levels forbid cycles of that and nothing else.
    fn decide_predicates(&self, lattice: &Lattice, found: &[Phenomenon], decided: &mut Decided) {
        use Level::{ReadCommitted, ReadUncommitted, RepeatableRead, Serializable, SnapshotIsolation};
        let by_cycles = [ReadUncommitted, ReadCommitted, RepeatableRead, SnapshotIsolation, Serializable];
        let orders = self.options.cycles.orders;
        let is_known = |level: &Level| {
            let (base, order) = level.base().unwrap_or((*level, Needs::Data));
            by_cycles.contains(&base) && order <= orders
        };
        let refuted = lattice.refuted_by(found);
        if self.doubts().is_empty() {
            decided.kept = Level::all().filter(|level| is_known(level) && !refuted.contains(level)).collect();
        }
        let is_kept = |level: &Level| decided.kept.iter().any(|kept| lattice.implies(*kept, *level));
        let open = self.options.expect.iter().filter(|level| !refuted.contains(level) && !is_kept(level));
        decided.doubts.extend(open.map(|level| format!("nothing tells whether reads by predicate kept {level}")));
    }

    fn decide_registers(&self, lattice: &Lattice, found: &[Phenomenon], decided: &mut Decided) {
        let refuted: BTreeSet<Level> = lattice.refuted_by(found).into_iter().collect();
        for level in self.options.expect.iter().filter(|level| !refuted.contains(level)) {
            match self.decide_register(*level) {
                Answer::Kept => decided.kept.push(*level),
                Answer::Stamped => {
                    decided.kept.push(*level);
                    decided.by_timestamps.push(*level);
                }
                Answer::Refuted(refutation) => decided.refuted.push(*refutation),
                Answer::Open => decided.doubts.push(format!(
                    "the order of versions leaves {level} open, or it was not decided within the budget"
                )),
                Answer::Unproven(Unproven::Wrong(_)) => {
                    decided.doubts.push(fault(&format!("a refutation of {level}")));
                }
                Answer::Unproven(why) => decided.doubts.push(format!("{level} seems to be broken, but {why}")),
            }
        }
    }

    /// Whether a history of registers keeps a level in some order of its versions.
    fn decide_register(&self, level: Level) -> Answer {
        let timeline = self.inferred.transactions.timeline();
        let (accesses, graph) = (&self.inferred.accesses, &self.inferred.graph);
        let Some((base, _)) = level.base() else {
            // A guarantee of sessions, which has no engine of its own.
            let is_kept = self.keeps_a_stronger_one(level, &Weak::new(accesses, timeline));
            return if is_kept { Answer::Kept } else { Answer::Open };
        };
        if matches!(base, Level::ReadUncommitted | Level::ReadCommitted) {
            // What they forbid are cycles of known edges, and all of those were found.
            return Answer::Kept;
        }
        if stamped::explains(self.inferred, &self.options.stamps, level) {
            return Answer::Stamped;
        }
        if let Some(outcome) = Polygraph::new(accesses, timeline, graph).satisfies(level, self.options.visits) {
            return match outcome {
                level::Explained::Satisfied => Answer::Kept,
                level::Explained::Undecided => Answer::Open,
                level::Explained::Refuted(lemmas) => {
                    let verified = verify_lemmas(&self.evidence_of_rows(), level, &lemmas, self.options.visits);
                    verified
                        .map_or_else(Answer::Unproven, |()| Answer::Refuted(Box::new(self.no_order(level, &lemmas))))
                }
            };
        }
        let weak = Weak::new(accesses, timeline);
        if let Some(outcome) = weak.satisfies(level) {
            return self.answered(level, outcome);
        }
        if self.keeps_a_stronger_one(level, &weak) { Answer::Kept } else { self.refuted_by_a_weaker_one(level, &weak) }
    }

    fn answered(&self, level: Level, outcome: WeakOutcome) -> Answer {
        match outcome {
            WeakOutcome::Satisfied => Answer::Kept,
            WeakOutcome::Undecided => Answer::Open,
            WeakOutcome::ThinAir { row, key, from } => self.out_of_nowhere(level, row, key, from),
            WeakOutcome::Refuted(circle) => {
                let explained = explain::circle::befores(self.inferred, &unexplained(level), &circle);
                let certificate = Certificate::Befores(circle);
                Answer::Refuted(Box::new(Refutation { level, explained, certificate, breaks_promise: false }))
            }
        }
    }

    /// A level that follows from this one, can be decided, and is not kept.
    fn refuted_by_a_weaker_one(&self, level: Level, weak: &Weak<'_>) -> Answer {
        let lattice = Lattice::corrected();
        let decided = [
            Level::MonotonicAtomicView,
            Level::StrongSessionMonotonicAtomicView,
            Level::ReadAtomic,
            Level::StrongSessionReadAtomic,
            Level::StrongSessionCausal,
            Level::StrongCausal,
        ];
        let weaker = decided.into_iter().filter(|other| lattice.implies(level, *other));
        let refuted = |other: Level| Some(self.answered(other, weak.satisfies(other)?));
        let mut answers = weaker.filter_map(refuted);
        answers.find(|answer| matches!(answer, Answer::Refuted(_))).unwrap_or(Answer::Open)
    }

    /// A read from a transaction that did not write the object refutes all levels. One that did write it, but is in doubt,
    /// refutes nothing: nobody knows whether it committed.
    fn out_of_nowhere(&self, level: Level, row: u32, key: u32, from: u32) -> Answer {
        let transactions = &self.inferred.transactions;
        let has_written = (from as usize) < transactions.len()
            && transactions.mops(from).any(|mop| mop.key == key && mop.kind.is_write());
        if has_written {
            return Answer::Open;
        }
        let (number, key) = (key, transactions.key_text(key));
        let sentence = format!("a read of key {key} found what no transaction wrote to it");
        let certificate = Certificate::Nowhere { row, key: number, from };
        Answer::Refuted(Box::new(self.refutation(level, vec![row], sentence, certificate)))
    }

    /// True if a level from which this one follows can be decided, and is kept.
    fn keeps_a_stronger_one(&self, level: Level, weak: &Weak<'_>) -> bool {
        let lattice = Lattice::corrected();
        let stronger = |other: &Level| lattice.implies(*other, level);
        let by_reads = [Level::StrongSessionCausal, Level::StrongSessionReadAtomic, Level::StrongCausal];
        let by_reads = by_reads.into_iter().filter(stronger);
        let mut by_reads = by_reads.filter_map(|other| weak.satisfies(other));
        if by_reads.any(|outcome| matches!(outcome, WeakOutcome::Satisfied)) {
            return true;
        }
        let snapshots = level.base().and_then(|(_, order)| Level::SnapshotIsolation.under(order));
        let timeline = self.inferred.transactions.timeline();
        let polygraph = Polygraph::new(&self.inferred.accesses, timeline, &self.inferred.graph);
        let outcome = snapshots.filter(stronger).and_then(|other| polygraph.satisfies(other, self.options.visits));
        matches!(outcome, Some(level::Explained::Satisfied))
    }

    fn evidence_of_rows(&self) -> level::Evidence<'_> {
        let Inferred { accesses, graph, transactions, .. } = self.inferred;
        level::Evidence { accesses, timeline: transactions.timeline(), graph }
    }

    fn circle(&self, level: Level, steps: &[level::Step]) -> Refutation {
        let explained = explain::circle::steps(self.inferred, &unexplained(level), steps);
        let certificate = Certificate::Circle(steps.to_vec());
        Refutation { level, explained, certificate, breaks_promise: false }
    }

    fn no_order(&self, level: Level, lemmas: &[Lemma]) -> Refutation {
        let rows = lemmas.iter().flat_map(|lemma| &lemma.links).flat_map(|link| match *link {
            Link::Known(step) => vec![step.from, step.to],
            Link::Chosen { first, second, reader } => [first, second].into_iter().chain(reader).collect(),
        });
        let cycles = count(lemmas.len(), "cycle");
        let sentence = format!(
            "whatever the order in which registers were written, {level} is broken: {cycles} rule out every order"
        );
        self.refutation(level, rows.collect(), sentence, Certificate::Orders(lemmas.to_vec()))
    }

    pub(super) fn refutation(
        &self,
        level: Level,
        rows: Vec<u32>,
        sentence: String,
        certificate: Certificate,
    ) -> Refutation {
        let explained = explain::circle::some(&self.inferred.transactions, rows, sentence);
        Refutation { level, explained, certificate, breaks_promise: false }
    }
}

/// True if a level follows from those that are kept as far as reads and writes go. What no engine decides by itself does
/// not follow from a level that something else refutes.
pub(super) fn follows(lattice: &Lattice, kept: &[Level], level: Level, is_refuted: impl Fn(Level) -> bool) -> bool {
    let is_decided = level.base().is_some() || Level::GUARANTEES.contains(&level);
    kept.iter().any(|stronger| lattice.implies(*stronger, level) && (is_decided || !is_refuted(*stronger)))
}

fn unexplained(level: Level) -> String {
    format!("{level} leaves no explanation")
}
