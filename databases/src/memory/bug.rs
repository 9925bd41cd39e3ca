//! The bugs that can be planted: what each does, where, and how often.

use crate::spec::Choice;

/// One planted bug. Each firing contradicts linearizability (or mutual exclusion) by what clients were told, not only
/// by what the store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    StaleRead,
    LostWrite,
    LostUpdate,
    DuplicateApply,
    AcknowledgedThenDropped,
}

impl Bug {
    pub(super) const ALL: [Bug; 5] =
        [Bug::StaleRead, Bug::LostWrite, Bug::LostUpdate, Bug::DuplicateApply, Bug::AcknowledgedThenDropped];

    /// The bug of that name, which a parsed spelling is known to hold.
    pub(super) fn named(name: &str) -> Bug {
        *Bug::ALL.iter().find(|bug| bug.name() == name).expect("every other option of memory is a bug")
    }

    pub(super) fn name(self) -> &'static str {
        self.choice().name
    }

    pub(super) fn choice(self) -> Choice {
        let (name, summary) = match self {
            Bug::StaleRead => ("stale-read", "register, set: a read misses a write that was acknowledged before it"),
            Bug::LostWrite => ("lost-write", "register, set: a write is acknowledged and never done"),
            Bug::LostUpdate => ("lost-update", "register: two compare-and-sets of the same value both succeed"),
            Bug::DuplicateApply => {
                ("duplicate-apply", "register, set: a write is done again, after others followed it")
            }
            Bug::AcknowledgedThenDropped => (
                "acknowledged-then-dropped",
                "register, set, lock: what was acknowledged and seen is gone a while later; a lock under a live lease \
                 is given away",
            ),
        };
        Choice { name, values: &[], summary }
    }

    /// The data types that it concerns.
    pub(super) fn data_types(self) -> &'static [&'static str] {
        match self {
            Bug::StaleRead | Bug::LostWrite | Bug::DuplicateApply => &["register", "set"],
            Bug::LostUpdate => &["register"],
            Bug::AcknowledgedThenDropped => &["register", "set", "lock"],
        }
    }

    /// The share of the operations it could spoil that it is given a chance to spoil: a needle in some hundreds of
    /// operations, and yet never missed in the 2 500 that 20 clients ask at 500 operations/s for 5 s.
    /// Compare-and-sets are a fifth of those, and must be followed by another; reads must come soon after a write.
    pub(super) fn chance(self) -> f64 {
        match self {
            Bug::StaleRead | Bug::LostUpdate => 0.05,
            Bug::LostWrite | Bug::DuplicateApply | Bug::AcknowledgedThenDropped => 0.02,
        }
    }
}
