//! etcd's JSON gateway: the shapes of its answers, and which of its errors are definite.
//!
//! Keys and values are base64, every 64-bit integer is a string, and what is zero, false or empty is left out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cluster::ClientError;
use cluster::http::{Connection, Failure};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A request that ended with one of these changed nothing and never will: invalid argument, not found, exhausted,
/// failed precondition, out of range, unauthenticated. Not among them: 2 unknown, 4 deadline exceeded, 14 unavailable.
const DEFINITE_CODES: [i64; 6] = [3, 5, 8, 9, 11, 16];

/// Text as the gateway wants it.
pub(super) fn encode(text: &str) -> String {
    STANDARD.encode(text)
}

/// Text as the gateway gives it.
pub(super) fn decode(base64: &str) -> Result<String, ClientError> {
    let bytes = STANDARD.decode(base64).map_err(|error| nonsense(&error))?;
    String::from_utf8(bytes).map_err(|error| nonsense(&error))
}

/// An integer that was stored as text.
pub(super) fn integer(text: &str) -> Result<i64, ClientError> {
    text.parse().map_err(|error| nonsense(&error))
}

/// Posts a request, once, and understands its answer.
pub(super) async fn call<T: DeserializeOwned>(
    connection: &mut Connection,
    path: &str,
    request: &Value,
) -> Result<T, ClientError> {
    let body = serde_json::to_vec(request).expect("a JSON value is written to memory without an error");
    let answer = connection.post(path, body).await.map_err(|failure| match failure {
        Failure::Unsent(reason) => ClientError::Definite(reason),
        Failure::Unanswered(reason) => ClientError::Indefinite(format!("{path}: {reason}")),
    })?;
    if answer.status == 200 {
        return parse(&answer.body);
    }
    Err(refusal(answer.status, &answer.body))
}

/// The first JSON value of an answer; a stream's answer may hold several.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<T>();
    match values.next() {
        Some(Ok(value)) => Ok(value),
        Some(Err(_)) if is_error(body) => Err(refusal(200, body)),
        Some(Err(error)) => Err(nonsense(&error)),
        None => Err(nonsense(&"it is empty")),
    }
}

fn nonsense(reason: &dyn std::fmt::Display) -> ClientError {
    ClientError::Indefinite(format!("the answer makes no sense: {reason}"))
}

/// An error as the gateway writes it, alone or within a stream.
#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: Value,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    code: Option<i64>,
}

fn is_error(body: &[u8]) -> bool {
    serde_json::from_slice::<Refusal>(body).is_ok_and(|refusal| !refusal.error.is_null())
}

fn refusal(status: u16, body: &[u8]) -> ClientError {
    let Ok(refusal) = serde_json::from_slice::<Refusal>(body) else {
        return ClientError::Indefinite(format!("status {status} without an error that can be read"));
    };
    let of_stream = |field: &str| refusal.error.get(field);
    let code = refusal.code.or_else(|| of_stream("grpc_code").and_then(Value::as_i64));
    let text = refusal.error.as_str().or_else(|| of_stream("message").and_then(Value::as_str));
    let text = text.or(refusal.message.as_deref()).unwrap_or("no reason given");
    match code {
        Some(code) if DEFINITE_CODES.contains(&code) => ClientError::Definite(format!("{text} (code {code})")),
        Some(code) => ClientError::Indefinite(format!("{text} (code {code})")),
        None => ClientError::Indefinite(format!("{text} (status {status})")),
    }
}

/// What every answer opens with. An answer without it is none.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    #[serde(default, deserialize_with = "number")]
    pub(super) revision: i64,
    #[serde(default)]
    member_id: String,
}

/// An answer that says no more than that it was done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    #[serde(rename = "header")]
    _header: Header,
}

/// The answer to a range request.
#[derive(Debug, Deserialize)]
pub(super) struct Range {
    #[serde(rename = "header")]
    _header: Header,
    #[serde(default)]
    pub(super) kvs: Vec<KeyValue>,
}

/// One key that was found.
#[derive(Debug, Deserialize)]
pub(super) struct KeyValue {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

/// The answer to a transaction.
#[derive(Debug, Deserialize)]
pub(super) struct Transaction {
    #[serde(rename = "header")]
    _header: Header,
    #[serde(default)]
    pub(super) succeeded: bool,
}

/// The answer to the grant of a lease.
#[derive(Debug, Deserialize)]
pub(super) struct Lease {
    #[serde(rename = "ID")]
    pub(super) id: String,
}

/// The answer to a keep-alive.
#[derive(Debug, Deserialize)]
pub(super) struct KeepAlive {
    pub(super) result: KeptAlive,
}

/// What a keep-alive says of its lease.
#[derive(Debug, Deserialize)]
pub(super) struct KeptAlive {
    #[serde(rename = "header")]
    _header: Header,
    /// Seconds; 0 if there is no such lease.
    #[serde(rename = "TTL", default, deserialize_with = "number")]
    pub(super) time_to_live: i64,
}

/// The answer to the request for a lock.
#[derive(Debug, Deserialize)]
pub(super) struct Locked {
    pub(super) header: Header,
    /// The key that holds the lock, still in base64.
    pub(super) key: String,
}

/// What a member says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    header: Header,
    #[serde(default)]
    leader: String,
}

impl Status {
    /// True if the member takes itself for the leader.
    pub(super) fn is_leader(&self) -> bool {
        !self.leader.is_empty() && self.leader == self.header.member_id
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}
