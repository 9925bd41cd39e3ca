//! What a checker says: valid, invalid or unknown, and on what grounds.

use crate::argument::Argument;
use history::{DataType, History, OpId, Time};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much work a checker may do. It counts work, not seconds, so that a verdict reproduces on any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// States or configurations that a search may expand, in all.
    pub nodes: u64,
    /// Bytes that a search may hold at a time.
    pub bytes: u64,
}

impl Default for Budget {
    /// Fifty million nodes and one GiB: seconds on one core.
    fn default() -> Self {
        Budget { nodes: 50_000_000, bytes: 1 << 30 }
    }
}

/// Judges a history against one promise.
pub trait Checker<D: DataType>: Send + Sync {
    /// The name that reports and `gainsay list` use.
    fn name(&self) -> &'static str;

    /// Says whether the history keeps the promise. Never panics, whatever the history.
    fn check(&self, history: &History<D>, budget: Budget) -> Verdict;
}

/// One promise, and what was found of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The checker's name: `linearizable`.
    pub name: String,
    /// The promise in words: `every register behaves as if there were only one copy of it`.
    pub promise: String,
    /// What the checker says.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What was looked at: facts for people, each a name and a value.
pub type Evidence = Vec<(String, String)>;

/// What a checker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// No violation, and enough was seen that this means something.
    Valid {
        /// What was looked at.
        evidence: Evidence,
    },
    /// Neither: out of budget, or not enough evidence.
    Unknown {
        /// Why, and what would help; for people.
        reason: String,
        /// What was looked at.
        evidence: Evidence,
    },
    /// The promise is broken.
    Invalid {
        /// At least one, the clearest first.
        anomalies: Vec<Anomaly>,
        /// What was looked at.
        evidence: Evidence,
    },
}

impl Verdict {
    /// The verdict without its grounds.
    #[must_use]
    pub fn word(&self) -> Word {
        match self {
            Verdict::Valid { .. } => Word::Valid,
            Verdict::Unknown { .. } => Word::Unknown,
            Verdict::Invalid { .. } => Word::Invalid,
        }
    }

    /// What was looked at.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        match self {
            Verdict::Valid { evidence } | Verdict::Unknown { evidence, .. } | Verdict::Invalid { evidence, .. } => {
                evidence
            }
        }
    }

    /// The anomalies; none unless invalid.
    #[must_use]
    pub fn anomalies(&self) -> &[Anomaly] {
        match self {
            Verdict::Invalid { anomalies, .. } => anomalies,
            _ => &[],
        }
    }
}

/// A verdict in one word. The worst wins: invalid over unknown over valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// The promise was kept, on enough evidence.
    Valid,
    /// Nobody can say.
    Unknown,
    /// The promise was broken.
    Invalid,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Word::Valid => "valid",
            Word::Unknown => "unknown",
            Word::Invalid => "invalid",
        })
    }
}

/// One violation, with the operations that prove it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Its published name: `nonlinearizable`, `lost-update`, `stale-read`, `lost`, `mutual-exclusion` and so on.
    pub name: String,
    /// The object it is about, where a history holds several of them.
    pub key: Option<u64>,
    /// The operations of the witness, in the order of their invocations. They alone already break the promise.
    pub operations: Vec<OpId>,
    /// The operation that cannot be explained, if one stands out.
    pub culprit: Option<OpId>,
    /// Spans of time that belong to the witness, such as the time for which a lock was surely held.
    pub intervals: Vec<Interval>,
    /// One sentence, for people, with values, processes, nodes and times.
    pub explanation: String,
    /// Of transactions, step by step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argument: Option<Box<Argument>>,
}

/// A span of time during which something is known to have been so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// What was so, for people: `process 3 holds lock 0`.
    pub label: String,
    /// The operation that it begins with.
    pub operation: OpId,
    /// From this time on.
    pub from: Time,
    /// Up to, not including, this time.
    pub to: Time,
}
