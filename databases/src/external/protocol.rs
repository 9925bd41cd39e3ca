//! The lines of `gainsay-client/1`: what we say to a client, and how what it says is read. Pure: no process is here.
//!
//! docs/CLIENT.md is the page for people who write clients.

use super::codes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The name and version of the protocol.
pub const PROTOCOL: &str = "gainsay-client/1";

/// The first line to a client.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Hello {
    pub(super) id: u64,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) protocol: String,
    pub(super) workload: String,
    pub(super) data_type: &'static str,
    pub(super) functions: &'static [&'static str],
    pub(super) node: String,
    pub(super) address: String,
    pub(super) nodes: Vec<Peer>,
    pub(super) slot: usize,
    pub(super) timeout_ms: u64,
    pub(super) run: String,
    pub(super) options: BTreeMap<String, String>,
}

/// A node of the cluster, as clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) address: String,
}

impl Hello {
    /// The line.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).expect("texts and numbers are JSON");
        line.push(b'\n');
        line
    }
}

/// The line that asks for an operation; `value` is JSON.
pub(super) fn invoke(id: u64, function: &str, key: Option<u64>, value: &[u8]) -> Vec<u8> {
    let mut line = format!("{{\"id\":{id},\"type\":\"invoke\",\"f\":\"{function}\"").into_bytes();
    if let Some(key) = key {
        line.extend_from_slice(format!(",\"key\":{key}").as_bytes());
    }
    line.extend_from_slice(b",\"value\":");
    line.extend_from_slice(value);
    line.extend_from_slice(b"}\n");
    line
}

/// The line that asks for what must be there before the first operation: tables, accounts.
pub(super) fn setup(id: u64) -> Vec<u8> {
    format!("{{\"id\":{id},\"type\":\"setup\"}}\n").into_bytes()
}

/// What a client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It can be asked.
    Ready {
        /// What it calls itself.
        client: Option<String>,
        /// True if it wants to be asked once to set up what must be there.
        setup: bool,
    },
    /// It happened; the result is JSON, None if there was no `value`.
    Ok(Option<String>),
    /// It took no effect and never will.
    Fail(String),
    /// Nobody knows.
    Info(String),
}

/// A line as it comes.
#[derive(Deserialize)]
struct Line<'a> {
    id: Option<u64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default, borrow, deserialize_with = "given")]
    value: Option<&'a RawValue>,
    code: Option<serde_json::Value>,
    text: Option<String>,
    protocol: Option<String>,
    client: Option<String>,
    #[serde(default)]
    setup: bool,
}

/// A value that is there is one, also if it is null.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Reads the answer to the message `id`.
///
/// # Errors
/// What is wrong with it and what was expected, as the end of a sentence that begins with the line.
pub(super) fn read(line: &[u8], id: u64) -> Result<Answer, String> {
    let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8; expected one JSON object a line".to_owned())?;
    let value: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(text);
    if value.is_err() {
        let hint = "what is meant for people goes to standard error";
        return Err(format!("is not a JSON object; expected the answer to message {id}; {hint}"));
    }
    let line: Line<'_> = serde_json::from_str(text).map_err(|error| format!("is not an answer: {error}"))?;
    match line.id {
        Some(answered) if answered == id => {}
        Some(other) => return Err(format!("answers message {other}; expected the answer to message {id}, and once")),
        None => return Err(format!("has no `id`; expected \"id\":{id}")),
    }
    match line.kind.as_deref() {
        Some("ready") => ready(&line),
        Some("ok") => Ok(Answer::Ok(line.value.map(|value| value.get().to_owned()))),
        Some("fail") => Ok(line.failed()),
        Some("info") => Ok(Answer::Info(line.reason())),
        Some(other) => Err(format!("has the type `{other}`; expected ready, ok, fail or info")),
        None => Err("has no `type`; expected ready, ok, fail or info".to_owned()),
    }
}

fn ready(line: &Line<'_>) -> Result<Answer, String> {
    match line.protocol.as_deref() {
        Some(PROTOCOL) => Ok(Answer::Ready { client: line.client.clone(), setup: line.setup }),
        Some(other) => Err(format!("speaks the protocol `{other}`; expected `{PROTOCOL}`")),
        None => Err(format!("has no `protocol`; expected \"protocol\":\"{PROTOCOL}\"")),
    }
}

impl Line<'_> {
    /// A failure is one only under a code that says so.
    fn failed(&self) -> Answer {
        let reason = self.reason();
        match self.code.as_ref().map(codes::named) {
            Some(Some(code)) if code.definite => Answer::Fail(reason),
            Some(Some(_)) => Answer::Info(reason),
            Some(None) => Answer::Info(format!("{reason} (an unknown code is indefinite)")),
            None => Answer::Info(format!("{reason} (a fail without `code` is indefinite)")),
        }
    }

    fn reason(&self) -> String {
        let code = match self.code.as_ref().map(|code| (codes::named(code), code)) {
            Some((Some(code), _)) => code.name.to_owned(),
            Some((None, serde_json::Value::String(text))) => excerpt(text.as_bytes()),
            Some((None, other)) => excerpt(other.to_string().as_bytes()),
            None => "no code".to_owned(),
        };
        match self.text.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => format!("{code}: {}", excerpt(text.as_bytes())),
            None => code,
        }
    }
}

