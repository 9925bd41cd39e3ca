//! How a database is spelled: `name`, or `name:option,option=value`. What an option means is its database's business.

use cluster::nearest;
use serde::Serialize;

/// One database that can be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name in spellings.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// True if it runs on the nodes of a cluster; false if it lives in this process, so that no node is needed.
    pub needs_nodes: bool,
    /// What can be said behind its name.
    pub options: Vec<Choice>,
}

/// One option of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Its name in spellings.
    pub name: &'static str,
    /// Its values, the default first; one in angle brackets stands for many: `<share>`. Empty: it is given without
    /// a value.
    pub values: &'static [&'static str],
    /// What it does, in one sentence.
    pub summary: &'static str,
}

/// Why a spelling names no database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// No database has this name.
    #[error("there is no database `{name}`; {hint}here are: {known}", hint = hint(.near, "t", "T"))]
    UnknownDatabase {
        /// What was given.
        name: String,
        /// The name that looks most like it.
        near: Option<&'static str>,
        /// Every name.
        known: String,
    },
    /// The database has no such option.
    #[error("{database} has no option `{option}`; {hint}t has: {known}", hint = hint(.near, "i", "I"))]
    UnknownOption {
        /// Which database.
        database: &'static str,
        /// What was given.
        option: String,
        /// The option that looks most like it.
        near: Option<&'static str>,
        /// Every option.
        known: String,
    },
    /// The option does not take this value.
    #[error("{option} of {database} must be {expected}, not `{value}`{hint}", hint = .near.map_or(String::new(), |near| format!("; did you mean `{near}`?")))]
    BadValue {
        /// Which database.
        database: &'static str,
        /// Which option.
        option: &'static str,
        /// What it takes.
        expected: String,
        /// What was given; empty if nothing was.
        value: String,
        /// The value that looks most like it.
        near: Option<&'static str>,
    },
    /// The option stands for itself.
    #[error("{option} of {database} takes no value")]
    NeedsNoValue {
        /// Which database.
        database: &'static str,
        /// Which option.
        option: &'static str,
    },
    /// The same option again.
    #[error("{option} is given twice")]
    Twice {
        /// Which option.
        option: &'static str,
    },
    /// The file that describes a database is not there, or says what it cannot say.
    #[error("{told}")]
    File {
        /// Path, line and column, and what was expected there.
        told: String,
    },
    /// Two planted bugs at once would hide which of them was found.
    #[error("{first} and {second} cannot be planted together: at most one bug at a time")]
    TwoBugs {
        /// One of them.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
}

/// The start of a list, with a guess in front of it where there is one.
fn hint(near: &Option<&'static str>, alone: &str, after: &str) -> String {
    near.map_or(alone.to_owned(), |near| format!("did you mean `{near}`? {after}"))
}

/// A spelling whose names exist, and whose values are among those listed where they can be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    /// The name of an [`Entry`].
    pub(crate) database: &'static str,
    /// Options in the order given; the value is empty where none is taken.
    pub(crate) options: Vec<(&'static str, String)>,
}

impl Spec {
    /// Reads a spelling against the databases that there are.
    pub(crate) fn parse(text: &str, entries: &[Entry]) -> Result<Spec, SpecError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let names: Vec<&'static str> = entries.iter().map(|entry| entry.name).collect();
        let entry = entries.iter().find(|entry| entry.name == name).ok_or_else(|| SpecError::UnknownDatabase {
            name: name.to_owned(),
            near: nearest(name, names.iter().copied()),
            known: names.join(", "),
        })?;
        let mut spec = Spec { database: entry.name, options: Vec::new() };
        for part in rest.split(',').filter(|part| !part.is_empty()) {
            let (option, value) = entry.option(part)?;
            if spec.value(option).is_some() {
                return Err(SpecError::Twice { option });
            }
            spec.options.push((option, value));
        }
        Ok(spec)
    }

    /// The value of an option, if it was given.
    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        self.options.iter().find(|(name, _)| *name == option).map(|(_, value)| value.as_str())
    }

    /// The complaint about a value that `expected` describes better.
    pub(crate) fn bad_value(&self, option: &'static str, expected: &str) -> SpecError {
        let value = self.value(option).unwrap_or_default().to_owned();
        SpecError::BadValue { database: self.database, option, expected: expected.to_owned(), value, near: None }
    }
}

impl Entry {
    fn option(&self, part: &str) -> Result<(&'static str, String), SpecError> {
        let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
        let names: Vec<&'static str> = self.options.iter().map(|choice| choice.name).collect();
        let choice = self.options.iter().find(|choice| choice.name == name);
        let choice = choice.ok_or_else(|| SpecError::UnknownOption {
            database: self.name,
            option: name.to_owned(),
            near: nearest(name, names.iter().copied()),
            known: names.join(", "),
        })?;
        match value {
            Some(_) if choice.values.is_empty() => {
                Err(SpecError::NeedsNoValue { database: self.name, option: choice.name })
            }
            _ if choice.takes(value) => Ok((choice.name, value.unwrap_or_default().to_owned())),
            _ => Err(SpecError::BadValue {
                database: self.name,
                option: choice.name,
                expected: choice.expected(),
                value: value.unwrap_or_default().to_owned(),
                near: nearest(value.unwrap_or_default(), choice.values.iter().copied()),
            }),
        }
    }
}

impl Choice {
    fn takes(&self, value: Option<&str>) -> bool {
        match value {
            None => self.values.is_empty(),
            Some(value) => self.is_open() && !value.is_empty() || self.values.contains(&value),
        }
    }

    fn is_open(&self) -> bool {
        self.values.iter().any(|value| value.starts_with('<'))
    }

    fn expected(&self) -> String {
        if self.is_open() { self.values.join(" or ") } else { format!("one of {}", self.values.join(", ")) }
    }
}
