//! Values that hold a key: `[k v]`, as independent keys are written in text.

use super::{Actor, EventType, Recording};
use crate::value::{Value, ValueId};

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
        let mut tuples = Tuples::default();
        for row in 0..self.len() as u32 {
            let at = row as usize;
            if self.client(row).is_none() {
                continue;
            }
            match self.tuple(row) {
                Some((key, value)) => {
                    self.columns.key[at] = key;
                    self.columns.value[at] = value;
                    tuples.unwrapped += 1;
                }
                None => tuples.whole += u64::from(self.columns.kind[at] == EventType::Invoke),
            }
        }
        tuples
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
        let at = row as usize;
        match self.values().get(self.columns.value[at]) {
            // nil is no key: `[nil nil]` is the read of a versioned register.
            Value::Vector(&[key, value]) if self.columns.key[at] == ValueId::ABSENT && !key.is_nil() => {
                Some((key, value))
            }
            _ => None,
        }
    }

    fn is_plain(&self, key: ValueId) -> bool {
        !matches!(self.values().get(key), Value::Nil | Value::Vector(_) | Value::Set(_) | Value::Map(_))
    }
}
