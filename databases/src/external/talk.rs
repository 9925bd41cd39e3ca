//! A conversation with one client process: question, answer, and what is said when there is none.

use super::Clients;
use super::process::{NoLine, Process};
use super::protocol::{self, Answer, PROTOCOL, excerpt};
use super::slots::Slot;
use cluster::Node;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A client has so long to start and to say that it is ready.
pub(super) const START_LIMIT: Duration = Duration::from_secs(10);

/// Setting up may take so long.
const SETUP_LIMIT: Duration = Duration::from_secs(60);

/// A client that is ready for operations.
pub(super) struct Talk {
    process: Process,
    next: u64,
}

/// Why there is no talk with a client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum StartError {
    /// It may be better later: the system is not ready for it.
    #[error("{0}")]
    NotYet(String),
    /// It ended, as one does that meets no system, or a mistake of its own.
    #[error("{0}")]
    Ended(String),
    /// It would be the same again: there is no such program, or it speaks otherwise.
    #[error("{0}")]
    Never(String),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// The question was not sent.
    Unasked(String),
    /// It was sent, and no answer came.
    Lost(String),
    /// It was sent, and what came is no answer to it.
    Garbled(String),
}

impl Unanswered {
    /// For people.
    pub(super) fn told(self) -> String {
        match self {
            Unanswered::Unasked(told) | Unanswered::Lost(told) | Unanswered::Garbled(told) => told,
        }
    }
}

impl Talk {
    /// Starts a client for a node, and waits until it is ready; the first one sets up what must be there.
    pub(super) async fn start(clients: &Arc<Clients>, node: &Node, slot: &Slot) -> Result<Talk, StartError> {
        let starting = async {
            let (talk, ready) = Talk::greet(clients, node, slot, PROTOCOL).await?;
            match ready {
                Answer::Ready { setup, .. } => Ok((talk, setup)),
                Answer::Fail(reason) | Answer::Info(reason) => {
                    Err(StartError::NotYet(format!("the client is not ready: {reason}")))
                }
                Answer::Ok(_) => Err(StartError::Never(talk.complaint(NO_HANDSHAKE))),
            }
        };
        let late = format!("the client was not ready within {} s", START_LIMIT.as_secs());
        let (mut talk, setup) = timeout(START_LIMIT, starting).await.map_err(|_| StartError::NotYet(late))??;
        let mut prepared = clients.prepared.lock().await;
        if !*prepared {
            let late = format!("the client did not set up within {} s", SETUP_LIMIT.as_secs());
            timeout(SETUP_LIMIT, talk.prepare(clients, setup)).await.map_err(|_| StartError::NotYet(late))??;
            *prepared = true;
        }
        Ok(talk)
    }

    /// Starts a client, and shakes hands under this name of the protocol.
    pub(super) async fn greet(
        clients: &Arc<Clients>,
        node: &Node,
        slot: &Slot,
        name: &str,
    ) -> Result<(Talk, Answer), StartError> {
        let command = &clients.settings.command;
        let cannot = |error: std::io::Error| StartError::Never(format!("cannot start `{command}`: {error}"));
        let guard = clients.guard().map_err(cannot)?;
        let process = Process::start(command, Arc::clone(&slot.log), guard).map_err(cannot)?;
        let mut talk = Talk { process, next: 1 };
        let hello = clients.hello(node, slot.number, name).line();
        match talk.exchange(0, &hello).await {
            Ok(answer) => Ok((talk, answer)),
            Err(Unanswered::Garbled(told)) => Err(StartError::Never(told)),
            Err(unanswered) => Err(StartError::Ended(unanswered.told())),
        }
    }

