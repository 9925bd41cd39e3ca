//! A register that counts its changes, as a key of etcd does.

use crate::object::{Model, NIL, Names, V};

/// What is done to a versioned register. A version of None was not revealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionedOp {
    /// Found this version and value.
    Read(Option<i64>, V),
    /// Wrote this value, which became this version.
    Write(Option<i64>, V),
    /// Wrote the second value, which became this version; it held the first.
    Cas(Option<i64>, V, V),
    /// Wrote the value; the version was this one.
    CasVersion(i64, V),
}

/// A register of version 0 at first, whose every change adds 1. Source: checkers.md 2.3; jepsen.etcd's
/// `VersionedRegister`, which we differ from in that a read of nil found nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct VersionedRegister;

impl Model for VersionedRegister {
    type Op = VersionedOp;
    /// Version and value.
    type State = (i64, V);

    fn name(&self) -> &'static str {
        "versioned-register"
    }

    fn initial(&self) -> (i64, V) {
        (0, NIL)
    }

    fn step(&self, state: &(i64, V), op: &VersionedOp) -> Option<(i64, V)> {
        let (version, value) = *state;
        let next = version.wrapping_add(1);
        let fits = |told: Option<i64>, is: i64| told.is_none_or(|told| told == is);
        match *op {
            VersionedOp::Read(told, found) => (fits(told, version) && found == value).then_some(*state),
            VersionedOp::Write(told, new) => fits(told, next).then_some((next, new)),
            VersionedOp::Cas(told, old, new) => (fits(told, next) && old == value).then_some((next, new)),
            VersionedOp::CasVersion(old, new) => (old == version).then_some((next, new)),
        }
    }

    fn is_read(&self, op: &VersionedOp) -> bool {
        matches!(op, VersionedOp::Read(..))
    }

    fn observes(&self, op: &VersionedOp) -> bool {
        !matches!(op, VersionedOp::Write(None, _))
    }

    fn may_do_nothing(&self, op: &VersionedOp) -> bool {
        matches!(op, VersionedOp::Cas(..) | VersionedOp::CasVersion(..))
    }

    fn describe_op(&self, op: &VersionedOp, names: &Names<'_>) -> String {
        let at = |told: Option<i64>| told.map_or(String::new(), |version| format!(" at version {version}"));
        match *op {
            VersionedOp::Read(told, value) => format!("read {}{}", names.text(value), at(told)),
            VersionedOp::Write(told, value) => format!("write {}{}", names.text(value), at(told)),
            VersionedOp::Cas(told, old, new) => format!("cas {} to {}{}", names.text(old), names.text(new), at(told)),
            VersionedOp::CasVersion(old, new) => format!("cas version {old} to {}", names.text(new)),
        }
    }

    fn describe_state(&self, (version, value): &(i64, V), names: &Names<'_>) -> String {
        format!("the register holds {} at version {version}", names.text(*value))
    }
}
