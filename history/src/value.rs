//! What a file says in one place: a value of EDN or JSON, before a data type understands it.
//!
//! Values live in an arena, [`Values`], each different one once, so that two values of one arena are equal exactly if
//! their [`ValueId`]s are; transactions can be kept as they stand, see [`Values::same`]. Equality is what checkers need: integers of all widths are equal, a list is the vector of
//! its elements, sets and maps have no order; `1`, `1.0`, `"1"` and `:1` are four different values.

mod arena;
mod build;
mod edn_text;
mod json_text;
mod recent;
mod sameness;
mod table;
mod tape;
mod token;

pub(crate) use arena::Renaming;
pub use arena::Values;
pub(crate) use build::{Build, Leaf, Shape, Skip, TextKind};
pub use edn_text::EdnText;
pub use json_text::JsonText;
pub(crate) use json_text::decimal;
pub(crate) use tape::{Lane, Room, head};
pub(crate) use token::{is_blank, is_delimiter, is_name};

/// Names a value of one arena. Integers of up to 30 bits are their own name and take no room in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub(crate) u32);

/// The bit that marks an integer that is its own name.
const INLINE: u32 = 1 << 31;

/// Added to an integer so that what is stored is never negative.
const BIAS: i64 = 1 << 30;

impl ValueId {
    /// nil, null: of every arena.
    pub const NIL: ValueId = ValueId(0);
    /// false: of every arena.
    pub const FALSE: ValueId = ValueId(1);
    /// true: of every arena.
    pub const TRUE: ValueId = ValueId(2);
    /// No value at all, in columns that may lack one.
    pub(crate) const ABSENT: ValueId = ValueId(u32::MAX);

    /// The name of a small integer, the same in every arena; None past 30 bits.
    #[must_use]
    #[inline]
    pub fn small(integer: i64) -> Option<ValueId> {
        // One less than fits, because the last number is `ABSENT`.
        let fits = (-BIAS..BIAS - 1).contains(&integer);
        fits.then(|| ValueId((integer + BIAS) as u32 | INLINE))
    }

    /// The name of an integer that is surely small and not negative.
    #[inline]
    pub(crate) fn plain(integer: u32) -> ValueId {
        ValueId((integer + BIAS as u32) | INLINE)
    }

    /// The integer that is its own name.
    #[must_use]
    #[inline]
    pub fn as_small(self) -> Option<i64> {
        let inline = self.0 & INLINE != 0 && self != ValueId::ABSENT;
        inline.then(|| i64::from(self.0 & !INLINE) - BIAS)
    }

    /// True of [`ValueId::NIL`].
    #[must_use]
    #[inline]
    pub fn is_nil(self) -> bool {
        self == ValueId::NIL
    }

    /// None for what a column holds in place of a value.
    #[inline]
    pub(crate) fn present(self) -> Option<ValueId> {
        (self != ValueId::ABSENT).then_some(self)
    }
}

/// A value as it is looked at. Its parts are values of the same arena.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// nil, null.
    Nil,
    /// true or false.
    Bool(bool),
    /// An integer of up to 64 bits, whatever its width in the file.
    Int(i64),
    /// A larger integer, in decimal, without leading zeros.
    BigInt(&'a str),
    /// A reduced fraction, `1/3`.
    Ratio(&'a str),
    /// A floating point number; infinities and NaN too.
    Float(f64),
    /// An exact decimal fraction, as it was written, without its `M`.
    Decimal(&'a str),
    /// A string.
    String(&'a str),
    /// A keyword without its colon; its namespace, if it has one, stands before a slash.
    Keyword(&'a str),
    /// A symbol.
    Symbol(&'a str),
    /// One character.
    Char(char),
    /// A vector, list or array.
    Vector(&'a [ValueId]),
    /// A set, in no particular order, each element once.
    Set(&'a [ValueId]),
    /// A map in no particular order: key, value, key, value; each key once.
    Map(&'a [ValueId]),
    /// A tag, without its `#`, and what it stands before. A record is a tagged map.
    Tagged(&'a str, ValueId),
}

impl<'a> Value<'a> {
    /// The text of a string, keyword or symbol. JSON has only strings where EDN has keywords, so whoever compares
    /// names of functions compares these.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        match self {
            Value::String(text) | Value::Keyword(text) | Value::Symbol(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one of up to 64 bits.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        match self {
            Value::Int(integer) => Some(integer),
            _ => None,
        }
    }

    /// The elements of a vector or set; none of nil, which stands for a missing list.
    #[must_use]
    pub fn elements(self) -> Option<&'a [ValueId]> {
        match self {
            Value::Vector(elements) | Value::Set(elements) => Some(elements),
            Value::Nil => Some(&[]),
            _ => None,
        }
    }

    /// The key-value pairs of a map; those of the map in a record.
    pub fn entries(self, values: &'a Values) -> Option<impl ExactSizeIterator<Item = (ValueId, ValueId)> + 'a> {
        let map = if let Value::Tagged(_, form) = self { values.get(form) } else { self };
        match map {
            Value::Map(flat) => Some(flat.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_integers_are_their_own_name_up_to_the_edge() {
        for integer in [0, 1, -1, BIAS - 2, -BIAS] {
            let id = ValueId::small(integer).unwrap();
            assert_eq!(id.as_small(), Some(integer));
            assert!(id.present().is_some());
        }
        assert_eq!(ValueId::small(BIAS - 1), None);
        assert_eq!(ValueId::small(-BIAS - 1), None);
        assert_eq!(ValueId::ABSENT.as_small(), None);
        assert_eq!(ValueId::TRUE.as_small(), None);
    }
}
