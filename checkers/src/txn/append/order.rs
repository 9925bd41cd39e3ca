//! The order of the versions of one list, as far as reads agree on it.

use super::writers::{NOBODY, Writers};
use crate::txn::object::Object;
use history::{CallOutcome, ValueId};

/// Where a step stands that is not on the spine: an append that nobody saw there, or a read that leaves it or says
/// nothing.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What is reused from one object to the next.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) writers: Writers,
    appends: Vec<u32>,
}

/// What is known of an append besides its place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// Its transaction appends to the list again.
    pub(super) is_intermediate: bool,
    /// The same element is appended elsewhere, so nobody can tell who is who.
    pub(super) is_ambiguous: bool,
    /// A read that leaves the spine holds it.
    pub(super) is_in_branch: bool,
}

/// The versions of one list.
pub(super) struct Order<'a> {
    /// The longest list that an ok transaction read.
    pub(super) spine: &'a [ValueId],
    /// The read that it is of; meaningless if the spine is empty.
    pub(super) longest: usize,
    /// By slot: what a read found; empty for appends.
    pub(super) lists: Vec<&'a [ValueId]>,
    /// Appends that may have happened and that no ok read found: they come after the spine, if that is whole.
    pub(super) unseen: Vec<usize>,
    /// By slot: the length of a read that is a beginning of the spine; the position of an append on the spine.
    pub(super) at: Vec<u32>,
    /// By slot.
    pub(super) marks: Vec<Marks>,
    /// By position on the spine: the slot that appended the element, or [`NOBODY`].
    pub(super) writer: Vec<u32>,
    /// Up to here every ok read agrees, and no element stands twice.
    pub(super) trusted: usize,
    /// Positions of elements that stand on the spine before, too.
    pub(super) repeats: Vec<usize>,
    /// Slots of ok reads that leave the spine.
    pub(super) branches: Vec<usize>,
    /// Reads off the spine, by slot, with the slot that appended the last element of each.
    pub(super) strays: Vec<(usize, u32)>,
    /// True if some element is appended twice.
    pub(super) has_ambiguous: bool,
}

