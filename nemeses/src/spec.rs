//! What plans call faults, and the list of all that there are.

use crate::{DiskStall, Kill, Nemesis, Partition, Pause, Shape, Target};
use cluster::nearest;
use serde::Serialize;

/// One line of `gainsay list nemeses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The name that plans use: `partition`.
    pub name: &'static str,
    /// What it does to the nodes.
    pub does: &'static str,
    /// What the nodes must have or be.
    pub needs: &'static str,
    /// What heals it.
    pub undone_by: &'static str,
    /// What shows that it is in effect.
    pub measured_by: &'static str,
    /// What may follow the name after a colon.
    pub choices: Vec<Choice>,
}

/// What may follow a name after a colon: `partition:ring`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The word: `ring`.
    pub name: &'static str,
    /// What it means.
    pub does: &'static str,
}

/// Why a plan's faults are not understood, or cannot be made here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// No nemesis has this name.
    #[error("there is no nemesis {name:?}{hint}; there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// `, did you mean kill?`, or empty.
        hint: String,
        /// All names.
        known: String,
    },
    /// The nemesis does not offer this choice.
    #[error("{nemesis} has no choice {choice:?}{hint}; there are {known}")]
    UnknownChoice {
        /// The nemesis.
        nemesis: &'static str,
        /// What was asked for.
        choice: String,
        /// `, did you mean ring?`, or empty.
        hint: String,
        /// All choices.
        known: String,
    },
    /// A nemesis is named twice, perhaps with different choices.
    #[error("{name} is named twice; to heal one of them would heal the other, so let its choice be left to chance")]
    Twice {
        /// Its name.
        name: &'static str,
    },
    /// Nothing, and something.
    #[error("none stands alone: leave it out, or leave out the others")]
    NoneAmongOthers,
    /// It cannot be made in this cluster or with this database.
    #[error("{spec} cannot be done here: {reason}")]
    Unsuitable {
        /// What was asked for.
        spec: String,
        /// Why not.
        reason: String,
    },
}

/// All that there is, in the order in which it is listed.
#[must_use]
pub fn all() -> Vec<Entry> {
    let shapes = Shape::ALL.map(|shape| Choice { name: shape.name(), does: shape.does() }).to_vec();
    let targets = Target::ALL.map(|target| Choice { name: target.name(), does: target.does() }).to_vec();
    vec![
        Entry {
            name: "partition",
            does: "drops packets between nodes, not those of clients; another shape each time if none is given",
            needs: "iptables, and ip6tables for IPv6 peers; bash to measure; 2 nodes",
            undone_by: "jumps to GAINSAY-IN and GAINSAY-OUT and these chains are removed, nothing else",
            measured_by: "a TCP connect across every cut link stays silent and the rule counts it; the other links answer",
            choices: shapes,
        },
        Entry {
            name: "kill",
            does: "SIGKILL to every process of the database; few nodes mostly, at times a majority or all",
            needs: "a database that is a systemd unit and runs",
            undone_by: "every unit that was killed is started",
            measured_by: "its main process is gone",
            choices: targets.clone(),
        },
        Entry {
            name: "pause",
            does: "SIGSTOP to every process of the database",
            needs: "a database that is a systemd unit and runs",
            undone_by: "SIGCONT to every unit that was stopped",
            measured_by: "all its processes are in state T",
            choices: targets.clone(),
        },
        Entry {
            name: "disk-stall",
            does: "freezes the file system of the data directory: writes block, reads go on; the primary's if not told",
            needs: "a data directory that is a mount point of its own",
            undone_by: "every file system that was frozen is thawed",
            measured_by: "a small write is still blocked after 0.3 s",
            choices: targets,
        },
    ]
}

/// The faults of a plan: names separated by commas, each with a choice after a colon if that shall be fixed:
/// `partition:ring,kill`. Nothing, or `none`, gives no faults.
///
/// # Errors
/// If a name or choice is unknown, or a name comes twice.
pub fn parse(spec: &str) -> Result<Vec<Box<dyn Nemesis>>, SpecError> {
    let words: Vec<_> = spec.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    if words.is_empty() || words == ["none"] {
        return Ok(Vec::new());
    }
    if words.contains(&"none") {
        return Err(SpecError::NoneAmongOthers);
    }
    let mut nemeses: Vec<Box<dyn Nemesis>> = Vec::new();
    for word in words {
        let nemesis = parse_one(word)?;
        if nemeses.iter().any(|earlier| earlier.name() == nemesis.name()) {
            return Err(SpecError::Twice { name: nemesis.name() });
        }
        nemeses.push(nemesis);
    }
    Ok(nemeses)
}

