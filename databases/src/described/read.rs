//! A database in TOML, with the place of every complaint.

use super::Description;
use cluster::nearest;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Every key.
const KEYS: &[&str] = &[
    "name",
    "version",
    "install",
    "start",
    "stop",
    "wipe",
    "ready",
    "primary",
    "unit",
    "ports",
    "data-dir",
    "logs",
    "variables",
    "install-limit-seconds",
];

/// What a command's variables are called already.
const TAKEN: &[&str] = &["NODE", "ADDRESS", "NUMBER", "ALL"];

type Complaint = (Range<usize>, String);
type Value<'a> = Spanned<DeValue<'a>>;

/// Reads a whole description.
///
/// # Errors
/// `path:line:column: expected ...`
pub(super) fn description(text: &str, path: &Path) -> Result<Description, String> {
    read(text).map_err(|(span, message)| {
        let before = text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        format!("{}:{line}:{}: {message}", path.display(), before[line_start..].chars().count() + 1)
    })
}

fn read(text: &str) -> Result<Description, Complaint> {
    let parsed = DeTable::parse(text)
        .map_err(|error| (error.span().unwrap_or(0..0), format!("expected TOML: {}", error.message())))?;
    let table = Table(parsed.get_ref());
    table.allow()?;
    let unit = table.text("unit")?;
    let of_unit = |verb: &str| unit.as_ref().map(|unit| format!("systemctl {verb} {}", cluster::Command::quote(unit)));
    let start = table.text("start")?.or(of_unit("start"));
    if start.is_none() {
        return Err((0..0, "expected `start = \"...\"`, or `unit = \"...\"` to start that".to_owned()));
    }
    // A unit that is not there yet is as good as stopped.
    let stop = of_unit("stop").map(|stop| stop + " 2>/dev/null || [ $? -eq 5 ]");
    Ok(Description {
        name: table.text("name")?.ok_or((0..0, "expected `name = \"...\"`, but there is none".to_owned()))?,
        version: table.text("version")?,
        install: table.text("install")?,
        start,
        stop: table.text("stop")?.or(stop),
        wipe: table.text("wipe")?,
        ready: table.text("ready")?,
        primary: table.text("primary")?,
        unit,
        ports: table.ports()?,
        data_dir: table.path("data-dir")?,
        logs: table.paths("logs")?,
        variables: table.variables()?,
        install_limit: table
            .number("install-limit-seconds", 1..=3600)?
            .map(|seconds| Duration::from_secs(seconds.into())),
    })
}

struct Table<'a>(&'a DeTable<'a>);

impl<'a> Table<'a> {
    fn allow(&self) -> Result<(), Complaint> {
        let is_known = |key: &str| KEYS.contains(&key);
        match self.0.iter().find(|(key, _)| !is_known(key.get_ref())) {
            None => Ok(()),
            Some((key, _)) => {
                let near = nearest(key.get_ref(), KEYS.iter().copied());
                let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
                let known = KEYS.join(", ");
                Err((key.span(), format!("a database has no key `{}`; {near}There are: {known}", key.get_ref())))
            }
        }
    }

    fn get(&self, key: &str) -> Option<&'a Value<'a>> {
        self.0.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn text(&self, key: &str) -> Result<Option<String>, Complaint> {
        self.get(key).map(|value| text(value, key)).transpose()
    }

    fn path(&self, key: &str) -> Result<Option<String>, Complaint> {
        self.get(key).map(|value| path(value, key)).transpose()
    }

    fn list(&self, key: &str) -> Result<&'a [Value<'a>], Complaint> {
        match self.get(key).map(|value| (value, value.get_ref())) {
            None => Ok(&[]),
            Some((_, DeValue::Array(values))) => Ok(values),
            Some((value, _)) => Err((value.span(), format!("expected a list as `{key}`"))),
        }
    }

    fn paths(&self, key: &str) -> Result<Vec<String>, Complaint> {
        self.list(key)?.iter().map(|value| path(value, key)).collect()
    }

    fn ports(&self) -> Result<Vec<u16>, Complaint> {
        self.list("ports")?.iter().map(|value| number(value, "ports", 1..=65535).map(|port| port as u16)).collect()
    }

    fn number(&self, key: &str, range: std::ops::RangeInclusive<u32>) -> Result<Option<u32>, Complaint> {
        self.get(key).map(|value| number(value, key, range)).transpose()
    }

    fn variables(&self) -> Result<BTreeMap<String, String>, Complaint> {
        let Some(value) = self.get("variables") else { return Ok(BTreeMap::new()) };
        let DeValue::Table(table) = value.get_ref() else {
            return Err((value.span(), "expected a table [variables]".to_owned()));
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut variables = BTreeMap::new();
        for (name, value) in table.iter() {
            let word: &str = name.get_ref();
            if TAKEN.contains(&word) {
                return Err((name.span(), format!("`{word}` is a variable of gainsay's own; expected another name")));
            }
            if word.is_empty() || !word.chars().all(plain) || word.starts_with(|c: char| c.is_ascii_digit()) {
                return Err((name.span(), format!("expected the name of a variable of the shell, found `{word}`")));
            }
            variables.insert(word.to_owned(), text(value, word)?);
        }
        Ok(variables)
    }
}

fn text(value: &Value<'_>, key: &str) -> Result<String, Complaint> {
    match value.get_ref() {
        DeValue::String(text) if !text.trim().is_empty() => Ok(text.clone().into_owned()),
        DeValue::String(_) => Err((value.span(), format!("`{key}` is empty; leave it out"))),
        _ => Err((value.span(), format!("expected a text as `{key}`"))),
    }
}

fn path(value: &Value<'_>, key: &str) -> Result<String, Complaint> {
    match text(value, key)? {
        path if path.starts_with('/') => Ok(path),
        path => Err((value.span(), format!("expected an absolute path in `{key}`, found `{path}`"))),
    }
}

fn number(value: &Value<'_>, key: &str, range: std::ops::RangeInclusive<u32>) -> Result<u32, Complaint> {
    let found = match value.get_ref() {
        DeValue::Integer(integer) => u32::from_str_radix(integer.as_str(), integer.radix()).ok(),
        _ => None,
    };
    found.filter(|number| range.contains(number)).ok_or_else(|| {
        (value.span(), format!("expected a number from {} to {} in `{key}`", range.start(), range.end()))
    })
}
