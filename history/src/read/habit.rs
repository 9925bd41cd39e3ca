//! What the fields of the last events were called. A recorder writes them in the same order every time, so one
//! comparison of sixteen bytes finds most of them. Guessing wrong costs that comparison and nothing else.

use super::event::Field;
use crate::value::ValueId;

/// The names of fields by their place in the event, as they stand in the text.
pub(super) struct Habits {
    places: [Habit; PLACES],
}

/// Events of more fields with a column than this are rare.
const PLACES: usize = 8;

#[derive(Clone, Copy)]
struct Habit {
    text: u128,
    /// Ones where `text` counts; all zeros if nothing is known.
    mask: u128,
    length: usize,
    field: Field,
}

impl Habits {
    pub(super) fn new() -> Habits {
        Habits { places: [Habit { text: 0, mask: 0, length: 0, field: Field::Index }; PLACES] }
    }

    /// The field that `rest` begins with, and how long its name is with all that belongs to it, if it is the one that
    /// was last seen at that place.
    #[inline]
    pub(super) fn recall(&self, place: usize, rest: &[u8]) -> Option<(Field, usize)> {
        let habit = self.places.get(place)?;
        let text = u128::from_le_bytes(*rest.first_chunk()?);
        (habit.mask != 0 && text & habit.mask == habit.text).then_some((habit.field, habit.length))
    }

    /// Notes how a field is written. What is longer than sixteen bytes is not worth it.
    pub(super) fn note(&mut self, place: usize, text: &[u8], field: Field) {
        let (Some(habit), Some((text, mask))) = (self.places.get_mut(place), masked(text)) else { return };
        *habit = Habit { text, mask, length: mask.count_ones() as usize / 8, field };
    }
}

/// The last few words that stood in a place where there are few, such as functions, and what they are called in the
/// arena.
#[derive(Default)]
pub(super) struct Words {
    words: [Word; 4],
    /// Which of them is forgotten next.
    oldest: usize,
}

#[derive(Clone, Copy)]
struct Word {
    text: u128,
    /// Zero if there is none.
    mask: u128,
    length: usize,
    id: ValueId,
}

impl Default for Word {
    fn default() -> Self {
        Word { text: 0, mask: 0, length: 0, id: ValueId::NIL }
    }
}

impl Words {
    /// The word that `rest` begins with, and how long it is with all that belongs to it.
    #[inline]
    pub(super) fn recall(&self, rest: &[u8]) -> Option<(ValueId, usize)> {
        let text = u128::from_le_bytes(*rest.first_chunk()?);
        let found = self.words.iter().find(|word| word.mask != 0 && text & word.mask == word.text)?;
        Some((found.id, found.length))
    }

    /// Notes how a word is written, up to a byte that ends it whatever comes after.
    #[cold]
    pub(super) fn note(&mut self, text: &[u8], id: ValueId) {
        let Some((text, mask)) = masked(text) else { return };
        self.words[self.oldest] = Word { text, mask, length: mask.count_ones() as usize / 8, id };
        self.oldest = (self.oldest + 1) % self.words.len();
    }
}

/// At most sixteen bytes in one number, and ones where they are; None if there are more.
fn masked(text: &[u8]) -> Option<(u128, u128)> {
    let mut bytes = [0; 16];
    bytes.get_mut(..text.len())?.copy_from_slice(text);
    let mask = u128::MAX.checked_shr(128 - 8 * text.len() as u32).unwrap_or_default();
    Some((u128::from_le_bytes(bytes), mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_name_at_its_place_is_recalled() {
        let mut habits = Habits::new();
        assert_eq!(habits.recall(0, &[0; 16]), None);
        habits.note(0, b"\"f\":", Field::F);
        habits.note(1, b"\"0123456789abc\":", Field::Key);
        habits.note(2, b"\"0123456789abcd\":", Field::Key);
        habits.note(PLACES, b"\"f\":", Field::F);
        assert_eq!(habits.recall(0, b"\"f\":\"a\",\"value\":1"), Some((Field::F, 4)));
        assert_eq!(habits.recall(0, b"\"g\":\"a\",\"value\":1"), None);
        assert_eq!(habits.recall(0, b"\"f\":1}"), None, "sixteen bytes must be there");
        assert_eq!(habits.recall(1, b"\"0123456789abc\":"), Some((Field::Key, 16)));
        assert_eq!(habits.recall(2, b"\"0123456789abcd\":"), None);
        assert_eq!(habits.recall(PLACES, b"\"f\":\"a\",\"value\":1"), None);
    }

    #[test]
    fn only_whole_words_are_recalled_and_the_oldest_is_forgotten() {
        let mut words = Words::default();
        assert_eq!(words.recall(&[0; 16]), None);
        for (number, text) in [":a,", ":b,", ":read,", ":reads,", ":0123456789abcdef,"].iter().enumerate() {
            words.note(text.as_bytes(), ValueId(number as u32));
        }
        assert_eq!(words.recall(b":read, :value nil}"), Some((ValueId(2), 6)));
        assert_eq!(words.recall(b":reads, :value nil}"), Some((ValueId(3), 7)));
        assert_eq!(words.recall(b":rea, :value nil}.."), None);
        words.note(b":c,", ValueId(7));
        assert_eq!(words.recall(b":a, :value nil}...."), None);
        assert_eq!(words.recall(b":c, :value nil}...."), Some((ValueId(7), 3)));
    }
}
