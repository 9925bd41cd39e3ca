//! Values in JSON, RFC 8259, plus the `NaN` and `Infinity` that Python writes.

use super::cursor::{Cursor, DEEPEST, Fault, Head};
use super::edn::Edn;
use super::number;
use crate::value::{Build, Leaf, Shape, TextKind};

/// A parser of JSON values.
pub(super) struct Json<'a> {
    pub(super) cursor: Cursor<'a>,
    /// A string whose escapes are undone.
    scratch: Vec<u8>,
}

/// A string: a range of the text, or in the scratch buffer if it has escapes.
enum Text {
    Plain(usize, usize),
    Unescaped,
}

impl<'a> Json<'a> {
    pub(super) fn new(cursor: Cursor<'a>) -> Self {
        Json { cursor, scratch: Vec::new() }
    }

    /// Steps over blanks.
    #[inline]
    pub(super) fn blanks(&mut self) {
        while let Some(byte) = self.cursor.peek() {
            match byte {
                b' ' | b'\t' | b'\r' => self.cursor.at += 1,
                b'\n' => {
                    self.cursor.at += 1;
                    self.cursor.line_ended();
                }
                _ => return,
            }
        }
    }

    /// Reads one value.
    pub(super) fn value<B: Build>(&mut self, build: &mut B, keys: Keys<B>, depth: u32) -> Result<B::Node, Fault> {
        if depth > DEEPEST {
            return self.cursor.expected(&format!("at most {DEEPEST} levels of nesting"));
        }
        match self.cursor.peek() {
            Some(b'"') => self.string(build, TextKind::String),
            Some(b'[') => self.array(build, keys, depth),
            Some(b'{') => self.object(build, keys, depth),
            Some(b'-' | b'0'..=b'9') => self.number(build),
            Some(b'n') => self.word("null", build, Leaf::Nil),
            Some(b't') => self.word("true", build, Leaf::Bool(true)),
            Some(b'f') => self.word("false", build, Leaf::Bool(false)),
            Some(b'N') => self.word("NaN", build, Leaf::Float(f64::NAN)),
            Some(b'I') => self.word("Infinity", build, Leaf::Float(f64::INFINITY)),
            _ => self.cursor.expected("a value"),
        }
    }

    /// Reads the value of an operation: in an array of arrays of which the first begins with a string, the first
    /// string of each is the name of a function.
    pub(super) fn operation<B: Build>(&mut self, build: &mut B, keys: Keys<B>) -> Result<B::Node, Fault> {
        if self.cursor.peek() != Some(b'[') || !self.holds_functions() {
            return self.value(build, keys, 1);
        }
        let mark = build.mark();
        self.cursor.at += 1;
        self.elements(build, b']', |json, build| match json.cursor.peek() {
            Some(b'[') => {
                let node = json.micro_operation(build, keys)?;
                build.push(node);
                Ok(())
            }
            _ => {
                let node = json.value(build, keys, 2)?;
                build.push(node);
                Ok(())
            }
        })?;
        Ok(build.close(mark, Shape::Vector))
    }

    fn holds_functions(&self) -> bool {
        if self.cursor.bytes[self.cursor.at..].starts_with(b"[[\"") {
            return true;
        }
        let mut marks = self.cursor.bytes[self.cursor.at..].iter().filter(|byte| !byte.is_ascii_whitespace());
        let next = [marks.next(), marks.next(), marks.next()];
        next == [Some(&b'['), Some(&b'['), Some(&b'"')]
    }

    fn micro_operation<B: Build>(&mut self, build: &mut B, keys: Keys<B>) -> Result<B::Node, Fault> {
        let mark = build.mark();
        self.cursor.at += 1;
        let mut is_first = true;
        self.elements(build, b']', |json, build| {
            let node = match json.cursor.peek() {
                Some(b'"') if is_first => json.string(build, TextKind::Keyword)?,
                _ => json.value(build, keys, 3)?,
            };
            is_first = false;
            build.push(node);
            Ok(())
        })?;
        Ok(build.close(mark, Shape::Vector))
    }

    /// Reads elements between commas up to and with `close`.
    pub(super) fn elements<B>(
        &mut self,
        build: &mut B,
        close: u8,
        element: impl FnMut(&mut Self, &mut B) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.blanks();
        if self.cursor.eat(close) {
            return Ok(());
        }
        self.more_elements(build, close, element)
    }

