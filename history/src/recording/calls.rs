//! Events paired into calls, whatever they mean: what every engine that knows nothing of data types starts from.

use super::note::Notes;
use super::{Actor, EventType, Leniency, Note, Recording};
use crate::HistoryError;
use crate::value::{Value, ValueId};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CallOutcome {
    /// It took effect exactly once, between its invocation and its return.
    Ok,
    /// It took no effect and never will.
    Fail,
    /// It may take effect at any moment after its invocation, or never. It never returns.
    Info,
}

/// One call of a client. Its values are of the recording's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The row of its invocation. None: it is in a history of completions only, and may have begun at any time before
    /// its return.
    pub invoked: Option<u32>,
    /// The row after which it can have no more effect: that of an ok or fail. None for every info.
    pub returned: Option<u32>,
    /// The row of its completion, of whatever type; for an info only for people and plots.
    pub completion: Option<u32>,
    /// The logical client.
    pub process: i64,
    /// The function, as in the invocation; nil if the file does not say.
    pub f: ValueId,
    /// The object; None if it has none, or concerns all of them.
    pub key: Option<ValueId>,
    /// The value of the invocation; nil in a history of completions only.
    pub argument: ValueId,
    /// The value of an ok completion; nil otherwise.
    pub result: ValueId,
    /// What became of it.
    pub outcome: CallOutcome,
}

/// No row.
const NONE: u32 = u32::MAX;

/// The calls of a recording, one row per invocation with its completion, in columns of 33 bytes in all.
///
/// Calls are in the order of their invocations; in a history of completions only, in the order of those. Times order
/// nothing: one call precedes another if its `returned` row is less than the other's `invoked` row. What is no client's
/// - nemesis, events without process, remarks - is kept apart, and nothing is lost.
#[derive(Clone, Debug)]
pub struct Calls<'a> {
    recording: &'a Recording,
    invoked: Vec<u32>,
    completion: Vec<u32>,
    process: Vec<i64>,
    f: Vec<ValueId>,
    key: Vec<ValueId>,
    argument: Vec<ValueId>,
    result: Vec<ValueId>,
    outcome: Vec<CallOutcome>,
    others: Vec<u32>,
    orphans: Vec<u32>,
    remarks: Vec<u32>,
    notes: Vec<Note>,
}

impl<'a> Calls<'a> {
    /// Pairs the events of a recording.
    ///
    /// # Errors
    /// The first event that no client can have made: an invocation while another is in flight, or an ok or fail of
    /// nothing in a history that has invocations.
    pub fn pair(recording: &'a Recording) -> Result<Calls<'a>, HistoryError> {
        let is_invocation = |row: u32| recording.columns.kind[row as usize] == EventType::Invoke;
        let has_invocations = (0..recording.len() as u32).any(|r| is_invocation(r) && recording.client(r).is_some());
        let mut pairing = Pairing { in_flight: InFlight::default(), notes: Notes::default(), has_invocations };
        let mut calls = Calls::empty(recording);
        for row in 0..recording.len() as u32 {
            calls.take(row, &mut pairing)?;
        }
        calls.look_up();
        calls.note(&mut pairing.notes);
        calls.notes = recording.notes.iter().copied().chain(pairing.notes.finish()).collect();
        Ok(calls)
    }

    /// How many calls there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outcome.len()
    }

    /// True if no client did anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One call.
    ///
    /// # Panics
    /// If there is no such call.
    #[must_use]
    #[inline]
    pub fn get(&self, position: usize) -> Call {
        let present = |row: u32| (row != NONE).then_some(row);
        let (outcome, completion) = (self.outcome[position], present(self.completion[position]));
        Call {
            invoked: present(self.invoked[position]),
            returned: completion.filter(|_| outcome != CallOutcome::Info),
            completion,
            process: self.process[position],
            f: self.f[position],
            key: self.key[position].present(),
            argument: self.argument[position],
            result: self.result[position],
            outcome,
        }
    }

