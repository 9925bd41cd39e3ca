//! Does the system come back? After the last fault was healed, every node should serve again; and how long that takes,
//! and how much was served meanwhile, is told for each fault; what it cost second by second is told by `timeline`.
//!
//! Source: Jepsen's availability timelines; an operation counts at the time of its invocation, so that one that hangs
//! counts against the fault that hung it.

mod timeline;

use crate::phrase::{count, list};
use crate::{Anomaly, Evidence, Verdict};
use history::{DataType, Fault, History, OpId, Operation, Time};

/// How many attempts without success condemn a node.
const ENOUGH_ATTEMPTS: usize = 5;
/// Over how much time they must be spread, in nanoseconds.
const ENOUGH_TIME_NS: u64 = 5_000_000_000;
/// How many attempts a witness names, at most.
const MOST_NAMED: usize = 10;

/// What one node did after the last fault was healed.
struct Comeback<'a> {
    node: &'a str,
    attempts: Vec<OpId>,
    first: Option<Time>,
    last: Option<Time>,
    served: Option<Time>,
}

impl Comeback<'_> {
    fn was_asked_enough(&self) -> bool {
        let spread = self.first.zip(self.last).map_or(0, |(first, last)| last.0.saturating_sub(first.0));
        self.attempts.len() >= ENOUGH_ATTEMPTS && spread >= ENOUGH_TIME_NS
    }
}

/// Says whether every node of `nodes` served an operation that was invoked after the last fault was healed. A node
/// that was asked at least five times over at least five seconds and never served makes the verdict invalid; one that
/// was asked less makes it unknown. Without any fault that was healed it is unknown.
#[must_use]
pub fn recovery<D: DataType>(history: &History<D>, faults: &[Fault], nodes: &[String]) -> Verdict {
    let mut evidence = per_fault(history, faults);
    let done = || faults.iter().filter(|fault| fault.injected.is_some());
    if let Some(fault) = done().find(|fault| fault.healed.is_none()) {
        let reason = format!("`{}` is not known to have been healed, so nothing had to recover", fault.description);
        return Verdict::Unknown { reason, evidence };
    }
    let Some(healed) = done().filter_map(|fault| fault.healed).max() else {
        let reason = "not enough evidence: no fault was injected and healed".to_owned();
        return Verdict::Unknown { reason, evidence };
    };
    let comebacks: Vec<Comeback<'_>> = nodes.iter().map(|node| comeback(history, node, healed)).collect();
    evidence.extend(comebacks.iter().map(|comeback| per_node(comeback, healed)));
    judge(history, &comebacks, healed, evidence)
}

fn judge<D: DataType>(history: &History<D>, comebacks: &[Comeback<'_>], healed: Time, evidence: Evidence) -> Verdict {
    let silent = || comebacks.iter().filter(|comeback| comeback.served.is_none());
    let anomalies: Vec<Anomaly> = silent()
        .filter(|comeback| comeback.was_asked_enough() && is_confirmed(history, comeback, healed))
        .map(|comeback| not_recovered(comeback, healed))
        .collect();
    if !anomalies.is_empty() {
        return Verdict::Invalid { anomalies, evidence };
    }
    let words = |comeback: &Comeback<'_>| {
        format!("{} was asked {} after the last heal and served none", comeback.node, times(comeback.attempts.len()))
    };
    let silent: Vec<String> = silent().map(words).collect();
    if !silent.is_empty() {
        return Verdict::Unknown { reason: format!("not enough evidence: {}", list(&silent)), evidence };
    }
    if comebacks.is_empty() {
        return Verdict::Unknown { reason: "not enough evidence: no node was named".to_owned(), evidence };
    }
    Verdict::Valid { evidence }
}

/// A second look, at the attempts only.
fn is_confirmed<D: DataType>(history: &History<D>, comeback: &Comeback<'_>, healed: Time) -> bool {
    let mut attempts = comeback.attempts.iter().map(|id| history.operation(*id));
    attempts.all(|o| o.ok().is_none() && o.invoked.time > healed && history.node_of(o) == comeback.node)
}

