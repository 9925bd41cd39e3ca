//! A history of transactions in, a verdict out: what is wrong with it, which levels that refutes, and which it keeps.
//!
//! Everything that is said to be wrong was verified by other code before: findings by [`super::verify_finding`], cycles by
//! [`super::verify`], refutations of levels by the engines that made them.

use super::explain::{self, Explained};
use super::level::{Boundary, Exact, Lattice, Lemma, Level, Link, Polygraph, Weak, WeakOutcome};
use super::predicate::{self, SetUp};
use super::{CycleOptions, Cycles, EMPTY_GRAPH, Gap, InferOptions, Inferred, Needs, Phenomenon, Proof, cycles};
use super::{infer_append, infer_register, level, orders_of};
use crate::phrase::count;
use crate::verdict::{Anomaly, Evidence, Verdict, Word};
use history::{Calls, OpId};
use std::collections::BTreeSet;

/// What the transactions are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objects {
    /// Lists that are appended to: versions have a known order.
    Lists,
    /// Registers that are overwritten.
    Registers,
    /// Rows that are set up, change once each, and are read by predicate.
    Predicates,
}

/// How a history is judged.
#[derive(Clone, Debug)]
pub struct TxnOptions {
    /// What may be assumed about the system.
    pub infer: InferOptions,
    /// What cycles are looked for, and how hard.
    pub cycles: CycleOptions,
    /// The levels that the system promises.
    pub expect: Vec<Level>,
    /// True: what Elle would say, with its lattice and without what it does not look for.
    pub as_elle: bool,
    /// Visits of nodes that each decision of a level may cost.
    pub visits: u64,
}

