//! What a checker finds: violations, counted, of which the first and the worst are kept; facts; and doubts.

use crate::{Anomaly, Evidence, Verdict};
use history::{OpId, ValueId};

/// How many cases of one anomaly are kept, beside the worst.
const FIRST: usize = 10;

/// One violation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    /// The anomaly's published name.
    pub name: &'static str,
    /// The object's key.
    pub key: Option<u64>,
    /// The witness: positions of calls, ascending.
    pub operations: Vec<u32>,
    pub culprit: u32,
    /// The element, value or account that it is about.
    pub subject: ValueId,
    /// The number that something had to be, or to be below or above.
    pub bound: i128,
    pub explanation: String,
}

impl Case {
    /// A case with a culprit, which belongs to the witness.
    pub fn new(culprit: u32, others: impl IntoIterator<Item = u32>, explanation: String) -> Case {
        let mut operations: Vec<u32> = others.into_iter().chain([culprit]).collect();
        operations.sort_unstable();
        operations.dedup();
        Case { name: "", key: None, operations, culprit, subject: ValueId::NIL, bound: 0, explanation }
    }

    pub fn about(self, subject: ValueId) -> Case {
        Case { subject, ..self }
    }

    pub fn bounded(self, bound: i128) -> Case {
        Case { bound, ..self }
    }
}

/// Cases of one anomaly.
struct Kind {
    name: &'static str,
    total: u64,
    first: Vec<Case>,
    worst: Option<Case>,
    weight: u128,
}

/// How facts of several objects become one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Merge {
    Sum,
    Most,
}

/// What was found so far, of all objects.
#[derive(Default)]
pub(super) struct Found {
    kinds: Vec<Kind>,
    facts: Vec<(&'static str, i128, Merge)>,
    notes: Evidence,
    lacks: Vec<String>,
    doubts: Vec<String>,
    lacking: u64,
    doubtful: u64,
    unconfirmed: u64,
    objects: u64,
    key: Option<u64>,
}

impl Found {
    /// Goes on to the next object.
    pub fn begin(&mut self, key: Option<u64>) {
        self.objects += 1;
        self.key = key;
    }

    /// Counts a violation. It is put into words only if it is one of the first, or worse than all before.
    pub fn case(&mut self, name: &'static str, weight: u128, make: impl FnOnce() -> Case) {
        let key = self.key;
        let place = self.kinds.iter().position(|kind| kind.name == name).unwrap_or_else(|| {
            self.kinds.push(Kind { name, total: 0, first: Vec::new(), worst: None, weight: 0 });
            self.kinds.len() - 1
        });
        let kind = &mut self.kinds[place];
        kind.total += 1;
        if kind.first.len() < FIRST {
            kind.first.push(Case { name, key, ..make() });
            kind.weight = kind.weight.max(weight);
        } else if weight > kind.weight {
            kind.weight = weight;
            kind.worst = Some(Case { name, key, ..make() });
        }
    }

    /// How many violations of that name there are.
    pub fn total(&self, name: &str) -> u64 {
        self.kinds.iter().find(|kind| kind.name == name).map_or(0, |kind| kind.total)
    }

    /// A number that adds up over objects.
    pub fn fact(&mut self, name: &'static str, number: usize) {
        self.merge(name, number as i128, Merge::Sum);
    }

    /// A number of which the greatest over all objects counts.
    pub fn most(&mut self, name: &'static str, number: i128) {
        self.merge(name, number, Merge::Most);
    }

    /// A remark that stands as it is.
    pub fn note(&mut self, name: &str, text: String) {
        if self.notes.len() < FIRST {
            self.notes.push((name.to_owned(), text));
        }
    }

    /// The object shows too little for a violation to be possible.
    pub fn lack(&mut self, reason: impl Into<String>) {
        self.lacking += 1;
        remember(&mut self.lacks, reason.into());
    }

    /// Something cannot be decided.
    pub fn doubt(&mut self, reason: impl Into<String>) {
        self.doubtful += 1;
        remember(&mut self.doubts, reason.into());
    }

    /// Drops the cases that other code, which sees their witness alone, does not confirm.
    pub fn confirm(&mut self, confirm: impl Fn(&Case) -> bool) {
        for kind in &mut self.kinds {
            let before = kind.first.len() + usize::from(kind.worst.is_some());
            kind.first.retain(&confirm);
            kind.worst = kind.worst.take().filter(&confirm);
            self.unconfirmed += (before - kind.first.len() - usize::from(kind.worst.is_some())) as u64;
        }
    }

    /// The verdict.
    pub fn conclude(self) -> Verdict {
        let mut evidence = self.evidence();
        let cases: Vec<&Case> = self.kinds.iter().flat_map(|kind| kind.first.iter().chain(&kind.worst)).collect();
        if !cases.is_empty() {
            let doubts = self.doubts.iter().chain(&self.lacks);
            evidence.extend(doubts.map(|doubt| ("not decided".to_owned(), doubt.clone())));
            return Verdict::Invalid { anomalies: cases.into_iter().map(anomaly).collect(), evidence };
        }
        match self.reason() {
            Some(reason) => Verdict::Unknown { reason, evidence },
            None => Verdict::Valid { evidence },
        }
    }

    fn reason(&self) -> Option<String> {
        if self.unconfirmed > 0 {
            return Some("a violation was found that its witness does not show, which is a bug of gainsay".to_owned());
        }
        if !self.doubts.is_empty() {
            return Some(format!("{}{}", self.doubts.join("; "), self.of_objects(self.doubtful)));
        }
        let lacks = self.lacks.join("; ");
        (!lacks.is_empty()).then(|| format!("not enough evidence: {lacks}{}", self.of_objects(self.lacking)))
    }

    fn of_objects(&self, number: u64) -> String {
        if self.objects > 1 { format!(" (for {number} of {} keys)", self.objects) } else { String::new() }
    }

    fn evidence(&self) -> Evidence {
        let mut evidence: Evidence = Vec::new();
        if self.objects > 1 {
            evidence.push(("keys".to_owned(), self.objects.to_string()));
        }
        evidence.extend(self.facts.iter().map(|(name, number, _)| ((*name).to_owned(), number.to_string())));
        evidence.extend(self.notes.iter().cloned());
        evidence.extend(self.kinds.iter().map(|kind| (format!("total {}", kind.name), kind.total.to_string())));
        evidence
    }

    fn merge(&mut self, name: &'static str, number: i128, merge: Merge) {
        match self.facts.iter_mut().find(|fact| fact.0 == name) {
            Some(fact) if merge == Merge::Sum => fact.1 += number,
            Some(fact) => fact.1 = fact.1.max(number),
            None => self.facts.push((name, number, merge)),
        }
    }
}

/// Every different reason once, and not too many of them.
fn remember(reasons: &mut Vec<String>, reason: String) {
    if reasons.len() < 3 && !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

fn anomaly(case: &Case) -> Anomaly {
    Anomaly {
        name: case.name.to_owned(),
        key: case.key,
        operations: case.operations.iter().map(|position| OpId(*position)).collect(),
        culprit: Some(OpId(case.culprit)),
        intervals: Vec::new(),
        explanation: case.explanation.clone(),
        argument: None,
    }
}
