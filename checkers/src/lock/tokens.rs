//! The order of fencing tokens.

use history::{History, Lock, LockOp, LockRet, OpId};
use rustc_hash::FxHashMap;

/// An acquisition that was told its token.
#[derive(Clone, Copy)]
struct Told {
    id: OpId,
    token: i64,
    invoked: u64,
    completed: u64,
}

/// Pairs of acquisitions of one lock whose tokens are out of order: the first was over before the second began, and
/// its token is not smaller; or both have the same token. Each second one is named once.
pub(super) fn disorders(history: &History<Lock>) -> Vec<(OpId, OpId)> {
    let mut by_key: FxHashMap<u64, Vec<Told>> = FxHashMap::default();
    for (position, operation) in history.operations.iter().enumerate() {
        let (LockOp::Acquire { key }, Some(&LockRet::Acquired { token })) = (operation.op, operation.ok()) else {
            continue;
        };
        let completed = operation.completed.map_or(u64::MAX, |completed| completed.index);
        let told = Told { id: OpId(position as u32), token, invoked: operation.invoked.index, completed };
        by_key.entry(key).or_default().push(told);
    }
    let mut pairs: Vec<(OpId, OpId)> = by_key.into_values().flat_map(|told| of_one_lock(&told)).collect();
    pairs.sort_unstable_by_key(|(first, second)| (*second, *first));
    pairs
}

fn of_one_lock(told: &[Told]) -> Vec<(OpId, OpId)> {
    let mut by_completion = told.to_vec();
    by_completion.sort_unstable_by_key(|told| told.completed);
    let mut by_invocation = told.to_vec();
    by_invocation.sort_unstable_by_key(|told| told.invoked);
    let mut over = by_completion.into_iter().peekable();
    let mut largest: Option<Told> = None;
    let mut owners: FxHashMap<i64, OpId> = FxHashMap::default();
    let mut pairs = Vec::new();
    for now in by_invocation {
        while let Some(done) = over.next_if(|done| done.completed < now.invoked) {
            largest = largest.filter(|largest| largest.token > done.token).or(Some(done));
        }
        let before = largest.filter(|largest| largest.token >= now.token).map(|largest| largest.id);
        let same = owners.insert(now.token, now.id);
        pairs.extend(before.or(same).map(|first| (first, now.id)));
    }
    pairs
}
