//! Probes: what must hold around a test for it to go on. A test that hurts more than it was meant to ends itself.
//!
//! A probe asks a URL, a command on the controller, a command on every node, or how many operations are acknowledged a
//! second. It is asked before the first fault, continuously, once during each fault, or after everything is healed. When
//! it has failed more often in a row than it tolerates, the run is aborted: faults are healed and what was recorded is
//! judged. Probes give no verdict on the system under test.

mod ask;
mod watch;

pub use watch::Watch;

use crate::quantity::Span;
use cluster::http::Url;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Between two questions, if nothing else is said.
const EVERY: Span = Span::seconds(2);
/// An answer that takes longer is none.
const TIMEOUT: Span = Span::seconds(2);
/// So many failures in a row are borne, where nothing else is said.
const TOLERATE: u32 = 2;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// A URL answers with this status, or with any from 200 to 399.
    Http {
        /// Which.
        url: Url,
        /// The status.
        expect: Option<u16>,
    },
    /// A command on the controller ends with status 0.
    Command(String),
    /// A command ends with status 0 on every node, as root.
    OnNodes(String),
    /// At least so many operations a second are acknowledged.
    OkRate(f64),
}

/// When it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Before the first operation and the first fault.
    Before,
    /// Again and again, from the first operation until everything is healed.
    Continuously,
    /// Once in each fault, when it is in effect.
    During,
    /// When everything is healed, and the system serves.
    After,
}

/// What a failure does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFail {
    /// The run ends, and everything is healed.
    Abort,
    /// The report says so.
    Note,
}

/// A probe, with everything decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Probe {
    /// What people call it.
    pub name: String,
    /// What is asked.
    pub question: Question,
    /// When.
    pub when: Vec<When>,
    /// Between two questions.
    pub every: Span,
    /// An answer that takes longer is none.
    pub timeout: Span,
    /// So many failures in a row are borne.
    pub tolerate: u32,
    /// What the next one does.
    pub on_fail: OnFail,
}

/// A probe as people write it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_nodes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<Vec<When>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_fail: Option<OnFail>,
}

impl TryFrom<Written> for Probe {
    type Error = String;
    fn try_from(written: Written) -> Result<Probe, String> {
        let question = written.question()?;
        let is_rate = matches!(question, Question::OkRate(_));
        let usual =
            if is_rate { vec![When::Continuously] } else { vec![When::Before, When::Continuously, When::After] };
        let when = written.when.unwrap_or(usual);
        if when.is_empty() {
            return Err("a probe that is never asked: name one of before, continuously, during, after".to_owned());
        }
        if is_rate && when != [When::Continuously] {
            return Err("ok-rate is counted while operations run: its `when` is [\"continuously\"]".to_owned());
        }
        Ok(Probe {
            name: written.name.unwrap_or_else(|| question.to_string()),
            question,
            when,
            every: written.every.unwrap_or(EVERY),
            timeout: written.timeout.unwrap_or(TIMEOUT),
            tolerate: written.tolerate.unwrap_or(TOLERATE),
            on_fail: written.on_fail.unwrap_or(OnFail::Abort),
        })
    }
}

impl Written {
    fn question(&self) -> Result<Question, String> {
        const ONE: &str = "a probe asks one thing: http, command, on-nodes or ok-rate";
        if self.expect.is_some() && self.http.is_none() {
            return Err("expect is the status of http, which is not asked".to_owned());
        }
        match (&self.http, &self.command, &self.on_nodes, self.ok_rate) {
            (Some(url), None, None, None) => Ok(Question::Http { url: url.parse()?, expect: self.expect }),
            (None, Some(command), None, None) => Ok(Question::Command(not_empty(command)?)),
            (None, None, Some(command), None) => Ok(Question::OnNodes(not_empty(command)?)),
            (None, None, None, Some(rate)) if rate > 0.0 && rate.is_finite() => Ok(Question::OkRate(rate)),
            (None, None, None, Some(rate)) => Err(format!("ok-rate must be greater than zero, not {rate}")),
            _ => Err(ONE.to_owned()),
        }
    }
}

fn not_empty(command: &str) -> Result<String, String> {
    if command.trim().is_empty() { Err("the command of a probe is empty".to_owned()) } else { Ok(command.to_owned()) }
}

