//! Short texts and pairs that were looked up a moment ago. Names of functions, keywords of micro-operations and nodes come again
//! and again; comparing one word is cheaper than hashing a text and following the table to it.

use super::ValueId;
use super::build::TextKind;

/// Texts of at most eight bytes, each in the one place that its bytes give it.
#[derive(Clone)]
pub(super) struct Recent {
    places: [Place; PLACES],
}

const PLACES: usize = 64;

#[derive(Clone, Copy)]
struct Place {
    text: Short,
    id: ValueId,
}

/// All bytes of a short text, its length, and its kind: two are equal exactly if the texts and their kinds are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Short {
    word: u64,
    /// The length, from 1 to 8, and the kind above it; 0 in a place that is free.
    form: u32,
}

impl Default for Recent {
    fn default() -> Self {
        Recent { places: [Place { text: Short { word: 0, form: 0 }, id: ValueId::NIL }; PLACES] }
    }
}

impl Short {
    /// None if the text is empty or too long.
    #[inline]
    pub(super) fn of(kind: TextKind, text: &[u8]) -> Option<Short> {
        let word = match text {
            [first, .., last] if text.len() < 4 => {
                u64::from(*first) | u64::from(text[text.len() / 2]) << 8 | u64::from(*last) << 16
            }
            [only] => u64::from(*only),
            // The halves overlap if there are fewer than eight.
            _ if (4..=8).contains(&text.len()) => {
                let half = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap_or_default());
                u64::from(half(&text[..4])) | u64::from(half(&text[text.len() - 4..])) << 32
            }
            _ => return None,
        };
        Some(Short { word, form: text.len() as u32 | (kind as u32) << 8 })
    }

    #[inline]
    fn place(self) -> usize {
        ((self.word ^ u64::from(self.form)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58) as usize % PLACES
    }
}

impl Recent {
    #[inline]
    pub(super) fn get(&self, text: Short) -> Option<ValueId> {
        let place = self.places[text.place()];
        (place.text == text).then_some(place.id)
    }

    #[inline]
    pub(super) fn put(&mut self, text: Short, id: ValueId) {
        self.places[text.place()] = Place { text, id };
    }
}

/// Vectors of two that were looked up a moment ago, such as a key with a value, each in the one place that its elements
/// give it.
#[derive(Clone, Default)]
pub(super) struct RecentPairs {
    /// Elements and names; none before the first is put here.
    places: Vec<([ValueId; 2], ValueId)>,
}

const PAIR_BITS: u32 = 12;

impl RecentPairs {
    #[inline]
    pub(super) fn get(&self, pair: [ValueId; 2]) -> Option<ValueId> {
        let (own, id) = *self.places.get(RecentPairs::place(pair))?;
        (own == pair).then_some(id)
    }

    #[inline]
    pub(super) fn put(&mut self, pair: [ValueId; 2], id: ValueId) {
        if self.places.is_empty() {
            self.places = vec![([ValueId::ABSENT; 2], ValueId::NIL); 1 << PAIR_BITS];
        }
        self.places[RecentPairs::place(pair)] = (pair, id);
    }

    #[inline]
    fn place([one, other]: [ValueId; 2]) -> usize {
        let word = u64::from(one.0) << 32 | u64::from(other.0);
        (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - PAIR_BITS)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn different_texts_and_kinds_are_never_taken_for_each_other() {
        let mut seen = HashMap::new();
        let letters = [0_u8, b'a', b'b'];
        for length in 1..=8_u32 {
            for number in 0..3_usize.pow(length) {
                let text: Vec<u8> = (0..length).map(|at| letters[number / 3_usize.pow(at) % 3]).collect();
                for kind in [TextKind::String, TextKind::Keyword] {
                    let short = Short::of(kind, &text).expect("it is short");
                    let before = seen.insert((short.word, short.form), (text.clone(), kind));
                    assert_eq!(before, None, "{text:?}");
                }
            }
        }
        assert!(Short::of(TextKind::String, b"").is_none());
        assert!(Short::of(TextKind::String, b"123456789").is_none());
    }

    #[test]
    fn a_pair_is_recalled_until_another_takes_its_place() {
        let mut pairs = RecentPairs::default();
        let pair = |number: u32| [ValueId(number / 100), ValueId(number % 100)];
        assert_eq!(pairs.get(pair(0)), None);
        for number in 0..10_000 {
            pairs.put(pair(number), ValueId(number));
            assert_eq!(pairs.get(pair(number)), Some(ValueId(number)));
            assert!(pairs.get(pair(number / 2)).is_none_or(|id| id == ValueId(number / 2)));
        }
    }
}
