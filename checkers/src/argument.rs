//! Why transactions cannot have been isolated, in words: who is concerned, who must precede whom and why, and the least
//! history that shows it. It belongs to an [`Anomaly`](crate::Anomaly) of transactions, and is read by people and programs.

use history::OpId;
use serde::{Deserialize, Serialize};

/// The argument of an anomaly of transactions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argument {
    /// What people call an anomaly of this shape: `write skew`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Who is in it, in the order in which they are spoken of.
    pub transactions: Vec<Member>,
    /// Of a cycle, why each transaction precedes the next; the last step leads back to the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Precedence>,
    /// The least history that was found to show the same; None if none was looked for, or found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimal: Option<MinimalHistory>,
}

/// A transaction, or what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What it is called: `T12`.
    pub name: String,
    /// What it did: `r 5 [1 2], append 5 3`.
    pub program: String,
    /// The operation that it is.
    pub operation: OpId,
}

/// One transaction before another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Precedence {
    /// Position of the first among the transactions.
    pub from: usize,
    /// Position of the second.
    pub to: usize,
    /// `ww`, `wr`, `rw`, `process` or `realtime`.
    pub kind: String,
    /// In words.
    pub why: String,
}

/// A part of a history that, judged by itself, shows the same anomaly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinimalHistory {
    /// How many transactions the whole history has.
    pub of: u64,
    /// Who is left, each with what is left of it.
    pub transactions: Vec<Member>,
    /// What lists hold at the beginning, where this is not nothing: key and list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begins: Vec<(String, String)>,
}