impl Default for TxnOptions {
    fn default() -> Self {
        TxnOptions {
            infer: InferOptions::default(),
            cycles: CycleOptions::default(),
            expect: vec![Level::StrictSerializable],
            as_elle: false,
            visits: 100_000_000,
        }
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct TxnJudged {
    /// The verdict on the levels that are promised.
    pub word: Word,
    /// Why it is unknown; empty otherwise.
    pub reason: String,
    /// What is wrong, what breaks the promise first. Rows are positions of calls.
    pub anomalies: Vec<TxnAnomaly>,
    /// The weakest levels that are refuted, and the rest of them.
    pub boundary: Boundary,
    /// Levels that no anomaly refutes by itself, refuted by the engine that decides them.
    pub refutations: Vec<Refutation>,
    /// The strongest levels that the history is known to keep.
    pub strongest: Vec<Level>,
    /// What was looked at.
    pub evidence: Evidence,
}

impl TxnJudged {
    /// The same with other levels refuted.
    fn with_boundary(mut self, boundary: Boundary) -> TxnJudged {
        for (name, value) in &mut self.evidence {
            match name.as_str() {
                "not" => *value = level_names(&boundary.not),
                "also not" => *value = level_names(&boundary.also_not),
                _ => {}
            }
        }
        self.boundary = boundary;
        self
    }

    /// The same in the words of every checker: what breaks the promise, each with the positions of its calls.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let evidence = self.evidence.clone();
        match self.word {
            Word::Valid => Verdict::Valid { evidence },
            Word::Unknown => Verdict::Unknown { reason: self.reason.clone(), evidence },
            Word::Invalid => Verdict::Invalid { anomalies: self.told(), evidence },
        }
    }

    fn told(&self) -> Vec<Anomaly> {
        let anomaly = |name: String, rows: &[u32], explanation: String| {
            let mut operations: Vec<OpId> = rows.iter().map(|row| OpId(*row)).collect();
            operations.sort_unstable();
            Anomaly { name, key: None, operations, culprit: None, intervals: Vec::new(), explanation }
        };
        let breaking = self.anomalies.iter().filter(|found| found.breaks_promise);
        let of_anomaly = |found: &TxnAnomaly| {
            let explained = &found.explained;
            let nickname = explained.nickname.map(|nickname| format!("{nickname}: ")).unwrap_or_default();
            let text = format!("{nickname}{}", explained.sentence);
            anomaly(found.phenomenon.name(), &explained.rows, text)
        };
        let of_refutation =
            |found: &Refutation| anomaly(format!("not-{}", found.level), &found.rows, found.sentence.clone());
        let anomalies: Vec<Anomaly> = breaking.map(of_anomaly).collect();
        // Where an anomaly says it, nothing else need.
        if anomalies.is_empty() { self.refutations.iter().map(of_refutation).collect() } else { anomalies }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxnAnomaly {
    /// By its published name.
    pub phenomenon: Phenomenon,
    /// True if a level that is promised does not allow it.
    pub breaks_promise: bool,
    /// Who is in it, and why.
    pub explained: Explained,
}

/// A level that is refuted by more than one anomaly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refutation {
    /// The level.
    pub level: Level,
    /// The transactions that leave no explanation, sorted.
    pub rows: Vec<u32>,
    /// How, in a sentence.
    pub sentence: String,
}

/// Judges a history.
///
/// # Errors
/// The first transaction that is none of such objects: its line, and what was expected.
pub fn judge_transactions(objects: Objects, calls: &Calls<'_>, options: &TxnOptions) -> Result<TxnJudged, String> {
    match objects {
        Objects::Lists => Ok(judged(objects, &infer_append(calls, &options.infer)?, options)),
        Objects::Registers => Ok(judged(objects, &infer_register(calls, &options.infer)?, options)),
        Objects::Predicates => judge_predicates(calls, options),
    }
}

fn judged(objects: Objects, inferred: &Inferred<'_>, options: &TxnOptions) -> TxnJudged {
    let found = cycles(&inferred.graph, inferred.transactions.timeline(), &options.cycles);
    Case { objects, inferred, cycles: &found, options }.judged()
}

/// That what was set up is seen by all that begins afterwards is one explanation of a history, and the only one where real
/// time is promised: a history in which nothing is wrong with it is valid, but levels without real time are refuted
/// only by what is wrong without it, too.
fn judge_predicates(calls: &Calls<'_>, options: &TxnOptions) -> Result<TxnJudged, String> {
    let of = |set_up| -> Result<TxnJudged, String> {
        let inferred = predicate::infer(calls, &options.infer, set_up)?;
        Ok(judged(Objects::Predicates, &inferred, options))
    };
    let seen = of(SetUp::Seen)?;
    if options.as_elle || seen.boundary.not.is_empty() {
        return Ok(seen);
    }
    let unsure = of(SetUp::Unsure)?;
    let is_timed = |level: &Level| orders_of(&[*level]) == Needs::Realtime;
    if !options.expect.iter().all(is_timed) {
        // What the first says to be kept has an explanation, whatever the second leaves open.
        return Ok(if seen.word == Word::Valid { seen.with_boundary(unsure.boundary) } else { unsure });
    }
    let lattice = Lattice::corrected();
    let timed = seen.boundary.not.iter().chain(&seen.boundary.also_not).copied().filter(is_timed);
    let boundary = lattice.divided(timed.chain(unsure.boundary.not).chain(unsure.boundary.also_not));
    Ok(seen.with_boundary(boundary))
}

/// A history with all that was found in it.
struct Case<'a> {
    objects: Objects,
    inferred: &'a Inferred<'a>,
    cycles: &'a Cycles,
    options: &'a TxnOptions,
}

/// Levels that were decided by more than anomalies.
#[derive(Default)]
struct Decided {
    kept: Vec<Level>,
    refuted: Vec<Refutation>,
    doubts: Vec<String>,
}

impl Case<'_> {
    fn judged(&self) -> TxnJudged {
        let lattice = if self.options.as_elle { Lattice::elle() } else { Lattice::corrected() };
        let found = self.phenomena();
        let mut decided = self.decided(&lattice, &found);
        let mut boundary = lattice.boundary(&found);
        decided.refuted.retain(|refutation| !boundary.not.contains(&refutation.level));
        if !decided.refuted.is_empty() {
            boundary = widened(&lattice, &boundary, &decided.refuted);
        }
        let refuted: BTreeSet<Level> = boundary.not.iter().chain(&boundary.also_not).copied().collect();
        let is_broken = self.options.expect.iter().any(|level| refuted.contains(level));
        decided.doubts.extend(self.doubts());
        let word = match (is_broken, decided.doubts.is_empty()) {
            (true, _) => Word::Invalid,
            (false, false) => Word::Unknown,
            (false, true) => Word::Valid,
        };
        let kept: Vec<Level> = Level::all()
            .filter(|level| !refuted.contains(level))
            .filter(|level| follows(&lattice, &decided.kept, *level, |level| refuted.contains(&level)))
            .collect();
        let strongest = lattice.strongest(&kept);
        let evidence = self.evidence(&boundary, &strongest);
        let reason = if word == Word::Unknown { decided.doubts.join("; ") } else { String::new() };
        let anomalies = self.anomalies(&lattice);
        let mut refutations = decided.refuted;
        if is_broken && refutations.is_empty() && !anomalies.iter().any(|anomaly| anomaly.breaks_promise) {
            refutations = self.proofs(&lattice);
        }
        TxnJudged { word, reason, anomalies, boundary, refutations, strongest, evidence }
    }

    /// What is promised and cannot be, where the budget ended before a cycle could be shown: the transactions among which
    /// it surely is.
    fn proofs(&self, lattice: &Lattice) -> Vec<Refutation> {
        let of = |level: Level| {
            let proof = self.cycles.proven.iter().find(|proof| lattice.prohibits(level, proof.least()))?;
            let rows = count(proof.rows.len(), "transaction");
            let sentence = format!(
                "{rows} precede each other in a circle that {level} forbids; the budget ended before a short one was found"
            );
            Some(self.refutation(level, proof.rows.clone(), sentence))
        };
        self.options.expect.iter().filter_map(|level| of(*level)).collect()
    }

