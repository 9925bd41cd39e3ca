//! A client of the harness whose work is done by a process: one worker slot, one process at a time.

use super::Clients;
use super::protocol::{Answer, excerpt};
use super::slots::Slot;
use super::talk::{Talk, Unanswered};
use async_trait::async_trait;
use cluster::{Client, ClientError, Node};
use history::DataType;
use std::sync::Arc;

/// A slot and its process.
pub(super) struct ExternalClient {
    clients: Arc<Clients>,
    node: Node,
    slot: Slot,
    /// None after something went wrong before an operation was sent; the next one starts another.
    talk: Option<Talk>,
}

impl ExternalClient {
    /// A client that is ready.
    pub(super) async fn start(clients: &Arc<Clients>, node: &Node) -> Result<ExternalClient, ClientError> {
        let slot = clients.slots.take(&node.name, clients.settings.logs.as_deref());
        let talk = match Talk::start(clients, node, &slot).await {
            Ok(talk) => talk,
            Err(error) => {
                slot.log.remark(&error.to_string());
                // Starting a process is dear, and a node that is down is asked again soon enough.
                tokio::time::sleep(super::ASK_AGAIN).await;
                return Err(ClientError::Definite(error.to_string()));
            }
        };
        Ok(ExternalClient { clients: Arc::clone(clients), node: node.clone(), slot, talk: Some(talk) })
    }

    async fn talk(&mut self) -> Result<Talk, ClientError> {
        match self.talk.take() {
            Some(talk) => Ok(talk),
            None => Talk::start(&self.clients, &self.node, &self.slot)
                .await
                .map_err(|e| ClientError::Definite(e.to_string())),
        }
    }

    fn complain(&self, trouble: &str) {
        self.slot.log.remark(trouble);
        self.clients.troubles.add(&self.slot, trouble);
    }
}

impl Drop for ExternalClient {
    fn drop(&mut self) {
        if let Some(talk) = self.talk.take() {
            talk.farewell();
        }
    }
}

#[async_trait]
impl<D: DataType> Client<D> for ExternalClient {
    /// The process is out of our hands while it works: if this is given up, or goes wrong, it ends.
    async fn invoke(&mut self, op: &D::Op) -> Result<D::Ret, ClientError> {
        let mut talk = self.talk().await?;
        let mut argument = Vec::new();
        D::write_argument(op, &mut argument);
        let (function, key) = (D::function(op), D::key(op));
        let waiting = Waiting { slot: &self.slot, clients: &self.clients, function, key };
        let answer = talk.invoke(function, key, &argument).await;
        waiting.over();
        match answer {
            Ok(Answer::Ok(value)) => match D::parse_ret(op, value.as_deref().unwrap_or_default()) {
                Ok(ret) => {
                    self.talk = Some(talk);
                    Ok(ret)
                }
                Err(expected) => {
                    let trouble = wrong_shape(function, value.as_deref(), &expected);
                    self.complain(&trouble);
                    Err(ClientError::Indefinite(trouble))
                }
            },
            Ok(Answer::Fail(reason)) => {
                self.talk = Some(talk);
                Err(ClientError::Definite(reason))
            }
            Ok(Answer::Info(reason)) => {
                talk.farewell();
                Err(ClientError::Indefinite(reason))
            }
            Ok(Answer::Ready { .. }) => unreachable!("a talk takes `ready` for no answer to an operation"),
            Err(Unanswered::Unasked(trouble)) => {
                self.complain(&trouble);
                Err(ClientError::Definite(trouble))
            }
            Err(Unanswered::Lost(trouble) | Unanswered::Garbled(trouble)) => {
                self.complain(&trouble);
                Err(ClientError::Indefinite(trouble))
            }
        }
    }
}

/// What is said of a result that is none of its operation.
pub(super) fn wrong_shape(function: &str, value: Option<&str>, expected: &str) -> String {
    match value {
        Some(value) => {
            let value = excerpt(value.as_bytes());
            format!("the client answers `{function}` with ok and the value {value}; expected {expected}")
        }
        None => format!("the client answers `{function}` with ok and no `value`; expected {expected}"),
    }
}

/// An operation that is not answered; if the answer is given up, this is told.
struct Waiting<'a> {
    slot: &'a Slot,
    clients: &'a Clients,
    function: &'static str,
    key: Option<u64>,
}

impl Waiting<'_> {
    fn over(self) {
        std::mem::forget(self);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let key = self.key.map_or(String::new(), |key| format!(" of key {key}"));
        self.slot.log.remark(&format!("no answer to `{}`{key} in time; the client is ended", self.function));
        self.clients.troubles.late();
    }
}
