//! What was found in one file, as lines for a terminal.

use crate::file_page::JudgedFile;
use crate::summary::unknown_reason;
use crate::witness_lines::{Lines, witness_lines};
use crate::words::{clean, counted};
use checkers::Word;

/// Most violations that are told.
const TOLD: usize = 3;
/// Lines that a reason, note or list of facts may take.
const LINES: usize = 8;

impl JudgedFile {
    /// Lines of at most `width` columns (40 at least) but for the first, which begins with the path; without line ends,
    /// colours and control characters.
    #[must_use]
    pub fn lines(&self, width: usize) -> Vec<String> {
        let mut lines = Lines::new(width);
        lines.lines.push(format!("{}: {}", clean(&self.path), self.word()));
        let checks = || self.told.iter().map(|told| &told.check);
        for check in checks().filter(|check| check.verdict.word() == Word::Unknown) {
            let reason = unknown_reason(&check.verdict).unwrap_or_default();
            lines.say(2, "", &format!("{}: {reason}", check.name), LINES);
        }
        for finding in self.findings().take(TOLD) {
            lines.lines.extend(witness_lines(finding, width));
            lines.blank();
        }
        let all = self.findings().count();
        if all > TOLD {
            let more = counted(all - TOLD, "more violation");
            lines.say(2, "", &format!("{more}: --report draws them, --output json has all"), LINES);
        }
        self.notes.iter().for_each(|note| lines.say(2, "note: ", note, LINES));
        for check in checks() {
            let facts: Vec<String> =
                check.verdict.evidence().iter().map(|(name, value)| format!("{name}: {value}")).collect();
            lines.say(2, "seen: ", &facts.join("; "), LINES);
        }
        lines.lines
    }
}
