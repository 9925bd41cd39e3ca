//! A second look at an anomaly of a set, at the named operations only.

use super::{Finding, Kind};
use history::{History, OpId, Outcome, Set, SetOp, SetRet};

/// True if the named operations show what the finding says.
pub(super) fn holds(history: &History<Set>, finding: &Finding) -> bool {
    let times = |read: OpId| match history.operation(read).ok() {
        Some(SetRet::Elements(found)) => found.iter().filter(|element| **element == finding.element).count(),
        _ => 0,
    };
    let adds_it = |add: OpId| history.operation(add).op == SetOp::Add { element: finding.element };
    let culprit = history.operation(finding.culprit);
    let before = |id: OpId| history.operation(id).ok().is_some() && history.operation(id).precedes(culprit);
    let was_known = || finding.add.is_some_and(before) || finding.saw.iter().any(|saw| before(*saw) && times(*saw) > 0);
    let lacks = || culprit.ok().is_some() && times(finding.culprit) == 0;
    let is_added = || finding.add.is_some_and(adds_it);
    match finding.kind {
        Kind::Lost => is_added() && was_known() && lacks(),
        Kind::Stale | Kind::StaleRead => {
            is_added() && was_known() && lacks() && finding.saw.iter().any(|saw| times(*saw) > 0)
        }
        Kind::Duplicated => times(finding.culprit) > 1,
        Kind::Revived => {
            let failed = |add: OpId| matches!(history.operation(add).outcome, Outcome::Fail(_));
            is_added() && finding.add.is_some_and(failed) && times(finding.culprit) > 0
        }
        Kind::Phantom => {
            let asked = |o: &&history::Operation<Set>| o.op == SetOp::Add { element: finding.element };
            let begun = |o: &history::Operation<Set>| culprit.completed.is_none_or(|end| o.invoked.index <= end.index);
            let mut adds = history.operations.iter().filter(asked);
            times(finding.culprit) > 0 && !adds.any(|o| begun(o) && !matches!(o.outcome, Outcome::Fail(_)))
        }
    }
}
