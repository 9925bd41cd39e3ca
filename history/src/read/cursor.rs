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

    /// Steps over decimal digits, at most 18, which always fit. None if there is none, or more may follow.
    #[inline]
    pub(super) fn small_integer(&mut self) -> Option<i64> {
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
            let mut magnitude = 0_u32;
            let mut length = 0;
            while let Some(digit) = rest.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
                magnitude = magnitude.wrapping_mul(10).wrapping_add(u32::from(digit));
                length += 1;
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
