//! What may stand behind the name of a nemesis in a plan: `partition:halves:port=2380`.
//!
//! Words are separated by colons. A word without `=` is the choice, all others are settings. Every nemesis takes out
//! what it knows; what is left is an error that says what there is.

use crate::SpecError;
use crate::spec::hint;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// A setting of a nemesis, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The word before the `=`: `percent`.
    pub name: &'static str,
    /// What holds if it is left out; empty if nothing does.
    pub default: &'static str,
    /// What it means, with its unit and limits.
    pub does: &'static str,
}

/// The words behind one name, as far as they are not taken out yet.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    nemesis: &'static str,
    choice: Option<String>,
    settings: BTreeMap<String, String>,
    /// Every setting that was asked for, for the error about one that was not.
    known: Vec<&'static str>,
}

impl Options {
    /// Reads the words behind a name.
    pub(crate) fn read(nemesis: &'static str, words: Option<&str>) -> Result<Options, SpecError> {
        let mut options = Options { nemesis, choice: None, settings: BTreeMap::new(), known: Vec::new() };
        for word in words.into_iter().flat_map(|words| words.split(':')) {
            let former = match word.split_once('=') {
                Some((key, value)) => options.settings.insert(key.to_owned(), value.to_owned()),
                None => options.choice.replace(word.to_owned()),
            };
            if let Some(former) = former {
                return Err(options.bad("", word, &format!("one of them: {former:?} stands there, too")));
            }
        }
        Ok(options)
    }

    /// Takes out the choice.
    pub(crate) fn choice<T: Copy>(&mut self, all: &[T], name: fn(T) -> &'static str) -> Result<Option<T>, SpecError> {
        let Some(choice) = self.choice.take() else { return Ok(None) };
        let found = all.iter().copied().find(|&one| name(one) == choice);
        found.map(Some).ok_or_else(|| {
            let known: Vec<_> = all.iter().map(|&one| name(one)).collect();
            SpecError::UnknownChoice {
                nemesis: self.nemesis,
                hint: hint(&choice, &known),
                choice,
                known: known.join(", "),
            }
        })
    }

    /// Takes out a setting that is text: letters, digits and `-_./+=*?[]` only, for it becomes part of scripts.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, SpecError> {
        self.known.push(name);
        let Some(value) = self.settings.remove(name) else { return Ok(None) };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+=*?[]".contains(c);
        if value.is_empty() || !value.chars().all(plain) {
            return Err(self.bad(name, &value, "letters, digits and -_./+=*?[]"));
        }
        Ok(Some(value))
    }

    /// Takes out a setting that is one of some words; the first of them if it is left out.
    pub(crate) fn word(
        &mut self,
        name: &'static str,
        words: &'static [&'static str],
    ) -> Result<&'static str, SpecError> {
        let Some(value) = self.text(name)? else { return Ok(words[0]) };
        let found = words.iter().copied().find(|word| *word == value);
        found.ok_or_else(|| self.bad(name, &value, &words.join(", ")))
    }

    /// Takes out a setting that is a number within limits.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<u64, SpecError> {
        let Some(value) = self.text(name)? else { return Ok(default) };
        let number = value.parse().ok().filter(|number| range.contains(number));
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        number.ok_or_else(|| self.bad(name, &value, &expected()))
    }

    /// The same without a default.
    pub(crate) fn number_if_given(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, SpecError> {
        if !self.settings.contains_key(name) {
            self.known.push(name);
            return Ok(None);
        }
        self.number(name, 0, range).map(Some)
    }

    /// Refuses whatever nobody took out.
    pub(crate) fn finish(self) -> Result<(), SpecError> {
        let known = self.known.join(", ");
        if let Some((setting, _)) = self.settings.iter().next() {
            return Err(SpecError::UnknownSetting {
                nemesis: self.nemesis,
                hint: hint(setting, &self.known),
                setting: setting.clone(),
                known: if known.is_empty() { "none".to_owned() } else { known },
            });
        }
        match self.choice {
            Some(choice) => Err(SpecError::UnknownChoice {
                nemesis: self.nemesis,
                choice,
                hint: String::new(),
                known: "none".to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// An error about the value of a setting.
    pub(crate) fn bad(&self, setting: &str, value: &str, expected: &str) -> SpecError {
        SpecError::BadSetting {
            nemesis: self.nemesis,
            setting: setting.to_owned(),
            value: value.to_owned(),
            expected: expected.to_owned(),
        }
    }
}
