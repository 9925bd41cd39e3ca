//! Who appended an element: by position where elements are integers close together, by hash otherwise.

use crate::txn::object::Object;
use history::ValueId;
use rustc_hash::FxHashMap;

/// Nobody.
pub(super) const NOBODY: u32 = u32::MAX;

/// The slot that appended each element, the first if there are several.
#[derive(Default)]
pub(super) struct Writers {
    base: i64,
    dense: Vec<u32>,
    sparse: FxHashMap<ValueId, u32>,
}

impl Writers {
    /// Forgets all, and makes room for the elements of an object.
    pub(super) fn prepare(&mut self, object: &Object<'_, '_>, appends: &[u32]) {
        self.dense.clear();
        self.sparse.clear();
        let integers = || appends.iter().filter_map(|slot| object.value(*slot as usize).as_small());
        let (least, most) = (integers().min().unwrap_or(0), integers().max().unwrap_or(-1));
        let span = (most - least + 1) as usize;
        if span <= 4 * appends.len() + 64 {
            self.base = least;
            self.dense.resize(span, NOBODY);
        }
    }

    /// The slot that appended it; None if nobody did.
    pub(super) fn get(&self, element: ValueId) -> Option<u32> {
        match self.position(element) {
            Some(at) => Some(self.dense[at]).filter(|slot| *slot != NOBODY),
            None => self.sparse.get(&element).copied(),
        }
    }

    /// Notes a writer; the one that was there already, if there was.
    pub(super) fn put(&mut self, element: ValueId, slot: u32) -> Option<u32> {
        let before = self.get(element);
        if before.is_none() {
            match self.position(element) {
                Some(at) => self.dense[at] = slot,
                None => drop(self.sparse.insert(element, slot)),
            }
        }
        before
    }

    fn position(&self, element: ValueId) -> Option<usize> {
        let at = usize::try_from(element.as_small()?.checked_sub(self.base)?).ok()?;
        (at < self.dense.len()).then_some(at)
    }
}