/// One of each kind, for what concerns all of them: healing.
pub(crate) fn every_nemesis() -> Vec<Box<dyn Nemesis>> {
    vec![
        Box::new(Kill::default()),
        Box::new(Pause::default()),
        Box::new(Partition::default()),
        Box::new(DiskStall::default()),
    ]
}

fn parse_one(word: &str) -> Result<Box<dyn Nemesis>, SpecError> {
    let (name, choice) = word.split_once(':').map_or((word, None), |(name, choice)| (name, Some(choice)));
    let target = |nemesis| choice.map(|choice| find(nemesis, choice, &Target::ALL, Target::name)).transpose();
    Ok(match name {
        "partition" => {
            let shape = choice.map(|choice| find("partition", choice, &Shape::ALL, Shape::name)).transpose()?;
            Box::new(Partition { shape })
        }
        "kill" => Box::new(Kill { target: target("kill")? }),
        "pause" => Box::new(Pause { target: target("pause")? }),
        "disk-stall" => Box::new(DiskStall { target: target("disk-stall")? }),
        unknown => return Err(unknown_name(unknown)),
    })
}

fn find<T: Copy>(nemesis: &'static str, choice: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, SpecError> {
    all.iter().copied().find(|&one| name(one) == choice).ok_or_else(|| {
        let known: Vec<_> = all.iter().map(|&one| name(one)).collect();
        SpecError::UnknownChoice {
            nemesis,
            choice: choice.to_owned(),
            hint: hint(choice, &known),
            known: known.join(", "),
        }
    })
}

fn unknown_name(name: &str) -> SpecError {
    let known: Vec<_> = all().iter().map(|entry| entry.name).chain(["none"]).collect();
    SpecError::Unknown { name: name.to_owned(), hint: hint(name, &known), known: known.join(", ") }
}

/// `, did you mean X?` if a known word is close to what was typed.
fn hint(typed: &str, known: &[&str]) -> String {
    nearest(typed, known.iter().copied()).map_or(String::new(), |word| format!(", did you mean {word}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(spec: &str) -> Result<Vec<&'static str>, String> {
        match parse(spec) {
            Ok(nemeses) => Ok(nemeses.iter().map(|nemesis| nemesis.name()).collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn every_entry_and_every_choice_can_be_asked_for() {
        for entry in all() {
            assert_eq!(names(entry.name), Ok(vec![entry.name]));
            for choice in entry.choices {
                assert_eq!(names(&format!("{}:{}", entry.name, choice.name)), Ok(vec![entry.name]));
            }
        }
        assert_eq!(all().len(), every_nemesis().len());
    }

    #[test]
    fn lists_are_understood() {
        assert_eq!(names("partition:ring, kill ,disk-stall"), Ok(vec!["partition", "kill", "disk-stall"]));
        assert_eq!(names("none"), Ok(vec![]));
        assert_eq!(names(""), Ok(vec![]));
    }

    #[test]
    fn errors_teach() {
        insta::assert_snapshot!(names("kil").unwrap_err(), @r#"there is no nemesis "kil", did you mean kill?; there are partition, kill, pause, disk-stall, none"#);
        insta::assert_snapshot!(names("earthquake").unwrap_err(), @r#"there is no nemesis "earthquake"; there are partition, kill, pause, disk-stall, none"#);
        insta::assert_snapshot!(names("partition:rings").unwrap_err(), @r#"partition has no choice "rings", did you mean ring?; there are one, halves, majority, ring, bridge, primary, one-way"#);
        insta::assert_snapshot!(names("kill:").unwrap_err(), @r#"kill has no choice ""; there are one, minority, majority, all, primary"#);
        insta::assert_snapshot!(names("kill,kill:one").unwrap_err(), @"kill is named twice; to heal one of them would heal the other, so let its choice be left to chance");
        insta::assert_snapshot!(names("none,kill").unwrap_err(), @"none stands alone: leave it out, or leave out the others");
    }

    #[test]
    fn entries_can_be_written_as_json() {
        let json = serde_json::to_value(all()).unwrap();
        assert_eq!(json[0]["choices"][3]["name"], "ring");
    }
}
