//! Why operations did not succeed, grouped: the same reason with other digits or addresses is the same kind.

use crate::samples::Kind;
use crate::words::{clean, shorten};
use history::{DataType, Fault, History, Operation};
use std::collections::{BTreeMap, HashMap};

/// One reason, and how often it was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ErrorKind {
    /// The reason with `<n>` for digits and `<address>` for addresses.
    pub reason: String,
    /// Fail or info.
    pub kind: Kind,
    /// How many operations.
    pub count: usize,
    /// How many of them overlapped a fault of each nemesis; one operation may count for several.
    pub during: Vec<(String, usize)>,
    /// How many overlapped no fault.
    pub outside: usize,
}

type Key = (Kind, String);

/// Kinds of errors, the most frequent first.
pub(crate) fn error_kinds<D: DataType>(history: &History<D>, faults: &[Fault]) -> Vec<ErrorKind> {
    let mut groups: BTreeMap<Key, ErrorKind> = BTreeMap::new();
    let mut known: HashMap<(Kind, &str), Key> = HashMap::new();
    let windows = windows(faults, history.end().seconds());
    for operation in &history.operations {
        let Some(reason) = operation.outcome.reason() else { continue };
        let kind = Kind::of(&operation.outcome);
        let key = known.entry((kind, reason)).or_insert_with(|| (kind, normalised(reason)));
        let group = groups.entry(key.clone()).or_insert_with(|| ErrorKind::empty(key));
        group.add(&overlapping(operation, &windows));
    }
    let mut kinds: Vec<ErrorKind> = groups.into_values().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    kinds
}

impl ErrorKind {
    fn empty((kind, reason): &Key) -> ErrorKind {
        ErrorKind { reason: reason.clone(), kind: *kind, count: 0, during: Vec::new(), outside: 0 }
    }

    fn add(&mut self, nemeses: &[&str]) {
        self.count += 1;
        self.outside += usize::from(nemeses.is_empty());
        for nemesis in nemeses {
            match self.during.iter_mut().find(|(name, _)| name == nemesis) {
                Some((_, count)) => *count += 1,
                None => self.during.push(((*nemesis).to_owned(), 1)),
            }
        }
    }
}

struct Window<'a> {
    nemesis: &'a str,
    from: f64,
    to: f64,
}

fn windows(faults: &[Fault], end: f64) -> Vec<Window<'_>> {
    let lasted = faults.iter().filter(|fault| fault.injected.is_some() || fault.problem.is_none());
    lasted
        .map(|fault| Window {
            nemesis: &fault.nemesis,
            from: fault.injected.unwrap_or(fault.planned).seconds(),
            to: fault.healed.map_or(end, |time| time.seconds()),
        })
        .collect()
}

fn overlapping<'a, D: DataType>(operation: &Operation<D>, windows: &[Window<'a>]) -> Vec<&'a str> {
    let from = operation.invoked.time.seconds();
    let to = operation.completed.or(operation.gave_up).unwrap_or(operation.invoked).time.seconds();
    let mut nemeses: Vec<&str> = windows.iter().filter(|w| w.from <= to && from <= w.to).map(|w| w.nemesis).collect();
    nemeses.sort_unstable();
    nemeses.dedup();
    nemeses
}

/// A reason without what differs from one operation to the next.
fn normalised(reason: &str) -> String {
    const LIMIT: usize = 240;
    let reason = shorten(clean(reason).trim(), LIMIT);
    if reason.is_empty() {
        return "no reason was recorded".to_owned();
    }
    let words: Vec<String> = reason.split(' ').map(normalised_word).collect();
    words.join(" ")
}

fn normalised_word(word: &str) -> String {
    let is_inner = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let digit = word.find(|c: char| c.is_ascii_digit()).unwrap_or(word.len());
    // An address of IPv6 stands in brackets, and may begin with a letter.
    let bracket = word[..digit].rfind('[').map(|place| place + 1);
    let start = bracket.filter(|place| word[*place..digit].chars().all(is_inner)).unwrap_or(digit);
    let bare: &str = &word[start..];
    let end = bare.find(|c| !is_inner(c)).unwrap_or(bare.len());
    let address = bare[..end].trim_end_matches([':', '.']);
    if address.split(['.', ':']).filter(|part| !part.is_empty()).count() >= 4 {
        return format!("{}<address>{}", &word[..start], without_digits(&bare[address.len()..]));
    }
    without_digits(word)
}

fn without_digits(word: &str) -> String {
    let mut out = String::new();
    let mut characters = word.chars().peekable();
    while let Some(c) = characters.next() {
        if c.is_ascii_digit() {
            while characters.next_if(char::is_ascii_digit).is_some() {}
            out.push_str("<n>");
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_addresses_do_not_make_a_kind_of_their_own() {
        for (reason, expected) in [
            ("timeout after 5000 ms", "timeout after <n> ms"),
            ("connect to 10.0.0.12:2379: refused", "connect to <address>: refused"),
            ("http://10.0.0.12:2379/v3/kv is down", "http://<address>/v<n>/kv is down"),
            ("[fe80::1:2:3:4]:80 unreachable", "[<address>]:<n> unreachable"),
            ("value was 3, not 5", "value was <n>, not <n>"),
            ("", "no reason was recorded"),
            ("\u{1b}[31mred", "red"),
        ] {
            assert_eq!(normalised(reason), expected);
        }
    }
}
