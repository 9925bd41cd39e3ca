//! Values that hold a key: `[k v]`, as independent keys are written in text.

use super::{Actor, Columns, EventType, Recording};
use crate::value::{Value, ValueId, Values};
use rayon::prelude::*;

/// What became of the values of clients when keys were taken out of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tuples {
    /// Events whose value was `[k v]`, and which have a key now.
    pub unwrapped: u64,
    /// Invocations of clients that had none: they concern every key.
    pub whole: u64,
}

impl Recording {
    /// True if the value of every invocation and ok completion of a client is a vector of two, of which the first is
    /// no collection, and no event has a key of its own. So independent keys look, but so does a history of nothing
    /// but compare-and-set: it is a reason to ask, not to act.
    #[must_use]
    pub fn looks_independent(&self) -> bool {
        let says = |row: &u32| matches!(self.columns.kind[*row as usize], EventType::Invoke | EventType::Ok);
        let mut rows = (0..self.len() as u32).filter(|row| self.client(*row).is_some()).filter(says).peekable();
        rows.peek().is_some() && rows.all(|row| self.tuple(row).is_some_and(|(key, _)| self.is_plain(key)))
    }

    /// Takes the key out of every value `[k v]` of a client: from then on the event has the key `k` and the value `v`.
    /// Never guessed: text does not tell a key from the first half of a value.
    pub fn unwrap_tuples(&mut self) -> Tuples {
        /// Fewer events are not worth a thread.
        const LEAST: usize = 1 << 14;
        let Columns { process, kind, key, value, values, .. } = &mut self.columns;
        let values = &*values;
        let events = (process.par_iter(), kind.par_iter(), key.par_iter_mut(), value.par_iter_mut());
        let unwrapped = events.into_par_iter().with_min_len(LEAST).map(|(process, kind, key, value)| {
            if !is_client(*process, values) {
                return Tuples::default();
            }
            match tuple(*key, *value, values) {
                Some(tuple) => {
                    (*key, *value) = tuple;
                    Tuples { unwrapped: 1, whole: 0 }
                }
                None => Tuples { unwrapped: 0, whole: u64::from(*kind == EventType::Invoke) },
            }
        });
        let add = |a: Tuples, b: Tuples| Tuples { unwrapped: a.unwrapped + b.unwrapped, whole: a.whole + b.whole };
        unwrapped.reduce(Tuples::default, add)
    }

    /// The inverse of [`Recording::unwrap_tuples`], for tools that know no keys: every event of a client with a key
    /// gets the value `[k v]` in its place.
    pub fn wrap_tuples(&mut self) {
        for at in 0..self.len() {
            let key = self.columns.key[at];
            if key != ValueId::ABSENT && self.client(at as u32).is_some() {
                let tuple = [key, self.columns.value[at]];
                self.columns.value[at] = self.columns.values.vector(&tuple);
                self.columns.key[at] = ValueId::ABSENT;
            }
        }
    }

    /// Gives events without `:process` to new clients: an invocation and the event after it, if that is a completion
    /// without process, are one operation; a lone completion is one too. Returns how many events got a client. Only
    /// for files that were written by hand; never guessed.
    pub fn adopt_orphans(&mut self) -> u64 {
        let clients = (0..self.len() as u32).filter_map(|row| self.client(row));
        let mut next = clients.max().map_or(0, |most| most.saturating_add(1));
        let (mut adopted, mut open) = (0, false);
        for at in 0..self.len() {
            if self.actor(at as u32) != Actor::Unknown {
                open = false;
                continue;
            }
            let is_invocation = self.columns.kind[at] == EventType::Invoke;
            if (is_invocation || !open) && adopted > 0 {
                next = next.saturating_add(1);
            }
            self.columns.process[at] = self.columns.values.integer(next);
            open = is_invocation;
            adopted += 1;
        }
        adopted
    }

    fn tuple(&self, row: u32) -> Option<(ValueId, ValueId)> {
        tuple(self.columns.key[row as usize], self.columns.value[row as usize], self.values())
    }

    fn is_plain(&self, key: ValueId) -> bool {
        !matches!(self.values().get(key), Value::Nil | Value::Vector(_) | Value::Set(_) | Value::Map(_))
    }
}

/// Key and value of an event of a client, where its value holds both.
fn tuple(key: ValueId, value: ValueId, values: &Values) -> Option<(ValueId, ValueId)> {
    match values.get(value) {
        // nil is no key: `[nil nil]` is the read of a versioned register.
        Value::Vector(&[own, value]) if key == ValueId::ABSENT && !own.is_nil() => Some((own, value)),
        _ => None,
    }
}

fn is_client(process: ValueId, values: &Values) -> bool {
    process.as_small().is_some() || process.present().is_some_and(|id| values.get(id).integer().is_some())
}
