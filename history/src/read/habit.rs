//! What the fields of the last events were called. A recorder writes them in the same order every time, so one
//! comparison of sixteen bytes finds most of them. Guessing wrong costs that comparison and nothing else.

use super::event::Field;

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
        let mut bytes = [0; 16];
        let (Some(habit), Some(start)) = (self.places.get_mut(place), bytes.get_mut(..text.len())) else { return };
        start.copy_from_slice(text);
        let mask = u128::MAX.checked_shr(128 - 8 * text.len() as u32).unwrap_or_default();
        *habit = Habit { text: u128::from_le_bytes(bytes), mask, length: text.len(), field };
    }
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
}