impl<'a> Order<'a> {
    pub(super) fn of(object: &Object<'_, 'a>, scratch: &mut Scratch) -> Order<'a> {
        let lists: Vec<&[ValueId]> =
            (0..object.len()).map(|slot| if object.is_read(slot) { object.list(slot) } else { &[] }).collect();
        let (longest, spine) = longest(object, &lists);
        let mut order = Order {
            spine,
            longest,
            lists,
            unseen: Vec::new(),
            at: vec![NOWHERE; object.len()],
            marks: vec![Marks::default(); object.len()],
            writer: Vec::with_capacity(spine.len()),
            trusted: spine.len(),
            repeats: Vec::new(),
            branches: Vec::new(),
            strays: Vec::new(),
            has_ambiguous: false,
        };
        order.index(object, scratch);
        order.place_spine(&scratch.writers);
        order.place_reads(object, &scratch.writers);
        order.unseen = order.find_unseen(object, &scratch.appends);
        order
    }

    /// True if the spine is the whole order of what was read.
    pub(super) fn is_whole(&self) -> bool {
        self.trusted == self.spine.len()
    }

    /// The slot that appended the element at a position, if it is known and did not fail.
    pub(super) fn installer(&self, object: &Object<'_, '_>, position: usize) -> Option<usize> {
        let slot = *self.writer.get(position)?;
        (slot != NOBODY && self.installs(object, slot as usize)).then_some(slot as usize)
    }

    fn installs(&self, object: &Object<'_, '_>, append: usize) -> bool {
        !self.marks[append].is_ambiguous && !object.has_failed(append)
    }

    /// The append of the last element that a read found, if it is known and did not fail.
    pub(super) fn source(&self, object: &Object<'_, '_>, read: usize) -> Option<usize> {
        match self.at[read] {
            0 => None,
            NOWHERE => {
                let at = self.strays.binary_search_by_key(&read, |stray| stray.0).ok()?;
                let writer = self.strays[at].1 as usize;
                self.installs(object, writer).then_some(writer)
            }
            length => self.installer(object, length as usize - 1),
        }
    }

    fn find_unseen(&self, object: &Object<'_, '_>, appends: &[u32]) -> Vec<usize> {
        let is_unseen = |slot: &usize| {
            let marks = self.marks[*slot];
            let is_elsewhere = self.at[*slot] != NOWHERE || marks.is_in_branch;
            !is_elsewhere && !marks.is_ambiguous && !object.has_failed(*slot)
        };
        appends.iter().map(|slot| *slot as usize).filter(is_unseen).collect()
    }

    fn index(&mut self, object: &Object<'_, 'a>, scratch: &mut Scratch) {
        scratch.appends.clear();
        scratch.appends.extend((0..object.len() as u32).filter(|slot| !object.is_read(*slot as usize)));
        scratch.writers.prepare(object, &scratch.appends);
        let mut last: Option<usize> = None;
        for &slot in &scratch.appends {
            if let Some(before) = scratch.writers.put(object.value(slot as usize), slot) {
                self.marks[before as usize].is_ambiguous = true;
                self.marks[slot as usize].is_ambiguous = true;
                self.has_ambiguous = true;
            }
            if let Some(last) = last.filter(|last| object.row(*last) == object.row(slot as usize)) {
                self.marks[last].is_intermediate = true;
            }
            last = Some(slot as usize);
        }
    }

    fn place_spine(&mut self, writers: &Writers) {
        let mut strangers: Vec<ValueId> = Vec::new();
        for (position, element) in self.spine.iter().enumerate() {
            let is_repeated = match writers.get(*element) {
                Some(slot) => {
                    self.writer.push(slot);
                    let place = &mut self.at[slot as usize];
                    let is_repeated = *place != NOWHERE;
                    if !is_repeated {
                        *place = position as u32;
                    }
                    is_repeated
                }
                None => {
                    self.writer.push(NOBODY);
                    strangers.push(*element);
                    false
                }
            };
            if is_repeated {
                self.repeats.push(position);
            }
        }
        self.repeat_strangers(strangers);
        self.trusted = self.repeats.iter().copied().min().unwrap_or(self.trusted);
    }

    /// Elements that nobody appended can stand twice as well.
    fn repeat_strangers(&mut self, mut strangers: Vec<ValueId>) {
        strangers.sort_unstable();
        let repeated: Vec<ValueId> =
            strangers.chunk_by(|a, b| a == b).filter(|run| run.len() > 1).map(|run| run[0]).collect();
        for element in repeated {
            let places = self.spine.iter().enumerate().filter(|(_, own)| **own == element).skip(1);
            self.repeats.extend(places.map(|(position, _)| position));
        }
        self.repeats.sort_unstable();
    }

    fn place_reads(&mut self, object: &Object<'_, 'a>, writers: &Writers) {
        for slot in (0..object.len()).filter(|slot| object.is_read(*slot)) {
            let (list, outcome) = (self.lists[slot], object.outcome(slot));
            // Only an ok transaction says by an empty list that there was nothing.
            if outcome == CallOutcome::Fail || (outcome == CallOutcome::Info && list.is_empty()) {
                continue;
            }
            let shared = shared(list, self.spine);
            if shared == list.len() {
                self.at[slot] = shared as u32;
                continue;
            }
            if let Some(writer) = list.last().and_then(|last| writers.get(*last)) {
                self.strays.push((slot, writer));
            }
            if outcome == CallOutcome::Ok {
                self.trusted = self.trusted.min(shared);
                self.branches.push(slot);
                for element in list {
                    if let Some(writer) = writers.get(*element) {
                        self.marks[writer as usize].is_in_branch = true;
                    }
                }
            }
        }
    }
}

fn longest<'a>(object: &Object<'_, '_>, lists: &[&'a [ValueId]]) -> (usize, &'a [ValueId]) {
    let mut best: (usize, &[ValueId]) = (0, &[]);
    for (slot, list) in lists.iter().enumerate() {
        if list.len() > best.1.len() && object.is_ok(slot) {
            best = (slot, list);
        }
    }
    best
}

/// How many elements both begin with.
pub(super) fn shared(list: &[ValueId], spine: &[ValueId]) -> usize {
    const BLOCK: usize = 32;
    let mut from = 0;
    // Whole blocks are compared without a branch per element, so that the compiler can do many at once.
    for (ours, theirs) in list.chunks_exact(BLOCK).zip(spine.chunks_exact(BLOCK)) {
        if !ours.iter().zip(theirs).fold(true, |same, (x, y)| same & (x == y)) {
            break;
        }
        from += BLOCK;
    }
    from + list[from..].iter().zip(&spine[from..]).take_while(|(x, y)| x == y).count()
}
