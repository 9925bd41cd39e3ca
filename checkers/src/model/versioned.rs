//! A register that counts its changes, as a key of etcd does.

use crate::object::{Model, NIL, Names, Tie, V};

/// What every change brings about: one more version. In ties only; if a value collides, more is kept than need be.
const ANOTHER_VERSION: V = V::MAX;

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

    fn pins(&self, op: &VersionedOp) -> Option<(i64, V)> {
        match *op {
            VersionedOp::Read(told, value) | VersionedOp::Write(told, value) | VersionedOp::Cas(told, _, value) => {
                told.map(|version| (version, value))
            }
            VersionedOp::CasVersion(old, new) => Some((old.wrapping_add(1), new)),
        }
    }

    /// A version says how many changes there were, so it can only be had with all of them.
    fn tie(&self, op: &VersionedOp) -> Tie {
        let version = |told: Option<i64>| told.map(|_| ANOTHER_VERSION);
        let change = |new| vec![new, ANOTHER_VERSION];
        match *op {
            VersionedOp::Read(told, value) => Tie { needs: needs(Some(value), version(told)), ..Tie::default() },
            VersionedOp::Write(told, new) => {
                Tie { needs: needs(None, version(told)), makes: change(new), fixed: false }
            }
            VersionedOp::Cas(told, old, new) => {
                Tie { needs: needs(Some(old), version(told)), makes: change(new), fixed: false }
            }
            VersionedOp::CasVersion(_, new) => Tie { needs: vec![ANOTHER_VERSION], makes: change(new), fixed: false },
        }
    }

    /// Where changes are missing, versions are not told, and what compares in vain stands for a write.
    fn weaken(&self, op: &VersionedOp, has: &dyn Fn(V) -> bool) -> Option<VersionedOp> {
        let told = |version: Option<i64>| version.filter(|_| has(ANOTHER_VERSION));
        match *op {
            VersionedOp::Read(version, value) => has(value).then(|| VersionedOp::Read(told(version), value)),
            VersionedOp::Write(version, new) => Some(VersionedOp::Write(told(version), new)),
            VersionedOp::Cas(version, old, new) if has(old) => Some(VersionedOp::Cas(told(version), old, new)),
            VersionedOp::Cas(version, _, new) => Some(VersionedOp::Write(told(version), new)),
            VersionedOp::CasVersion(_, new) => Some(VersionedOp::Write(None, new)),
        }
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

fn needs(value: Option<V>, version: Option<V>) -> Vec<V> {
    value.into_iter().chain(version).collect()
}
