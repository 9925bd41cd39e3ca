//! Linearizability of registers: all operations took effect one at a time, each between its invocation and its
//! completion, as if there were only one copy of each register.
//!
//! Crashed operations are optional by nature: each may take effect at any moment after its invocation, or never. Failed
//! operations never happened. A register holds nothing at first; a read of nothing says that it does so still.
//!
//! Violations that can be told from intervals alone are looked for first; what remains is searched. Deliberately not
//! done: nothing is concluded from the failure of a compare-and-set, since few clients can tell a failed comparison
//! from a refusal.

mod call;
mod explain;
mod recheck;
mod shape;
mod sources;
mod witness;

use crate::engine::{Answer, Found, GaveUp, Limits};
use crate::phrase::count;
use crate::{Anomaly, Budget, Checker, Evidence, Verdict};
use call::{Call, Object, partition, search};
use history::{History, OpId, Register};
use rayon::prelude::*;
use recheck::Opinion;
use shape::{Finding, Shape};
use sources::Sources;
use witness::Minimiser;

/// Judges whether every register is linearizable. See the module's documentation for the rules.
///
/// The budget is split among the registers by their sizes, and what is left goes to those that need more; so the
/// verdict depends on the history and the budget alone, not on the number of cores. A run needs about 100 bytes per
/// operation of a register.
#[derive(Clone, Copy, Debug)]
pub struct Linearizable {
    /// How many anomalies are worked out and returned, at most; one for each register that breaks the promise.
    pub most_anomalies: usize,
}

impl Default for Linearizable {
    fn default() -> Self {
        Linearizable { most_anomalies: 10 }
    }
}

/// Configurations without progress after which a small part of the history is tried by itself.
const STALL: u64 = 300_000;

/// What is known of one register.
enum Judgement {
    Fine,
    Unknown { at: usize, why: GaveUp },
    Broken(Broken),
}

/// How it is known that a register is not linearizable.
enum Broken {
    /// A search found no way past the return of this call.
    At(usize),
    /// These calls show it.
    Shown(Finding),
}

struct Judged {
    judgement: Judgement,
    nodes: u64,
}

impl Checker<Register> for Linearizable {
    fn name(&self) -> &'static str {
        "linearizable"
    }

    fn check(&self, history: &History<Register>, budget: Budget) -> Verdict {
        let objects = partition(history);
        let judged = judge_all(&objects, budget);
        let mut evidence = evidence(history, &objects, &judged);
        let broken: Vec<(&Object, &Broken)> =
            objects.iter().zip(&judged).filter_map(|(object, judged)| Some((object, judged.broken()?))).collect();
        if broken.is_empty() {
            return whole(&objects, &judged, evidence);
        }
        let worked_out: Vec<(Finding, Result<Anomaly, String>)> = broken
            .par_iter()
            .take(self.most_anomalies.max(1))
            .map(|(object, broken)| work_out(history, object, broken))
            .collect();
        evidence.push(("registers that are not linearizable".to_owned(), broken.len().to_string()));
        if broken.len() > worked_out.len() {
            evidence.push(("anomalies not shown".to_owned(), (broken.len() - worked_out.len()).to_string()));
        }
        conclude(worked_out, evidence)
    }
}

impl Judged {
    fn broken(&self) -> Option<&Broken> {
        match &self.judgement {
            Judgement::Broken(broken) => Some(broken),
            Judgement::Fine | Judgement::Unknown { .. } => None,
        }
    }

    fn wants_more(&self) -> bool {
        matches!(self.judgement, Judgement::Unknown { why: GaveUp::Nodes | GaveUp::Bytes | GaveUp::Stall, .. })
    }
}

