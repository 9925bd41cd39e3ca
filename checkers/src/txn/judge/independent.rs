//! Histories with independent keys: what was done under each of them is a history of its own, and is judged as one.
//!
//! A key stands beside the whole transaction here, as `--independent` reads it. Calls of one step that name their object
//! beside themselves have none, and tables of rows are told apart where they are decoded.

use super::{Objects, TxnOptions, judge_timestamps, judge_transactions};
use crate::verdict::{Anomaly, Verdict, Word};
use history::{Calls, EdnText, OpId, ValueId};
use std::collections::BTreeMap;

/// The verdicts on a history, what is promised of isolation first, and what of timestamps if there are any.
#[derive(Clone, Debug, PartialEq)]
pub struct TxnVerdicts {
    /// Whether the levels were kept.
    pub isolation: Verdict,
    /// Whether what was read and written is what the timestamps say; None if none were given.
    pub timestamps: Option<Verdict>,
}

/// Judges a history by keys, if it has any: valid if each of them is.
///
/// # Errors
/// The first call that is no such transaction, or that timestamps say nothing of what is promised.
pub fn judge_independent(objects: Objects, calls: &Calls<'_>, options: &TxnOptions) -> Result<TxnVerdicts, String> {
    let groups = groups(objects, calls);
    let one = |calls: &Calls<'_>, options: &TxnOptions| -> Result<TxnVerdicts, String> {
        let isolation = judge_transactions(objects, calls, options)?.verdict();
        let has_timestamps = !options.stamps.is_empty();
        let timestamps = has_timestamps.then(|| judge_timestamps(objects, calls, options)).transpose()?;
        Ok(TxnVerdicts { isolation, timestamps })
    };
    let Some(groups) = groups else { return one(calls, options) };
    let (mut isolation, mut timestamps) = (Vec::new(), Vec::new());
    for (key, positions) in groups {
        let verdicts = one(&calls.only(&positions), &of_rows(options, &positions))?;
        let name = key.map_or_else(
            || "without a key".to_owned(),
            |id| format!("key {}", EdnText { values: calls.recording().values(), id }),
        );
        timestamps.extend(verdicts.timestamps.map(|verdict| (name.clone(), placed(verdict, &positions))));
        isolation.push((name, placed(verdicts.isolation, &positions)));
    }
    let timestamps = (!timestamps.is_empty()).then(|| merged(timestamps));
    Ok(TxnVerdicts { isolation: merged(isolation), timestamps })
}

/// Positions of the calls of each key, in the order of first use; None if there are no keys.
fn groups(objects: Objects, calls: &Calls<'_>) -> Option<Vec<(Option<ValueId>, Vec<u32>)>> {
    let key = |position: usize| calls.get(position).key.filter(|_| matches!(calls.function(position), "" | "txn"));
    if objects == Objects::Predicates || !(0..calls.len()).any(|position| key(position).is_some()) {
        return None;
    }
    let mut groups: Vec<(Option<ValueId>, Vec<u32>)> = Vec::new();
    let mut places: BTreeMap<Option<ValueId>, usize> = BTreeMap::new();
    for position in 0..calls.len() {
        let key = key(position);
        let at = *places.entry(key).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(position as u32);
    }
    Some(groups)
}

/// The options for some rows of all; the search for minimal histories is shared by none, and so bounded for each.
fn of_rows(options: &TxnOptions, positions: &[u32]) -> TxnOptions {
    let mut own = options.clone();
    let order = &options.infer.commit_order;
    own.infer.commit_order = positions.iter().map(|row| order.get(*row as usize).copied().flatten()).collect();
    if !options.stamps.is_empty() {
        own.stamps = positions.iter().map(|row| options.stamps.get(*row as usize).copied().flatten()).collect();
    }
    own
}

/// The verdict with the positions that its calls have among all.
fn placed(verdict: Verdict, positions: &[u32]) -> Verdict {
    let Verdict::Invalid { mut anomalies, evidence } = verdict else { return verdict };
    let place = |id: &mut OpId| *id = OpId(positions[id.0 as usize]);
    for anomaly in &mut anomalies {
        anomaly.operations.iter_mut().for_each(place);
        if let Some(argument) = &mut anomaly.argument {
            let left = argument.minimal.iter_mut().flat_map(|minimal| &mut minimal.transactions);
            argument.transactions.iter_mut().chain(left).for_each(|member| place(&mut member.operation));
        }
    }
    Verdict::Invalid { anomalies, evidence }
}

/// The worst of them, with the evidence of the first that is as bad, and every anomaly with its key.
fn merged(verdicts: Vec<(String, Verdict)>) -> Verdict {
    let worst = crate::merge(verdicts.iter().map(|(_, verdict)| verdict.word()));
    let count = |word: Word| verdicts.iter().filter(|(_, verdict)| verdict.word() == word).count().to_string();
    let mut evidence: Vec<(String, String)> = vec![
        ("independent keys".to_owned(), verdicts.len().to_string()),
        ("of these valid".to_owned(), count(Word::Valid)),
        ("of these unknown".to_owned(), count(Word::Unknown)),
        ("of these invalid".to_owned(), count(Word::Invalid)),
    ];
    let first = verdicts.iter().find(|(_, verdict)| verdict.word() == worst);
    if let Some((name, verdict)) = first {
        evidence.push(("the rest is of".to_owned(), name.clone()));
        evidence.extend(verdict.evidence().iter().cloned());
    }
    let reason = first.and_then(|(name, verdict)| match verdict {
        Verdict::Unknown { reason, .. } => Some(format!("{name}: {reason}")),
        _ => None,
    });
    let named = |(name, verdict): &(String, Verdict)| -> Vec<Anomaly> {
        let key = name.strip_prefix("key ").and_then(|key| key.parse().ok());
        let told = |anomaly: &Anomaly| {
            let explanation = format!("{name}: {}", anomaly.explanation);
            Anomaly { key, explanation, ..anomaly.clone() }
        };
        verdict.anomalies().iter().map(told).collect()
    };
    match worst {
        Word::Valid => Verdict::Valid { evidence },
        Word::Unknown => Verdict::Unknown { reason: reason.unwrap_or_default(), evidence },
        Word::Invalid => Verdict::Invalid { anomalies: verdicts.iter().flat_map(named).collect(), evidence },
    }
}
