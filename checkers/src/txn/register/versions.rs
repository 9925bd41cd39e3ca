//! The versions of one register, and what each transaction did to it.

use crate::txn::InferOptions;
use crate::txn::object::Object;
use history::{CallOutcome, ValueId};
use rustc_hash::FxHashMap;

/// No slot, no version.
pub(super) const NONE: u32 = u32::MAX;

/// The version that was there first.
pub(super) const FIRST: u32 = 0;

/// Numbers of values; reused from one register to the next.
#[derive(Default)]
pub(super) struct Numbers {
    numbers: FxHashMap<ValueId, u32>,
    values: Vec<ValueId>,
}

/// One version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version {
    pub(super) value: ValueId,
    /// The slot of the write; [`NONE`] if nobody wrote it.
    pub(super) writer: u32,
    /// The same value is written elsewhere, or is the initial one, so nobody can tell who is who.
    pub(super) is_ambiguous: bool,
    /// Its transaction overwrote it itself.
    pub(super) is_intermediate: bool,
    /// An ok transaction other than the writer's read it before it wrote the register itself.
    pub(super) is_seen: bool,
}

/// What one transaction did to the register.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touch {
    pub(super) row: u32,
    pub(super) outcome: CallOutcome,
    /// The slot of its first step, if that is a read that says something.
    pub(super) read: u32,
    /// The slot of its last write.
    pub(super) write: u32,
}

/// The versions of one register.
pub(super) struct Versions {
    /// The first is what was there before all; its value is nil if the history does not hold it.
    pub(super) all: Vec<Version>,
    /// By slot: the version that was read or written; [`NONE`] if the step says nothing.
    pub(super) of: Vec<u32>,
    /// By slot: true if the step is a read of what others wrote.
    pub(super) is_outside: Vec<bool>,
    /// By row.
    pub(super) touches: Vec<Touch>,
}

impl Versions {
    pub(super) fn of(object: &Object<'_, '_>, options: &InferOptions, numbers: &mut Numbers) -> Versions {
        numbers.numbers.clear();
        numbers.values.clear();
        numbers.values.extend((0..object.len()).map(|slot| object.value(slot)));
        let initial = options.initial.of(object.transactions, object.key, &numbers.values);
        let first = Version {
            value: initial.unwrap_or(ValueId::NIL),
            writer: NONE,
            is_ambiguous: false,
            is_intermediate: false,
            is_seen: false,
        };
        if let Some(initial) = initial {
            numbers.numbers.insert(initial, FIRST);
        }
        let (of, is_outside) = (vec![NONE; object.len()], vec![false; object.len()]);
        let mut versions = Versions { all: vec![first], of, is_outside, touches: Vec::new() };
        for run in object.runs() {
            versions.touch(object, run, &mut numbers.numbers);
        }
        versions.look(object);
        versions
    }

    /// True if it has a place in the order of versions: one writer at most, who did not fail, and whose last word it is.
    pub(super) fn is_installed(&self, object: &Object<'_, '_>, version: u32) -> bool {
        let version = self.all[version as usize];
        let has_failed = version.writer != NONE && object.has_failed(version.writer as usize);
        !version.is_ambiguous && !version.is_intermediate && !has_failed
    }

    /// The slot of the write of a version, if it is known and did not fail.
    pub(super) fn writer(&self, object: &Object<'_, '_>, version: u32) -> Option<usize> {
        let version = self.all[version as usize];
        let is_known = version.writer != NONE && !version.is_ambiguous && !object.has_failed(version.writer as usize);
        is_known.then_some(version.writer as usize)
    }

    fn touch(&mut self, object: &Object<'_, '_>, run: std::ops::Range<usize>, numbers: &mut FxHashMap<ValueId, u32>) {
        let outcome = object.outcome(run.start);
        let mut touch = Touch { row: object.row(run.start), outcome, read: NONE, write: NONE };
        for slot in run.clone() {
            let is_read = object.is_read(slot);
            let is_silent =
                outcome == CallOutcome::Fail || (outcome == CallOutcome::Info && object.value(slot).is_nil());
            if is_read && is_silent {
                continue;
            }
            let version = self.number(object.value(slot), numbers);
            self.of[slot] = version;
            if is_read {
                self.is_outside[slot] = touch.write == NONE;
                if slot == run.start {
                    touch.read = slot as u32;
                }
            } else {
                self.write(object, version, slot);
                touch.write = slot as u32;
            }
        }
        for slot in run.filter(|slot| !object.is_read(*slot) && *slot as u32 != touch.write) {
            let version = &mut self.all[self.of[slot] as usize];
            version.is_intermediate |= version.writer == slot as u32;
        }
        self.touches.push(touch);
    }

    fn number(&mut self, value: ValueId, numbers: &mut FxHashMap<ValueId, u32>) -> u32 {
        let next = self.all.len() as u32;
        let number = *numbers.entry(value).or_insert(next);
        if number == next {
            let flags = (false, false, false);
            let (is_ambiguous, is_intermediate, is_seen) = flags;
            self.all.push(Version { value, writer: NONE, is_ambiguous, is_intermediate, is_seen });
        }
        number
    }

    fn write(&mut self, object: &Object<'_, '_>, version: u32, slot: usize) {
        let own = &mut self.all[version as usize];
        let is_other = own.writer != NONE && object.row(own.writer as usize) != object.row(slot);
        own.is_ambiguous |= is_other || version == FIRST;
        if !is_other {
            own.writer = slot as u32;
        }
    }

    fn look(&mut self, object: &Object<'_, '_>) {
        for slot in (0..object.len()).filter(|slot| self.is_outside[*slot] && object.is_ok(*slot)) {
            let version = &mut self.all[self.of[slot] as usize];
            let is_own = version.writer != NONE && object.row(version.writer as usize) == object.row(slot);
            version.is_seen |= !is_own;
        }
    }
}
