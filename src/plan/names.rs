//! Names in plans: each exists once it was read, from flags and files by the same rules.

use crate::exit::{Exit, Failure};
use crate::replay::{self, Step};
use checkers::txn::level::Level;
use serde::{Deserialize, Serialize};

/// The database that is not ours to start.
const RUNNING: &str = "running";

/// A name that is valid once it exists: read from flags and files by the same rules.
macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub String);

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<$name, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map(|()| $name(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<$name, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_name!(
    /// The name of a test: a folder of that name holds its runs.
    TestName,
    |text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let fits = !text.is_empty() && text.len() <= 60 && !text.starts_with('.') && text.chars().all(plain);
        let expected = "a name of letters, digits, `-`, `_` and `.`, at most 60 of them, not beginning with `.`";
        if fits { Ok(()) } else { Err(format!("expected {expected}, not `{text}`")) }
    }
);

checked_name!(
    /// A database with its options. Whether a file is there that describes one is asked when a plan is decided, so that
    /// runs can be judged again without it.
    DatabaseName,
    |text| match databases::file_of(text) {
        Some(_) => Ok(()),
        None => databases::open(text, 0).map(|_| ()).map_err(|e| e.to_string()),
    }
);

checked_name!(
    /// The command that starts a client.
    ClientCommand,
    |text| match text.trim() {
        "" => Err("expected the command that starts a client, such as `./my_client.py`".to_owned()),
        _ => Ok(()),
    }
);

checked_name!(
    /// What a client is told: a key and a value.
    ClientOption,
    |text| match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(()),
        _ => Err(format!("expected KEY=VALUE, not `{text}`")),
    }
);

impl ClientOption {
    /// Key and value.
    #[must_use]
    pub fn pair(&self) -> (String, String) {
        let (key, value) = self.0.split_once('=').unwrap_or((&self.0, ""));
        (key.to_owned(), value.to_owned())
    }
}

checked_name!(
    /// A workload.
    WorkloadName,
    |text| {
        let names: Vec<&str> = workloads::ALL.iter().map(|w| w.name).collect();
        let known = names.contains(&text);
        if known { Ok(()) } else { Err(format!("there is no workload `{text}`; there are {}", names.join(", "))) }
    }
);

checked_name!(
    /// A level of isolation.
    LevelName,
    |text| {
        let names = || Level::names().map(|(_, name)| name);
        let near = cluster::nearest(text, names()).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        Level::parse(text).map(|_| ()).ok_or_else(|| format!("there is no level of isolation `{text}`{near}"))
    }
);

impl LevelName {
    /// The level.
    #[must_use]
    pub fn level(&self) -> Level {
        Level::parse(&self.0).expect("a name is checked when it is read")
    }
}

impl Default for LevelName {
    /// Strict serializable: what people take transactions for.
    fn default() -> LevelName {
        LevelName(Level::StrictSerializable.name().to_owned())
    }
}

impl WorkloadName {
    /// True if it is judged by a level of isolation.
    #[must_use]
    pub fn has_level(&self) -> bool {
        workloads::ALL.iter().any(|workload| workload.name == self.0 && workload.has_level)
    }
}

checked_name!(
    /// A list of nemeses with their choices.
    NemesisList,
    |text| nemeses::parse(text).map(|_| ()).map_err(|e| e.to_string())
);

impl NemesisList {
    /// What the faults of a schedule need.
    pub(super) fn from_steps(steps: &[Step]) -> Result<NemesisList, Failure> {
        replay::nemeses_of(steps).parse().map_err(|error: String| Failure::message(Exit::Data, error))
    }
}

impl DatabaseName {
    /// What is tested if nothing is said: with a client, whatever that talks to.
    pub(super) fn default_for(has_client: bool) -> DatabaseName {
        DatabaseName(if has_client { RUNNING } else { "etcd" }.to_owned())
    }

    /// The name without its options; the name of the file that describes it.
    #[must_use]
    pub fn kind(&self) -> &str {
        let file = databases::file_of(&self.0).and_then(|path| path.file_stem()?.to_str());
        let stem = file.filter(|stem| stem.parse::<TestName>().is_ok());
        stem.unwrap_or_else(|| self.0.split(':').next().unwrap_or_default())
    }

    /// True if it runs on nodes, and not in this process.
    #[must_use]
    pub fn needs_nodes(&self) -> bool {
        databases::entry_of(&self.0).is_ok_and(|entry| entry.needs_nodes)
    }

    /// True if it runs somewhere already: on nodes of an inventory, or where only its clients know.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.kind() == RUNNING
    }

    /// Why it cannot be tested, if it cannot: its file is wrong, or there is no client that could talk to it.
    pub(super) fn misfit(&self, has_client: bool) -> Option<String> {
        if let Err(error) = databases::open(&self.0, 0) {
            return Some(error.to_string());
        }
        let brings_none = self.is_elsewhere() || databases::file_of(&self.0).is_some();
        if brings_none && !has_client {
            return Some(format!("`{self}` brings no client; name one with --client"));
        }
        (has_client && !self.needs_nodes() && !brings_none).then(|| {
            format!("`{self}` lives in this process, where a client from outside cannot reach it; leave --client out")
        })
    }
}
