//! One HTTP/1.1 connection to one address, one request at a time: no pool, no redirect, no retry, no TLS.
//!
//! The link is taken out while a request is under way, and put back only after its whole answer has come. A request
//! that is cancelled or fails therefore takes its link with it, and the next one connects anew.

use crate::ClientError;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::net::SocketAddr;
use std::str::FromStr;
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
pub enum Failure {
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

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Failure::Unsent(reason) | Failure::Unanswered(reason)) = self;
        f.write_str(reason)
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// 200, 404 and so on.
    pub status: u16,
    /// What came with it.
    pub body: Bytes,
}

/// Where something can be asked by GET: `http://host:port/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(Uri);

impl FromStr for Url {
    type Err = String;
    fn from_str(text: &str) -> Result<Url, String> {
        let uri: Uri =
            text.parse().map_err(|error| format!("expected http://HOST[:PORT][/PATH], not {text}: {error}"))?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http"), Some(host)) if !host.is_empty() => Ok(Url(uri)),
            (Some("https"), _) => {
                Err(format!("{text} wants TLS, which is not spoken here; ask by a command, for example curl"))
            }
            _ => Err(format!("expected http://HOST[:PORT][/PATH], not {text}")),
        }
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Url {
    /// Asks once, over a connection of its own.
    ///
    /// # Errors
    /// If its host has no address, or there is no whole answer.
    pub async fn get(&self) -> Result<Answer, Failure> {
        let host = self.0.host().unwrap_or_default().trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, self.0.port_u16().unwrap_or(80))).await;
        let mut found = found.map_err(|error| Failure::Unsent(format!("{host}: {error}")))?;
        let address = found.next().ok_or_else(|| Failure::Unsent(format!("{host} has no address")))?;
        let mut connection = Connection::open(address).await?;
        let authority = self.0.authority().map_or_else(|| address.to_string(), ToString::to_string);
        connection.authority = authority;
        connection.get(self.0.path_and_query().map_or("/", |path| path.as_str())).await
    }
}

/// A connection that is made when it is needed.
pub struct Connection {
    address: SocketAddr,
    /// What requests say that they are for.
    authority: String,
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
    ///
    /// # Errors
    /// If it is refused, or not made in time.
    pub async fn open(address: SocketAddr) -> Result<Connection, Failure> {
        let link = Link::open(address).await?;
        Ok(Connection { link: Some(link), ..Connection::later(address) })
    }

    /// Connects with the first request.
    #[must_use]
    pub fn later(address: SocketAddr) -> Connection {
        Connection { address, authority: address.to_string(), link: None }
    }

    /// Sends a GET and returns its whole answer.
    ///
    /// # Errors
    /// If there is none.
    pub async fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        self.exchange(self.request(Method::GET, path, Bytes::new())).await
    }

    /// Sends JSON and returns the whole answer.
    ///
    /// # Errors
    /// If there is none.
    pub async fn post(&mut self, path: &str, body: Vec<u8>) -> Result<Answer, Failure> {
        self.exchange(self.request(Method::POST, path, body.into())).await
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Request<Full<Bytes>> {
        let request = Request::builder().method(method).uri(path).header("host", &self.authority);
        let request = request.header("content-type", "application/json").body(Full::new(body));
        request.expect("paths are constants or parts of a URL, and an authority is a header value")
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
