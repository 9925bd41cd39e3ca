//! Reads that are older than what their transaction knew of: monotonic atomic view and read atomic.

use super::versions::Versions;
use super::{Step, Why};
use crate::txn::level::order;
use crate::txn::{INITIAL, Kinds, NEVER, Needs, Timeline, Write};
use rustc_hash::FxHashMap;

/// Somebody reads from a transaction, and later an object at an older version than that transaction's.
///
/// Source: Biswas and Enea 2019, axiom of read committed, with the order of versions known.
pub(super) fn against_view(versions: &Versions<'_>) -> Option<Vec<Step>> {
    let mut later: FxHashMap<u32, u32> = FxHashMap::default();
    (0..versions.rows()).filter(|&row| versions.reads(row).len() > 1).find_map(|row| {
        later.clear();
        let firsts = first_of_each(versions, row);
        let mut reads: Vec<_> = versions.reads(row).collect();
        while let Some((key, place, from)) = reads.pop() {
            let first = firsts.get(&from) == Some(&reads.len());
            if first && from != INITIAL {
                let missed = missed_of(versions, from, later.len(), |key| later.get(&key).copied(), later.iter());
                if let Some(key) = missed {
                    return Some(circle(row, from, key, Why::Data(Kinds::WR)));
                }
            }
            let oldest = later.entry(key).or_insert(place);
            *oldest = place.min(*oldest);
        }
        None
    })
}

/// The place of the first read from each row that one reads from.
fn first_of_each(versions: &Versions<'_>, row: u32) -> FxHashMap<u32, usize> {
    let mut firsts = FxHashMap::default();
    for (at, (_, _, from)) in versions.reads(row).enumerate() {
        firsts.entry(from).or_insert(at);
    }
    firsts
}

/// An object that the writer wrote and whose reads are older; the smaller of both sets is gone through.
fn missed_of<'m>(
    versions: &Versions<'_>,
    writer: u32,
    read: usize,
    oldest: impl Fn(u32) -> Option<u32>,
    mut reads: impl Iterator<Item = (&'m u32, &'m u32)>,
) -> Option<u32> {
    let writes = versions.writes(writer);
    if writes.len() <= read {
        let missed = |write: &&Write| oldest(write.key).is_some_and(|place| place < write.version);
        return writes.iter().find(missed).map(|write| write.key);
    }
    let missed = |&(key, place): &(&u32, &u32)| versions.written(writer, *key).is_some_and(|version| *place < version);
    reads.find(missed).map(|(key, _)| *key)
}

/// Read too old of what somebody wrote that one knew of.
fn circle(row: u32, writer: u32, key: u32, known: Why) -> Vec<Step> {
    vec![Step { from: row, to: writer, why: Why::Stale { key } }, Step { from: writer, to: row, why: known }]
}

/// Somebody misses a version of a transaction that it reads from, or that was before it in the order.
pub(super) fn against_atomicity(versions: &Versions<'_>, timeline: &Timeline, order: Needs) -> Option<Vec<Step>> {
    let mut oldest: FxHashMap<u32, u32> = FxHashMap::default();
    let by_reading = (0..versions.rows()).filter(|&row| versions.reads(row).len() > 1).find_map(|row| {
        oldest.clear();
        for (key, place, _) in versions.reads(row) {
            let least = oldest.entry(key).or_insert(place);
            *least = place.min(*least);
        }
        let mut sources: Vec<u32> = versions.reads(row).map(|read| read.2).filter(|&from| from != INITIAL).collect();
        sources.sort_unstable();
        sources.dedup();
        sources.into_iter().find_map(|from| {
            let key = missed_of(versions, from, oldest.len(), |key| oldest.get(&key).copied(), oldest.iter())?;
            Some(circle(row, from, key, Why::Data(Kinds::WR)))
        })
    });
    let by_session = || (order != Needs::Data).then(|| behind_session(versions, timeline)).flatten();
    let by_time = || (order == Needs::Realtime).then(|| behind_time(versions, timeline)).flatten();
    by_reading.or_else(by_session).or_else(by_time)
}

/// A read older than what an earlier transaction of its session wrote: read your writes, broken.
pub(super) fn behind_session(versions: &Versions<'_>, timeline: &Timeline) -> Option<Vec<Step>> {
    let mut newest: FxHashMap<(u32, u32), (u32, u32)> = FxHashMap::default();
    order::rows_by_session(timeline).into_iter().find_map(|row| {
        let session = timeline.session[row as usize];
        let missed = versions.reads(row).find_map(|(key, place, _)| {
            let &(version, writer) = newest.get(&(session, key))?;
            let known = place < version && order::is_session_before(timeline, writer, row);
            known.then(|| circle(row, writer, key, Why::Session))
        });
        for write in versions.writes(row).iter().filter(|_| timeline.completed[row as usize] != NEVER) {
            let entry = newest.entry((session, write.key)).or_default();
            *entry = (*entry).max((write.version, row));
        }
        missed
    })
}

/// A read older than what had been committed before the transaction began.
fn behind_time(versions: &Versions<'_>, timeline: &Timeline) -> Option<Vec<Step>> {
    let mut begins: Vec<u32> = (0..versions.rows()).collect();
    begins.sort_by_key(|&row| timeline.invoked[row as usize]);
    let mut ends: Vec<u32> = begins.iter().copied().filter(|&row| timeline.completed[row as usize] != NEVER).collect();
    ends.sort_by_key(|&row| timeline.completed[row as usize]);
    let mut newest: FxHashMap<u32, (u32, u32)> = FxHashMap::default();
    let mut ended = ends.into_iter().peekable();
    begins.into_iter().find_map(|row| {
        while let Some(before) = ended.next_if(|&before| timeline.is_before(before, row)) {
            for write in versions.writes(before) {
                let entry = newest.entry(write.key).or_default();
                *entry = (*entry).max((write.version, before));
            }
        }
        versions.reads(row).find_map(|(key, place, _)| {
            let &(version, writer) = newest.get(&key)?;
            (place < version).then(|| circle(row, writer, key, Why::Realtime))
        })
    })
}