impl From<Probe> for Written {
    fn from(probe: Probe) -> Written {
        let mut written = Written {
            name: Some(probe.name),
            when: Some(probe.when),
            every: Some(probe.every),
            timeout: Some(probe.timeout),
            tolerate: Some(probe.tolerate),
            on_fail: Some(probe.on_fail),
            ..Written::default()
        };
        match probe.question {
            Question::Http { url, expect } => (written.http, written.expect) = (Some(url.to_string()), expect),
            Question::Command(command) => written.command = Some(command),
            Question::OnNodes(command) => written.on_nodes = Some(command),
            Question::OkRate(rate) => written.ok_rate = Some(rate),
        }
        written
    }
}

/// In one word, as a flag has it: `http://10.0.0.9/health`, `command:./well.sh`, `on-nodes:...`, `ok-rate:10`.
impl FromStr for Probe {
    type Err = String;
    fn from_str(text: &str) -> Result<Probe, String> {
        let rest = |prefix: &str| text.strip_prefix(prefix).map(str::to_owned);
        let rate = |text: String| text.trim_end_matches("/s").parse::<f64>();
        let mut written = Written { command: rest("command:"), on_nodes: rest("on-nodes:"), ..Written::default() };
        if text.starts_with("http://") || text.starts_with("https://") {
            written.http = Some(text.to_owned());
        }
        if let Some(told) = rest("ok-rate:") {
            written.ok_rate = Some(rate(told).map_err(|_| format!("expected a rate as in ok-rate:10, not {text}"))?);
        }
        if written.http.is_none()
            && written.command.is_none()
            && written.on_nodes.is_none()
            && written.ok_rate.is_none()
        {
            return Err(format!("expected http://..., command:..., on-nodes:... or ok-rate:..., not `{text}`"));
        }
        Probe::try_from(written)
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Question::Http { url, .. } => write!(f, "{url}"),
            Question::Command(command) => write!(f, "command:{command}"),
            Question::OnNodes(command) => write!(f, "on-nodes:{command}"),
            Question::OkRate(rate) => write!(f, "ok-rate:{rate}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        probe: Vec<Probe>,
    }

    #[test]
    fn a_probe_is_the_same_from_a_file_and_from_a_flag_and_comes_back() {
        let text = "[[probe]]\nhttp = \"http://10.0.0.9:81/well?x=1\"\n[[probe]]\nok-rate = 10.0\n";
        let file: File = toml::from_str(text).unwrap();
        let flags: Vec<Probe> =
            ["http://10.0.0.9:81/well?x=1", "ok-rate:10/s"].map(|flag| flag.parse().unwrap()).to_vec();
        assert_eq!(file.probe, flags);
        assert_eq!(flags[1].when, [When::Continuously]);
        let again: Probe = toml::from_str(&toml::to_string(&flags[0]).unwrap()).unwrap();
        assert_eq!(again, flags[0]);
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_the_reason() {
        let error = |text: &str| toml::from_str::<File>(text).unwrap_err().message().to_owned();
        for (text, expected) in [
            ("[[probe]]\nname = \"x\"\n", "one thing"),
            ("[[probe]]\nhttp = \"http://a/\"\ncommand = \"true\"\n", "one thing"),
            ("[[probe]]\nhttp = \"https://a/\"\n", "TLS"),
            ("[[probe]]\nhttp = \"a/b\"\n", "expected http://"),
            ("[[probe]]\nok-rate = 0.0\n", "greater than zero"),
            ("[[probe]]\nok-rate = 5.0\nwhen = [\"before\"]\n", "continuously"),
            ("[[probe]]\ncommand = \"true\"\nwhen = []\n", "never asked"),
            ("[[probe]]\ncommand = \"true\"\nexpect = 200\n", "not asked"),
            ("[[probe]]\ncommand = \" \"\n", "empty"),
            ("[[probe]]\ncommand = \"true\"\nevry = \"1s\"\n", "unknown field"),
        ] {
            assert!(error(text).contains(expected), "{text}: {}", error(text));
        }
        assert!("ping".parse::<Probe>().unwrap_err().contains("expected http://"));
    }
}
