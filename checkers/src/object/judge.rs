//! Any history against any model: decode, part, decide, explain.

use super::decide::{Decided, Decision, JUST_IN_TIME, MonitorOf, WING_GONG, decide_part, split};
use super::decode::{Choices, DecodeOf, NilRead, decode};
use super::{Model, Names, Timed};
use crate::engine::{DeadEnd, Limits, clean, explain};
use crate::verdict::{Budget, Word};
use history::{Calls, EdnText, ValueId};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Whose choices are followed where tools differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compat {
    /// Ours.
    #[default]
    None,
    /// A read of nil from a register says nothing, and a removal that crashed took nothing: its value is nil in Knossos'
    /// eyes, which no queue can hold. All else that Knossos does (checkers.md 2.2, 2.3) is ours too: crashed reads and
    /// failed calls are left out, a crashed call keeps the value of its invocation, `mutex` knows no owner. What we do
    /// not follow: it stops at failed calls that answer with another value, and a dequeue of nothing is impossible to it.
    Knossos,
    /// A crashed operation is forced to take effect by the end, unless it is one that may do nothing.
    Porcupine,
}

/// How a history is judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct JudgeOptions {
    /// How much work may be done.
    pub budget: Budget,
    /// What a read of nil says.
    pub nil_read: NilRead,
    /// Whose choices are followed.
    pub compat: Compat,
    /// What a register, or a sequence of numbers, holds at first; nil, or 0.
    pub initial: Option<i64>,
    /// How many permits a semaphore has, or how often a reentrant or fenced lock may be held at a time.
    pub permits: Option<u32>,
    /// True: a priority queue gives out the least first.
    pub least_first: bool,
    /// True: a compare-and-set that failed found another value than it expected. Only for clients that report a failure
    /// for no other reason, and for registers. Source: checkers.md 2.1.
    pub strict_fail_cas: bool,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The verdict in one word.
    pub word: Word,
    /// Why it is unknown, and what would help; empty otherwise.
    pub reason: String,
    /// One violation for each part of each object that has one, in the order of the first keys.
    pub violations: Vec<Violation>,
    /// What was looked at: facts for people. Which engine decided is among them.
    pub evidence: Vec<(String, String)>,
}

/// Calls that have no legal order by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The object, where a history holds several.
    pub key: Option<ValueId>,
    /// The call that cannot be explained, by its position among the calls.
    pub culprit: u32,
    /// All calls of the witness, in the order of their invocations.
    pub calls: Vec<u32>,
    /// What each of them is taken to have been, in words.
    pub operations: Vec<String>,
    /// Every state that the object may have been in just before.
    pub states: Vec<String>,
    /// At most 20 ways that lead nowhere, the shortest first.
    pub dead_ends: Vec<DeadEnd>,
    /// One sentence.
    pub explanation: String,
    /// Which engine decided.
    pub engine: &'static str,
    /// Which engines agree about the witness.
    pub confirmed_by: [&'static str; 2],
}

/// No search of one object may hold more while others run beside it.
const BYTES_BESIDE: u64 = 128 << 20;
/// No search of one object may expand more in the first round.
const NODES_BESIDE: u64 = 2_000_000;

/// One part of one object.
struct Part<O> {
    key: Option<ValueId>,
    calls: Vec<Timed<O>>,
}

/// Judges a history with one model.
pub(super) fn judge_with<M: Model>(
    model: &M,
    calls: &Calls<'_>,
    options: &JudgeOptions,
    decoder: DecodeOf<M>,
    monitor: Option<MonitorOf<M>>,
) -> Result<Judged, String> {
    let is_knossos = options.compat == Compat::Knossos;
    let is_register = ["cas-register", "multi-register"].contains(&model.name());
    let choices = Choices {
        nil: if is_knossos && is_register { NilRead::Wildcard } else { options.nil_read },
        crashed_removals_take_nothing: is_knossos,
        strict_fail_cas: options.strict_fail_cas,
    };
    let mut names = Names::new(calls.recording().values());
    let objects = decode(model, calls, choices, decoder, &mut names)?;
    let mut tally = Tally { objects: objects.len(), ..Tally::default() };
    let mut parts: Vec<Part<M::Op>> = Vec::new();
    for mut object in objects {
        tally.count(model, &object.calls);
        if options.compat == Compat::Porcupine {
            force(model, &mut object.calls);
        }
        let key = object.key;
        parts.extend(split(model, object.calls).into_iter().map(|calls| Part { key, calls }));
    }
    parts.par_iter_mut().for_each(|part| clean(model, &mut part.calls));
    let decided = decide_all(model, &parts, monitor, options.budget);
    Ok(tally.judged(model, calls, &names, &parts, decided))
}

