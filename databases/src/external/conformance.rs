//! Does a client keep the protocol? Each check starts a process of its own, says something, and looks at what comes.
//!
//! What the answers are worth is not judged here: that is what a test against a real system is for.

use super::client::wrong_shape;
use super::process::NoLine;
use super::protocol::{self, Answer, PROTOCOL, excerpt};
use super::slots::Slot;
use super::talk::{Talk, told};
use super::{ClientSettings, Clients};
use cluster::Node;
use history::DataType;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// A client whose input ended must end within this time, or it is killed in a test.
const END_LIMIT: Duration = Duration::from_secs(1);

/// Longer than a client needs to say what nobody asked for.
const QUIET: Duration = Duration::from_millis(200);

/// An address at which no machine is, by RFC 5737.
const NOWHERE: &str = "192.0.2.1";

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What was checked, as a sentence.
    pub rule: &'static str,
    /// How it went.
    pub found: Found,
}

/// How a check went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The client keeps this rule; a remark, perhaps.
    Kept(String),
    /// It does not: what was said, what came, what was expected.
    Broken(String),
    /// It could not be checked.
    Skipped(String),
}

/// Checks one client against one node.
pub struct Conformance {
    clients: Arc<Clients>,
    node: Node,
}

type Check = Result<String, String>;

impl Conformance {
    /// The client that is started by these settings, talking to this node.
    #[must_use]
    pub fn new(settings: ClientSettings, node: Node) -> Conformance {
        Conformance { clients: Arc::new(Clients::new(settings)), node }
    }

    /// Goes through all checks, with these operations of the data type; `tell` hears of each as it ends.
    pub async fn check<D: DataType>(&self, ops: &[D::Op], mut tell: impl FnMut(&Checked)) {
        let mut report = |rule, check: Check| {
            tell(&Checked { rule, found: check.map_or_else(Found::Broken, Found::Kept) });
        };
        let ready = self.ready().await;
        let is_ready = ready.is_ok();
        report("is ready, and says so once", ready);
        report("refuses a protocol that it does not know", self.other_protocol().await);
        report("says that it cannot reach a node, or that it is not ready, in time", self.nowhere::<D>(&ops[0]).await);
        if !is_ready {
            let why =
                "it was not ready: name a system that it can talk to with --address and --client-option".to_owned();
            tell(&Checked { rule: "answers operations", found: Found::Skipped(why) });
            return;
        }
        report("answers operations with their ids and the right shapes", self.operations::<D>(ops).await);
        report("takes ids of any size", self.large_ids::<D>(&ops[0]).await);
        report("takes fields in any order, and fields that it does not know", self.other_fields::<D>(&ops[0]).await);
        report("fails a function that it does not know", self.unknown_function().await);
        report("does not take a line that is no message for an operation", self.malformed().await);
        report("says nothing that was not asked for", self.quiet::<D>(&ops[0]).await);
        report("ends when its standard input ends", self.end().await);
    }

    fn slot(&self) -> Slot {
        self.clients.slots.take(&self.node.name, None)
    }

    async fn greet(&self, protocol: &str) -> Result<(Talk, Answer), String> {
        let (slot, limit) = (self.slot(), super::START_LIMIT);
        let greeting = Talk::greet(&self.clients, &self.node, &slot, protocol);
        let late = |_| format!("no answer to the handshake within {} s", limit.as_secs());
        timeout(limit, greeting).await.map_err(late)?.map_err(|error| error.to_string())
    }

    /// A client that is ready, and has set up what it wanted to.
    async fn talk(&self) -> Result<Talk, String> {
        match self.greet(PROTOCOL).await? {
            (mut talk, Answer::Ready { setup: true, .. }) => {
                let id = talk.number();
                match talk.exchange(id, &protocol::setup(id)).await.map_err(super::talk::Unanswered::told)? {
                    Answer::Ok(_) => Ok(talk),
                    other => Err(format!("answers setup with {}; expected ok", told(&other))),
                }
            }
            (talk, Answer::Ready { .. }) => Ok(talk),
            (_, other) => Err(format!("answers the handshake with {}; expected ready", told(&other))),
        }
    }