fn comeback<'a, D: DataType>(history: &History<D>, node: &'a str, healed: Time) -> Comeback<'a> {
    let mut comeback = Comeback { node, attempts: Vec::new(), first: None, last: None, served: None };
    let Some(number) = history.nodes.iter().position(|name| name == node) else { return comeback };
    for (position, operation) in history.operations.iter().enumerate() {
        if operation.node.map(usize::from) != Some(number) || operation.invoked.time <= healed {
            continue;
        }
        comeback.attempts.push(OpId(position as u32));
        comeback.first = comeback.first.or(Some(operation.invoked.time));
        comeback.last = Some(ended(operation)).max(comeback.last);
        comeback.served = earlier(comeback.served, served(operation));
    }
    comeback
}

fn ended<D: DataType>(operation: &Operation<D>) -> Time {
    operation.completed.or(operation.gave_up).unwrap_or(operation.invoked).time
}

/// When an operation was answered; None if it was not.
fn served<D: DataType>(operation: &Operation<D>) -> Option<Time> {
    operation.ok().and(operation.completed).map(|completed| completed.time)
}

fn earlier(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    a.into_iter().chain(b).min()
}

fn not_recovered(comeback: &Comeback<'_>, healed: Time) -> Anomaly {
    let asked = comeback.attempts.len();
    let explanation = format!(
        "{} was asked {} from {} to {} after the last fault was healed at {healed}, and never served again",
        comeback.node,
        times(asked),
        comeback.first.unwrap_or_default(),
        comeback.last.unwrap_or_default(),
    );
    Anomaly {
        name: "not-recovered".to_owned(),
        key: None,
        operations: named(&comeback.attempts),
        culprit: None,
        intervals: Vec::new(),
        explanation,
        argument: None,
    }
}

/// The attempts, or the first and the last ones if there are many.
fn named(attempts: &[OpId]) -> Vec<OpId> {
    if attempts.len() <= MOST_NAMED {
        return attempts.to_vec();
    }
    let half = MOST_NAMED / 2;
    attempts[..half].iter().chain(&attempts[attempts.len() - half..]).copied().collect()
}

fn per_node(comeback: &Comeback<'_>, healed: Time) -> (String, String) {
    let attempts = count(comeback.attempts.len(), "attempt");
    let fact = match comeback.served {
        Some(served) => format!("served again {} after the last heal", Time(served.0.saturating_sub(healed.0))),
        None => format!("served nothing after the last heal ({attempts})"),
    };
    (comeback.node.to_owned(), fact)
}

/// For each fault that was injected: how long any node took to serve after it was healed, and how much was served
/// while it lasted.
fn per_fault<D: DataType>(history: &History<D>, faults: &[Fault]) -> Evidence {
    let injected = faults.iter().filter_map(|fault| Some((fault, fault.injected?)));
    let timeline = timeline::Timeline::new(history, faults);
    let cost = |(fault, injected): (&Fault, Time)| {
        let next = faults.iter().filter(|other| other.injected.is_some() && other.planned > injected);
        let next =
            next.map(|other| other.planned).filter(|planned| fault.healed.is_none_or(|healed| *planned > healed)).min();
        Some((format!("fault {}, in time", fault.id), timeline.tell(fault, next)?))
    };
    let row = |(fault, injected): (&Fault, Time)| {
        let until = fault.healed.unwrap_or_else(|| history.end());
        let during = || history.operations.iter().filter(|o| (injected..=until).contains(&o.invoked.time));
        let share = share(during().filter(|o| o.ok().is_some()).count(), during().count());
        let back = fault.healed.map_or_else(|| "never healed".to_owned(), |healed| first_served(history, healed));
        (format!("fault {}: {}", fault.id, fault.description), format!("{back}; {share} while it lasted"))
    };
    injected.flat_map(|injected| [Some(row(injected)), cost(injected)]).flatten().collect()
}

fn first_served<D: DataType>(history: &History<D>, healed: Time) -> String {
    let after = history.operations.iter().filter(|o| o.invoked.time > healed);
    match after.filter_map(served).min() {
        Some(first) => format!("served {} after it was healed", Time(first.0.saturating_sub(healed.0))),
        None => "nothing was served after it was healed".to_owned(),
    }
}

fn share(ok: usize, all: usize) -> String {
    if all == 0 {
        return "nothing was asked".to_owned();
    }
    format!("{:.1} % of {} succeeded", ok as f64 * 100.0 / all as f64, count(all, "operation"))
}

fn times(number: usize) -> String {
    match number {
        1 => "once".to_owned(),
        number => format!("{number} times"),
    }
}
