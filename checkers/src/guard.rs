//! What stands between the checkers of one run: the worst word wins, and the panic of one costs the others nothing.

use crate::{Verdict, Word};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The worst of several words: invalid over unknown over valid. Valid if there is none.
#[must_use]
pub fn merge(words: impl Iterator<Item = Word>) -> Word {
    words.max().unwrap_or(Word::Valid)
}

/// Runs one check. If it panics, which is a bug of ours, the verdict is unknown and says so: a broken checker must
/// neither acquit nor take the verdicts of the others with it.
#[must_use]
pub fn guarded(check: impl FnOnce() -> Verdict) -> Verdict {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "nothing".to_owned());
        Verdict::Unknown {
            reason: format!("the checker itself failed, which is a bug of gainsay; it said: {said}"),
            evidence: Vec::new(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_word_wins() {
        assert_eq!(merge([Word::Valid, Word::Invalid, Word::Unknown].into_iter()), Word::Invalid);
        assert_eq!(merge([Word::Unknown, Word::Valid].into_iter()), Word::Unknown);
        assert_eq!(merge(std::iter::empty()), Word::Valid);
    }

    #[test]
    fn a_panic_becomes_unknown_and_keeps_its_words() {
        let number = 3;
        let verdict = guarded(|| panic!("index {number} is out of bounds"));
        let Verdict::Unknown { reason, .. } = verdict else { panic!("not unknown") };
        assert!(reason.ends_with("it said: index 3 is out of bounds"), "{reason}");
    }
}
