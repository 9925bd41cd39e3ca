//! Numbers and escapes that are too rare for the fast path.

use crate::value::{Leaf, TextKind};

/// A number of any kind.
#[derive(Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
    Text(TextKind, String),
}

impl Number {
    pub(super) fn leaf(&self) -> Leaf<'_> {
        match self {
            Number::Int(integer) => Leaf::Int(*integer),
            Number::Float(float) => Leaf::Float(*float),
            Number::Text(kind, text) => Leaf::Text(*kind, text.as_bytes()),
        }
    }
}

/// A number as JSON writes it.
pub(super) fn json(token: &[u8]) -> Option<Number> {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    let has_leading_zero = digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit();
    let is_whole = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if has_leading_zero || !digits.first().is_some_and(u8::is_ascii_digit) || token.last() == Some(&b'.') {
        return None;
    }
    if is_whole(digits) {
        return integer(token);
    }
    // Rust also reads `1.e5`, which is no JSON.
    let dot = digits.iter().position(|byte| *byte == b'.');
    if dot.is_some_and(|dot| !digits.get(dot + 1).is_some_and(u8::is_ascii_digit)) {
        return None;
    }
    std::str::from_utf8(token).ok()?.parse().ok().map(Number::Float)
}

/// A number as EDN and Clojure write it: `+1`, `1N`, `1/2`, `1.5M`, `0x1f`, `1e9`.
pub(super) fn edn(token: &[u8]) -> Option<Number> {
    if token.contains(&b'/') {
        return ratio(token);
    }
    let unsigned = token.strip_prefix(b"+").or(token.strip_prefix(b"-")).unwrap_or(token);
    if let Some(hex) = unsigned.strip_prefix(b"0x").or(unsigned.strip_prefix(b"0X")) {
        return hexadecimal(hex, token[0] == b'-');
    }
    let token = token.strip_prefix(b"+").unwrap_or(token);
    match token.split_last()? {
        (b'N', whole) => whole_number(whole),
        (b'M', decimal) => {
            let text = std::str::from_utf8(decimal).ok()?;
            is_decimal(decimal).then(|| Number::Text(TextKind::Decimal, text.to_owned()))
        }
        _ => whole_number(token).or_else(|| float(token)),
    }
}

fn whole_number(token: &[u8]) -> Option<Number> {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    let is_whole = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let has_leading_zero = digits.len() > 1 && digits[0] == b'0';
    if is_whole && !has_leading_zero { integer(token) } else { None }
}

/// Digits, perhaps with a sign in front.
fn integer(token: &[u8]) -> Option<Number> {
    let text = std::str::from_utf8(token).ok()?;
    let large = || Number::Text(TextKind::BigInt, text.to_owned());
    Some(text.parse().map_or_else(|_| large(), Number::Int))
}

/// Digits, perhaps a fraction, perhaps an exponent; at least one digit in each part that is there.
fn is_decimal(token: &[u8]) -> bool {
    let mut rest = token.strip_prefix(b"-").unwrap_or(token);
    let mut digits = |first: &[u8]| {
        rest = rest.strip_prefix(first).unwrap_or(rest);
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = &rest[length..];
        (length > 0, rest.first().copied())
    };
    let (mut is_good, mut next) = digits(b"");
    if next == Some(b'.') {
        // Clojure prints and reads `1.`, too.
        (_, next) = digits(b".");
    }
    if matches!(next, Some(b'e' | b'E')) {
        let first = if next == Some(b'e') { b"e" } else { b"E" };
        rest = rest.strip_prefix(first).unwrap_or(rest);
        rest = rest.strip_prefix(b"+").or(rest.strip_prefix(b"-")).unwrap_or(rest);
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = &rest[length..];
        is_good &= length > 0;
    }
    is_good && rest.is_empty()
}

fn float(token: &[u8]) -> Option<Number> {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    let has_leading_zero = digits[0] == b'0' && digits.get(1).is_some_and(u8::is_ascii_digit);
    if !is_decimal(token) || has_leading_zero {
        return None;
    }
    std::str::from_utf8(token).ok()?.parse().ok().map(Number::Float)
}

fn hexadecimal(digits: &[u8], negative: bool) -> Option<Number> {
    if digits.len() > 16 || digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
    let value = if negative { -magnitude } else { magnitude };
    integer(value.to_string().as_bytes())
}

/// A fraction, reduced; one that is whole is an integer. Those past 38 digits are kept as they are.
fn ratio(token: &[u8]) -> Option<Number> {
    let token = token.strip_prefix(b"+").unwrap_or(token);
    let (above, below) = std::str::from_utf8(token).ok()?.split_once('/')?;
    let digits = above.strip_prefix('-').unwrap_or(above);
    let is_whole = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_whole(digits) || !is_whole(below) || below.bytes().all(|byte| byte == b'0') {
        return None;
    }
    let (Ok(above), Ok(below)) = (above.parse::<i128>(), below.parse::<i128>()) else {
        return Some(Number::Text(TextKind::Ratio, format!("{above}/{below}")));
    };
    let divisor = greatest_common_divisor(above.unsigned_abs(), below.unsigned_abs()) as i128;
    match (above / divisor, below / divisor) {
        (whole, 1) => integer(whole.to_string().as_bytes()),
        (above, below) => Some(Number::Text(TextKind::Ratio, format!("{above}/{below}"))),
    }
}

fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}

/// Reads what follows `\u`: four hexadecimal digits, and the second half of a surrogate pair if it follows. Half a pair
/// is the replacement character.
pub(super) fn unicode_escape(bytes: &[u8], at: &mut usize) -> Option<char> {
    let first = four_digits(bytes, at)?;
    if (0xD800..0xDC00).contains(&first) && bytes[*at..].starts_with(b"\\u") {
        let mut after = *at + 2;
        if let Some(second) = four_digits(bytes, &mut after).filter(|unit| (0xDC00..0xE000).contains(unit)) {
            *at = after;
            return char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
        }
    }
    Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn four_digits(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let digits = bytes.get(*at..*at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    *at += 4;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_edn() {
        let text = |kind, text: &str| Some(Number::Text(kind, text.to_owned()));
        let table: &[(&str, Option<Number>)] = &[
            ("+1", Some(Number::Int(1))),
            ("-7N", Some(Number::Int(-7))),
            ("9223372036854775808", text(TextKind::BigInt, "9223372036854775808")),
            ("0x1F", Some(Number::Int(31))),
            ("4/6", text(TextKind::Ratio, "2/3")),
            ("-4/2", Some(Number::Int(-2))),
            ("1/0", None),
            ("1.50M", text(TextKind::Decimal, "1.50")),
            ("1e3", Some(Number::Float(1000.0))),
            ("1.5E-2", Some(Number::Float(0.015))),
            ("007", None),
            ("1x", None),
            ("1e", None),
        ];
        for (token, expected) in table {
            assert_eq!(&edn(token.as_bytes()), expected, "{token}");
        }
    }

    #[test]
    fn numbers_of_json() {
        for bad in ["01", "-", "1.", "1.e5", "1e", ".5", "+1", "--1", "1-2"] {
            assert_eq!(json(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(json(b"-1.5e3"), Some(Number::Float(-1500.0)));
    }
}
