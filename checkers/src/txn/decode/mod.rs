//! Calls into transactions.
//!
//! The steps of an ok transaction are those of its completion. Those of one that failed, or that nobody knows of, are
//! those of its completion if it repeats them, and of its invocation otherwise; the reads of an invocation say nothing.

mod chunk;
mod tables;
mod words;

use super::{NEVER, Timeline, Transactions};
use chunk::{Chunk, Decoder};
use history::{CallOutcome, Calls, ValueId};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
pub(super) use words::Vocabulary;

/// Calls that one task decodes.
const CHUNK: usize = 1 << 14;

/// Decodes every call.
pub(super) fn decode<'a>(calls: &Calls<'a>, vocabulary: Vocabulary) -> Result<Transactions<'a>, String> {
    if u32::try_from(calls.len()).is_err() {
        return Err(format!("expected fewer than 2^32 transactions, found {}", calls.len()));
    }
    let ranges: Vec<usize> = (0..calls.len()).step_by(CHUNK).collect();
    let chunks: Vec<Result<Chunk, String>> = ranges
        .par_iter()
        .map(|from| Decoder::new(calls, vocabulary).decode(*from..(*from + CHUNK).min(calls.len())))
        .collect();
    let chunks: Vec<Chunk> = chunks.into_iter().collect::<Result<_, _>>()?;
    if chunks.iter().map(|chunk| chunk.kinds.len()).sum::<usize>() >= 1 << 31 {
        return Err("expected fewer than 2^31 reads and writes in one history".to_owned());
    }
    let mut all = join(calls, &chunks);
    all.holds_lists = vocabulary == Vocabulary::Append;
    if vocabulary == Vocabulary::Predicate {
        tables::part(calls, &mut all);
    }
    Ok(all)
}

fn join<'a>(calls: &Calls<'a>, chunks: &[Chunk]) -> Transactions<'a> {
    let recording = calls.recording();
    let (mut keys, mut predicates) = (Numbering::default(), Numbering::default());
    let steps = chunks.iter().map(|chunk| chunk.kinds.len()).sum();
    let mut all = Transactions {
        recording,
        first: Vec::with_capacity(calls.len() + 1),
        kinds: Vec::with_capacity(steps),
        keys: Vec::with_capacity(steps),
        values: Vec::with_capacity(steps),
        outcomes: Vec::with_capacity(calls.len()),
        events: Vec::with_capacity(calls.len()),
        timeline: Timeline::default(),
        key_names: Vec::new(),
        tables: Vec::new(),
        object_tables: Vec::new(),
        predicates: Vec::new(),
        processes: Vec::new(),
        has_invocations: calls.iter().any(|call| call.invoked.is_some()),
        holds_lists: false,
        doubts: Vec::new(),
    };
    for chunk in chunks {
        let start = all.kinds.len() as u32;
        all.first.extend(chunk.first.iter().map(|first| first + start));
        all.kinds.extend_from_slice(&chunk.kinds);
        all.values.extend_from_slice(&chunk.values);
        all.keys.extend(chunk.kinds.iter().zip(&chunk.keys).map(|(kind, key)| match kind {
            super::Kind::PredicateRead => predicates.number(*key),
            _ => keys.number(*key),
        }));
    }
    all.first.push(steps as u32);
    (all.key_names, all.predicates) = (keys.names, predicates.names);
    place(calls, &mut all);
    all.doubts = doubts(calls, chunks);
    all
}

/// When, and whose.
fn place(calls: &Calls<'_>, all: &mut Transactions<'_>) {
    let mut sessions: FxHashMap<i64, u32> = FxHashMap::default();
    for call in calls.iter() {
        let session = *sessions.entry(call.process).or_insert_with(|| {
            all.processes.push(call.process);
            all.processes.len() as u32 - 1
        });
        let committed = call.completion.filter(|_| call.outcome == CallOutcome::Ok);
        all.timeline.push(call.invoked.unwrap_or(0), committed.unwrap_or(NEVER), session);
        all.events.push(call.completion.or(call.invoked).unwrap_or(0));
        all.outcomes.push(call.outcome);
    }
}

fn doubts(calls: &Calls<'_>, chunks: &[Chunk]) -> Vec<String> {
    let mut doubts = Vec::new();
    let lines: Vec<u64> = chunks.iter().flat_map(|chunk| chunk.altered.iter().copied()).collect();
    if let Some(first) = lines.first() {
        let many = if lines.len() == 1 {
            "1 ok completion does".to_owned()
        } else {
            format!("{} ok completions do", lines.len())
        };
        doubts.push(format!("{many} not repeat the steps of the invocation, first on line {first}"));
    }
    match calls.orphans() {
        [] => {}
        [row, ..] => doubts.push(format!(
            "{} events name no process and were left out, first on line {}",
            calls.orphans().len(),
            calls.recording().line(*row)
        )),
    }
    doubts
}

/// Numbers values in the order of their first use.
#[derive(Default)]
struct Numbering {
    names: Vec<ValueId>,
    /// Numbers of integers from 0 on, and one more; 0 if there is none.
    small: Vec<u32>,
    large: FxHashMap<ValueId, u32>,
}

/// Integers below this are numbered by position.
const SMALL: i64 = 1 << 22;

impl Numbering {
    fn number(&mut self, value: ValueId) -> u32 {
        let next = self.names.len() as u32;
        let number = match value.as_small() {
            Some(integer @ 0..SMALL) => {
                let at = integer as usize;
                if at >= self.small.len() {
                    self.small.resize(at + 1, 0);
                }
                if self.small[at] == 0 {
                    self.small[at] = next + 1;
                }
                self.small[at] - 1
            }
            _ => *self.large.entry(value).or_insert(next),
        };
        if number == next {
            self.names.push(value);
        }
        number
    }
}