/// Judges every register, the largest first so that no core is left with it at the end.
fn judge_all(objects: &[Object], budget: Budget) -> Vec<Judged> {
    let all: u64 = objects.iter().map(|object| object.calls.len() as u64).sum();
    let mut order: Vec<usize> = (0..objects.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(objects[at].calls.len()));
    let first = |&at: &usize| {
        let size = objects[at].calls.len() as u64;
        (at, judge(&objects[at], Limits { stall: STALL, ..share(budget, size, all) }))
    };
    let mut judged: Vec<(usize, Judged)> = order.par_iter().map(first).collect();
    judged.sort_unstable_by_key(|(at, _)| *at);
    let mut judged: Vec<Judged> = judged.into_iter().map(|(_, judged)| judged).collect();
    judge_again(objects, &mut judged, budget);
    judged
}

/// Gives what the registers have left of the budget to those that had too little, in equal parts.
fn judge_again(objects: &[Object], judged: &mut [Judged], budget: Budget) {
    let spent: u64 = judged.iter().map(|judged| judged.nodes).sum();
    let again: Vec<usize> = (0..judged.len()).filter(|&at| judged[at].wants_more()).collect();
    let left = Budget { nodes: budget.nodes.saturating_sub(spent), ..budget };
    let limits = share(left, 1, again.len() as u64);
    let results: Vec<Judged> = again.par_iter().map(|&at| searched(&objects[at].calls, limits)).collect();
    for (at, mut result) in again.into_iter().zip(results) {
        result.nodes += judged[at].nodes;
        judged[at] = result;
    }
}

fn share(budget: Budget, part: u64, whole: u64) -> Limits {
    let share = |amount: u64| (u128::from(amount) * u128::from(part) / u128::from(whole.max(1))) as u64;
    Limits { nodes: share(budget.nodes), bytes: share(budget.bytes), stall: u64::MAX, foresight: true }
}

/// Judges one register: by its shape, else by a search, and if that gets stuck by a search of a small part.
fn judge(object: &Object, limits: Limits) -> Judged {
    let sources = Sources::new(object);
    if let Some(finding) = shape::find(object, &sources) {
        let judgement = Judgement::Broken(Broken::Shown(finding));
        return Judged { judgement, nodes: 0 };
    }
    let mut judged = searched(&object.calls, limits);
    if let (true, Judgement::Unknown { at, .. }) = (judged.wants_more(), &judged.judgement)
        && let Some(finding) = Minimiser::new(object, &sources, *at).local()
    {
        judged.judgement = Judgement::Broken(Broken::Shown(finding));
    }
    judged
}

fn searched(calls: &[Call], limits: Limits) -> Judged {
    let Found { answer, nodes } = search(calls, limits);
    let judgement = match answer {
        Answer::Linearizable => Judgement::Fine,
        Answer::Broken(at) => Judgement::Broken(Broken::At(at)),
        Answer::GaveUp(at, why) => Judgement::Unknown { at, why },
    };
    Judged { judgement, nodes }
}

/// The verdict on a history of which no register is known to be broken.
fn whole(objects: &[Object], judged: &[Judged], evidence: Evidence) -> Verdict {
    let unknown = objects.iter().zip(judged).filter_map(|(object, judged)| match judged.judgement {
        Judgement::Unknown { at, why } => Some((object, at, why)),
        _ => None,
    });
    let unknown: Vec<(&Object, usize, GaveUp)> = unknown.collect();
    if let Some((object, at, why)) = unknown.first() {
        let fine = object.calls.get(*at).map_or(0, |call| call.returned.saturating_sub(1));
        let more = match unknown.len() {
            1 => String::new(),
            several => format!(" (and {})", count(several - 1, "other key")),
        };
        let reason = format!("{} on key {}{more}; its history is fine up to index {fine}", because(*why), object.key);
        return Verdict::Unknown { reason, evidence };
    }
    let is_read = |call: &Call| call.makes.is_none();
    if !objects.iter().any(|object| object.calls.iter().any(is_read)) {
        let reason = "not enough evidence: no read was answered, so nothing could contradict the promise".to_owned();
        return Verdict::Unknown { reason, evidence };
    }
    Verdict::Valid { evidence }
}

