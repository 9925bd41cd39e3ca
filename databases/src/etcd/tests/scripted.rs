//! A gateway that gives prepared replies, one for each request, and remembers what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is done with one request.
pub(super) enum Reply {
    /// It is answered with this status and body.
    Json(u16, String),
    /// It is answered with this body, too late.
    Late(Duration, String),
    /// Half of the answer is sent, then the connection ends.
    Cut,
    /// The connection ends without an answer.
    Close,
}

/// One request: the connection that it came over, counted from 0, its path and its body.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) connection: usize,
    pub(super) path: String,
    pub(super) body: serde_json::Value,
}

/// A gateway under a test's control.
#[derive(Clone)]
pub(super) struct Gateway {
    pub(super) address: SocketAddr,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

pub(super) fn ok(body: &str) -> Reply {
    Reply::Json(200, body.to_owned())
}

pub(super) fn error(code: i64) -> Reply {
    Reply::Json(503, format!(r#"{{"error":"etcdserver: it hurts","message":"etcdserver: it hurts","code":{code}}}"#))
}

impl Gateway {
    /// Serves until its runtime ends.
    pub(super) async fn serving(replies: impl IntoIterator<Item = Reply>) -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let replies = Arc::new(Mutex::new(replies.into_iter().collect()));
        let gateway = Gateway { address: listener.local_addr().unwrap(), replies, asked: Arc::default() };
        let served = gateway.clone();
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let gateway = served.clone();
                tokio::spawn(async move { gateway.serve(connection, stream).await });
            }
        });
        gateway
    }

    /// All requests, in the order in which they came.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    async fn serve(&self, connection: usize, mut stream: TcpStream) {
        while let Some((path, body)) = read_request(&mut stream).await {
            self.asked.lock().unwrap().push(Asked { connection, path, body });
            let reply = self.replies.lock().unwrap().pop_front().expect("a reply for each request");
            let (status, body) = match reply {
                Reply::Json(status, body) => (status, body),
                Reply::Late(delay, body) => {
                    tokio::time::sleep(delay).await;
                    (200, body)
                }
                Reply::Cut => {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"header\":{").await.unwrap();
                    return;
                }
                Reply::Close => return,
            };
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
            if stream.write_all((head + &body).as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, serde_json::Value)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    let path = head.split(' ').nth(1).unwrap().to_owned();
    Some((path, serde_json::from_slice(&body).unwrap()))
}
