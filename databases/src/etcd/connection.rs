//! One HTTP/1.1 connection to one address, one request at a time: no pool, no redirect, no retry.
//!
//! The link is taken out while a request is under way, and put back only after its whole answer has come. A request
//! that is cancelled or fails therefore takes its link with it, and the next one connects anew.

use cluster::ClientError;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// A connection is made within this time, or not at all.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// A connection that is refused is told this much later: clients of a node that is down would otherwise come back at
/// once, and take the operations of all others.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Callers have shorter limits of their own; this one only bounds what they forget.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// No answer is longer, in bytes: some 500 000 elements of a set.
const BODY_LIMIT: usize = 64 << 20;

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Not a byte of it was sent.
    Unsent(String),
    /// It may have been received.
    Unanswered(String),
}

impl From<Failure> for ClientError {
    fn from(failure: Failure) -> ClientError {
        match failure {
            Failure::Unsent(reason) => ClientError::Definite(reason),
            Failure::Unanswered(reason) => ClientError::Indefinite(reason),
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// A connection that is made when it is needed.
pub(super) struct Connection {
    address: SocketAddr,
    link: Option<Link>,
}

/// A connection that stands. Dropping it closes it.
struct Link {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Connects.
    pub(super) async fn open(address: SocketAddr) -> Result<Connection, Failure> {
        Ok(Connection { address, link: Some(Link::open(address).await?) })
    }

    /// Connects with the first request.
    pub(super) fn later(address: SocketAddr) -> Connection {
        Connection { address, link: None }
    }

    /// Sends a GET and returns its whole answer.
    pub(super) async fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        self.exchange(self.request(Method::GET, path, Bytes::new())).await
    }

    /// Sends JSON and returns the whole answer.
    pub(super) async fn post(&mut self, path: &str, body: Vec<u8>) -> Result<Answer, Failure> {
        self.exchange(self.request(Method::POST, path, body.into())).await
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Request<Full<Bytes>> {
        let request = Request::builder().method(method).uri(path).header("host", self.address.to_string());
        let request = request.header("content-type", "application/json").body(Full::new(body));
        request.expect("paths are constants, and an address is a header value")
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let mut link = self.take().await?;
        let answer = timeout(ANSWER_LIMIT, link.exchange(request)).await;
        let answer =
            answer.map_err(|_| Failure::Unanswered(format!("no answer within {} s", ANSWER_LIMIT.as_secs())))??;
        self.link = Some(link);
        Ok(answer)
    }

    /// The link if it still stands, or a fresh one.
    async fn take(&mut self) -> Result<Link, Failure> {
        if let Some(mut link) = self.link.take()
            && timeout(CONNECT_LIMIT, link.sender.ready()).await.is_ok_and(|ready| ready.is_ok())
        {
            return Ok(link);
        }
        let opened = Link::open(self.address).await;
        if opened.is_err() {
            sleep(BACK_OFF).await;
        }
        opened
    }
}

impl Link {
    async fn open(address: SocketAddr) -> Result<Link, Failure> {
        let refused = |reason: String| Failure::Unsent(format!("no connection to {address}: {reason}"));
        let stream = timeout(CONNECT_LIMIT, TcpStream::connect(address)).await;
        let stream = stream.map_err(|_| refused(format!("timed out after {} s", CONNECT_LIMIT.as_secs())))?;
        let stream = stream.map_err(|error| refused(error.to_string()))?;
        stream.set_nodelay(true).map_err(|error| refused(error.to_string()))?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await.map_err(|error| refused(explain(&error)))?;
        // Its error is the same that the request gets.
        let driver = tokio::spawn(async move { driver.await.unwrap_or_default() });
        Ok(Link { sender, driver })
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        match self.sender.try_send_request(request).await {
            Ok(response) => collect(response).await,
            Err(error) if error.message().is_some() => Err(Failure::Unsent(explain(error.error()))),
            Err(error) => Err(Failure::Unanswered(explain(error.error()))),
        }
    }
}

async fn collect(response: Response<Incoming>) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    match Limited::new(response.into_body(), BODY_LIMIT).collect().await {
        Ok(body) => Ok(Answer { status, body: body.to_bytes() }),
        Err(error) => Err(Failure::Unanswered(explain(error.as_ref()))),
    }
}

/// An error with its causes.
fn explain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
