//! Forms of EDN, and of what Clojure prints although it is none: `#object[..]`, `#"regex"`, `#'var`, `^meta`.

use super::cursor::{Cursor, DEEPEST, Fault, Head};
use super::number;
use crate::value::{Build, Leaf, Shape, Skip, TextKind, is_blank, is_delimiter};

/// A parser of EDN forms.
pub(super) struct Edn<'a> {
    pub(super) cursor: Cursor<'a>,
    /// A string whose escapes are undone.
    scratch: Vec<u8>,
    /// How many forms are being discarded around the present one.
    discards: u32,
}

impl<'a> Edn<'a> {
    pub(super) fn new(cursor: Cursor<'a>) -> Self {
        Edn { cursor, scratch: Vec::new(), discards: 0 }
    }

    /// Steps over blanks, commas, comments, and forms that are discarded by `#_`.
    #[inline]
    pub(super) fn blanks(&mut self) -> Result<(), Fault> {
        while let Some(byte) = self.cursor.peek() {
            match byte {
                b'0'..=b':' => return Ok(()),
                b' ' | b',' => self.cursor.at += 1,
                b'\n' => {
                    self.cursor.at += 1;
                    self.cursor.line_ended();
                }
                byte if byte > b';' => return Ok(()),
                b';' => self.comment(),
                b'#' if self.cursor.peek_after(1) == Some(b'_') => self.discard()?,
                byte if is_blank(byte) => self.cursor.at += 1,
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn comment(&mut self) {
        let rest = &self.cursor.bytes[self.cursor.at..];
        self.cursor.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    }

    #[cold]
    fn discard(&mut self) -> Result<(), Fault> {
        self.discards += 1;
        if self.discards > DEEPEST {
            return self.too_deep();
        }
        self.cursor.at += 2;
        self.blanks()?;
        let depth = self.discards;
        self.form(&mut Skip, depth)?;
        self.discards -= 1;
        Ok(())
    }

    fn too_deep<T>(&self) -> Result<T, Fault> {
        self.cursor.expected(&format!("at most {DEEPEST} levels of nesting"))
    }

    /// Reads one form, which begins here.
    pub(super) fn form<B: Build>(&mut self, build: &mut B, depth: u32) -> Result<B::Node, Fault> {
        if depth + self.discards > DEEPEST {
            return self.too_deep();
        }
        match self.cursor.peek() {
            Some(b':') => self.keyword(build),
            Some(b'[') => self.sequence(build, b']', Shape::Vector, depth),
            Some(b'(') => self.sequence(build, b')', Shape::Vector, depth),
            Some(b'{') => self.map(build, Shape::Map, depth),
            Some(b'"') => self.string(build),
            Some(b'0'..=b'9') => self.number(build),
            Some(b'-' | b'+') if self.cursor.peek_after(1).is_some_and(|b| b.is_ascii_digit()) => self.number(build),
            Some(b'\\') => self.character(build),
            Some(b'#') => self.dispatch(build, depth),
            Some(b'^') => {
                self.cursor.at += 1;
                self.blanks()?;
                self.form(&mut Skip, depth + 1)?;
                self.blanks()?;
                self.form(build, depth + 1)
            }
            Some(byte) if !is_delimiter(byte) => Ok(self.symbol(build)),
            _ => self.cursor.expected("a form"),
        }
    }

    /// Steps over a token and returns it.
    #[inline]
    pub(super) fn token(&mut self) -> &'a [u8] {
        let bytes: &'a [u8] = self.cursor.bytes;
        let rest = &bytes[self.cursor.at..];
        let length = rest.iter().position(|byte| is_delimiter(*byte)).unwrap_or(rest.len());
        self.cursor.at += length;
        &rest[..length]
    }

    #[inline]
    fn keyword<B: Build>(&mut self, build: &mut B) -> Result<B::Node, Fault> {
        self.cursor.at += 1;
        let name = self.token();
        if name.is_empty() {
            return self.cursor.expected_at(self.cursor.at - 1, "a keyword");
        }
        Ok(build.leaf(Leaf::Text(TextKind::Keyword, name)))
    }

    fn symbol<B: Build>(&mut self, build: &mut B) -> B::Node {
        build.leaf(match self.token() {
            b"nil" => Leaf::Nil,
            b"true" => Leaf::Bool(true),
            b"false" => Leaf::Bool(false),
            name => Leaf::Text(TextKind::Symbol, name),
        })
    }

    fn sequence<B: Build>(&mut self, build: &mut B, close: u8, shape: Shape<'_>, depth: u32) -> Result<B::Node, Fault> {
        let (mark, start) = (build.mark(), self.cursor.at);
        self.cursor.at += 1;
        if depth + self.discards < DEEPEST {
            let each = |integer| {
                let node = build.leaf(Leaf::Int(integer));
                build.push(node);
            };
            if self.cursor.plain_integers(b' ', close, each) == Head::All {
                return Ok(build.close(mark, shape));
            }
        }
        loop {
            self.blanks()?;
            match self.cursor.peek() {
                Some(byte) if byte == close => break,
                None | Some(b')' | b']' | b'}') => return self.unclosed(start, close),
                _ => {
                    let node = self.form(build, depth + 1)?;
                    build.push(node);
                }
            }
        }
        self.cursor.at += 1;
        Ok(build.close(mark, shape))
    }

    #[cold]
    fn unclosed<T>(&self, start: usize, close: u8) -> Result<T, Fault> {
        let line = super::cursor::newlines(&self.cursor.bytes[..start]) + 1;
        self.cursor.expected(&format!("a form or `{}`, which line {line} leaves open", char::from(close)))
    }

    /// Reads a map or the map of a record; the cursor is on its brace.
    fn map<B: Build>(&mut self, build: &mut B, shape: Shape<'_>, depth: u32) -> Result<B::Node, Fault> {
        let (mark, start) = (build.mark(), self.cursor.at);
        self.cursor.at += 1;
        loop {
            self.blanks()?;
            match self.cursor.peek() {
                Some(b'}') => break,
                None | Some(b')' | b']') => return self.unclosed(start, b'}'),
                _ => {}
            }
            let key = self.form(build, depth + 1)?;
            build.push(key);
            self.blanks()?;
            if self.cursor.peek() == Some(b'}') {
                return self.cursor.expected("a value for the last key of the map");
            }
            let node = self.form(build, depth + 1)?;
            build.push(node);
        }
        self.cursor.at += 1;
        Ok(build.close(mark, shape))
    }

    #[inline]
    fn number<B: Build>(&mut self, build: &mut B) -> Result<B::Node, Fault> {
        let start = self.cursor.at;
        let integer = self.cursor.small_integer();
        if let Some(integer) = integer.filter(|_| self.cursor.peek().is_none_or(is_delimiter)) {
            return Ok(build.leaf(Leaf::Int(integer)));
        }
        self.cursor.at = start;
        match number::edn(self.token()) {
            Some(number) => Ok(build.leaf(number.leaf())),
            None => self.cursor.expected_at(start, "a number"),
        }
    }

    fn dispatch<B: Build>(&mut self, build: &mut B, depth: u32) -> Result<B::Node, Fault> {
        let start = self.cursor.at;
        self.cursor.at += 1;
        match self.cursor.peek() {
            Some(b'{') => self.sequence(build, b'}', Shape::Set, depth),
            Some(b'"') => {
                let mark = build.mark();
                let pattern = self.string_with(build, Escapes::Kept)?;
                build.push(pattern);
                Ok(build.close(mark, Shape::Tagged(b"regex")))
            }
            Some(b'#') => self.symbolic(build, start),
            Some(b':') => self.namespaced(build, depth),
            Some(b'\'') => {
                self.cursor.at = start;
                Ok(self.symbol(build))
            }
            Some(b'<') => self.unreadable(build),
            // `#^` is how metadata was once written.
            Some(b'^') => self.form(build, depth + 1),
            Some(byte) if byte.is_ascii_alphabetic() || byte >= 0x80 || b"_=.".contains(&byte) => {
                self.tagged(build, depth)
            }
            _ => self.cursor.expected_at(start, "a tag, a set or a discarded form after `#`"),
        }
    }

    fn tagged<B: Build>(&mut self, build: &mut B, depth: u32) -> Result<B::Node, Fault> {
        let tag = self.token();
        let mark = build.mark();
        self.blanks()?;
        let form = self.form(build, depth + 1)?;
        build.push(form);
        Ok(build.close(mark, Shape::Tagged(tag)))
    }

    fn symbolic<B: Build>(&mut self, build: &mut B, start: usize) -> Result<B::Node, Fault> {
        self.cursor.at += 1;
        let float = match self.token() {
            b"Inf" => f64::INFINITY,
            b"-Inf" => f64::NEG_INFINITY,
            b"NaN" => f64::NAN,
            _ => return self.cursor.expected_at(start, "one of ##Inf, ##-Inf and ##NaN"),
        };
        Ok(build.leaf(Leaf::Float(float)))
    }

    fn namespaced<B: Build>(&mut self, build: &mut B, depth: u32) -> Result<B::Node, Fault> {
        let start = self.cursor.at;
        self.cursor.at += 1;
        // `#::ns{}` is resolved by Clojure; here the second colon says nothing.
        self.cursor.eat(b':');
        let namespace = self.token();
        self.blanks()?;
        if namespace.is_empty() || self.cursor.peek() != Some(b'{') {
            return self.cursor.expected_at(start, "a namespace and a map after `#:`");
        }
        self.map(build, Shape::Namespaced(namespace), depth)
    }

    /// Reads `#<Object ...>`, which old versions of Clojure print.
    fn unreadable<B: Build>(&mut self, build: &mut B) -> Result<B::Node, Fault> {
        let bytes: &'a [u8] = self.cursor.bytes;
        let rest = &bytes[self.cursor.at + 1..];
        let line = &rest[..rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())];
        let Some(length) = line.iter().position(|byte| *byte == b'>') else {
            return self.cursor.expected("`>` on the same line");
        };
        self.cursor.at += length + 2;
        let mark = build.mark();
        let text = build.leaf(Leaf::Text(TextKind::String, &line[..length]));
        build.push(text);
        Ok(build.close(mark, Shape::Tagged(b"unreadable")))
    }

    fn character<B: Build>(&mut self, build: &mut B) -> Result<B::Node, Fault> {
        let start = self.cursor.at;
        self.cursor.at += 1;
        let Some(first) = self.cursor.peek() else {
            return self.cursor.expected("a character after `\\`");
        };
        // The first character may be a delimiter; the bytes that follow it in UTF-8 never are.
        self.cursor.at += 1;
        let rest = if is_delimiter(first) { &[] } else { self.token() };
        let bytes = &self.cursor.bytes[start + 1..start + 2 + rest.len()];
        let Some(character) = std::str::from_utf8(bytes).ok().and_then(named_character) else {
            return self.cursor.expected_at(start, "a character");
        };
        if first == b'\n' {
            self.cursor.line_ended();
        }
        Ok(build.leaf(Leaf::Text(TextKind::Char, character.encode_utf8(&mut [0; 4]).as_bytes())))
    }

    fn string<B: Build>(&mut self, build: &mut B) -> Result<B::Node, Fault> {
        self.string_with(build, Escapes::Undone)
    }

    /// Reads a string and keeps its text in the scratch buffer if it has escapes.
    fn string_with<B: Build>(&mut self, build: &mut B, escapes: Escapes) -> Result<B::Node, Fault> {
        let start = self.cursor.at;
        let mut end = start + 1;
        let mut is_plain = true;
        loop {
            match self.cursor.bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    is_plain = false;
                    end += 2;
                }
                Some(_) => end += 1,
                None => return self.cursor.expected_at(start, "a string that ends"),
            }
        }
        self.cursor.at = end + 1;
        self.cursor.lines_ended_since(start);
        let text = &self.cursor.bytes[start + 1..end];
        if is_plain || matches!(escapes, Escapes::Kept) {
            return Ok(build.leaf(Leaf::Text(TextKind::String, text)));
        }
        self.unescape(start + 1, end)?;
        Ok(build.leaf(Leaf::Text(TextKind::String, &self.scratch)))
    }

    fn unescape(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        self.scratch.clear();
        let mut at = start;
        while at < end {
            let byte = self.cursor.bytes[at];
            at += 1;
            if byte != b'\\' {
                self.scratch.push(byte);
                continue;
            }
            let (backslash, escape) = (at - 1, self.cursor.bytes.get(at).copied());
            at += 1;
            let character = match escape {
                Some(b'n') => Some('\n'),
                Some(b't') => Some('\t'),
                Some(b'r') => Some('\r'),
                Some(b'b') => Some('\u{8}'),
                Some(b'f') => Some('\u{c}'),
                Some(b'"') => Some('"'),
                Some(b'\\') => Some('\\'),
                Some(b'u') => number::unicode_escape(self.cursor.bytes, &mut at),
                Some(b'o') => octal(self.cursor.bytes, &mut at),
                Some(b'0'..=b'7') => {
                    at -= 1;
                    octal(self.cursor.bytes, &mut at)
                }
                _ => None,
            };
            let Some(character) = character.filter(|_| at <= end) else {
                return self.cursor.expected_at(backslash, "an escape: one of \\n \\t \\r \\b \\f \\\" \\\\ \\u \\o");
            };
            self.scratch.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }
}

