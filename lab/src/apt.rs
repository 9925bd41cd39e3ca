//! Which Debian mirror this machine uses, read from apt's own sources.
//!
//! A lab asks no other mirror than its machine does: behind a firewall there may be no other. Only what is needed is
//! read (both formats, without mirror lists and without media); what cannot be read is passed over.

use std::fs;
use std::path::{Path, PathBuf};

/// A mirror of Debian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mirror {
    /// Where it is, as apt writes it.
    pub(crate) uri: String,
    /// The keyring that its packages are verified with, if the sources name one.
    pub(crate) keyring: Option<PathBuf>,
}

/// Suites whose mirror has all of Debian, the most likely first.
const SUITES: [&str; 2] = ["bookworm", "trixie"];

/// The mirror of Debian's main component in the sources under `apt` (`/etc/apt`).
pub(crate) fn mirror(apt: &Path) -> Option<Mirror> {
    let texts = sources(apt);
    SUITES.iter().find_map(|suite| {
        texts.iter().find_map(|(path, text)| match path.extension().is_some_and(|end| end == "sources") {
            true => in_stanzas(text, suite),
            false => in_lines(text, suite),
        })
    })
}

/// The files that apt reads, in its order.
fn sources(apt: &Path) -> Vec<(PathBuf, String)> {
    let mut parts: Vec<PathBuf> = fs::read_dir(apt.join("sources.list.d"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    parts.retain(|path| path.extension().is_some_and(|end| end == "list" || end == "sources"));
    parts.sort();
    let all = std::iter::once(apt.join("sources.list")).chain(parts);
    all.filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text))).collect()
}

/// One-line format: `deb [signed-by=/a/keyring] http://mirror/debian bookworm main contrib`.
fn in_lines(text: &str, suite: &str) -> Option<Mirror> {
    text.lines().find_map(|line| {
        let line = line.split('#').next()?.trim().strip_prefix("deb")?;
        let rest = line.strip_prefix([' ', '\t'])?.trim_start();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?,
            None => ("", rest),
        };
        let mut words = rest.split_whitespace();
        let (uri, named) = (words.next()?, words.next()?);
        if named != suite || !words.any(|component| component == "main") || !is_mirror(uri) {
            return None;
        }
        let keyring = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
        Some(Mirror { uri: uri.to_owned(), keyring: keyring.and_then(keyring_path) })
    })
}

/// deb822 format: stanzas of fields, continued by lines that begin with a blank.
fn in_stanzas(text: &str, suite: &str) -> Option<Mirror> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.split(|line| line.trim().is_empty()).find_map(|stanza| {
        let has = |name, word| field(stanza, name).is_some_and(|value| value.split_whitespace().any(|w| w == word));
        let is_off = field(stanza, "Enabled").is_some_and(|value| value.trim().eq_ignore_ascii_case("no"));
        if is_off || !has("Types", "deb") || !has("Suites", suite) || !has("Components", "main") {
            return None;
        }
        let uris = field(stanza, "URIs")?;
        let uri = uris.split_whitespace().find(|uri| is_mirror(uri))?;
        Some(Mirror { uri: uri.to_owned(), keyring: field(stanza, "Signed-By").as_deref().and_then(keyring_path) })
    })
}

/// The value of a field with its continuation lines.
fn field(stanza: &[&str], name: &str) -> Option<String> {
    let value_of = |line: &str| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    };
    let (at, first) = stanza.iter().enumerate().find_map(|(at, line)| Some((at, value_of(line)?)))?;
    let more = stanza[at + 1..].iter().take_while(|line| line.starts_with([' ', '\t']));
    Some(more.fold(first, |value, line| value + "\n" + line))
}

fn is_mirror(uri: &str) -> bool {
    ["http://", "https://", "file:/"].iter().any(|scheme| uri.starts_with(scheme))
}

/// Signed-By may also hold fingerprints or a whole key; only a path is of use here.
fn keyring_path(value: &str) -> Option<PathBuf> {
    let first = value.split([',', ' ', '\t', '\n']).find(|word| !word.is_empty())?;
    first.starts_with('/').then(|| PathBuf::from(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror_of(uri: &str, keyring: Option<&str>) -> Option<Mirror> {
        Some(Mirror { uri: uri.to_owned(), keyring: keyring.map(PathBuf::from) })
    }

    #[test]
    fn one_line_format() {
        let check = |text, expected| assert_eq!(in_lines(text, "bookworm"), expected, "{text}");
        check("deb http://a/debian bookworm main\n", mirror_of("http://a/debian", None));
        check("deb\thttp://a/debian/ bookworm contrib main # the nearest", mirror_of("http://a/debian/", None));
        check(
            "deb-src http://s/debian bookworm main\ndeb http://u/debian bookworm-updates main\n\
             deb [arch=amd64 signed-by=/k.gpg] https://a/debian bookworm main",
            mirror_of("https://a/debian", Some("/k.gpg")),
        );
        check("# deb http://a/debian bookworm main", None);
        check("deb http://a/debian bookworm contrib", None);
        check("deb cdrom:[Debian 12]/ bookworm main", None);
        check("deb [arch=amd64 http://a/debian bookworm main", None);
        check("", None);
    }

    #[test]
    fn deb822_format() {
        let check = |text, expected| assert_eq!(in_stanzas(text, "bookworm"), expected, "{text}");
        check(
            "Types: deb\n# an older one\nURIs: http://a/debian\nSuites: bookworm bookworm-updates\n\
             Components: main\nSigned-By: /k.gpg\n\nTypes: deb\nURIs: http://b/debian-security\n\
             Suites: bookworm-security\nComponents: main\n",
            mirror_of("http://a/debian", Some("/k.gpg")),
        );
        check(
            "Types: deb deb-src\nURIs:\n http://a/debian\n http://b/debian\nSuites:\n bookworm\nComponents: main",
            mirror_of("http://a/debian", None),
        );
        check(
            "types: deb\nuris: http://a/debian\nsuites: bookworm\ncomponents: main\nsigned-by:\n -----BEGIN PGP\n .\n",
            mirror_of("http://a/debian", None),
        );
        check("Enabled: no\nTypes: deb\nURIs: http://a/debian\nSuites: bookworm\nComponents: main", None);
        check("Types: deb-src\nURIs: http://a/debian\nSuites: bookworm\nComponents: main", None);
        check("Types: deb\nURIs: http://a/debian\nSuites: bookworm-security\nComponents: main", None);
    }

    #[test]
    fn files_in_the_order_of_apt_and_bookworm_before_trixie() {
        let dir = tempfile::tempdir().unwrap();
        let (parts, write) = (dir.path().join("sources.list.d"), |path: PathBuf, text| fs::write(path, text).unwrap());
        fs::create_dir(&parts).unwrap();
        assert_eq!(mirror(dir.path()), None);
        write(dir.path().join("sources.list"), "deb http://t/debian trixie main");
        assert_eq!(mirror(dir.path()), mirror_of("http://t/debian", None));
        write(parts.join("c.list.off"), "deb http://off/debian bookworm main");
        write(parts.join("b.list"), "deb http://b/debian bookworm main");
        write(parts.join("a.sources"), "Types: deb\nURIs: http://a/debian\nSuites: bookworm\nComponents: main");
        assert_eq!(mirror(dir.path()), mirror_of("http://a/debian", None));
    }
}
