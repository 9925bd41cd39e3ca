//! The versions of one object of a closed universe.

use super::SetUp;
use crate::txn::object::Object;
use crate::txn::{Kind, NEVER};
use history::{CallOutcome, ValueId};

/// One version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// None: the object is not there.
    pub(super) value: Option<ValueId>,
    /// The row that made it; None if it is the beginning.
    pub(super) writer: Option<u32>,
}

/// The versions of one object, in their order: absent first.
pub(super) struct Versions {
    pub(super) all: Vec<Version>,
    /// It changes more than once after it was set up, or perhaps before; then only the first version is here, and nothing
    /// is inferred.
    pub(super) is_unordered: bool,
    /// The event after which nobody sees what was before it was set up; [`NEVER`] if there is none.
    set_up: u32,
}

impl Versions {
    pub(super) fn of(object: &Object<'_, '_>, set_up: SetUp) -> Versions {
        let mut versions =
            Versions { all: vec![Version { value: None, writer: None }], is_unordered: false, set_up: NEVER };
        let writes = (0..object.len()).filter(|slot| !object.is_read(*slot) && !object.has_failed(*slot));
        let (inits, changes): (Vec<usize>, Vec<usize>) = writes.partition(|slot| object.kind(*slot) == Kind::Init);
        let may_precede = |(init, change): (&usize, &usize)| {
            !object.transactions.timeline().is_before(object.row(*init), object.row(*change))
        };
        let is_mixed = inits.iter().zip(&changes).any(may_precede);
        versions.is_unordered = inits.len() > 1 || changes.len() > 1 || is_mixed;
        if versions.is_unordered {
            return versions;
        }
        for slot in inits.iter().chain(&changes) {
            let value = Some(object.value(*slot)).filter(|_| object.kind(*slot) != Kind::Delete);
            versions.all.push(Version { value, writer: Some(object.row(*slot)) });
        }
        let settled = inits.first().filter(|slot| object.outcome(**slot) == CallOutcome::Ok);
        if let Some(slot) = settled.filter(|_| set_up == SetUp::Seen) {
            versions.set_up = object.transactions.timeline().completed[object.row(*slot) as usize];
        }
        versions
    }

    /// Versions that a transaction invoked at that event may have seen, by their place.
    pub(super) fn visible(&self, invoked: u32) -> impl Iterator<Item = (usize, &Version)> {
        let first = usize::from(self.set_up != NEVER && self.set_up < invoked);
        self.all.iter().enumerate().skip(first)
    }
}
