//! Vectors that are kept as they stand in a file, one after another, without a look at whether they were there before.
//!
//! A vector is a word with its length and then its elements; its name is the place of the first. Words lie in pages, so
//! that several readers can fill pages of their own whose numbers never meet: a page number belongs to a reader by its
//! remainder, and names stay what they are when the pages of all readers are put together.

use super::ValueId;
use super::arena::Renaming;
use rayon::prelude::*;

/// The bit that marks the name of such a vector; that of an inline integer is above it.
const MARK: u32 = 1 << 30;

/// Words in a page, as a power of two.
const PAGE_BITS: u32 = 16;
const PAGE: usize = 1 << PAGE_BITS;

/// A name counts pairs of words.
const PAIRS: u32 = 1 << (PAGE_BITS - 1);

/// So many pages have a name.
const MOST_PAGES: usize = (MARK / PAIRS) as usize;

/// A page with less room than this is left as it is.
const LEAST_ROOM: usize = 1 << 10;

/// Which readers share the numbers of pages, and which of them this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) number: usize,
    pub(crate) of: usize,
}

/// Vectors one after another, in pages.
#[derive(Clone, Debug)]
pub(crate) struct Tape {
    /// By number; one that is not of this tape is empty.
    pages: Vec<Box<[ValueId]>>,
    lane: Lane,
    /// Words that are taken in the last page.
    used: usize,
    /// Every element that is neither nil, an inline integer nor another vector.
    others: Vec<ValueId>,
}

impl Default for Tape {
    fn default() -> Self {
        Tape::new(Lane { number: 0, of: 1 })
    }
}

/// Room for vectors, from which their names are counted.
pub(crate) struct Room<'t> {
    pub(crate) words: &'t mut [ValueId],
    start: u32,
}

impl Room<'_> {
    /// The name of the vector that begins at a word, which is even.
    #[inline]
    pub(crate) fn name(&self, at: usize) -> ValueId {
        ValueId(self.start + (at / 2) as u32)
    }
}

/// The first word of a vector.
#[inline]
pub(crate) fn head(length: usize) -> ValueId {
    ValueId(length as u32)
}

/// True of the names of such vectors.
#[inline]
pub(crate) fn is_on_tape(id: ValueId) -> bool {
    id.0 >> 30 == 1
}

impl Tape {
    pub(crate) fn new(lane: Lane) -> Tape {
        Tape { pages: Vec::new(), lane, used: PAGE, others: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// The elements of a vector.
    #[inline]
    pub(crate) fn get(&self, id: ValueId) -> &[ValueId] {
        let pair = id.0 & !MARK;
        let page = &self.pages[(pair / PAIRS) as usize];
        let rest = &page[(pair % PAIRS) as usize * 2..];
        &rest[1..][..rest[0].0 as usize]
    }

    /// What is left of the last page, or a new one if that is too little; None if pages have run out.
    #[inline]
    pub(crate) fn room(&mut self) -> Option<Room<'_>> {
        if self.used + LEAST_ROOM > PAGE {
            self.turn()?;
        }
        let number = self.pages.len() - 1;
        let start = MARK | (number as u32 * PAIRS + (self.used / 2) as u32);
        Some(Room { words: &mut self.pages[number][self.used..], start })
    }

    /// Begins a page, unless nothing is in the last one: what has no room there has none anywhere.
    pub(crate) fn next_page(&mut self) -> Option<()> {
        if self.used == 0 { None } else { self.turn() }
    }

    fn turn(&mut self) -> Option<()> {
        let number = match self.pages.len() {
            0 => self.lane.number,
            pages => pages - 1 + self.lane.of,
        };
        if number >= MOST_PAGES {
            return None;
        }
        self.pages.resize_with(number, Box::default);
        self.pages.push(vec![ValueId::NIL; PAGE].into_boxed_slice());
        self.used = 0;
        Some(())
    }

    /// Keeps the first words of the room that was given; they are even in number.
    #[inline]
    pub(crate) fn keep(&mut self, words: usize) {
        self.used += words;
    }

    /// Takes the pages of another lane. Nothing is added to either afterwards.
    pub(crate) fn take(&mut self, other: Tape) {
        if other.pages.len() > self.pages.len() {
            self.pages.resize_with(other.pages.len(), Box::default);
        }
        for (own, page) in self.pages.iter_mut().zip(other.pages) {
            if !page.is_empty() {
                *own = page;
            }
        }
        self.used = PAGE;
    }

    /// Notes that a value which is neither nil, an inline integer nor a vector of this tape will be an element.
    pub(crate) fn note(&mut self, other: ValueId) {
        self.others.push(other);
    }

    /// Calls the values of an arena what they are called in another.
    pub(crate) fn rename(&mut self, renaming: &Renaming) {
        if self.others.iter().all(|id| renaming.apply(*id) == *id) {
            return;
        }
        let last = self.pages.len().saturating_sub(1);
        self.pages.par_iter_mut().enumerate().for_each(|(number, page)| {
            let used = if number == last { self.used } else { page.len() };
            rename(page.get_mut(..used).unwrap_or_default(), renaming);
        });
    }
}

fn rename(mut words: &mut [ValueId], renaming: &Renaming) {
    while let [head, rest @ ..] = words {
        // What lies after the last vector of a page is zeros: vectors without elements.
        let length = head.0 as usize;
        let Some((elements, after)) = rest.split_at_mut_checked(length + (length + 1) % 2) else { return };
        elements.iter_mut().for_each(|id| *id = renaming.apply(*id));
        words = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(tape: &mut Tape, elements: &[ValueId]) -> ValueId {
        elements.iter().for_each(|element| tape.note(*element));
        let room = tape.room().expect("there is room");
        room.words[0] = head(elements.len());
        room.words[1..=elements.len()].copy_from_slice(elements);
        let name = room.name(0);
        tape.keep((elements.len() + 2) & !1);
        name
    }

    fn vectors(lane: u32) -> impl Iterator<Item = Vec<ValueId>> {
        (0..60_000).map(move |number| (0..number % 7).map(|at| ValueId(1 << 31 | (number * 8 + at + lane))).collect())
    }

    #[test]
    fn names_of_all_lanes_stay_what_they_are_when_pages_are_put_together() {
        let mut whole = Tape::new(Lane { number: 0, of: 3 });
        let mut expected: Vec<(ValueId, Vec<ValueId>)> = Vec::new();
        for number in 0..3 {
            let mut tape = Tape::new(Lane { number, of: 3 });
            for vector in vectors(number as u32) {
                expected.push((put(&mut tape, &vector), vector));
            }
            whole.take(tape);
        }
        for (name, vector) in expected {
            assert!(is_on_tape(name));
            assert_eq!(whole.get(name), vector);
        }
    }

    #[test]
    fn only_names_within_vectors_are_renamed() {
        let (mut tape, mut values, mut other) = (Tape::default(), crate::Values::default(), crate::Values::default());
        values.keyword("other");
        let [three, word] = [ValueId(3), other.keyword("word")];
        assert_eq!(three, word, "a head of three looks like this keyword");
        let name = put(&mut tape, &[word, ValueId::NIL, word]);
        let one = put(&mut tape, &[word]);
        tape.rename(&values.absorb(&other));
        let word = values.keyword("word");
        assert_eq!(tape.get(name), [word, ValueId::NIL, word]);
        assert_eq!(tape.get(one), [word]);
    }
}