    async fn prepare(&mut self, clients: &Clients, setup: bool) -> Result<(), StartError> {
        if setup {
            let id = self.number();
            match self.exchange(id, &protocol::setup(id)).await {
                Ok(Answer::Ok(_)) => {}
                Ok(other) => return Err(StartError::NotYet(format!("cannot set up: {}", told(&other)))),
                Err(unanswered) => return Err(StartError::NotYet(unanswered.told())),
            }
        }
        let Some(look) = super::fresh::look(clients.settings.data_type) else { return Ok(()) };
        let id = self.number();
        let asked = protocol::invoke(id, look.function, look.key, look.value.to_string().as_bytes());
        match self.exchange(id, &asked).await {
            // Whoever cannot answer yet will be seen not to.
            Ok(Answer::Ok(value)) => look.judge(value.as_deref()).map_err(StartError::Never),
            _ => Ok(()),
        }
    }

    /// Asks for an operation.
    pub(super) async fn invoke(
        &mut self,
        function: &str,
        key: Option<u64>,
        value: &[u8],
    ) -> Result<Answer, Unanswered> {
        if self.process.has_spoken().await {
            return Err(Unanswered::Unasked(self.unasked().await));
        }
        let id = self.number();
        let answer = self.exchange(id, &protocol::invoke(id, function, key, value)).await?;
        match answer {
            Answer::Ready { .. } => Err(Unanswered::Garbled(self.complaint("is `ready`; expected ok, fail or info"))),
            answer => Ok(answer),
        }
    }

    /// The number of the next message.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Sends a line, and reads the answer.
    pub(super) async fn exchange(&mut self, id: u64, line: &[u8]) -> Result<Answer, Unanswered> {
        if let Err(error) = self.process.send(line).await {
            // What was written before the error may have been read.
            let ended = match self.process.receive().await {
                Err(NoLine::Ended { told, .. }) => told,
                _ => format!("the client does not read: {error}"),
            };
            return Err(Unanswered::Lost(ended));
        }
        let answer = self.process.receive().await.map_err(|none| self.silence(none))?;
        protocol::read(&answer, id).map_err(|complaint| {
            let complaint = format!("{complaint}; it was: \"{}\"", excerpt(&answer));
            Unanswered::Garbled(self.complaint(&complaint))
        })
    }

    /// True if it said something that was not asked for, or ended.
    pub(super) async fn has_spoken(&mut self) -> bool {
        self.process.has_spoken().await
    }

    /// Hands it a line, whatever is on it, and reads a line, whatever is on it.
    pub(super) async fn provoke(&mut self, line: &[u8]) -> Result<Vec<u8>, NoLine> {
        let _sent = self.process.send(line).await;
        self.process.receive().await
    }

    /// Ends its input, and waits for its end.
    ///
    /// # Errors
    /// What it still says, or that it goes on.
    pub(super) async fn close(mut self, limit: Duration) -> Result<i32, String> {
        self.process.close(limit).await
    }

    /// Lets it end by itself, if it does so soon.
    pub(super) fn farewell(self) {
        self.process.farewell();
    }

    /// What it said though nothing was asked.
    async fn unasked(&mut self) -> String {
        match self.process.receive().await {
            Ok(line) => self.complaint(&format!(
                "was not asked for; expected one answer to one message; it was: \"{}\"",
                excerpt(&line)
            )),
            Err(none) => self.silence(none).told(),
        }
    }

    fn silence(&self, none: NoLine) -> Unanswered {
        match none {
            // What the shell says of a command that it does not find, or may not run.
            NoLine::Ended { status: Some(126 | 127), told } => Unanswered::Garbled(told),
            NoLine::Ended { told, .. } => Unanswered::Lost(told),
            NoLine::TooLong => Unanswered::Garbled(self.complaint("does not end; expected at most 16 MiB")),
        }
    }

    fn complaint(&self, complaint: &str) -> String {
        format!("line {} of the client's standard output {complaint}", self.process.lines)
    }
}

/// What is wrong with an `ok` in the wrong place.
const NO_HANDSHAKE: &str = "answers the handshake with ok; expected ready, or fail with a code";

/// An answer as it is told where another was expected.
pub(super) fn told(answer: &Answer) -> String {
    match answer {
        Answer::Ready { .. } => "ready".to_owned(),
        Answer::Ok(_) => "ok".to_owned(),
        Answer::Fail(reason) => format!("fail, {reason}"),
        Answer::Info(reason) => format!("info, {reason}"),
    }
}
