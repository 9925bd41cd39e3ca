//! What may be assumed about a system while a history of it is read.

use super::Transactions;
use history::{Value, ValueId};
use std::collections::BTreeMap;

/// What may be assumed.
#[derive(Clone, Debug)]
pub struct InferOptions {
    /// True: a transaction sees what it wrote itself. False for systems that put writes off until the commit.
    pub own_writes: bool,
    /// True: the order of invocations and completions in the history is that of real time.
    pub realtime: bool,
    /// What registers hold before anything is written.
    pub initial: Initial,
    /// True: a transaction that reads a register and then writes it makes a later version than the one it read.
    pub writes_follow_reads: bool,
    /// True: the transactions of a process find each register in states that never go back.
    pub sequential_keys: bool,
    /// True: a transaction finds each register as those left it that had completed before, or later.
    pub linearizable_keys: bool,
    /// By row: a number that grows in the order of commits, as the database itself reports it; None for those of which
    /// it is not known, and all that are missing at the end.
    pub commit_order: Vec<Option<u64>>,
}

impl Default for InferOptions {
    fn default() -> Self {
        InferOptions {
            own_writes: true,
            realtime: true,
            initial: Initial::Nil,
            writes_follow_reads: true,
            sequential_keys: false,
            linearizable_keys: false,
            commit_order: Vec::new(),
        }
    }
}

/// What registers hold before anything is written; values and keys as EDN text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Initial {
    /// nil.
    #[default]
    Nil,
    /// All the same.
    All(String),
    /// By key; nil where there is none.
    Keys(BTreeMap<String, String>),
}

impl Initial {
    /// The value that a key holds first; None if that is no value of the history.
    pub(super) fn of(&self, transactions: &Transactions<'_>, key: u32, values: &[ValueId]) -> Option<ValueId> {
        let text = match self {
            Initial::Nil => return Some(ValueId::NIL),
            Initial::All(text) => text,
            Initial::Keys(texts) => match texts.get(&transactions.key_text(key)) {
                Some(text) => text,
                None => return Some(ValueId::NIL),
            },
        };
        if let Some(small) = text.parse().ok().and_then(ValueId::small) {
            return Some(small);
        }
        let arena = transactions.arena();
        let is_it =
            |value: &&ValueId| !matches!(arena.get(**value), Value::Int(_)) && transactions.text(**value) == *text;
        values.iter().find(is_it).copied()
    }
}