    /// Reads at least one element, and all after it, up to and with `close`.
    #[inline]
    fn more_elements<B>(
        &mut self,
        build: &mut B,
        close: u8,
        mut element: impl FnMut(&mut Self, &mut B) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        loop {
            element(self, build)?;
            self.blanks();
            match self.cursor.peek() {
                Some(b',') => self.cursor.at += 1,
                Some(byte) if byte == close => {
                    self.cursor.at += 1;
                    return Ok(());
                }
                _ => return self.cursor.expected(&format!("`,` or `{}`", char::from(close))),
            }
            self.blanks();
        }
    }

    fn array<B: Build>(&mut self, build: &mut B, keys: Keys<B>, depth: u32) -> Result<B::Node, Fault> {
        let mark = build.mark();
        self.cursor.at += 1;
        let element = |json: &mut Self, build: &mut B| {
            let node = json.value(build, keys, depth + 1)?;
            build.push(node);
            Ok(())
        };
        match self.integers(build, depth) {
            Head::None => self.elements(build, b']', element)?,
            Head::Some => {
                self.blanks();
                self.more_elements(build, b']', element)?;
            }
            Head::All => {}
        }
        Ok(build.close(mark, Shape::Vector))
    }

    /// Reads the integers that an array begins with.
    #[inline]
    fn integers<B: Build>(&mut self, build: &mut B, depth: u32) -> Head {
        if depth >= DEEPEST {
            return Head::None;
        }
        self.cursor.plain_integers(b',', b']', |integer| {
            let node = build.leaf(Leaf::Int(integer));
            build.push(node);
        })
    }

    fn object<B: Build>(&mut self, build: &mut B, keys: Keys<B>, depth: u32) -> Result<B::Node, Fault> {
        let (mark, start) = (build.mark(), self.cursor.at);
        self.cursor.at += 1;
        if let Some(node) = self.escaped_edn(build, depth)? {
            return Ok(node);
        }
        self.cursor.at = start + 1;
        self.elements(build, b'}', |json, build| {
            let key = json.key(build)?;
            build.push(key);
            let node = json.value(build, keys, depth + 1)?;
            build.push(node);
            Ok(())
        })?;
        keys(build, mark);
        Ok(build.close(mark, Shape::Map))
    }

    /// Reads the key of an entry, and its colon.
    fn key<B: Build>(&mut self, build: &mut B) -> Result<B::Node, Fault> {
        if self.cursor.peek() != Some(b'"') {
            return self.cursor.expected("a key in quotes");
        }
        let key = self.string(build, TextKind::Keyword)?;
        self.colon()?;
        Ok(key)
    }

    pub(super) fn colon(&mut self) -> Result<(), Fault> {
        self.blanks();
        if !self.cursor.eat(b':') {
            return self.cursor.expected("`:` after a key");
        }
        self.blanks();
        Ok(())
    }

    /// Reads the rest of `{"#edn":"text"}`: EDN that JSON has no word for.
    fn escaped_edn<B: Build>(&mut self, build: &mut B, depth: u32) -> Result<Option<B::Node>, Fault> {
        let rest = &self.cursor.bytes[self.cursor.at..];
        if !rest.starts_with(b"\"#edn\":\"") {
            return Ok(None);
        }
        let start = self.cursor.at + 7;
        self.cursor.at = start;
        let text = self.raw_string()?;
        let text = self.bytes_of(&text).to_vec();
        let mut edn = Edn::new(Cursor::new(&text, 0));
        let within = |fault: Fault| Fault { at: start + 1, expected: fault.expected };
        edn.blanks().map_err(within)?;
        let node = edn.form(build, depth).map_err(within)?;
        edn.blanks().map_err(within)?;
        if edn.cursor.peek().is_some() {
            return edn.cursor.expected("one EDN value").map_err(within);
        }
        if !self.cursor.eat(b'}') {
            return self.cursor.expected("`}` after EDN");
        }
        Ok(Some(node))
    }

    #[inline]
    fn number<B: Build>(&mut self, build: &mut B) -> Result<B::Node, Fault> {
        let start = self.cursor.at;
        let integer = self.cursor.small_integer();
        match (integer, self.cursor.peek()) {
            (Some(integer), Some(b',' | b']' | b'}' | b'\n' | b' ' | b'\r' | b'\t') | None) => {
                Ok(build.leaf(Leaf::Int(integer)))
            }
            _ => self.long_number(build, start),
        }
    }

