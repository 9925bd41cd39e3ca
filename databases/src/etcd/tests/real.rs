//! The clients against a real etcd of one member on the loopback, where the machine has one.

use super::{elements, locks, registers};
use crate::etcd::{ask, ask_version, is_leader};
use cluster::{Client, ClientError};
use history::{LockOp, LockRet, RegisterOp, RegisterRet, SetOp, SetRet};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

const BINARY: &str = "/usr/bin/etcd";

/// A member with a directory of its own. Dropping it kills it by its process.
struct Member {
    process: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A member that serves; None, with a word why, if there is no etcd here.
async fn member() -> Option<Member> {
    if !std::path::Path::new(BINARY).exists() {
        skip();
        return None;
    }
    let directory = TempDir::new().unwrap();
    let (address, peer) = (free_port(), format!("http://{}", free_port()));
    let client = format!("http://{address}");
    let process = Command::new(BINARY)
        .args(["--name", "n1", "--data-dir"])
        .arg(directory.path())
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("n1={peer}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let member = Member { process, address, _directory: directory };
    let deadline = Instant::now() + Duration::from_secs(20);
    while !ask(address, "/health").await.is_ok_and(|(status, _)| status == 200) {
        assert!(Instant::now() < deadline, "etcd did not become healthy in 20 s");
        sleep(Duration::from_millis(50)).await;
    }
    Some(member)
}

#[allow(clippy::print_stderr)]
fn skip() {
    eprintln!("skipped: there is no {BINARY} here; apt-get install etcd-server");
}

#[tokio::test]
async fn registers_and_a_set() {
    let Some(member) = member().await else { return };
    let (mut a, mut b) = (registers(member.address).await, registers(member.address).await);
    let read = RegisterOp::Read { key: 1 };
    assert_eq!(a.invoke(&read).await, Ok(RegisterRet::Value(None)));
    let cas = RegisterOp::Cas { key: 1, expected: -5, new: i64::MAX };
    let differs = Err(ClientError::Definite("value was not -5".into()));
    assert_eq!(a.invoke(&cas).await, differs, "a register that was never written equals nothing");
    assert_eq!(a.invoke(&RegisterOp::Write { key: 1, value: -5 }).await, Ok(RegisterRet::Done));
    assert_eq!(b.invoke(&cas).await, Ok(RegisterRet::Done));
    assert_eq!(a.invoke(&cas).await, differs);
    assert_eq!(a.invoke(&read).await, Ok(RegisterRet::Value(Some(i64::MAX))));

    let mut set = elements(member.address).await;
    assert_eq!(set.invoke(&SetOp::Read).await, Ok(SetRet::Elements(vec![])));
    for element in [10, -3, 10] {
        assert_eq!(set.invoke(&SetOp::Add { element }).await, Ok(SetRet::Done));
    }
    let Ok(SetRet::Elements(mut found)) = set.invoke(&SetOp::Read).await else { panic!("a read answers elements") };
    found.sort_unstable();
    assert_eq!(found, [-3, 10]);
}

#[tokio::test]
async fn locks_are_contended_and_leases_run_out() {
    let Some(member) = member().await else { return };
    let (mut a, mut b) = (locks(member.address).await, locks(member.address).await);
    let (acquire, refresh, release) =
        (LockOp::Acquire { key: 1 }, LockOp::Refresh { key: 1 }, LockOp::Release { key: 1 });
    let Ok(LockRet::Acquired { token: first }) = a.invoke(&acquire).await else { panic!("it is free") };
    assert_eq!(b.invoke(&LockOp::Write { value: -70 }).await, Ok(LockRet::Done));
    assert!(timeout(Duration::from_millis(700), b.invoke(&acquire)).await.is_err(), "it is held");
    assert_eq!(a.invoke(&refresh).await, Ok(LockRet::Done));

    let waiter = tokio::spawn(async move { (b.invoke(&acquire).await, b) });
    sleep(Duration::from_millis(700)).await;
    assert_eq!(a.invoke(&release).await, Ok(LockRet::Done));
    let (acquired, mut b) = timeout(Duration::from_secs(5), waiter).await.expect("a release wakes it").unwrap();
    let Ok(LockRet::Acquired { token: second }) = acquired else { panic!("{acquired:?}") };
    assert!(second > first, "{second} {first}");

    // Its holder goes, and nobody refreshes the lease: the next waits for the lease to end, longer than one lease.
    assert_eq!(b.invoke(&refresh).await, Ok(LockRet::Done));
    drop(b);
    let start = Instant::now();
    let third = timeout(Duration::from_secs(10), a.invoke(&acquire)).await.expect("the lease runs out");
    assert!(matches!(third, Ok(LockRet::Acquired { token }) if token > second), "{third:?}");
    assert!(start.elapsed() > Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_lease_that_is_not_refreshed_is_reported_as_expired() {
    let Some(member) = member().await else { return };
    let mut client = locks(member.address).await;
    client.invoke(&LockOp::Acquire { key: 1 }).await.unwrap();
    sleep(Duration::from_secs(6)).await;
    let expired = client.invoke(&LockOp::Refresh { key: 1 }).await;
    assert_eq!(expired, Err(ClientError::Definite("lease expired".into())));
}

#[tokio::test]
async fn a_member_says_who_it_is_until_it_dies() {
    let Some(mut member) = member().await else { return };
    assert!(is_leader(member.address).await);
    assert!(ask_version(member.address).await.is_some_and(|version| version.starts_with("3.")));
    let mut client = registers(member.address).await;
    client.invoke(&RegisterOp::Write { key: 1, value: 1 }).await.unwrap();
    member.process.kill().unwrap();
    member.process.wait().unwrap();
    assert!(!is_leader(member.address).await);
    client.invoke(&RegisterOp::Write { key: 1, value: 2 }).await.unwrap_err();
    let refused = client.invoke(&RegisterOp::Write { key: 1, value: 3 }).await;
    assert!(matches!(refused, Err(ClientError::Definite(_))), "{refused:?}");
}