fn because(why: GaveUp) -> &'static str {
    match why {
        GaveUp::Nodes | GaveUp::Stall => "the search used up its nodes; a larger budget may help",
        GaveUp::Bytes => "the search used up its bytes; a larger budget may help",
        GaveUp::Width => "more than 1024 operations were pending at a time; fewer clients per key would help",
        GaveUp::Chain => "too many crashed compare-and-sets build on each other; fewer crashes per key would help",
    }
}

/// Finds the smallest witness, puts it into words, and has it judged again by other code.
fn work_out(history: &History<Register>, object: &Object, broken: &Broken) -> (Finding, Result<Anomaly, String>) {
    let finding = match broken {
        Broken::Shown(finding) => finding.clone(),
        Broken::At(at) => Minimiser::new(object, &Sources::new(object), *at).proven(),
    };
    let id = |call: &u32| object.calls[*call as usize].id;
    let culprit = id(&finding.culprit);
    let mut operations: Vec<OpId> = finding.calls.iter().map(id).collect();
    let opinion = match finding.shape {
        Shape::Phantom if recheck::is_unwritten(history, culprit) => Opinion::Broken,
        Shape::Phantom => Opinion::Explained,
        Shape::Stale | Shape::TwiceConsumed | Shape::Nameless => recheck::recheck(history, &operations, culprit),
    };
    if finding.shape == Shape::Phantom {
        operations.extend(explain::failed_writer(history, history.operation(culprit)));
        operations.sort_unstable();
    }
    let (name, explanation) = explain::explain(history, object, &finding);
    let problem = match opinion {
        Opinion::Broken => None,
        Opinion::Explained => Some("a second check of its witness disagreed"),
        Opinion::TooLarge => Some("its witness is too large for a second check"),
    };
    let result = match problem {
        Some(problem) => Err(format!("key {} looks like {name}, but {problem}: {explanation}", object.key)),
        None => Ok(Anomaly {
            name: name.to_owned(),
            key: Some(object.key),
            operations,
            culprit: Some(culprit),
            intervals: Vec::new(),
            explanation,
            argument: None,
        }),
    };
    (finding, result)
}

/// The verdict on a history of which some register looks broken: the clearest anomaly first.
fn conclude(mut worked_out: Vec<(Finding, Result<Anomaly, String>)>, mut evidence: Evidence) -> Verdict {
    worked_out.sort_by_key(|(finding, _)| (finding.shape, finding.calls.len()));
    let (anomalies, doubts): (Vec<_>, Vec<_>) =
        worked_out.into_iter().map(|(_, result)| result).partition(Result::is_ok);
    let anomalies: Vec<Anomaly> = anomalies.into_iter().flatten().collect();
    let doubts: Vec<String> = doubts.into_iter().filter_map(Result::err).collect();
    if anomalies.is_empty() {
        return Verdict::Unknown { reason: doubts.join("; "), evidence };
    }
    evidence.extend(doubts.into_iter().map(|doubt| ("not confirmed".to_owned(), doubt)));
    Verdict::Invalid { anomalies, evidence }
}

fn evidence(history: &History<Register>, objects: &[Object], judged: &[Judged]) -> Evidence {
    let calls = || objects.iter().flat_map(|object| &object.calls);
    let width = objects.iter().map(Object::width).max().unwrap_or_default();
    let nodes: u64 = judged.iter().map(|judged| judged.nodes).sum();
    let facts = [
        ("keys", objects.len().to_string()),
        ("operations", history.operations.len().to_string()),
        ("operations that were judged", calls().count().to_string()),
        ("answered reads", calls().filter(|call| call.makes.is_none()).count().to_string()),
        ("crashed operations that may have happened", calls().filter(|call| call.crashed()).count().to_string()),
        ("largest concurrency on one key", width.to_string()),
        ("nodes expanded", nodes.to_string()),
    ];
    facts.map(|(name, value)| (name.to_owned(), value)).into()
}
