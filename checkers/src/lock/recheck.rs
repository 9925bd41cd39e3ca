//! A second look at an anomaly of a lock, at the named operations only.

use super::held::Held;
use history::{History, Lock, LockOp, LockRet, OpId, Time};

/// True if the named operations show that both processes surely held the lock at one time.
pub(super) fn overlap(history: &History<Lock>, first: &Held, second: &Held, lease: u64) -> bool {
    let (Some(a), Some(b)) = (span(history, first, lease), span(history, second, lease)) else { return false };
    let (a_process, b_process) = (history.operation(first.acquire).process, history.operation(second.acquire).process);
    first.key == second.key && a_process != b_process && a.0.max(b.0) < a.1.min(b.1)
}

/// The span that the named operations allow for; it is cut to the one that was claimed, which may be shorter because
/// of how the process ended.
fn span(history: &History<Lock>, held: &Held, lease: u64) -> Option<(Time, Time)> {
    let acquire = history.operation(held.acquire);
    let refresh = history.operation(held.refresh);
    let is_refresh = refresh.op == LockOp::Refresh { key: held.key } && refresh.ok() == Some(&LockRet::Done);
    let is_acquire = acquire.op == LockOp::Acquire { key: held.key } && token(history, held.acquire).is_some();
    let is_own = acquire.process == refresh.process && acquire.precedes(refresh);
    if !(is_acquire && is_refresh && is_own) {
        return None;
    }
    let mut to = Time(refresh.invoked.time.0.checked_add(lease)?).min(held.to);
    if let Some(release) = held.release.map(|release| history.operation(release)) {
        to = to.min(release.invoked.time);
    }
    Some((acquire.completed?.time.max(held.from), to))
}

/// True if the second acquisition's token should be greater than the first one's, and is not.
pub(super) fn out_of_order(history: &History<Lock>, first: OpId, second: OpId) -> bool {
    let (Some(a), Some(b)) = (token(history, first), token(history, second)) else { return false };
    let same_lock = history.operation(first).op == history.operation(second).op;
    let in_order = history.operation(first).precedes(history.operation(second));
    same_lock && first != second && ((in_order && a >= b) || a == b)
}

fn token(history: &History<Lock>, acquire: OpId) -> Option<i64> {
    match history.operation(acquire).ok() {
        Some(LockRet::Acquired { token }) => Some(*token),
        _ => None,
    }
}
