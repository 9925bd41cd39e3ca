//! What a history may call the steps of its transactions, and which of them a workload knows.

use crate::txn::Kind;
use history::{ValueId, Values};

/// The steps that a workload knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::txn) enum Vocabulary {
    /// `:r` of lists, `:append`.
    Append,
    /// `:r` and `:w`.
    Register,
    /// `:init`, `:insert`, `:delete`, `:w`, `:r`, `:rp`.
    Predicate,
}

impl Vocabulary {
    pub(super) fn knows(self, kind: Kind) -> bool {
        match self {
            Vocabulary::Append => matches!(kind, Kind::Read | Kind::Append),
            Vocabulary::Register => matches!(kind, Kind::Read | Kind::Write),
            Vocabulary::Predicate => kind != Kind::Append,
        }
    }

    /// What a step looks like, for people.
    pub(super) fn shape(self) -> &'static str {
        match self {
            Vocabulary::Append => "a step [:r key list] or [:append key element]",
            Vocabulary::Register => "a step [:r key value] or [:w key value]",
            Vocabulary::Predicate => {
                "a step [:insert key value], [:delete key], [:w key value], [:r key value] or [:rp predicate map]"
            }
        }
    }
}

/// The step of that name, short or long.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    match name {
        "r" | "read" => Some(Kind::Read),
        "w" | "write" => Some(Kind::Write),
        "append" => Some(Kind::Append),
        "insert" => Some(Kind::Insert),
        "delete" => Some(Kind::Delete),
        "rp" => Some(Kind::PredicateRead),
        _ => None,
    }
}

/// Names that were met already, so that most are never looked at as text.
#[derive(Default)]
pub(super) struct Words {
    known: Vec<(ValueId, Kind)>,
}

impl Words {
    #[inline]
    pub(super) fn kind(&mut self, word: ValueId, values: &Values) -> Option<Kind> {
        if let Some(known) = self.known.iter().find(|known| known.0 == word) {
            return Some(known.1);
        }
        let kind = values.get(word).name().and_then(kind_of)?;
        self.known.push((word, kind));
        Some(kind)
    }
}