    #[cold]
    fn long_number<B: Build>(&mut self, build: &mut B, start: usize) -> Result<B::Node, Fault> {
        let rest = &self.cursor.bytes[start..];
        if rest.starts_with(b"-Infinity") {
            self.cursor.at = start + 9;
            return Ok(build.leaf(Leaf::Float(f64::NEG_INFINITY)));
        }
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        self.cursor.at = start + length;
        match number::json(&rest[..length]) {
            Some(number) => Ok(build.leaf(number.leaf())),
            None => self.cursor.expected_at(start, "a number"),
        }
    }

    fn word<B: Build>(&mut self, word: &str, build: &mut B, leaf: Leaf<'_>) -> Result<B::Node, Fault> {
        if !self.cursor.bytes[self.cursor.at..].starts_with(word.as_bytes()) {
            return self.cursor.expected("a value");
        }
        self.cursor.at += word.len();
        Ok(build.leaf(leaf))
    }

    /// Reads a string. A name that cannot be a keyword stays a string; the arena sees to that.
    #[inline]
    pub(super) fn string<B: Build>(&mut self, build: &mut B, kind: TextKind) -> Result<B::Node, Fault> {
        let text = self.raw_string()?;
        Ok(build.leaf(Leaf::Text(kind, self.bytes_of(&text))))
    }

    /// Reads the name of a field, and its colon, and hands its text to `then`.
    #[inline]
    pub(super) fn field<T>(&mut self, then: impl FnOnce(&[u8]) -> T) -> Result<T, Fault> {
        if self.cursor.peek() != Some(b'"') {
            return self.cursor.expected("a field in quotes");
        }
        let text = self.raw_string()?;
        let found = then(self.bytes_of(&text));
        if self.cursor.eat(b':') {
            self.blanks()
        } else {
            self.colon()?
        }
        Ok(found)
    }

    /// Reads a string and hands its text to `then`.
    pub(super) fn text<T>(&mut self, then: impl FnOnce(&[u8]) -> T) -> Result<T, Fault> {
        let text = self.raw_string()?;
        Ok(then(self.bytes_of(&text)))
    }

    fn bytes_of(&self, text: &Text) -> &[u8] {
        match *text {
            Text::Plain(start, end) => &self.cursor.bytes[start..end],
            Text::Unescaped => &self.scratch,
        }
    }

    #[inline]
    fn raw_string(&mut self) -> Result<Text, Fault> {
        let start = self.cursor.at + 1;
        let mut at = start;
        loop {
            match self.cursor.bytes.get(at) {
                Some(b'"') => {
                    self.cursor.at = at + 1;
                    return Ok(Text::Plain(start, at));
                }
                Some(b'\\') => return self.escaped(start, at),
                Some(0x20..) => at += 1,
                _ => return self.cursor.expected_at(at, "the closing `\"` of a string"),
            }
        }
    }

    #[cold]
    fn escaped(&mut self, start: usize, first: usize) -> Result<Text, Fault> {
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.cursor.bytes[start..first]);
        self.cursor.at = first;
        loop {
            let Some(byte) = self.cursor.peek() else {
                return self.cursor.expected("the closing `\"` of a string");
            };
            self.cursor.at += 1;
            match byte {
                b'"' => return Ok(Text::Unescaped),
                b'\\' => self.escape()?,
                0x20.. => self.scratch.push(byte),
                _ => return self.cursor.expected_at(self.cursor.at - 1, "the closing `\"` of a string"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let start = self.cursor.at - 1;
        let byte = self.cursor.peek();
        self.cursor.at += 1;
        let plain = match byte {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'u') => {
                let character = number::unicode_escape(self.cursor.bytes, &mut self.cursor.at);
                let Some(character) = character else {
                    return self.cursor.expected_at(start, "four hexadecimal digits after `\\u`");
                };
                self.scratch.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return self.cursor.expected_at(start, "an escape: one of \\n \\t \\r \\b \\f \\\" \\\\ \\/ \\u"),
        };
        self.scratch.push(plain);
        Ok(())
    }
}

/// What to do with the keys of an object before it is closed; they lie at every second place from a mark on.
pub(super) type Keys<B> = fn(&mut B, usize);
