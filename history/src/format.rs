//! The formats of history files, by name, by file name, and by what a file begins with.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// How a history is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object after another, mostly one a line: our own.
    JsonLines,
    /// One JSON array of objects: elle-cli's.
    Json,
    /// EDN maps or records, one after another or in one vector or list: Jepsen's, Knossos', Porcupine's.
    Edn,
    /// Tab-separated process, type, function, value and error: Jepsen's `history.txt`.
    Text,
    /// The same behind `INFO  jepsen.util - `, between other lines: Jepsen's console.
    Console,
}

/// A name that no format has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a history format: one of jsonl, json, edn, txt, log, not `{0}`")]
pub struct UnknownFormat(pub String);

impl Format {
    /// All of them.
    pub const ALL: [Format; 5] = [Format::JsonLines, Format::Json, Format::Edn, Format::Text, Format::Console];

    /// Its name, which is also the ending of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::JsonLines => "jsonl",
            Format::Json => "json",
            Format::Edn => "edn",
            Format::Text => "txt",
            Format::Console => "log",
        }
    }

    /// The format that the ending of a file name promises. What a file holds may be something else; see
    /// [`Format::sniff`].
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Format> {
        path.extension()?.to_str()?.to_ascii_lowercase().parse().ok()
    }

    /// The format of a text, by its first event. An empty text is JSON lines without any.
    #[must_use]
    pub fn sniff(text: &[u8]) -> Format {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let head = &text[..text.len().min(64 << 10)];
        let start = significant(head);
        match start.first() {
            // Only EDN has comments.
            None if head.contains(&b';') => Format::Edn,
            None => Format::JsonLines,
            Some(b'{') if is_json_object(start) => Format::JsonLines,
            Some(b'[') if is_json_object(significant(&start[1..])) => Format::Json,
            Some(b'{' | b'[' | b'(' | b'#' | b'^') => Format::Edn,
            Some(_) if is_nil(start) => Format::Edn,
            Some(_) if contains(head, crate::read::CONSOLE_PREFIX) => Format::Console,
            Some(_) => Format::Text,
        }
    }
}

/// True of `nil` and nothing else but blanks: a history without events, as Clojure prints it.
pub(crate) fn is_nil(text: &[u8]) -> bool {
    text.strip_prefix(b"nil").is_some_and(|rest| rest.iter().all(|byte| crate::value::is_blank(*byte)))
}

/// What a file is that is no text at all, by the bytes that such files begin with.
pub(crate) fn packed(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: &[(&[u8], &str)] = &[
        (b"\x1f\x8b", "what gzip has packed; unpack it first, with gunzip"),
        (b"BZh", "what bzip2 has packed; unpack it first, with bunzip2"),
        (b"\xfd7zXZ\0", "what xz has packed; unpack it first, with unxz"),
        (b"\x28\xb5\x2f\xfd", "what zstd has packed; unpack it first, with unzstd"),
        (b"PK\x03\x04", "an archive of zip; unpack it first"),
        (b"JEPSEN\0", "Jepsen's own test.jepsen; the history.edn beside it holds the same history"),
        (b"SQLite format 3\0", "a database of SQLite"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ];
    BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning)).map(|(_, what)| *what)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Format, UnknownFormat> {
        let name = name.strip_prefix('.').unwrap_or(name);
        match name {
            "ndjson" => Ok(Format::JsonLines),
            _ => Format::ALL.into_iter().find(|f| f.name() == name).ok_or_else(|| UnknownFormat(name.to_owned())),
        }
    }
}

/// What follows blanks, commas, comments of EDN, and braces of a vector.
fn significant(mut text: &[u8]) -> &[u8] {
    loop {
        let blanks = text.iter().take_while(|byte| crate::value::is_blank(**byte)).count();
        text = &text[blanks..];
        if text.first() != Some(&b';') {
            return text;
        }
        let line = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
        text = &text[line..];
    }
}

/// True if a text begins with a brace and, within it, a quoted key and a colon, or nothing.
fn is_json_object(text: &[u8]) -> bool {
    let Some(inside) = text.strip_prefix(b"{") else { return false };
    let inside = inside.trim_ascii_start();
    let Some(key) = inside.strip_prefix(b"\"") else { return inside.first() == Some(&b'}') };
    let end = key.iter().position(|byte| *byte == b'"').unwrap_or(key.len());
    let after = key[end..].get(1..).unwrap_or_default().trim_ascii_start();
    // In EDN a keyword may follow a key that is a string; then its colon is no colon after the key.
    match after {
        [] => true,
        [b':', next, ..] => !next.is_ascii_alphabetic() || after[1..].starts_with(b"null"),
        [b':'] => true,
        _ => false,
    }
}

fn contains(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_what_a_file_begins_with() {
        for (text, format) in [
            ("", Format::JsonLines),
            ("\u{feff}{\"process\":0}", Format::JsonLines),
            ("{ \"a b\" : 1", Format::JsonLines),
            ("{}", Format::JsonLines),
            ("\n[\n{\"type\": \"ok\"}]", Format::Json),
            ("{:type :ok}", Format::Edn),
            ("{\"type\" :ok}", Format::Edn),
            ("; said {\"a\":1}\n({:type :ok})", Format::Edn),
            ("[]", Format::Edn),
            (" nil\n", Format::Edn),
            ("; nothing\n", Format::Edn),
            ("nil\t:invoke\t:read\tnil", Format::Text),
            ("#jepsen.history.Op{:type :ok}", Format::Edn),
            ("0\t:invoke\t:read\tnil", Format::Text),
            (":nemesis\t:info\t:start\tnil", Format::Text),
            ("Starting\nINFO  jepsen.util - 0\t:invoke\t:read\tnil", Format::Console),
        ] {
            assert_eq!(Format::sniff(text.as_bytes()), format, "{text}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert_eq!(Format::of_path(Path::new(&format!("a/b.{}", format.name().to_uppercase()))), Some(format));
        }
        assert_eq!(Format::of_path(Path::new("history")), None);
        assert!("csv".parse::<Format>().unwrap_err().to_string().contains("jsonl, json, edn"));
    }
}
