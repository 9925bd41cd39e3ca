//! Was a call answered? A service that says no is there; one that is silent, or says that it cannot, is not.
//!
//! An acknowledged call is answered. An indeterminate one is not. A failed one is, if it failed for what was asked: a
//! comparison that did not hold, an account without money. It is not, if it failed for the state of the service: no
//! connection, no leader. Reasons are free text, so what no word tells apart stays unclear, and is never guessed.

/// Whether a call was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The service did what was asked, or said why it may not.
    Given,
    /// The service was not there.
    Missing,
    /// Nobody can tell.
    Unclear,
}

/// Parts of reasons that say that the service was not there.
const MISSING: [&str; 22] = [
    "timeout",
    "timed out",
    "time-out",
    "timed-out",
    "refused",
    "unavailable",
    "unreachable",
    "no leader",
    "no-leader",
    "noleader",
    "not leader",
    "not-leader",
    "leader changed",
    "connection",
    "connect",
    "broken pipe",
    "end of file",
    "deadline",
    "overload",
    "too many requests",
    "no route",
    "quorum",
];

/// Parts of reasons that say that the service was there and refused.
const GIVEN: [&str; 17] = [
    "mismatch",
    "did not match",
    "not found",
    "not-found",
    "no such",
    "exists",
    "precondition",
    "compare",
    "conflict",
    "abort",
    "insufficient",
    "negative",
    "empty",
    "held",
    "duplicate",
    "did not hold",
    "denied",
];

/// What a failed call's reason says; a call that failed without any was refused for what it asked.
pub(crate) fn of_failure(reason: Option<&str>) -> Answer {
    let Some(reason) = reason.map(str::to_lowercase) else { return Answer::Given };
    let names = |parts: &[&str]| parts.iter().any(|part| reason.contains(part));
    if names(&MISSING) {
        Answer::Missing
    } else if names(&GIVEN) {
        Answer::Given
    } else {
        Answer::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_an_answer_and_silence_is_none() {
        for (reason, expected) in [
            (None, Answer::Given),
            (Some("cas mismatch"), Answer::Given),
            (Some("lock is held by another"), Answer::Given),
            (Some("Connection refused"), Answer::Missing),
            (Some("etcdserver: no leader"), Answer::Missing),
            (Some("error 1213"), Answer::Unclear),
        ] {
            assert_eq!(of_failure(reason), expected, "{reason:?}");
        }
    }
}
