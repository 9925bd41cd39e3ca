//! What is tested: every system under test that this build knows, and how to open one by its spelling.
//!
//! A spelling is a name with options: `memory:stale-read,flaky=0.01`. [`all`] lists what there is, [`open`] makes a
//! [`Database`] of it. A driver installs, starts, finds and talks to its system; it breaks nothing, judges nothing,
//! and repeats nothing that went wrong.

mod described;
mod etcd;
mod external;
mod memory;
mod spec;

pub use external::{CODES, Checked, ClientSettings, Code, Conformance, External, Found, PROTOCOL};
pub use spec::{Choice, Entry, SpecError};

use cluster::Database;
use described::Described;
use etcd::Etcd;
use memory::Memory;
use spec::Spec;
use std::path::Path;
use std::sync::Arc;

/// Makes the database that `spec` spells, for example `memory:lost-write` or `etcd:version=3.5,reads=serializable`.
/// `seed` fixes the choices of planted bugs and invented failures; real systems ignore it.
///
/// # Errors
/// A name, option or value that does not exist, with what there is instead.
pub fn open(spec: &str, seed: u64) -> Result<Arc<dyn Database>, SpecError> {
    if let Some(path) = file_of(spec) {
        return Ok(Arc::new(Described::load(path)?));
    }
    let spec = Spec::parse(spec, &all())?;
    Ok(match spec.database {
        described::RUNNING => Arc::new(Described::running(&spec)?),
        described::FILE => return Err(SpecError::File { told: "file needs a path: file:my-db.toml".to_owned() }),
        memory::NAME => Arc::new(Memory::new(memory::Options::of(&spec)?, seed)),
        _ => Arc::new(Etcd::new(etcd::Options::of(&spec)?)),
    })
}

/// Every database with its options, in the order in which they are listed.
#[must_use]
pub fn all() -> Vec<Entry> {
    vec![memory::entry(), etcd::entry(), described::file_entry(), described::running_entry()]
}

/// The file that a spelling names in place of a database that is built in: `file:my-db.toml`.
#[must_use]
pub fn file_of(spec: &str) -> Option<&Path> {
    let (name, path) = spec.split_once(':')?;
    (name == described::FILE && !path.is_empty()).then_some(Path::new(path))
}

/// What `spec` names, for those who must know of it before it is opened: [`Entry::needs_nodes`].
///
/// # Errors
/// As [`open`], except for values that only the database itself understands.
pub fn entry_of(spec: &str) -> Result<Entry, SpecError> {
    let entries = all();
    let name = if file_of(spec).is_some() { described::FILE } else { Spec::parse(spec, &entries)?.database };
    Ok(entries.into_iter().find(|entry| entry.name == name).expect("a parsed spelling names an entry"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_spelling_opens() {
        for (spelling, description) in [
            ("memory", "memory"),
            ("memory:stale-read", "memory, stale-read"),
            ("memory:stale-read,flaky=0.01", "memory, stale-read, flaky=0.01"),
            ("memory:latency=2ms", "memory, latency=2ms"),
            ("etcd", "etcd 3.4, reads=linearizable"),
            ("etcd:reads=serializable", "etcd 3.4, reads=serializable"),
            ("etcd:version=3.5,reads=serializable", "etcd 3.5, reads=serializable"),
            ("etcd:version=3.5,unsafe-no-fsync", "etcd 3.5, reads=linearizable, unsafe-no-fsync"),
        ] {
            assert_eq!(open(spelling, 1).unwrap().describe(), description);
        }
    }

    #[test]
    fn a_wrong_spelling_is_told_what_there_is() {
        for (spelling, expected) in [
            ("etdc", "there is no database `etdc`; did you mean `etcd`? There are: memory, etcd, file, running"),
            ("", "there is no database ``; there are: memory, etcd, file, running"),
            ("file", "file needs a path: file:my-db.toml"),
            ("file:/nowhere/db.toml", "cannot read the database /nowhere/db.toml: "),
            ("memory:stale-reed", "memory has no option `stale-reed`; did you mean `stale-read`?"),
            ("memory:stale-read,lost-write", "stale-read and lost-write cannot be planted together"),
            ("memory:stale-read=yes", "stale-read of memory takes no value"),
            ("memory:flaky", "flaky of memory must be"),
            ("memory:flaky=2", "flaky of memory must be a share from 0 to 1, not `2`"),
            ("memory:latency=2", "latency of memory must be a time such as 2ms, at most 10s, not `2`"),
            ("memory:latency=11s", "at most 10s"),
            ("memory:flaky=0.1,flaky=0.2", "flaky is given twice"),
            ("etcd:reads=stale", "reads of etcd must be one of linearizable, serializable, not `stale`"),
            ("etcd:reads=serialisable", "did you mean `serializable`?"),
            ("etcd:unsafe-no-fsync", "version of etcd must be 3.5 with unsafe-no-fsync, not `3.4`"),
            ("etcd:version=3.6", "version of etcd must be one of 3.4, 3.5, not `3.6`"),
        ] {
            let error = open(spelling, 1).err().unwrap_or_else(|| panic!("{spelling} opened")).to_string();
            assert!(error.contains(expected), "{spelling}: {error}");
        }
    }

    #[test]
    fn an_entry_says_whether_nodes_are_needed() {
        assert!(!entry_of("memory:latency=2ms").unwrap().needs_nodes);
        assert!(entry_of("etcd:version=3.5").unwrap().needs_nodes);
        assert!(entry_of("zookeeper").is_err());
    }

    #[test]
    fn the_list_is_data() {
        let list = serde_json::to_value(all()).unwrap();
        assert_eq!(list[0]["name"], "memory");
        assert_eq!(list[1]["options"][0]["values"], serde_json::json!(["3.4", "3.5"]));
    }
}
