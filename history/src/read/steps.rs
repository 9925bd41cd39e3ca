//! Transactions as machines write them, `[[:r 1 nil] [:append 2 3] [:r 4 [5 6]]]`, without a detour by the arena.
//!
//! What is written in any other way - other words between the brackets, other blanks, keys that are no small integers -
//! is left to the reader of forms, which knows everything. So this one only has to be right about what it takes.

use super::cursor::{Cursor, digits, spread};
use crate::read::TransactionsOf;
use crate::value::{Build, Leaf, Room, TextKind, ValueId, Values, head, is_name};

/// How a language writes transactions.
pub(super) trait Dialect {
    /// What stands between elements.
    const SEPARATOR: u8;
    /// True if a blank may follow it.
    const BLANK_AFTER: bool;
    /// What stands before a name.
    const BEFORE_NAME: u8;
    /// What stands after it.
    const AFTER_NAME: u8;
    /// Nothing.
    const NIL: [u8; 4];
    /// How much of that counts.
    const NIL_LENGTH: usize;
}

/// `[[:r 1 nil] [:append 2 3]]`
pub(super) struct OfEdn;

impl Dialect for OfEdn {
    const SEPARATOR: u8 = b' ';
    const BLANK_AFTER: bool = false;
    const BEFORE_NAME: u8 = b':';
    const AFTER_NAME: u8 = b' ';
    const NIL: [u8; 4] = *b"nil]";
    const NIL_LENGTH: usize = 3;
}

/// `[["r",1,null],["append",2,3]]`
pub(super) struct OfJson;

impl Dialect for OfJson {
    const SEPARATOR: u8 = b',';
    const BLANK_AFTER: bool = true;
    const BEFORE_NAME: u8 = b'"';
    const AFTER_NAME: u8 = b'"';
    const NIL: [u8; 4] = *b"null";
    const NIL_LENGTH: usize = 4;
}

/// A reader of transactions. It remembers the names of steps.
#[derive(Clone)]
pub(super) struct Steps {
    of: TransactionsOf,
    known: [Known; 4],
    /// Which of them is forgotten next.
    oldest: usize,
    /// The steps of the transaction that is being read.
    names: Vec<ValueId>,
}

/// The name of a step.
#[derive(Clone, Copy)]
struct Known {
    /// Its bytes; 0 if there is none.
    text: u64,
    id: ValueId,
    is_read: bool,
}

/// Why a transaction was not read.
enum Left {
    /// It is written in another way.
    Other,
    /// There is no room for it on the page.
    Full,
    /// It has a step whose name, of so many bytes at that place, was not met before.
    Word(usize, usize),
}

/// What is found so far.
struct Progress<'b, 't> {
    bytes: &'b [u8],
    at: usize,
    room: Room<'t>,
    /// Words that are taken.
    taken: usize,
}

impl Steps {
    pub(super) fn new(of: TransactionsOf) -> Steps {
        Steps { of, known: [Known { text: 0, id: ValueId::NIL, is_read: false }; 4], oldest: 0, names: Vec::new() }
    }

    /// Reads a transaction that begins here, and steps over it. None, and nothing is stepped over, if it is written in
    /// a way that is not known here.
    #[inline]
    pub(super) fn read<D: Dialect>(&mut self, cursor: &mut Cursor<'_>, values: &mut Values) -> Option<ValueId> {
        if cursor.bytes.get(cursor.at..cursor.at + 2) != Some(b"[[") {
            return None;
        }
        loop {
            let room = values.tape().room()?;
            let mut progress = Progress { bytes: cursor.bytes, at: cursor.at + 1, room, taken: 0 };
            match self.transaction::<D>(&mut progress) {
                Ok(id) => {
                    let Progress { at, taken, .. } = progress;
                    cursor.at = at;
                    values.tape().keep(taken);
                    return Some(id);
                }
                Err(Left::Other) => return None,
                Err(Left::Full) => values.tape().next_page()?,
                Err(Left::Word(at, length)) => self.learn(&cursor.bytes[at..at + length], values)?,
            }
        }
    }

    /// None if it cannot be the name of a step in every language.
    #[cold]
    fn learn(&mut self, name: &[u8], values: &mut Values) -> Option<()> {
        if !is_name(name) || !name.is_ascii() {
            return None;
        }
        let mut bytes = [0; 8];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        let id = values.leaf(Leaf::Text(TextKind::Keyword, name));
        values.tape().note(id);
        let is_read = matches!(name, b"r" | b"read");
        self.known[self.oldest] = Known { text: u64::from_le_bytes(bytes), id, is_read };
        self.oldest = (self.oldest + 1) % self.known.len();
        Some(())
    }

    /// Reads steps up to the end of the transaction.
    #[inline]
    fn transaction<D: Dialect>(&mut self, progress: &mut Progress<'_, '_>) -> Result<ValueId, Left> {
        self.names.clear();
        loop {
            let step = self.step::<D>(progress)?;
            self.names.push(step);
            match progress.next()? {
                b']' => break,
                byte if byte == D::SEPARATOR => progress.blank::<D>(),
                _ => return Err(Left::Other),
            }
        }
        progress.vector(&self.names)
    }

