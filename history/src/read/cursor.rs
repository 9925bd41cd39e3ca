//! A place in a text, and what is found there.

use crate::HistoryError;

/// The deepest nesting that is read: deeper text is an attack or a mistake, and recursion must end before the stack.
pub(super) const DEEPEST: u32 = 512;

/// What is wrong, and at which byte; lines are counted only when somebody is told.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) expected: String,
}

impl Fault {
    /// Says where in `bytes` this is.
    pub(super) fn locate(&self, bytes: &[u8]) -> HistoryError {
        let before = &bytes[..self.at.min(bytes.len())];
        HistoryError {
            line: 1 + newlines(before) as usize,
            column: 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count(),
            expected: self.expected.clone(),
        }
    }
}

/// How many lines end in `bytes`.
pub(super) fn newlines(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u32
}

/// How much of a list was stepped over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Nothing.
    None,
    /// Elements and the separator after each.
    Some,
    /// All of it, and what closes it.
    All,
}

/// What ten is to the power of the digits of a word.
const POWERS: [i64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The number that the digits at the beginning of eight bytes are, and how many there are; leading zeros count. All
/// bytes are looked at side by side, because the length of a number is what a processor cannot guess.
#[inline]
pub(super) fn digits(word: u64) -> (u32, usize) {
    // A digit becomes 0 to 9; any other byte has a bit among its upper four, or gets one by adding 6. What that carries
    // into the bytes after it does not matter.
    let digits = word ^ spread(b'0');
    let others = (digits | digits.wrapping_add(spread(6))) & spread(0xF0);
    let length = others.trailing_zeros() as usize / 8;
    if length == 0 {
        return (0, 0);
    }
    // Zeros come in front; then pairs, fours and all eight are put together.
    let digits = digits << (64 - 8 * length);
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    let all = fours.wrapping_mul(10_000).wrapping_add(fours >> 32);
    (all as u32, length)
}

/// The same of a text of any length; a number of more than nine digits may be wrong.
fn digits_of(text: &[u8]) -> (u32, usize) {
    let digits = text.iter().map(|byte| u32::from(byte.wrapping_sub(b'0'))).take_while(|digit| *digit < 10);
    digits.fold((0, 0), |(number, length), digit| (number.wrapping_mul(10).wrapping_add(digit), length + 1))
}

/// The same byte eight times.
pub(super) const fn spread(byte: u8) -> u64 {
    byte as u64 * 0x0101_0101_0101_0101
}

/// A place in a text.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// How many lines ended since the cursor was made.
    pub(super) line: u32,
    /// Where the present line begins.
    pub(super) line_start: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        let line_start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        Cursor { bytes, at, line: 0, line_start }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(super) fn peek_after(&self, distance: usize) -> Option<u8> {
        self.bytes.get(self.at + distance).copied()
    }

    /// Steps over `byte` if it is next.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Notes that the byte just stepped over ends a line.
    #[inline]
    pub(super) fn line_ended(&mut self) {
        self.line += 1;
        self.line_start = self.at;
    }

    /// Notes the line ends within a range that was stepped over.
    pub(super) fn lines_ended_since(&mut self, start: usize) {
        let stepped = &self.bytes[start..self.at];
        if let Some(last) = stepped.iter().rposition(|byte| *byte == b'\n') {
            self.line += newlines(stepped);
            self.line_start = start + last + 1;
        }
    }

    /// The next eight bytes, the first in the lowest place; None of the last few of a text.
    #[inline]
    pub(super) fn word(&self, at: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at + 8)?.first_chunk()?;
        Some(u64::from_le_bytes(*bytes))
    }

    /// Steps over decimal digits, at most 18, which always fit. None if there is none, or more may follow.
    #[inline]
    pub(super) fn small_integer(&mut self) -> Option<i64> {
        let Some(word) = self.word(self.at) else { return self.any_small_integer() };
        let (head, length) = digits(word);
        let has_leading_zero = word as u8 == b'0' && length > 1;
        if (1..8).contains(&length) && !has_leading_zero {
            self.at += length;
            return Some(i64::from(head));
        }
        if let Some(more) = self.word(self.at + 8).filter(|_| length == 8 && !has_leading_zero) {
            let (tail, length) = digits(more);
            if length < 8 {
                self.at += 8 + length;
                return Some(i64::from(head) * POWERS[length] + i64::from(tail));
            }
        }
        self.any_small_integer()
    }

    fn any_small_integer(&mut self) -> Option<i64> {
        let mut at = self.at;
        let negative = self.bytes.get(at) == Some(&b'-');
        at += usize::from(negative);
        let start = at;
        let mut magnitude = 0_i64;
        while let Some(digit) = self.bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            if at - start == 18 {
                return None;
            }
            magnitude = magnitude * 10 + i64::from(digit);
            at += 1;
        }
        if at == start || (self.bytes[start] == b'0' && at > start + 1) {
            return None;
        }
        self.at = at;
        Some(if negative { -magnitude } else { magnitude })
    }

    /// Steps over the head of a list of integers, of at most nine digits and no sign each, as machines write it: with
    /// one `separator` after each, and perhaps one space. Hands them to `each`, and ends before the first element that
    /// is something else.
    #[inline]
    pub(super) fn plain_integers(&mut self, separator: u8, close: u8, mut each: impl FnMut(i64)) -> Head {
        let bytes = self.bytes;
        let mut head = Head::None;
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let (mut magnitude, mut length) = self.word(self.at).map(digits).unwrap_or_default();
            if length == 0 || length == 8 {
                (magnitude, length) = digits_of(rest);
            }
            let is_plain = length == 1 || ((2..10).contains(&length) && rest[0] != b'0');
            let after = rest.get(length).copied();
            if !is_plain || (after != Some(separator) && after != Some(close)) {
                return head;
            }
            each(i64::from(magnitude));
            self.at += length + 1;
            if after == Some(close) {
                return Head::All;
            }
            self.at += usize::from(rest.get(length + 1) == Some(&b' '));
            head = Head::Some;
        }
    }

    /// A complaint about what is here.
    #[cold]
    pub(super) fn expected<T>(&self, what: &str) -> Result<T, Fault> {
        self.expected_at(self.at, what)
    }

    /// A complaint about what is at a place that was already stepped over.
    #[cold]
    pub(super) fn expected_at<T>(&self, at: usize, what: &str) -> Result<T, Fault> {
        Err(Fault { at, expected: format!("{what}, not {}", self.found(at)) })
    }

    /// What stands at a place, for people.
    fn found(&self, at: usize) -> String {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let text = String::from_utf8_lossy(&rest[..rest.len().min(80)]);
        let shown: String = text.chars().take_while(|c| !c.is_control()).take(20).collect();
        match (rest.first(), shown.is_empty()) {
            (None, _) => "the end of the file".to_owned(),
            (Some(b'\n' | b'\r'), _) => "the end of the line".to_owned(),
            (Some(byte), true) => format!("the byte {byte}"),
            _ => format!("`{}`", shown.trim_end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_length_are_read_as_one_digit_after_another() {
        for number in ["0", "7", "-7", "00", "01", "12345678", "123456789", "1234567890123456", "999999999999999999"] {
            for end in ["", " ", "]", ", :f :txn, :value nil}", "\u{f0}x", "/", ":", "N"] {
                let text = format!("{number}{end}");
                let (mut fast, mut slow) = (Cursor::new(text.as_bytes(), 0), Cursor::new(text.as_bytes(), 0));
                assert_eq!(fast.small_integer(), slow.any_small_integer(), "{text}");
                assert_eq!(fast.at, slow.at, "{text}");
            }
        }
    }

    #[test]
    fn any_eight_bytes_begin_with_as_many_digits_as_are_there() {
        let bytes = [b'0', b'9', b'5', b'/', b':', b' ', 0x00, 0x3A, 0xB5, 0xFF, 0xCF];
        let mut seed = 1_u64;
        for _ in 0..100_000 {
            let word: [u8; 8] = std::array::from_fn(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                bytes[(seed >> 33) as usize % if seed >> 63 == 0 { 3 } else { bytes.len() }]
            });
            assert_eq!(digits(u64::from_le_bytes(word)), digits_of(&word), "{word:?}");
        }
    }
}
