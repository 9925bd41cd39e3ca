//! Timestamps that a database gave with its answers: where they stand in a history, whether they explain a level, and whether
//! what was read and written is what they say.
//!
//! Timestamps can prove that a level was kept, whoever made them up: they name an order that explains all. They cannot
//! prove that it was not, since a database may isolate well and tell the wrong time; so a contradiction is a broken promise
//! of its own, and no anomaly of isolation.

use super::{Objects, TxnOptions};
use crate::phrase::count;
use crate::txn::level::{Claim, Contradiction, Level, Stamps, contradictions, keep_realtime, verify_contradiction};
use crate::txn::{INITIAL, Inferred, Needs, infer_append, infer_register};
use crate::verdict::{Anomaly, Evidence, Verdict};
use history::{Calls, OpId, ValueId};

/// So many contradictions are told.
const TOLD: usize = 32;

/// What the fields of events are called that hold timestamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampFields {
    /// When the snapshot was taken.
    pub start: String,
    /// When it committed.
    pub commit: String,
}

impl Default for StampFields {
    fn default() -> Self {
        StampFields { start: "start-ts".to_owned(), commit: "commit-ts".to_owned() }
    }
}

impl StampFields {
    /// The timestamps of each call, as its completion says, or else its invocation. Who has but one has both at that time.
    #[must_use]
    pub fn of(&self, calls: &Calls<'_>) -> Vec<Option<Stamps>> {
        let recording = calls.recording();
        let of_call = |call: history::Call| {
            let events = [call.completion, call.invoked].into_iter().flatten();
            let number = |field: &str| {
                let mut extras = events.clone().flat_map(|row| recording.extra_fields(row));
                let text = extras.find(|extra| is_named(calls, extra.name, field)).map(|extra| extra.text)?;
                text.trim().trim_matches('"').parse().ok()
            };
            let (start, commit) = (number(&self.start), number(&self.commit));
            Some(Stamps { start: start.or(commit)?, commit: commit.or(start)? })
        };
        calls.iter().map(of_call).collect()
    }
}

/// Keywords and strings are the same name.
fn is_named(calls: &Calls<'_>, name: ValueId, field: &str) -> bool {
    let text = history::EdnText { values: calls.recording().values(), id: name }.to_string();
    text.trim_matches('"').trim_start_matches(':') == field
}

/// What timestamps are to explain for a level, and which order besides; None for levels that they say nothing of.
fn claim(level: Level) -> Option<(Claim, Needs)> {
    match level.base()? {
        (Level::SnapshotIsolation, order) => Some((Claim::SnapshotIsolation, order)),
        (Level::Serializable, order) => Some((Claim::Serializable, order)),
        _ => None,
    }
}

/// True if the timestamps name an order of all that was read and written that the level allows.
pub(super) fn explains(inferred: &Inferred<'_>, stamps: &[Option<Stamps>], level: Level) -> bool {
    let Some((claim, order)) = claim(level) else { return false };
    let (accesses, timeline) = (&inferred.accesses, inferred.transactions.timeline());
    let is_silent = |row: u32| accesses.reads(row).is_empty() && accesses.writes(row).is_empty();
    let is_known = |(row, stamps): (u32, &Option<Stamps>)| stamps.is_some() || is_silent(row);
    if stamps.len() != accesses.len() || !(0..).zip(stamps).all(is_known) {
        return false;
    }
    if order != Needs::Data && claim == Claim::Serializable {
        // Of two with the same time nobody can say which came first.
        let mut commits: Vec<u64> = stamps.iter().flatten().map(|stamps| stamps.commit).collect();
        commits.sort_unstable();
        if commits.windows(2).any(|pair| pair[0] == pair[1]) {
            return false;
        }
    }
    contradictions(accesses, timeline, stamps, claim, order).is_empty()
        && (order != Needs::Realtime || keep_realtime(timeline, stamps, claim))
}