/// The beginning of what may be long, with nothing in it that a terminal would obey.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    const LENGTH: usize = 160;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * LENGTH)]);
    let clean: String = text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match clean.char_indices().nth(LENGTH) {
        Some((cut, _)) => format!("{}...", &clean[..cut]),
        None if bytes.len() > 4 * LENGTH => format!("{clean}..."),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let ready = Answer::Ready { client: Some("x".to_owned()), setup: false };
        for (line, expected) in [
            (r#"{"id":7,"type":"ready","protocol":"gainsay-client/1","client":"x"}"#, ready),
            (r#"{"id":7,"type":"ok","value":null}"#, Answer::Ok(Some("null".to_owned()))),
            (r#"{"id":7,"type":"ok","value":[1, 2],"extra":{"a":1}}"#, Answer::Ok(Some("[1, 2]".to_owned()))),
            (r#"{"type":"ok","id":7}"#, Answer::Ok(None)),
            (r#"{"id":7,"type":"fail","code":22}"#, Answer::Fail("precondition-failed".to_owned())),
            (r#"{"id":7,"type":"fail","code":"abort","text":"no"}"#, Answer::Fail("abort: no".to_owned())),
            (r#"{"id":7,"type":"info","code":22}"#, Answer::Info("precondition-failed".to_owned())),
            (r#"{"id":7,"type":"info","code":"odd\u0007","text":"ü"}"#, Answer::Info("odd : ü".to_owned())),
        ] {
            assert_eq!(read(line.as_bytes(), 7), Ok(expected), "{line}");
        }
    }

    #[test]
    fn a_fail_that_is_in_doubt_is_none() {
        for line in [
            r#"{"id":7,"type":"fail","code":0}"#,
            r#"{"id":7,"type":"fail","code":"crash"}"#,
            r#"{"id":7,"type":"fail","code":"my-own-code"}"#,
            r#"{"id":7,"type":"fail","code":99}"#,
            r#"{"id":7,"type":"fail","code":null}"#,
            r#"{"id":7,"type":"fail"}"#,
        ] {
            assert!(matches!(read(line.as_bytes(), 7), Ok(Answer::Info(_))), "{line}");
        }
    }

    #[test]
    fn what_is_no_answer_is_told_what_was_expected() {
        for (line, expected) in [
            (&b"connected"[..], "is not a JSON object; expected the answer to message 7"),
            (b"", "is not a JSON object"),
            (b"[1]", "is not a JSON object"),
            (b"{\"id\":7,\"type\":\"ok\"", "is not a JSON object"),
            (b"{\"id\":7}{\"id\":7}", "is not a JSON object"),
            (b"\xff\xfe", "is not UTF-8"),
            (b"{\"type\":\"ok\"}", "has no `id`; expected \"id\":7"),
            (b"{\"id\":6,\"type\":\"ok\"}", "answers message 6; expected the answer to message 7"),
            (b"{\"id\":\"7\",\"type\":\"ok\"}", "is not an answer: invalid type"),
            (b"{\"id\":7.0,\"type\":\"ok\"}", "is not an answer: invalid type"),
            (b"{\"id\":7,\"id\":7,\"type\":\"ok\"}", "is not an answer: duplicate field"),
            (b"{\"id\":7,\"type\":\"okay\"}", "has the type `okay`; expected ready, ok, fail or info"),
            (b"{\"id\":7}", "has no `type`"),
            (b"{\"id\":7,\"type\":\"ready\"}", "has no `protocol`"),
            (
                b"{\"id\":7,\"type\":\"ready\",\"protocol\":\"gainsay-client/2\"}",
                "speaks the protocol `gainsay-client/2`",
            ),
        ] {
            let error = read(line, 7).unwrap_err();
            assert!(error.starts_with(expected), "{}: {error}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn messages_are_lines_of_json() {
        let text = |line: Vec<u8>| String::from_utf8(line).unwrap();
        let cas = invoke(9, "cas", Some(5), b"[1,2]");
        assert_eq!(text(cas), "{\"id\":9,\"type\":\"invoke\",\"f\":\"cas\",\"key\":5,\"value\":[1,2]}\n");
        assert_eq!(
            text(invoke(1, "read", None, b"null")),
            "{\"id\":1,\"type\":\"invoke\",\"f\":\"read\",\"value\":null}\n"
        );
        assert_eq!(text(setup(1)), "{\"id\":1,\"type\":\"setup\"}\n");
    }

    #[test]
    fn an_excerpt_is_short_and_tame() {
        assert_eq!(excerpt(b"a\x1b[31mb\n"), "a [31mb");
        assert_eq!(excerpt(&[b'x'; 4000]).len(), 163);
        assert_eq!(excerpt("ü".repeat(200).as_bytes()).chars().count(), 163);
    }
}
