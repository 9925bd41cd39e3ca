//! A value as JSON. What JSON has no word for is an object with one entry, `{"#edn":"text"}`.

use super::{EdnText, Value, ValueId, Values};
use std::fmt::{self, Write};

/// Writes a value as JSON, so that this crate reads the same value back: maps whose keys are all keywords, or all
/// integers, are objects; other keywords, sets, ratios and so on are EDN in an object of their own.
#[derive(Clone, Copy, Debug)]
pub struct JsonText<'a> {
    /// The arena of the value.
    pub values: &'a Values,
    /// The value.
    pub id: ValueId,
    /// True at the place of an operation's value, where `["append", 1, 2]` in an array is `[:append 1 2]`.
    pub operation: bool,
}

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.values.get(self.id) {
            Value::Nil => f.write_str("null"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Int(integer) => f.write_str(itoa::Buffer::new().format(integer)),
            Value::BigInt(digits) => f.write_str(digits),
            Value::Float(float) if float.is_finite() => write!(f, "{float:?}"),
            Value::String(text) => write_string(text, f),
            Value::Vector(elements) => self.vector(elements, f),
            Value::Map(flat) => match self.key_form(flat) {
                KeyForm::Neither => self.edn(f),
                KeyForm::Name | KeyForm::Integer => self.object(flat, f),
            },
            _ => self.edn(f),
        }
    }
}

/// How the keys of a map can stand in an object.
enum KeyForm {
    Name,
    Integer,
    Neither,
}

impl<'a> JsonText<'a> {
    fn of(&self, id: ValueId) -> JsonText<'a> {
        JsonText { values: self.values, id, operation: false }
    }

    fn edn(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{\"#edn\":")?;
        write_string(&EdnText { values: self.values, id: self.id }.to_string(), f)?;
        f.write_char('}')
    }

    /// What the first element of the first element is, where that decides how functions of micro-operations are read.
    fn first_of_first(&self, elements: &[ValueId]) -> Option<Value<'a>> {
        let Value::Vector(inner) = self.values.get(*elements.first()?) else { return None };
        Some(self.values.get(*inner.first()?))
    }

    fn vector(&self, elements: &[ValueId], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let functions = match self.first_of_first(elements).filter(|_| self.operation) {
            Some(Value::String(_)) => return self.edn(f),
            Some(Value::Keyword(_)) => true,
            _ => false,
        };
        f.write_char('[')?;
        for (position, element) in elements.iter().enumerate() {
            f.write_str(if position == 0 { "" } else { "," })?;
            match self.values.get(*element) {
                Value::Vector(inner) if functions => self.micro_operation(inner, f)?,
                _ => write!(f, "{}", self.of(*element))?,
            }
        }
        f.write_char(']')
    }

    fn micro_operation(&self, parts: &[ValueId], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (position, part) in parts.iter().enumerate() {
            f.write_str(if position == 0 { "" } else { "," })?;
            match self.values.get(*part) {
                Value::Keyword(name) if position == 0 => write_string(name, f)?,
                Value::String(text) if position == 0 && super::is_name(text.as_bytes()) => self.of(*part).edn(f)?,
                _ => write!(f, "{}", self.of(*part))?,
            }
        }
        f.write_char(']')
    }

    fn key_form(&self, flat: &[ValueId]) -> KeyForm {
        let keys = || flat.iter().step_by(2).map(|key| self.values.get(*key));
        let as_integer = |name: &str| decimal(name.as_bytes()).is_some();
        let all_look_like_integers = keys().all(|key| key.name().is_some_and(as_integer));
        if keys().all(|key| matches!(key, Value::Int(_))) {
            return KeyForm::Integer;
        }
        let readable = |key: Value<'_>| match key {
            Value::Keyword(name) => name != "#edn",
            Value::String(text) => !super::is_name(text.as_bytes()),
            _ => false,
        };
        if keys().all(readable) && !all_look_like_integers { KeyForm::Name } else { KeyForm::Neither }
    }

    fn object(&self, flat: &[ValueId], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (position, pair) in flat.chunks_exact(2).enumerate() {
            f.write_str(if position == 0 { "" } else { "," })?;
            match self.values.get(pair[0]) {
                Value::Int(integer) => write!(f, "\"{integer}\":")?,
                key => {
                    write_string(key.name().unwrap_or_default(), f)?;
                    f.write_char(':')?;
                }
            }
            write!(f, "{}", self.of(pair[1]))?;
        }
        f.write_char('}')
    }
}

/// The integer that a text is, if it is written as this crate would write it.
pub(crate) fn decimal(text: &[u8]) -> Option<i64> {
    if !(1..=20).contains(&text.len()) {
        return None;
    }
    let integer: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (itoa::Buffer::new().format(integer).as_bytes() == text).then_some(integer)
}

fn write_string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let quoted = serde_json::to_string(text).map_err(|_| fmt::Error)?;
    f.write_str(&quoted)
}