/// Says whether reads and writes were what the timestamps say, for the strongest of the levels that are promised.
///
/// # Errors
/// The first transaction that is none of such objects, or that timestamps say nothing of what is promised.
pub fn judge_timestamps(objects: Objects, calls: &Calls<'_>, options: &TxnOptions) -> Result<Verdict, String> {
    let inferred = match objects {
        Objects::Lists => infer_append(calls, &options.infer)?,
        Objects::Registers => infer_register(calls, &options.infer)?,
        Objects::Predicates => return Err("timestamps say nothing of reads by predicate".to_owned()),
    };
    let claims = options.expect.iter().filter_map(|level| claim(*level));
    let Some((claim, order)) = claims.max_by_key(|(claim, order)| (*claim == Claim::Serializable, *order)) else {
        return Err("timestamps are about snapshot isolation and serializability".to_owned());
    };
    let (accesses, timeline) = (&inferred.accesses, inferred.transactions.timeline());
    if options.stamps.len() != accesses.len() {
        return Err("there are not as many timestamps as transactions".to_owned());
    }
    let known = options.stamps.iter().flatten().count();
    let mut evidence: Evidence = vec![
        ("transactions".to_owned(), accesses.len().to_string()),
        ("with timestamps".to_owned(), known.to_string()),
        ("real time".to_owned(), "not asked".to_owned()),
    ];
    let found = contradictions(accesses, timeline, &options.stamps, claim, order);
    evidence.push(("contradictions".to_owned(), found.len().to_string()));
    let is_tie = |found: &&Contradiction| matches!(found, Contradiction::Tie { .. });
    let ties = found.iter().filter(is_tie).count();
    let stands = |found: &&Contradiction| verify_contradiction(accesses, timeline, &options.stamps, claim, found);
    let told: Vec<&Contradiction> = found.iter().filter(|found| !is_tie(found)).take(TOLD).collect();
    let anomalies: Vec<Anomaly> =
        told.iter().copied().filter(stands).map(|found| tell(&inferred, options, found)).collect();
    if !anomalies.is_empty() {
        return Ok(Verdict::Invalid { anomalies, evidence });
    }
    let reason = match (known, told.len(), ties) {
        (0, ..) => "no transaction has timestamps".to_owned(),
        (_, 0, 0) => return Ok(Verdict::Valid { evidence }),
        (_, 0, ties) => {
            format!("{} of one object at the same time: nobody can say which came last", count(ties, "commit"))
        }
        _ => super::case::fault("a contradiction of timestamps"),
    };
    Ok(Verdict::Unknown { reason, evidence })
}

fn tell(inferred: &Inferred<'_>, options: &TxnOptions, found: &Contradiction) -> Anomaly {
    let transactions = &inferred.transactions;
    let name = |row: u32| if row == INITIAL { "the beginning".to_owned() } else { transactions.name(row) };
    let times = |row: u32| options.stamps[row as usize].map_or((0, 0), |stamps| (stamps.start, stamps.commit));
    let (rows, explanation) = match *found {
        Contradiction::Backwards { row } => {
            let (start, commit) = times(row);
            (vec![row], format!("{} took its snapshot at {start}, and committed before, at {commit}", name(row)))
        }
        Contradiction::Tie { row, other } => {
            (vec![row, other], format!("{} and {} committed at the same time", name(row), name(other)))
        }
        Contradiction::Read { row, key, read, expected } => {
            let (start, commit) = times(row);
            let key = transactions.key_text(key);
            let last =
                |row: u32| if row == INITIAL { String::new() } else { format!(", committed at {}", times(row).1) };
            let explanation = format!(
                "{} (snapshot {start}, commit {commit}) read key {key} as {} left it{}; the last before it was {}{}",
                name(row),
                name(read),
                last(read),
                name(expected),
                last(expected)
            );
            ([row, read, expected].into_iter().filter(|row| *row != INITIAL).collect(), explanation)
        }
        Contradiction::Conflict { row, other, key } => {
            let ((start, commit), (_, between)) = (times(row), times(other));
            let key = transactions.key_text(key);
            let explanation = format!(
                "{} (snapshot {start}, commit {commit}) overwrote key {key}, which {} had written at {between}, between both",
                name(row),
                name(other)
            );
            (vec![row, other], explanation)
        }
        Contradiction::Session { row, before } => {
            let explanation = format!(
                "{} took its snapshot at {}, before {} committed at {}, which its own client had done before",
                name(row),
                times(row).0,
                name(before),
                times(before).1
            );
            (vec![row, before], explanation)
        }
    };
    let mut operations: Vec<OpId> = rows.into_iter().map(OpId).collect();
    operations.sort_unstable();
    operations.dedup();
    let (key, culprit, intervals, argument) = (None, None, Vec::new(), None);
    Anomaly { name: "timestamp-contradiction".to_owned(), key, operations, culprit, intervals, explanation, argument }
}