    /// Everything that is known to be there.
    fn phenomena(&self) -> Vec<Phenomenon> {
        let findings = self.inferred.counts.keys().copied().filter(|phenomenon| self.counts(*phenomenon));
        let cycles = self.cycles.cycles.iter().map(|cycle| cycle.phenomenon);
        let proven = self.cycles.proven.iter().map(Proof::least);
        let all: BTreeSet<Phenomenon> = findings.chain(cycles).chain(proven).collect();
        all.into_iter().collect()
    }

    /// Elle looks for neither of these.
    fn counts(&self, phenomenon: Phenomenon) -> bool {
        let is_ours = matches!(phenomenon, Phenomenon::GarbageRead | Phenomenon::LostAppend);
        !(self.options.as_elle && is_ours)
    }

    /// Levels that no single anomaly refutes are asked for by themselves, if something is wrong or the order of versions
    /// is open.
    fn decided(&self, lattice: &Lattice, found: &[Phenomenon]) -> Decided {
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
        let refuted = |(level, steps): (Level, Vec<level::Step>)| {
            let sentence = format!("{level} leaves no explanation of a circle of {}", count(steps.len(), "step"));
            self.refutation(level, steps.iter().map(|step| step.from).collect(), sentence)
        };
        decided.refuted = standing.weakest_refuted.into_iter().map(refuted).collect();
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
                Some(None) => decided.kept.push(*level),
                Some(Some(refutation)) => decided.refuted.push(refutation),
                None => decided.doubts.push(format!(
                    "the order of versions leaves {level} open, or it was not decided within the budget"
                )),
            }
        }
    }

    /// Why a history of registers does not keep a level, in whatever order its versions were made, or that it does; None
    /// if that is open.
    fn decide_register(&self, level: Level) -> Option<Option<Refutation>> {
        let timeline = self.inferred.transactions.timeline();
        let (accesses, graph) = (&self.inferred.accesses, &self.inferred.graph);
        let (base, _) = level.base()?;
        if matches!(base, Level::ReadUncommitted | Level::ReadCommitted) {
            // What they forbid are cycles of known edges, and all of those were found.
            return Some(None);
        }
        if let Some(outcome) = Polygraph::new(accesses, timeline, graph).satisfies(level, self.options.visits) {
            return match outcome {
                level::Explained::Satisfied => Some(None),
                level::Explained::Refuted(lemmas) => Some(Some(self.no_order(level, &lemmas))),
                level::Explained::Undecided => None,
            };
        }
        let weak = Weak::new(accesses, timeline);
        match weak.satisfies(level) {
            Some(WeakOutcome::Satisfied) => Some(None),
            Some(WeakOutcome::Refuted(circle)) => {
                let sentence = format!("{level} leaves no explanation of a circle of {}", count(circle.len(), "step"));
                Some(Some(self.refutation(level, circle.iter().map(|step| step.from).collect(), sentence)))
            }
            Some(WeakOutcome::ThinAir { row, key, .. }) => {
                let key = self.inferred.transactions.key_text(key);
                let sentence = format!("a read of key {key} found what no transaction wrote to it");
                Some(Some(self.refutation(level, vec![row], sentence)))
            }
            Some(WeakOutcome::Undecided) => None,
            None => self.keeps_a_stronger_one(level, &weak).then_some(None),
        }
    }

    /// True if a level from which this one follows can be decided, and is kept.
    fn keeps_a_stronger_one(&self, level: Level, weak: &Weak<'_>) -> bool {
        let lattice = Lattice::corrected();
        let stronger = |other: &Level| lattice.implies(*other, level);
        let by_reads = [Level::StrongSessionCausal, Level::StrongSessionReadAtomic].into_iter().filter(stronger);
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

    fn no_order(&self, level: Level, lemmas: &[Lemma]) -> Refutation {
        let rows = lemmas.iter().flat_map(|lemma| &lemma.links).flat_map(|link| match *link {
            Link::Known(step) => vec![step.from, step.to],
            Link::Chosen { first, second, reader } => [first, second].into_iter().chain(reader).collect(),
        });
        let cycles = count(lemmas.len(), "cycle");
        let sentence = format!(
            "whatever the order in which registers were written, {level} is broken: {cycles} rule out every order"
        );
        self.refutation(level, rows.collect(), sentence)
    }

    fn refutation(&self, level: Level, mut rows: Vec<u32>, sentence: String) -> Refutation {
        rows.retain(|row| (*row as usize) < self.inferred.transactions.len());
        rows.sort_unstable();
        rows.dedup();
        Refutation { level, rows, sentence }
    }

    fn doubts(&self) -> Vec<String> {
        let mut doubts = self.inferred.doubts.clone();
        if self.inferred.transactions.is_empty() {
            doubts.push("not enough evidence: no transaction was done by any client".to_owned());
        } else if self.inferred.exposure.committed == 0 {
            doubts.push("not enough evidence: no transaction is known to have committed".to_owned());
        }
        let gap = |gap: &Gap| match gap {
            Gap::Hubs => Some("some cycles of predicates could not be looked for".to_owned()),
            Gap::Unverified => {
                Some("a cycle was found that did not verify: a fault of ours, please report it".to_owned())
            }
            // What is there was decided without; only which cycles are shown depends on the budget.
            Gap::Budget => None,
        };
        doubts.extend(self.cycles.incomplete.iter().filter_map(gap));
        if self.options.as_elle {
            doubts.retain(|doubt| doubt == EMPTY_GRAPH || doubt.starts_with("not enough evidence"));
        }
        doubts
    }

    fn anomalies(&self, lattice: &Lattice) -> Vec<TxnAnomaly> {
        let transactions = &self.inferred.transactions;
        let breaks = |phenomenon| self.options.expect.iter().any(|level| lattice.prohibits(*level, phenomenon));
        let findings = self.inferred.findings.iter().filter(|finding| self.counts(finding.phenomenon));
        let findings = findings.map(|finding| (finding.phenomenon, explain::finding(transactions, finding)));
        let cycles = self.cycles.cycles.iter();
        let cycles = cycles.map(|cycle| (cycle.phenomenon, explain::cycle(self.inferred, cycle)));
        let anomaly =
            |(phenomenon, explained)| TxnAnomaly { phenomenon, breaks_promise: breaks(phenomenon), explained };
        let mut anomalies: Vec<TxnAnomaly> = findings.chain(cycles).map(anomaly).collect();
        anomalies.sort_by_key(|anomaly| (!anomaly.breaks_promise, anomaly.phenomenon));
        anomalies
    }

    fn evidence(&self, boundary: &Boundary, strongest: &[Level]) -> Evidence {
        let exposure = &self.inferred.exposure;
        let mut facts = vec![
            ("promised", level_names(&self.options.expect)),
            ("strongest level kept", level_names(strongest)),
            ("not", level_names(&boundary.not)),
            ("also not", level_names(&boundary.also_not)),
            ("transactions", exposure.transactions.to_string()),
            ("committed", exposure.committed.to_string()),
            ("keys", exposure.keys.to_string()),
            ("ww edges", exposure.ww.to_string()),
            ("wr edges", exposure.wr.to_string()),
            ("rw edges", exposure.rw.to_string()),
            ("reads of old versions", exposure.old_reads.to_string()),
            ("largest component", self.cycles.stats.largest.to_string()),
            ("nodes expanded", self.cycles.stats.expansions.to_string()),
        ];
        if self.cycles.incomplete.contains(&Gap::Budget) {
            facts.push(("search for cycles to show", "ended by the budget".to_owned()));
        }
        let mut evidence: Evidence = facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let plural = |count: u64| if count == 1 { "edge" } else { "edges" };
        let source =
            |(name, count): &(&str, u64)| (format!("versions by {name}"), format!("{count} {}", plural(*count)));
        evidence.extend(self.inferred.sources.iter().map(source));
        let counts = self.inferred.counts.iter().chain(&self.cycles.at_least);
        let counts = counts.filter(|(phenomenon, _)| self.counts(**phenomenon));
        evidence.extend(counts.map(|(phenomenon, count)| (phenomenon.name(), format!("at least {count}"))));
        evidence
    }
}

fn level_names(levels: &[Level]) -> String {
    match levels {
        [] => "none".to_owned(),
        some => some.iter().map(|level| level.name()).collect::<Vec<_>>().join(", "),
    }
}

/// True if a level follows from those that are kept as far as reads and writes go. What no engine decides by itself does
/// not follow from a level that something else refutes.
fn follows(lattice: &Lattice, kept: &[Level], level: Level, is_refuted: impl Fn(Level) -> bool) -> bool {
    let is_decided = level.base().is_some() || Level::GUARANTEES.contains(&level);
    kept.iter().any(|stronger| lattice.implies(*stronger, level) && (is_decided || !is_refuted(*stronger)))
}

/// Adds levels that were refuted by themselves, and all from which one of them follows.
fn widened(lattice: &Lattice, boundary: &Boundary, refuted: &[Refutation]) -> Boundary {
    let follows = |level: &Level| refuted.iter().any(|refutation| lattice.implies(*level, refutation.level));
    lattice.divided(boundary.not.iter().chain(&boundary.also_not).copied().chain(Level::all().filter(follows)))
}