    /// All calls in the order of their invocations.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Call> + Clone + '_ {
        (0..self.len()).map(|position| self.get(position))
    }

    /// The name of a call's function; empty if it has none.
    ///
    /// # Panics
    /// If there is no such call.
    #[must_use]
    pub fn function(&self, position: usize) -> &'a str {
        self.recording.values().get(self.f[position]).name().unwrap_or_default()
    }

    /// Why a call failed or is indeterminate: the error of its completion, or the value that stands in its place.
    ///
    /// # Panics
    /// If there is no such call.
    #[must_use]
    pub fn error(&self, position: usize) -> Option<ValueId> {
        let row = self.get(position).completion?;
        let stands_in = || {
            let value = self.recording.columns.value[row as usize];
            let repeats = || self.recording.values().same(value, self.argument[position]);
            let is_reason = self.outcome[position] != CallOutcome::Ok && !repeats();
            (is_reason && !value.is_nil()).then_some(value)
        };
        self.recording.columns.error(row).or_else(stands_in)
    }

    /// Every key, in the order of first use. A call without key concerns all of them.
    #[must_use]
    pub fn keys(&self) -> Vec<ValueId> {
        let mut seen = Seen::default();
        self.key.iter().copied().filter(|key| key.present().is_some() && seen.insert(*key)).collect()
    }

    /// The calls at these positions alone, in that order, with all that is no client's.
    ///
    /// # Panics
    /// If there is no call at one of them.
    #[must_use]
    pub fn only(&self, positions: &[u32]) -> Calls<'a> {
        fn of<T: Copy>(column: &[T], positions: &[u32]) -> Vec<T> {
            positions.iter().map(|position| column[*position as usize]).collect()
        }
        Calls {
            recording: self.recording,
            invoked: of(&self.invoked, positions),
            completion: of(&self.completion, positions),
            process: of(&self.process, positions),
            f: of(&self.f, positions),
            key: of(&self.key, positions),
            argument: of(&self.argument, positions),
            result: of(&self.result, positions),
            outcome: of(&self.outcome, positions),
            others: self.others.clone(),
            orphans: self.orphans.clone(),
            remarks: self.remarks.clone(),
            notes: self.notes.clone(),
        }
    }

    /// Rows of events that are no client's: nemeses and everything else with a name.
    #[must_use]
    pub fn others(&self) -> &[u32] {
        &self.others
    }

    /// Rows of events without process. They are in no call; see [`Recording::adopt_orphans`].
    #[must_use]
    pub fn orphans(&self) -> &[u32] {
        &self.orphans
    }

    /// Rows of infos of clients that had nothing in flight.
    #[must_use]
    pub fn remarks(&self) -> &[u32] {
        &self.remarks
    }

    /// Everything that was tolerated, while reading and while pairing.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What the calls are of.
    #[must_use]
    pub fn recording(&self) -> &'a Recording {
        self.recording
    }

    fn empty(recording: &'a Recording) -> Self {
        let half = recording.len() / 2 + 1;
        Calls {
            recording,
            invoked: Vec::with_capacity(half),
            completion: Vec::with_capacity(half),
            process: Vec::with_capacity(half),
            f: Vec::new(),
            key: Vec::new(),
            argument: Vec::new(),
            result: Vec::new(),
            outcome: Vec::with_capacity(half),
            others: Vec::new(),
            orphans: Vec::new(),
            remarks: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn take(&mut self, row: u32, pairing: &mut Pairing) -> Result<(), HistoryError> {
        let process = match self.recording.actor(row) {
            Actor::Client(process) => process,
            Actor::Other(_) => {
                self.others.push(row);
                return Ok(());
            }
            Actor::Unknown => {
                self.orphans.push(row);
                return Ok(());
            }
        };
        match self.recording.columns.kind[row as usize] {
            EventType::Invoke => self.invoke(row, process, pairing),
            kind => self.complete(row, process, kind, pairing),
        }
    }

    fn invoke(&mut self, row: u32, process: i64, pairing: &mut Pairing) -> Result<(), HistoryError> {
        if pairing.in_flight.put(process, self.len() as u32).is_some() {
            let expected = format!("process {process} to complete its operation before it invokes another");
            return Err(self.recording.complaint(row, expected));
        }
        self.push(row, NONE, process, CallOutcome::Info);
        Ok(())
    }

    fn push(&mut self, invoked: u32, completion: u32, process: i64, outcome: CallOutcome) {
        self.invoked.push(invoked);
        self.completion.push(completion);
        self.process.push(process);
        self.outcome.push(outcome);
    }

    fn complete(&mut self, row: u32, process: i64, kind: EventType, pairing: &mut Pairing) -> Result<(), HistoryError> {
        let outcome = match kind {
            EventType::Ok => CallOutcome::Ok,
            EventType::Fail => CallOutcome::Fail,
            EventType::Info | EventType::Invoke => CallOutcome::Info,
        };
        let line = self.recording.line(row);
        let Some(call) = pairing.in_flight.take(process) else {
            if outcome == CallOutcome::Info {
                self.remarks.push(row);
                pairing.notes.add(Leniency::Remark, line);
            } else if pairing.has_invocations {
                let expected = format!("process {process} to have an operation in flight that this completes");
                return Err(self.recording.complaint(row, expected));
            } else {
                self.push(NONE, row, process, outcome);
                pairing.notes.add(Leniency::CompletionOnly, line);
            }
            return Ok(());
        };
        self.completion[call as usize] = row;
        self.outcome[call as usize] = outcome;
        Ok(())
    }

    /// Fills in what the events of each call say, now that these are known.
    fn look_up(&mut self) {
        let columns = &self.recording.columns;
        let events = || self.invoked.par_iter().zip(&self.completion).with_min_len(LEAST);
        let first =
            |(invoked, completion): (&u32, &u32)| (if *invoked == NONE { *completion } else { *invoked }) as usize;
        let f = |event: (&u32, &u32)| columns.f[first(event)].present().unwrap_or(ValueId::NIL);
        let value = |row: u32| if row == NONE { ValueId::NIL } else { columns.value[row as usize] };
        let result = |(outcome, row): (&CallOutcome, &u32)| match outcome {
            CallOutcome::Ok => value(*row),
            CallOutcome::Fail | CallOutcome::Info => ValueId::NIL,
        };
        events().map(f).collect_into_vec(&mut self.f);
        events().map(|event| columns.key[first(event)]).collect_into_vec(&mut self.key);
        events().map(|(invoked, _)| value(*invoked)).collect_into_vec(&mut self.argument);
        let ends = self.outcome.par_iter().zip(&self.completion).with_min_len(LEAST);
        ends.map(result).collect_into_vec(&mut self.result);
    }

    /// Counts what is tolerated of calls and of their completions.
    fn note(&self, notes: &mut Notes) {
        let tolerated = |call: usize| {
            let (invoked, completion) = (self.invoked[call], self.completion[call]);
            [
                (Leniency::OpenInvocation, completion == NONE, invoked),
                (Leniency::OtherFunction, self.has_other_function(call), completion),
                (Leniency::OtherArgument, self.has_other_argument(call), completion),
            ]
        };
        let found = (0..self.len()).into_par_iter().with_min_len(LEAST).flat_map_iter(|call| {
            tolerated(call).into_iter().filter(|(_, is_so, _)| *is_so).map(|(leniency, _, row)| (leniency, row))
        });
        for (leniency, row) in found.collect::<Vec<(Leniency, u32)>>() {
            notes.add(leniency, self.recording.line(row));
        }
    }

    fn has_other_function(&self, call: usize) -> bool {
        let (invoked, completion) = (self.invoked[call], self.completion[call]);
        let f = &self.recording.columns.f;
        let is_paired = invoked != NONE && completion != NONE;
        is_paired && f[completion as usize] != ValueId::ABSENT && f[completion as usize] != self.f[call]
    }

    fn has_other_argument(&self, call: usize) -> bool {
        let (invoked, completion) = (self.invoked[call], self.completion[call]);
        if invoked == NONE || completion == NONE || self.outcome[call] == CallOutcome::Ok {
            return false;
        }
        let value = self.recording.columns.value[completion as usize];
        !value.is_nil() && !self.recording.values().same(value, self.argument[call])
    }
}

/// Fewer calls are not worth a thread.
const LEAST: usize = 1 << 14;

impl Recording {
    /// A complaint about an event.
    pub(crate) fn complaint(&self, row: u32, expected: String) -> HistoryError {
        HistoryError { line: self.line(row) as usize, column: self.column(row), expected }
    }

    /// What an actor is called, for people.
    #[must_use]
    pub fn actor_name(&self, row: u32) -> String {
        match self.actor(row) {
            Actor::Client(process) => process.to_string(),
            Actor::Other(Value::Keyword(name) | Value::String(name) | Value::Symbol(name)) => name.to_owned(),
            Actor::Other(_) | Actor::Unknown => String::new(),
        }
    }
}

/// What is known while events are paired.
struct Pairing {
    in_flight: InFlight,
    notes: Notes,
    has_invocations: bool,
}

/// The call that each process has in flight: small process numbers by position, all others by hash.
#[derive(Default)]
struct InFlight {
    small: Vec<u32>,
    large: HashMap<i64, u32>,
}

/// Numbers up to here are kept by position.
const SMALL: usize = 1 << 16;

/// Values that were met: small numbers by position, all others by hash.
#[derive(Default)]
struct Seen {
    small: Vec<bool>,
    others: HashSet<ValueId>,
}

impl Seen {
    /// False if it was met before.
    fn insert(&mut self, value: ValueId) -> bool {
        let position = value.as_small().and_then(|number| usize::try_from(number).ok());
        let Some(position) = position.filter(|number| *number < SMALL) else { return self.others.insert(value) };
        if position >= self.small.len() {
            self.small.resize(position + 1, false);
        }
        !std::mem::replace(&mut self.small[position], true)
    }
}

impl InFlight {
    fn put(&mut self, process: i64, call: u32) -> Option<u32> {
        match self.position(process) {
            Some(at) => {
                if at >= self.small.len() {
                    self.small.resize(at + 1, NONE);
                }
                Some(std::mem::replace(&mut self.small[at], call)).filter(|before| *before != NONE)
            }
            None => self.large.insert(process, call),
        }
    }

    fn take(&mut self, process: i64) -> Option<u32> {
        match self.position(process) {
            Some(at) => {
                let slot = self.small.get_mut(at)?;
                Some(std::mem::replace(slot, NONE)).filter(|call| *call != NONE)
            }
            None => self.large.remove(&process),
        }
    }

    fn position(&self, process: i64) -> Option<usize> {
        usize::try_from(process).ok().filter(|process| *process < SMALL)
    }
}
