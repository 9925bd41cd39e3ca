//! What plans call faults: names, choices and settings, and every way to get them wrong.

use crate::Nemesis;
use crate::catalogue::KINDS;
use crate::options::Options;
use cluster::nearest;

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
    /// The nemesis does not offer this setting.
    #[error("{nemesis} has no setting {setting:?}{hint}; there are {known}")]
    UnknownSetting {
        /// The nemesis.
        nemesis: &'static str,
        /// What was asked for.
        setting: String,
        /// `, did you mean port?`, or empty.
        hint: String,
        /// All settings.
        known: String,
    },
    /// A setting has a value that it cannot have.
    #[error("{nemesis}:{setting}={value} is not understood; expected {expected}")]
    BadSetting {
        /// The nemesis.
        nemesis: &'static str,
        /// The setting.
        setting: String,
        /// What was asked for.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// Two nemeses need the same thing of a node for themselves.
    #[error("{one} and {other} cannot be combined: each needs {thing} for itself")]
    Exclusive {
        /// One.
        one: &'static str,
        /// The other.
        other: &'static str,
        /// What both need: `the queue of the network device`.
        thing: &'static str,
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
        nemeses.iter().try_for_each(|earlier| combine(earlier.as_ref(), nemesis.as_ref()))?;
        nemeses.push(nemesis);
    }
    Ok(nemeses)
}

/// Whether two faults may be in force at the same time.
///
/// # Errors
/// [`SpecError::Exclusive`] if both need the same thing of a node for themselves.
pub(crate) fn combine(one: &dyn Nemesis, other: &dyn Nemesis) -> Result<(), SpecError> {
    let shared = one.claims().iter().find(|thing| other.claims().contains(thing));
    shared.map_or(Ok(()), |thing| Err(SpecError::Exclusive { one: one.name(), other: other.name(), thing }))
}

/// One fault: its name, and what stands behind it.
///
/// # Errors
/// If the name, the choice or a setting is unknown, or a value is none.
pub fn parse_one(word: &str) -> Result<Box<dyn Nemesis>, SpecError> {
    let (name, words) = word.split_once(':').map_or((word, None), |(name, words)| (name, Some(words)));
    let kind = KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| unknown_name(name))?;
    let mut options = Options::read(kind.name, words)?;
    let nemesis = (kind.open)(&mut options)?;
    options.finish().map(|()| nemesis)
}

fn unknown_name(name: &str) -> SpecError {
    let known: Vec<_> = KINDS.iter().map(|kind| kind.name).chain(["none"]).collect();
    SpecError::Unknown { name: name.to_owned(), hint: hint(name, &known), known: known.join(", ") }
}

/// `, did you mean X?` if a known word is close to what was typed.
pub(crate) fn hint(typed: &str, known: &[&str]) -> String {
    nearest(typed, known.iter().copied()).map_or(String::new(), |word| format!(", did you mean {word}?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::all;
    use crate::catalogue::every_nemesis;

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
        let unknown = names("kil").unwrap_err();
        assert!(unknown.starts_with("there is no nemesis \"kil\", did you mean kill?; there are "), "{unknown}");
        let unknown = names("earthquake").unwrap_err();
        assert!(unknown.starts_with("there is no nemesis \"earthquake\"; there are ") && unknown.ends_with(", none"));
        insta::assert_snapshot!(names("partition:rings").unwrap_err(), @r#"partition has no choice "rings", did you mean ring?; there are one, halves, majority, ring, bridge, primary, one-way"#);
        insta::assert_snapshot!(names("kill:").unwrap_err(), @r#"kill has no choice ""; there are one, minority, majority, all, primary, followers"#);
        insta::assert_snapshot!(names("kill,kill:one").unwrap_err(), @"kill is named twice; to heal one of them would heal the other, so let its choice be left to chance");
        insta::assert_snapshot!(names("none,kill").unwrap_err(), @"none stands alone: leave it out, or leave out the others");
    }

    #[test]
    fn entries_can_be_written_as_json() {
        let json = serde_json::to_value(all()).unwrap();
        assert_eq!(json[0]["family"], "process");
        assert_eq!(json[0]["choices"][3]["name"], "all");
    }
}
