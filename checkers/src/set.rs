//! Sets: what was added is there, once, and nothing else is.
//!
//! A workload adds each element once, reads the whole set now and then, and in the end reads it on every node. An
//! element is *known* from the moment at which its addition was acknowledged, or a read that saw it was over. Every
//! read that begins later should see it.
//!
//! Source: Jepsen's `set-full`, with its notion of known elements. We differ: duplicates, failed additions and
//! elements that nobody added count, whether an element is lost is decided by the last read of each node, and the work
//! is linear in the total size of the reads.

mod recheck;
mod scan;

use crate::phrase::{answerer, count, ending, who};
use crate::{Anomaly, Budget, Checker, Evidence, Verdict};
use history::{History, OpId, Operation, Set};
use scan::Scan;

/// What a set promises about the moment at which an element can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Promise {
    /// As soon as its addition was acknowledged, or somebody read it, everywhere.
    #[default]
    Linearizable,
    /// At some time, everywhere: only reads that began after the last addition was over are judged.
    Eventual,
}

/// Judges whether a set kept its elements.
#[derive(Clone, Copy, Debug)]
pub struct SetChecker {
    /// What the set promises.
    pub promise: Promise,
    /// How many anomalies are returned, at most; the others are counted.
    pub most_anomalies: usize,
}

impl Default for SetChecker {
    fn default() -> Self {
        SetChecker { promise: Promise::default(), most_anomalies: 10 }
    }
}

/// What can be wrong with one element, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// It was known, and in the end no node has it.
    Lost,
    /// Its addition failed, and it was read.
    Revived,
    /// Nobody had asked for it to be added, and it was read.
    Phantom,
    /// One read found it more than once.
    Duplicated,
    /// It was known, and the last read of some node lacks it, while another node has it.
    Stale,
    /// It was known, a read lacked it, and a later one had it.
    StaleRead,
}

impl Kind {
    const ALL: [Kind; 6] = [Kind::Lost, Kind::Revived, Kind::Phantom, Kind::Duplicated, Kind::Stale, Kind::StaleRead];

    fn name(self) -> &'static str {
        match self {
            Kind::Lost => "lost",
            Kind::Revived => "revived",
            Kind::Phantom => "phantom",
            Kind::Duplicated => "duplicated",
            Kind::Stale => "stale",
            Kind::StaleRead => "stale-read",
        }
    }
}

/// What is wrong with one element, and the operations that show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub kind: Kind,
    pub element: i64,
    /// Its addition, if there was one.
    pub add: Option<OpId>,
    /// Reads that saw it: the one that made it known, and the last one of some node.
    pub saw: Vec<OpId>,
    /// The read that lacks it, or for anomalies of presence the read that has it.
    pub culprit: OpId,
}

impl Checker<Set> for SetChecker {
    fn name(&self) -> &'static str {
        "set"
    }

    /// The budget is not used: the work is linear.
    fn check(&self, history: &History<Set>, _: Budget) -> Verdict {
        let scan = Scan::new(history, self.promise);
        let mut findings = scan.findings();
        findings.sort_by_key(|finding| (finding.kind, finding.culprit, finding.element));
        let mut evidence = scan.evidence();
        for kind in Kind::ALL {
            let number = findings.iter().filter(|finding| finding.kind == kind).count();
            evidence.push((format!("elements {}", kind.name()), number.to_string()));
        }
        if findings.is_empty() {
            return match scan.missing_evidence() {
                Some(reason) => Verdict::Unknown { reason: format!("not enough evidence: {reason}"), evidence },
                None => Verdict::Valid { evidence },
            };
        }
        self.conclude(history, &findings, evidence)
    }
}

impl SetChecker {
    fn conclude(&self, history: &History<Set>, findings: &[Finding], mut evidence: Evidence) -> Verdict {
        let shown = self.shown(findings);
        if findings.len() > shown.len() {
            evidence.push(("anomalies not shown".to_owned(), (findings.len() - shown.len()).to_string()));
        }
        let (confirmed, doubtful): (Vec<&Finding>, Vec<&Finding>) =
            shown.into_iter().partition(|finding| recheck::holds(history, finding));
        let anomalies: Vec<Anomaly> = confirmed.into_iter().map(|finding| anomaly(history, finding)).collect();
        let doubts = count(doubtful.len(), "anomaly that a second look at its operations did not confirm");
        if anomalies.is_empty() {
            return Verdict::Unknown { reason: doubts, evidence };
        }
        if !doubtful.is_empty() {
            evidence.push(("not confirmed".to_owned(), doubts));
        }
        Verdict::Invalid { anomalies, evidence }
    }

    /// The first findings, but of every kind at least one.
    fn shown<'a>(&self, findings: &'a [Finding]) -> Vec<&'a Finding> {
        let mut firsts = Vec::new();
        for kind in Kind::ALL {
            firsts.extend(findings.iter().find(|finding| finding.kind == kind));
        }
        let others = findings.iter().filter(|finding| !firsts.iter().any(|first| std::ptr::eq(*first, *finding)));
        let room = self.most_anomalies.saturating_sub(firsts.len());
        let mut shown: Vec<&Finding> = firsts.iter().copied().chain(others.take(room)).collect();
        shown.sort_by_key(|finding| finding.kind);
        shown
    }
}

fn anomaly(history: &History<Set>, finding: &Finding) -> Anomaly {
    let mut operations: Vec<OpId> =
        finding.add.into_iter().chain(finding.saw.iter().copied()).chain([finding.culprit]).collect();
    operations.sort_unstable();
    operations.dedup();
    Anomaly {
        name: finding.kind.name().to_owned(),
        key: None,
        operations,
        culprit: Some(finding.culprit),
        intervals: Vec::new(),
        explanation: explain(history, finding),
        argument: None,
    }
}

fn explain(history: &History<Set>, finding: &Finding) -> String {
    let culprit = history.operation(finding.culprit);
    let element = finding.element;
    let read = format!(
        "process {} (read, index {}, begun at {})",
        culprit.process, culprit.invoked.index, culprit.invoked.time
    );
    let node = answerer(history, culprit);
    let added = finding.add.map(|add| history.operation(add)).map_or_else(
        || "nobody had asked to add".to_owned(),
        |add| format!("its addition by {} {}", who(history, add), ending(add)),
    );
    let seen: String =
        finding.saw.iter().map(|saw| history.operation(*saw)).map(|saw| seen(history, saw, culprit)).collect();
    match finding.kind {
        Kind::Lost => format!(
            "{node} did not return {element} to {read} although {added}{seen}; the last read of every node lacks it"
        ),
        Kind::Stale => format!("{node} did not return {element} to {read}, the last one there, although {added}{seen}"),
        Kind::StaleRead => format!("{node} did not return {element} to {read} although {added}{seen}"),
        Kind::Duplicated => format!("{node} returned {element} to {read} more than once although it was added once"),
        Kind::Revived => format!("{node} returned {element} to {read} although its addition had failed"),
        Kind::Phantom => {
            format!("{node} returned {element} to {read}, which {added} by then", added = "nobody had asked to add")
        }
    }
}

fn seen(history: &History<Set>, saw: &Operation<Set>, culprit: &Operation<Set>) -> String {
    let verb = if saw.precedes(culprit) { "had read" } else { "read" };
    format!(" and {} {verb} it at {}", who(history, saw), saw.completed.unwrap_or(saw.invoked).time)
}
