//! A history of transactions in, a verdict out: what is wrong with it, which levels that refutes, and which it keeps.
//!
//! Everything that is said to be wrong was verified by other code before: findings by [`super::verify_finding`], cycles by
//! [`super::verify`], components without a cycle to show by [`super::verify_proof`], refutations of levels by
//! [`super::level::verify_circle`], [`super::level::verify_lemmas`] and the second look of [`super::level::Weak`]. What does
//! not stand refutes nothing: the history is unknown, and the reason asks for a report.

mod case;
mod certificate;
mod decide;
mod independent;
mod stamped;
mod told;

use super::explain::Explained;
use super::level::{Boundary, Lattice, Level, Stamps};
use super::minimal::{Minimal, Same, Whole, minimal};
use super::predicate::{self, SetUp};
use super::{CycleOptions, InferOptions, Inferred, Needs, Phenomenon, cycles};
use super::{infer_append, infer_register, orders_of};
use crate::verdict::{Anomaly, Evidence, Verdict, Word};
use case::Case;
pub use certificate::Certificate;
use history::Calls;
pub use independent::{TxnVerdicts, judge_independent};
pub use stamped::{StampFields, judge_timestamps};

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
    /// By row: the timestamps that the database gave; empty if it gave none. They may show that a level was kept.
    pub stamps: Vec<Option<Stamps>>,
    /// The levels that the system promises.
    pub expect: Vec<Level>,
    /// True: what Elle would say, with its lattice and without what it does not look for.
    pub as_elle: bool,
    /// Visits of nodes that each decision of a level may cost.
    pub visits: u64,
    /// Steps of transactions that may be judged again in looking for a minimal history of an invalid one; 0 for none.
    pub minimise: u64,
}

impl TxnOptions {
    /// What a minimal history is worth to people: a second at most.
    pub const MINIMISE: u64 = 400_000;
}

impl Default for TxnOptions {
    fn default() -> Self {
        TxnOptions {
            infer: InferOptions::default(),
            cycles: CycleOptions::default(),
            stamps: Vec::new(),
            expect: vec![Level::StrictSerializable],
            as_elle: false,
            visits: 100_000_000,
            minimise: 0,
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
    /// The least history that shows the first of what breaks the promise.
    pub minimal: Option<Minimal>,
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

    /// What is told of an invalid history. Where an anomaly says it, no refutation of a level need.
    fn told(&self) -> Vec<Anomaly> {
        let breaking = self.anomalies.iter().filter(|found| found.breaks_promise);
        let mut told: Vec<Anomaly> = breaking.map(TxnAnomaly::told).collect();
        if told.is_empty() {
            let breaking = self.refutations.iter().filter(|found| found.breaks_promise);
            told = breaking.map(Refutation::told).collect();
        }
        if let (Some(first), Some(minimal)) = (told.first_mut(), &self.minimal) {
            first.argument.get_or_insert_default().minimal = Some(minimal.told());
        }
        told
    }

    /// What the promise is broken by first, and who is in it.
    fn first(&self) -> Option<(Same, &[u32])> {
        let anomaly = self.anomalies.iter().find(|found| found.breaks_promise);
        let refutation = self.refutations.iter().find(|found| found.breaks_promise);
        let of_anomaly = anomaly.map(|found| (Same::Anomaly(found.phenomenon), &found.explained.rows[..]));
        of_anomaly.or_else(|| refutation.map(|found| (Same::Refuted(found.level), &found.explained.rows[..])))
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
    /// What proves it.
    pub certificate: Certificate,
}

/// A level that is refuted by more than one anomaly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refutation {
    /// The level.
    pub level: Level,
    /// The transactions that leave no explanation, and how.
    pub explained: Explained,
    /// What proves it.
    pub certificate: Certificate,
    /// True if a level that is promised follows from this one no more.
    pub breaks_promise: bool,
}

/// Judges a history.
///
/// # Errors
/// The first transaction that is none of such objects: its line, and what was expected.
pub fn judge_transactions(objects: Objects, calls: &Calls<'_>, options: &TxnOptions) -> Result<TxnJudged, String> {
    let inferred = match objects {
        Objects::Lists => infer_append(calls, &options.infer)?,
        Objects::Registers => infer_register(calls, &options.infer)?,
        Objects::Predicates => return judge_predicates(calls, options),
    };
    let mut judged = judged(objects, &inferred, options);
    if judged.word == Word::Invalid && options.minimise > 0 {
        judged.minimal = judged.first().and_then(|(same, core)| {
            minimal(&Whole { objects, calls, transactions: &inferred.transactions, options }, same, core)
        });
    }
    Ok(judged)
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

fn level_names(levels: &[Level]) -> String {
    match levels {
        [] => "none".to_owned(),
        some => some.iter().map(|level| level.name()).collect::<Vec<_>>().join(", "),
    }
}
