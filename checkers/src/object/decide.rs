//! One object: which engine decides, and how what it says is made small and confirmed.

use super::{Model, Monitored, Parts, Timed, V};
use crate::engine::{
    Answer, Found, GaveUp, Limits, Since, Witness, clean, counted, earliest, search, spans, wing_gong,
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// A monitor of a model.
pub type MonitorOf<M> = fn(&M, &[Timed<<M as Model>::Op>]) -> Monitored;

/// What decided.
pub(crate) const MONITOR: &str = "monitor";
pub(crate) const JUST_IN_TIME: &str = "just-in-time search";
pub(crate) const WING_GONG: &str = "Wing-Gong search";

/// What it may cost to find the earliest prefix that is broken: values that a monitor looks at, or nodes and states by
/// their size, besides [`PREFIXES`] times what the verdict took. Beyond that a violation is told that shows later.
const ALL_PREFIXES: u64 = 8_000_000;
const PREFIXES: u64 = 4;

/// Configurations that a search may expand without getting further before somebody looks near where it is.
const STALL: u64 = 20_000;

/// What was found of one object.
#[derive(Clone, Debug)]
pub enum Decision<O> {
    /// There is a legal order.
    Valid {
        /// What decided.
        engine: &'static str,
    },
    /// There is none, as these calls show by themselves, which two engines agree on.
    Invalid {
        /// What decided.
        engine: &'static str,
        /// The witness, in the order of invocations.
        calls: Vec<Timed<O>>,
        /// The call that cannot be explained, by its position in the witness.
        culprit: usize,
    },
    /// Nobody can say. The events before this one have a legal order.
    Unknown {
        /// Why, and what would help.
        reason: String,
        /// The event.
        proved: u32,
    },
}

/// A decision, and what it cost.
pub(crate) struct Decided<O> {
    pub decision: Decision<O>,
    pub nodes: u64,
}

/// Judges the calls of one object: its parts one after the other, each by the monitor first, if there is one. The first
/// part that is not valid decides.
pub fn decide<M: Model>(
    model: &M,
    calls: Vec<Timed<M::Op>>,
    monitor: Option<MonitorOf<M>>,
    limits: Limits,
) -> Decision<M::Op> {
    let mut worst = Decision::Valid { engine: JUST_IN_TIME };
    for mut part in split(model, calls) {
        clean(model, &mut part);
        match decide_part(model, &part, monitor, limits).decision {
            Decision::Valid { engine } if matches!(worst, Decision::Valid { .. }) => worst = Decision::Valid { engine },
            Decision::Valid { .. } => {}
            unknown @ Decision::Unknown { .. } => worst = unknown,
            invalid @ Decision::Invalid { .. } => return invalid,
        }
    }
    worst
}

/// Judges cleaned calls of one part of an object.
pub(crate) fn decide_part<M: Model>(
    model: &M,
    calls: &[Timed<M::Op>],
    monitor: Option<MonitorOf<M>>,
    limits: Limits,
) -> Decided<M::Op> {
    let monitored = monitor.map(|monitor| monitor(model, calls));
    match monitored {
        Some(Monitored::Valid) => return Decided { decision: Decision::Valid { engine: MONITOR }, nodes: 0 },
        Some(Monitored::Invalid(named)) => {
            let (named, culprit) = earliest_named(model, calls, monitor, named);
            if let Some(small) = Witness::new(model, calls, culprit).monitored(monitor).named(&named) {
                return Decided { decision: confirm(model, small, MONITOR, limits), nodes: 0 };
            }
        }
        Some(Monitored::Unsupported(_)) | None => {}
    }
    by_spans(model, calls, limits)
}

/// What a monitor names upon the first return at which it says that there is no legal order, and whose return that is.
fn earliest_named<M: Model>(
    model: &M,
    calls: &[Timed<M::Op>],
    monitor: Option<MonitorOf<M>>,
    named: Vec<usize>,
) -> (Vec<usize>, usize) {
    let last = cut(calls, &named).or(named.last().copied()).unwrap_or_default();
    let (Some(monitor), Some(end)) = (monitor, calls.get(last).and_then(|call| call.returned)) else {
        return (named, last);
    };
    let (mut first, mut left) = (None, ALL_PREFIXES);
    let at = earliest(model, calls, (0, end), |known| {
        left = left.checked_sub(known.iter().map(|call| model.size(&call.op) as u64).sum())?;
        match monitor(model, known) {
            Monitored::Valid => Some(false),
            Monitored::Invalid(named) => {
                // Each prefix that is broken is shorter than the one before.
                first = Some(named.iter().map(|at| known[*at].call).collect::<Vec<u32>>());
                Some(true)
            }
            Monitored::Unsupported(_) => None,
        }
    });
    let position = |name: &u32| calls.iter().position(|call| call.call == *name);
    let first = first.and_then(|names| names.iter().map(position).collect());
    match (first, at) {
        (Some(first), Some(at)) => (first, at),
        _ => (named, last),
    }
}

/// The shortest span of time that is worth a search of its own, in calls.
const LEAST_SPAN: usize = 4096;

/// Judges spans of time beside each other; the first one that is not valid decides.
fn by_spans<M: Model>(model: &M, calls: &[Timed<M::Op>], limits: Limits) -> Decided<M::Op> {
    let spans = spans(model, calls, LEAST_SPAN);
    if spans.len() < 2 {
        return by_search(model, calls, limits);
    }
    let each = Limits { nodes: limits.nodes / spans.len() as u64, bytes: limits.bytes / spans.len() as u64, ..limits };
    let judged: Vec<Found> = spans
        .into_par_iter()
        .map(|span| match span.state {
            Some(state) => search(&Since { model, state }, &calls[span.calls], each),
            None => search(model, &calls[span.calls], each),
        })
        .collect();
    let nodes = judged.iter().map(|found| found.nodes).sum();
    if judged.iter().all(|found| found.answer == Answer::Linearizable) {
        return Decided { decision: Decision::Valid { engine: JUST_IN_TIME }, nodes };
    }
    let Decided { decision, nodes: again } = by_search(model, calls, limits);
    Decided { decision, nodes: nodes + again }
}

/// The call that returns last of those that a monitor named: nothing after it matters.
fn cut<O>(calls: &[Timed<O>], named: &[usize]) -> Option<usize> {
    let returned = named.iter().copied().filter(|at| calls.get(*at).is_some_and(|call| !call.crashed()));
    returned.max_by_key(|at| calls[*at].returned)
}

fn by_search<M: Model>(model: &M, calls: &[Timed<M::Op>], limits: Limits) -> Decided<M::Op> {
    let mut found = search(model, calls, Limits { stall: STALL.min(limits.stall), ..limits });
    let mut nodes = found.nodes;
    if let Answer::GaveUp(at, GaveUp::Stall) = found.answer {
        if let Some(small) = Witness::new(model, calls, at).local() {
            return Decided { decision: confirm(model, small, JUST_IN_TIME, limits), nodes };
        }
        found = search(model, calls, limits);
        nodes += found.nodes;
    }
    let decision = match found.answer {
        Answer::Linearizable => Decision::Valid { engine: JUST_IN_TIME },
        Answer::Broken(at) => {
            let at = earliest_broken(model, calls, at, limits, PREFIXES * nodes);
            confirm(model, Witness::new(model, calls, at).proven(), JUST_IN_TIME, limits)
        }
        Answer::GaveUp(at, GaveUp::Width) => second_try(model, calls, at, limits),
        Answer::GaveUp(at, why) => gave_up(calls, at, why),
    };
    Decided { decision, nodes }
}

/// The call upon whose return the violation shows. The one that blocked the search returns no later than that one.
fn earliest_broken<M: Model>(
    model: &M,
    calls: &[Timed<M::Op>],
    blocking: usize,
    limits: Limits,
    allowed: u64,
) -> usize {
    let from = calls.get(blocking).and_then(|call| call.returned).unwrap_or_default();
    let mut left = allowed + ALL_PREFIXES;
    let is_broken = |known: &[Timed<M::Op>]| {
        left = left.checked_sub(1 + known.len() as u64 / 8)?;
        let (found, work) = counted(model, known, Limits { nodes: limits.nodes.min(left), ..limits });
        left = left.saturating_sub(work);
        match found.answer {
            Answer::Linearizable => Some(false),
            Answer::Broken(_) => Some(true),
            Answer::GaveUp(..) => None,
        }
    };
    let last = || (0..calls.len()).filter(|at| !calls[*at].crashed()).max_by_key(|at| calls[*at].returned);
    earliest(model, calls, (from, u32::MAX), is_broken).or_else(last).unwrap_or(blocking)
}

fn second_try<M: Model>(model: &M, calls: &[Timed<M::Op>], at: usize, limits: Limits) -> Decision<M::Op> {
    match wing_gong(model, calls, limits).answer {
        Answer::Linearizable => Decision::Valid { engine: WING_GONG },
        Answer::Broken(_) | Answer::GaveUp(..) => gave_up(calls, at, GaveUp::Width),
    }
}

fn gave_up<O>(calls: &[Timed<O>], at: usize, why: GaveUp) -> Decision<O> {
    let reason = match why {
        GaveUp::Nodes => "the budget of configurations is used up; a larger one, or unique values, would help",
        GaveUp::Bytes => "the budget of memory is used up; a larger one, or unique values, would help",
        GaveUp::Stall => "the search got no further; a larger budget, or unique values, would help",
        GaveUp::Chain => "too many crashed operations build on each other; fewer crashes would help",
        GaveUp::Width => "too many calls were in flight at one time; fewer processes would help",
    };
    let proved = calls.get(at).and_then(|call| call.returned).unwrap_or_default();
    Decision::Unknown { reason: reason.to_owned(), proved }
}

/// Asks the other engine about a witness, and blames the call that that one blames, which does not look ahead.
fn confirm<M: Model>(model: &M, calls: Vec<Timed<M::Op>>, engine: &'static str, limits: Limits) -> Decision<M::Op> {
    let first = search(model, &calls, limits).answer;
    let second = wing_gong(model, &calls, limits).answer;
    match (first, second) {
        (Answer::Broken(_), Answer::Broken(culprit)) => Decision::Invalid { engine, calls, culprit },
        (_, Answer::GaveUp(..)) | (Answer::GaveUp(..), _) => {
            let reason =
                format!("the {engine} found no legal order of {} calls, too many to be confirmed", calls.len());
            Decision::Unknown { reason, proved: 0 }
        }
        _ => Decision::Unknown {
            reason: format!("the engines disagree about {} calls: a fault of ours, please report it", calls.len()),
            proved: 0,
        },
    }
}

/// Splits the calls of an object into those of its independent parts. Source: Herlihy and Wing 1990, theorem 1
/// (locality).
pub(crate) fn split<M: Model>(model: &M, calls: Vec<Timed<M::Op>>) -> Vec<Vec<Timed<M::Op>>> {
    let mut sets = Disjoint::default();
    let mut first = Vec::with_capacity(calls.len());
    for call in &calls {
        let Parts::Some(parts) = model.parts(&call.op) else { return vec![calls] };
        let root = parts.first().map(|part| sets.member(*part));
        for part in &parts {
            let other = sets.member(*part);
            sets.unite(root.unwrap_or(other), other);
        }
        first.push(root);
    }
    let mut groups: FxHashMap<usize, usize> = FxHashMap::default();
    let mut split: Vec<Vec<Timed<M::Op>>> = Vec::new();
    for (call, root) in calls.into_iter().zip(first) {
        // A call that touches no part at all is always possible.
        let Some(root) = root.map(|root| sets.root(root)) else { continue };
        let group = *groups.entry(root).or_insert_with(|| {
            split.push(Vec::new());
            split.len() - 1
        });
        split[group].push(call);
    }
    split
}

/// Disjoint sets with path halving.
#[derive(Default)]
struct Disjoint {
    numbers: FxHashMap<V, usize>,
    parents: Vec<usize>,
}

impl Disjoint {
    fn member(&mut self, value: V) -> usize {
        let parents = &mut self.parents;
        *self.numbers.entry(value).or_insert_with(|| {
            parents.push(parents.len());
            parents.len() - 1
        })
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[one.max(other)] = one.min(other);
    }
}