/// What becomes of the escapes in a string.
#[derive(Clone, Copy)]
enum Escapes {
    Undone,
    /// In a regular expression they mean something to others.
    Kept,
}

/// One to three octal digits.
fn octal(bytes: &[u8], at: &mut usize) -> Option<char> {
    let rest = &bytes[*at..];
    let length = rest.iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    *at += length;
    let code = rest[..length].iter().fold(0, |code, digit| code * 8 + u32::from(digit - b'0'));
    char::from_u32(code).filter(|_| length > 0)
}

fn named_character(name: &str) -> Option<char> {
    let mut characters = name.chars();
    let first = characters.next()?;
    if characters.next().is_none() {
        return Some(first);
    }
    match name {
        "newline" => Some('\n'),
        "space" => Some(' '),
        "tab" => Some('\t'),
        "return" => Some('\r'),
        "backspace" => Some('\u{8}'),
        "formfeed" => Some('\u{c}'),
        _ => match name.as_bytes() {
            [b'u', digits @ ..] if digits.len() == 4 => number::unicode_escape(digits, &mut 0),
            [b'o', digits @ ..] if (1..=3).contains(&digits.len()) => {
                let mut at = 0;
                octal(digits, &mut at).filter(|_| at == digits.len())
            }
            _ => None,
        },
    }
}
