//! A value as plain EDN: no tags, so that tools without readers for them can read it.

use super::{Value, ValueId, Values};
use std::fmt::{self, Write};

/// Writes a value as plain EDN. A tagged value is the map `{:gainsay/tag t, :gainsay/form f}`.
#[derive(Clone, Copy, Debug)]
pub struct EdnText<'a> {
    /// The arena of the value.
    pub values: &'a Values,
    /// The value.
    pub id: ValueId,
}

impl fmt::Display for EdnText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.values.get(self.id) {
            Value::Nil => f.write_str("nil"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Int(integer) => f.write_str(itoa::Buffer::new().format(integer)),
            Value::BigInt(digits) => write!(f, "{digits}N"),
            Value::Ratio(text) | Value::Symbol(text) => f.write_str(text),
            Value::Float(float) => write_float(float, f),
            Value::Decimal(text) => write!(f, "{text}M"),
            Value::String(text) => write_string(text, f),
            Value::Keyword(text) => write!(f, ":{text}"),
            Value::Char(character) => write_char(character, f),
            Value::Vector(elements) => self.sequence("[", elements, "]", f),
            Value::Set(elements) => self.sequence("#{", elements, "}", f),
            Value::Map(flat) => self.map(flat, f),
            Value::Tagged(tag, form) => {
                f.write_str("{:gainsay/tag ")?;
                write_string(tag, f)?;
                write!(f, ", :gainsay/form {}}}", self.of(form))
            }
        }
    }
}

impl<'a> EdnText<'a> {
    fn of(&self, id: ValueId) -> EdnText<'a> {
        EdnText { values: self.values, id }
    }

    fn sequence(&self, open: &str, elements: &[ValueId], close: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(open)?;
        for (position, element) in elements.iter().enumerate() {
            let separator = if position == 0 { "" } else { " " };
            write!(f, "{separator}{}", self.of(*element))?;
        }
        f.write_str(close)
    }

    fn map(&self, flat: &[ValueId], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (position, pair) in flat.chunks_exact(2).enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}{} {}", self.of(pair[0]), self.of(pair[1]))?;
        }
        f.write_char('}')
    }
}

fn write_float(float: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match float {
        _ if float.is_nan() => f.write_str("##NaN"),
        f64::INFINITY => f.write_str("##Inf"),
        f64::NEG_INFINITY => f.write_str("##-Inf"),
        _ => write!(f, "{float:?}"),
    }
}

fn write_string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            control if control < ' ' => write!(f, "\\u{:04x}", control as u32)?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

fn write_char(character: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match character {
        '\n' => f.write_str("\\newline"),
        ' ' => f.write_str("\\space"),
        '\t' => f.write_str("\\tab"),
        '\r' => f.write_str("\\return"),
        '\u{8}' => f.write_str("\\backspace"),
        '\u{c}' => f.write_str("\\formfeed"),
        control if control < ' ' || control == '\u{7f}' => write!(f, "\\u{:04x}", control as u32),
        other => write!(f, "\\{other}"),
    }
}