/// Crashed operations take effect by the end of the history. Source: Porcupine, which has no other way to say it.
fn force<M: Model>(model: &M, calls: &mut [Timed<M::Op>]) {
    for call in calls.iter_mut().filter(|call| call.crashed() && !model.may_do_nothing(&call.op)) {
        call.returned = Some(u32::MAX - 1);
    }
}

/// First all of them beside each other, the largest first, with a little of the budget each; then, one after the other,
/// those for which that was not enough. So the answer depends on no number of cores.
fn decide_all<M: Model>(
    model: &M,
    parts: &[Part<M::Op>],
    monitor: Option<MonitorOf<M>>,
    budget: Budget,
) -> Vec<Decided<M::Op>> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(parts[*at].calls.len()));
    let beside = Limits {
        nodes: budget.nodes.min(NODES_BESIDE),
        bytes: budget.bytes.min(BYTES_BESIDE),
        stall: u64::MAX,
        foresight: true,
    };
    let one = |at: &usize| (*at, decide_part(model, &parts[*at].calls, monitor, beside));
    let mut decided: Vec<(usize, Decided<M::Op>)> = order.par_iter().with_max_len(1).map(one).collect();
    decided.sort_by_key(|(at, _)| *at);
    let mut decided: Vec<Decided<M::Op>> = decided.into_iter().map(|(_, decided)| decided).collect();
    let mut left = budget.nodes.saturating_sub(decided.iter().map(|decided| decided.nodes).sum());
    let whole = beside.nodes == budget.nodes && beside.bytes == budget.bytes;
    for (part, decided) in parts.iter().zip(&mut decided) {
        if matches!(decided.decision, Decision::Unknown { .. }) && left > 0 && !whole {
            let limits = Limits { nodes: left, bytes: budget.bytes, stall: u64::MAX, foresight: true };
            *decided = decide_part(model, &part.calls, None, limits);
            left = left.saturating_sub(decided.nodes);
        }
    }
    decided
}

/// What was looked at.
#[derive(Default)]
struct Tally {
    objects: usize,
    calls: usize,
    crashed: usize,
    observing: usize,
}

impl Tally {
    fn count<M: Model>(&mut self, model: &M, calls: &[Timed<M::Op>]) {
        self.calls += calls.len();
        self.crashed += calls.iter().filter(|call| call.crashed()).count();
        self.observing += calls.iter().filter(|call| !call.crashed() && model.observes(&call.op)).count();
    }

    fn judged<M: Model>(
        &self,
        model: &M,
        calls: &Calls<'_>,
        names: &Names<'_>,
        parts: &[Part<M::Op>],
        decided: Vec<Decided<M::Op>>,
    ) -> Judged {
        let nodes: u64 = decided.iter().map(|decided| decided.nodes).sum();
        let mut engines: BTreeMap<&'static str, u64> = BTreeMap::new();
        let (mut violations, mut reason) = (Vec::new(), String::new());
        for (part, Decided { decision, .. }) in parts.iter().zip(decided) {
            match decision {
                Decision::Valid { engine } => *engines.entry(engine).or_default() += 1,
                Decision::Invalid { engine, calls: witness, culprit } => {
                    *engines.entry(engine).or_default() += 1;
                    let report = Report { model, calls, names, part, engine };
                    violations.push(report.violation(&witness, culprit));
                }
                Decision::Unknown { reason: why, proved } if reason.is_empty() => {
                    let object = part.key.map(|key| format!("key {}: ", text(calls, key))).unwrap_or_default();
                    let index = index_of(calls, proved);
                    reason = format!("{object}{why}; everything before index {index} has a legal order");
                }
                Decision::Unknown { .. } => {}
            }
        }
        // Where every call failed there is nothing that the object can have done wrong.
        let shows_nothing = self.observing == 0 && (self.calls > 0 || calls.is_empty());
        if violations.is_empty() && reason.is_empty() && shows_nothing {
            reason = "not enough evidence: no completed operation says what the object held".to_owned();
        }
        let word = match (violations.is_empty(), reason.is_empty()) {
            (false, _) => Word::Invalid,
            (true, false) => Word::Unknown,
            (true, true) => Word::Valid,
        };
        let fact = |name: &str, value: String| (name.to_owned(), value);
        let mut evidence = vec![
            fact("model", model.name().to_owned()),
            fact("objects", self.objects.to_string()),
            fact("operations", self.calls.to_string()),
            fact("crashed", self.crashed.to_string()),
            fact("observing", self.observing.to_string()),
            fact("configurations", nodes.to_string()),
        ];
        evidence.extend(
            engines.into_iter().map(|(engine, parts)| fact(&format!("decided by {engine}"), parts.to_string())),
        );
        Judged { word, reason, violations, evidence }
    }
}