    async fn ready(&self) -> Check {
        let (mut talk, answer) = self.greet(PROTOCOL).await?;
        let Answer::Ready { client, .. } = answer else {
            return Err(format!("answers the handshake with {}; expected ready", told(&answer)));
        };
        sleep(QUIET).await;
        match talk.has_spoken().await {
            true => Err("said more than one line, or ended, after the handshake".to_owned()),
            false => Ok(client.unwrap_or_default()),
        }
    }

    async fn other_protocol(&self) -> Check {
        const OTHER: &str = "gainsay-client/999";
        match self.greet(OTHER).await {
            Ok((_, Answer::Fail(reason))) => Ok(reason),
            Ok((_, other)) => {
                Err(format!("answers a hello of {OTHER} with {}; expected fail, not-supported", told(&other)))
            }
            Err(error) => Err(format!("a hello of {OTHER}: {error}; expected fail, not-supported")),
        }
    }

    /// A node that is not there: whatever it says, an operation must not be ok.
    async fn nowhere<D: DataType>(&self, op: &D::Op) -> Check {
        let mut nowhere = self.node.clone();
        nowhere.address = NOWHERE.parse().expect("an address");
        let slot = self.slot();
        let began = Instant::now();
        let limit = super::START_LIMIT;
        let greeting = Talk::greet(&self.clients, &nowhere, &slot, PROTOCOL);
        let late = format!("no answer to the handshake within {} s with the address {NOWHERE}", limit.as_secs());
        let (mut talk, answer) = match timeout(limit, greeting).await.map_err(|_| late)? {
            Ok(greeted) => greeted,
            Err(error) => return Err(format!("with the address {NOWHERE}: {error}; expected fail")),
        };
        if let Answer::Fail(reason) | Answer::Info(reason) = answer {
            return Ok(format!("{reason}, after {:.1} s", began.elapsed().as_secs_f64()));
        }
        let limit = self.clients.settings.timeout + QUIET;
        match timeout(limit, ask::<D>(&mut talk, op)).await {
            Ok(Ok(Answer::Ok(_))) => {
                Err(format!("says ok to `{}` with the address {NOWHERE}, where nothing is", D::function(op)))
            }
            Ok(Ok(answer)) => Ok(told(&answer)),
            Ok(Err(error)) => Err(format!("with the address {NOWHERE}: {error}; expected fail or info")),
            Err(_) => Err(format!(
                "no answer within {:.1} s with the address {NOWHERE}; expected info, timeout",
                limit.as_secs_f64()
            )),
        }
    }

    async fn operations<D: DataType>(&self, ops: &[D::Op]) -> Check {
        let mut talk = self.talk().await?;
        let (mut ok, mut fail, mut info) = (0, 0, 0);
        for op in ops {
            match self.within(ask::<D>(&mut talk, op)).await? {
                Answer::Ok(value) => {
                    let parsed = D::parse_ret(op, value.as_deref().unwrap_or_default());
                    parsed.map_err(|expected| wrong_shape(D::function(op), value.as_deref(), &expected))?;
                    ok += 1;
                }
                Answer::Fail(_) => fail += 1,
                Answer::Info(_) => {
                    info += 1;
                    talk = self.talk().await?;
                }
                Answer::Ready { .. } => return Err("is ready again; expected ok, fail or info".to_owned()),
            }
        }
        Ok(format!("{ok} ok, {fail} fail, {info} info"))
    }

    async fn large_ids<D: DataType>(&self, op: &D::Op) -> Check {
        let mut talk = self.talk().await?;
        for id in [(1 << 31) + 7, (1 << 53) + 1, u64::from(u32::MAX) << 31] {
            let exchange = async { talk.exchange(id, &line::<D>(id, op)).await.map_err(super::talk::Unanswered::told) };
            self.within(exchange).await?;
        }
        Ok(String::new())
    }