    #[inline]
    fn step<D: Dialect>(&self, progress: &mut Progress<'_, '_>) -> Result<ValueId, Left> {
        if progress.next()? != b'[' || progress.next()? != D::BEFORE_NAME {
            return Err(Left::Other);
        }
        let known = self.name::<D>(progress)?;
        progress.separator::<D>()?;
        let (key, after) = progress.integer()?;
        if after != D::SEPARATOR {
            return Err(Left::Other);
        }
        progress.blank::<D>();
        let value = match progress.peek()? {
            b'[' if known.is_read && self.of == TransactionsOf::Lists => progress.list::<D>()?,
            b'n' => progress.nil::<D>()?,
            _ => {
                let (value, after) = progress.integer()?;
                progress.at -= 1;
                if after != b']' {
                    return Err(Left::Other);
                }
                value
            }
        };
        if progress.next()? != b']' {
            return Err(Left::Other);
        }
        progress.vector(&[known.id, key, value])
    }

    /// Reads the name of a step, and what stands after it if that belongs to it.
    #[inline]
    fn name<D: Dialect>(&self, progress: &mut Progress<'_, '_>) -> Result<Known, Left> {
        let word = progress.word()?;
        let ends = zeros(word ^ spread(D::AFTER_NAME));
        let length = (ends.trailing_zeros() / 8) as usize;
        if length == 0 || length == 8 {
            return Err(Left::Other);
        }
        let text = word & ((1 << (8 * length)) - 1);
        let found = self.known.iter().find(|known| known.text == text);
        let Some(known) = found else { return Err(Left::Word(progress.at, length)) };
        progress.at += length + usize::from(D::AFTER_NAME != D::SEPARATOR);
        Ok(*known)
    }
}

impl Progress<'_, '_> {
    #[inline]
    fn peek(&self) -> Result<u8, Left> {
        self.bytes.get(self.at).copied().ok_or(Left::Other)
    }

    #[inline]
    fn next(&mut self) -> Result<u8, Left> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    /// The next eight bytes, the first in the lowest place. The last few of a text are left to others.
    #[inline]
    fn word(&self) -> Result<u64, Left> {
        let bytes = self.bytes.get(self.at..self.at + 8).and_then(|bytes| bytes.first_chunk());
        bytes.map(|bytes| u64::from_le_bytes(*bytes)).ok_or(Left::Other)
    }

    #[inline]
    fn separator<D: Dialect>(&mut self) -> Result<(), Left> {
        if self.next()? != D::SEPARATOR {
            return Err(Left::Other);
        }
        self.blank::<D>();
        Ok(())
    }

    #[inline]
    fn blank<D: Dialect>(&mut self) {
        if D::BLANK_AFTER && self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    #[inline]
    fn nil<D: Dialect>(&mut self) -> Result<ValueId, Left> {
        if self.bytes.get(self.at..self.at + D::NIL_LENGTH) != Some(&D::NIL[..D::NIL_LENGTH]) {
            return Err(Left::Other);
        }
        self.at += D::NIL_LENGTH;
        Ok(ValueId::NIL)
    }

    /// Reads an integer of up to seven digits, and the byte after it.
    #[inline]
    fn integer(&mut self) -> Result<(ValueId, u8), Left> {
        let word = self.word()?;
        let (number, length) = digits(word);
        let has_leading_zero = word as u8 == b'0' && length > 1;
        if length == 0 || length == 8 || has_leading_zero {
            return Err(Left::Other);
        }
        self.at += length + 1;
        Ok((ValueId::plain(number), (word >> (8 * length)) as u8))
    }

    /// Reads a list of integers; the present byte opens it.
    #[inline]
    fn list<D: Dialect>(&mut self) -> Result<ValueId, Left> {
        let start = self.taken;
        self.at += 1;
        let mut at = start + 1;
        if self.peek()? == b']' {
            self.at += 1;
        } else {
            loop {
                let (element, after) = self.integer()?;
                *self.room.words.get_mut(at).ok_or(Left::Full)? = element;
                at += 1;
                match after {
                    b']' => break,
                    after if after == D::SEPARATOR => self.blank::<D>(),
                    _ => return Err(Left::Other),
                }
            }
        }
        *self.room.words.get_mut(start).ok_or(Left::Full)? = head(at - start - 1);
        self.taken = at.next_multiple_of(2);
        Ok(self.room.name(start))
    }

    /// Puts down a vector of these elements.
    #[inline]
    fn vector(&mut self, elements: &[ValueId]) -> Result<ValueId, Left> {
        let words = self.room.words.get_mut(self.taken..).and_then(|words| words.get_mut(..=elements.len()));
        let [first, rest @ ..] = words.ok_or(Left::Full)? else { return Err(Left::Full) };
        *first = head(elements.len());
        rest.copy_from_slice(elements);
        let name = self.room.name(self.taken);
        self.taken = (self.taken + 1 + elements.len()).next_multiple_of(2);
        Ok(name)
    }
}

/// The upper bit of each byte that is zero; bytes above the first of them may be wrong.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(spread(1)) & !word & spread(0x80)
}