fn text(calls: &Calls<'_>, id: ValueId) -> String {
    EdnText { values: calls.recording().values(), id }.to_string()
}

fn index_of(calls: &Calls<'_>, row: u32) -> u64 {
    if (row as usize) < calls.recording().len() { calls.recording().index(row) } else { 0 }
}

/// Everything that a violation is told with.
struct Report<'a, 'v, M: Model> {
    model: &'a M,
    calls: &'a Calls<'v>,
    names: &'a Names<'v>,
    part: &'a Part<M::Op>,
    engine: &'static str,
}

impl<M: Model> Report<'_, '_, M> {
    fn violation(&self, witness: &[Timed<M::Op>], culprit: usize) -> Violation {
        let explained = explain(self.model, witness, self.names).unwrap_or_default();
        let describe = |call: &Timed<M::Op>| self.described(call);
        Violation {
            key: self.part.key,
            culprit: witness[culprit].call,
            calls: witness.iter().map(|call| call.call).collect(),
            operations: witness.iter().map(describe).collect(),
            explanation: self.sentence(witness, culprit, &explained.states),
            states: explained.states,
            dead_ends: explained.dead_ends,
            engine: self.engine,
            confirmed_by: [JUST_IN_TIME, WING_GONG],
        }
    }

    fn sentence(&self, witness: &[Timed<M::Op>], culprit: usize, states: &[String]) -> String {
        let call = &witness[culprit];
        let is_before = |other: &&Timed<M::Op>| other.returned.is_some_and(|returned| returned < call.invoked);
        let changes = |other: &&Timed<M::Op>| !self.model.is_read(&other.op);
        let last = witness.iter().filter(is_before).filter(changes).max_by_key(|other| other.returned);
        let object = self.part.key.map(|key| format!("key {}: ", text(self.calls, key))).unwrap_or_default();
        let began = match last {
            Some(last) => format!(" began after {} had completed", self.named(last)),
            None => " began before anything else had completed".to_owned(),
        };
        let states = match states {
            [] => String::new(),
            [one] => format!(": by then {one}"),
            [one, other] => format!(": by then {one} or {other}"),
            [one, other, rest @ ..] => format!(": by then {one}, {other} or {} more", rest.len()),
        };
        format!("{object}{}{began}{states}; nothing in flight could have made it possible", self.named(call))
    }

    fn named(&self, call: &Timed<M::Op>) -> String {
        let pair = self.calls.get(call.call as usize);
        let row = pair.completion.filter(|_| !call.crashed()).or(pair.invoked).unwrap_or_default();
        let op = self.described(call);
        format!("{op} by process {} at index {}", call.process, index_of(self.calls, row))
    }

    /// A call in words, and what it is part of if it stands for less than it was.
    fn described(&self, call: &Timed<M::Op>) -> String {
        let told = self.model.describe_op(&call.op, self.names);
        // Calls are in the order of their invocations, several of which may be at one event.
        let from = self.part.calls.partition_point(|other| other.invoked < call.invoked);
        match self.part.calls[from..].iter().find(|other| other.call == call.call) {
            Some(whole) if whole.op != call.op => {
                format!("{told} (of {})", shortened(&self.model.describe_op(&whole.op, self.names)))
            }
            _ => told,
        }
    }
}

/// As much of a text as fits into a line.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{} ..", &text[..end]),
        None => text.to_owned(),
    }
}