    async fn other_fields<D: DataType>(&self, op: &D::Op) -> Check {
        let mut talk = self.talk().await?;
        let id = talk.number();
        let plain = String::from_utf8(line::<D>(id, op)).map_err(|error| error.to_string())?;
        let mut fields: Vec<(String, serde_json::Value)> = match serde_json::from_str(&plain) {
            Ok(serde_json::Value::Object(fields)) => fields.into_iter().collect(),
            _ => return Err("a message is no object".to_owned()),
        };
        fields.push(("new in some version".to_owned(), serde_json::json!({"ü": ["\u{1f980}", null, "\"\\\n"]})));
        let text: Vec<String> = fields.iter().rev().map(|(name, value)| format!(" \"{name}\" : {value}")).collect();
        let changed = format!("{{{} }}\n", text.join(" ,"));
        let exchange = async { talk.exchange(id, changed.as_bytes()).await.map_err(super::talk::Unanswered::told) };
        self.within(exchange).await.map(|_| String::new())
    }

    async fn unknown_function(&self) -> Check {
        let mut talk = self.talk().await?;
        let unknown =
            async { talk.invoke("no-such-function", Some(0), b"null").await.map_err(super::talk::Unanswered::told) };
        match self.within(unknown).await? {
            Answer::Fail(reason) => Ok(reason),
            other => Err(format!("answers `no-such-function` with {}; expected fail, not-supported", told(&other))),
        }
    }

    async fn malformed(&self) -> Check {
        let mut talk = self.talk().await?;
        let limit = self.clients.settings.timeout + QUIET;
        match timeout(limit, talk.provoke(b"{\"id\":1,\"type\":\"invoke\",\n")).await {
            Ok(Ok(line)) => {
                let text = String::from_utf8_lossy(&line);
                let parsed: Result<serde_json::Value, _> = serde_json::from_str(&text);
                match parsed.ok().and_then(|value| value["type"].as_str().map(str::to_owned)).as_deref() {
                    Some("fail") => Ok("fails it".to_owned()),
                    _ => Err(format!(
                        "answers half a message with \"{}\"; expected fail, malformed-request, or an end",
                        excerpt(&line)
                    )),
                }
            }
            Ok(Err(NoLine::Ended { .. })) => Ok("ends".to_owned()),
            Ok(Err(NoLine::TooLong)) => Err("answers half a message with a line that does not end".to_owned()),
            Err(_) => Ok("ignores it".to_owned()),
        }
    }

    async fn quiet<D: DataType>(&self, op: &D::Op) -> Check {
        let mut talk = self.talk().await?;
        self.within(ask::<D>(&mut talk, op)).await?;
        sleep(QUIET).await;
        match talk.has_spoken().await {
            true => Err(format!("said more than one line, or ended, after the answer to `{}`", D::function(op))),
            false => Ok(String::new()),
        }
    }

    async fn end(&self) -> Check {
        let talk = self.talk().await?;
        talk.close(END_LIMIT).await.map(|status| format!("with status {status}"))
    }

    /// An answer in the time of an operation.
    async fn within<T>(&self, asking: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let limit = self.clients.settings.timeout;
        let late =
            |_| format!("no answer within {:.1} s, which the handshake gave as `timeout_ms`", limit.as_secs_f64());
        timeout(limit, asking).await.map_err(late)?
    }
}

async fn ask<D: DataType>(talk: &mut Talk, op: &D::Op) -> Result<Answer, String> {
    let mut argument = Vec::new();
    D::write_argument(op, &mut argument);
    talk.invoke(D::function(op), D::key(op), &argument).await.map_err(super::talk::Unanswered::told)
}

fn line<D: DataType>(id: u64, op: &D::Op) -> Vec<u8> {
    let mut argument = Vec::new();
    D::write_argument(op, &mut argument);
    protocol::invoke(id, D::function(op), D::key(op), &argument)
}
