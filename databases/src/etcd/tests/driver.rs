//! What the driver does to nodes, seen by a recorder.

use super::*;
use crate::open;
use cluster::{Output, Recorder};
use std::io::Write;
use std::process::{Command as Process, Stdio};
use std::sync::{Arc, Mutex};

type Log = Arc<Mutex<Vec<(String, String)>>>;

/// Three nodes whose etcd says that it is of this version.
fn nodes(version: &'static str) -> (Vec<Node>, Log) {
    let log = Log::default();
    let node = |number: u8| {
        let name = format!("n{number}");
        let answer = move |_: &Command| Output { stdout: version.as_bytes().to_vec(), ..Output::default() };
        let recorder = Recorder::answering(name.clone(), Arc::clone(&log), answer);
        Node::new(name, [10, 0, 0, number].into(), Arc::new(recorder))
    };
    ((1..=3).map(node).collect(), log)
}

fn scripts_of(log: &Log) -> Vec<String> {
    log.lock().unwrap().iter().map(|(_, script)| script.clone()).collect()
}

#[tokio::test]
async fn install_wipes_provides_and_makes_the_unit() {
    let (nodes, log) = nodes("3.4.23\n");
    let etcd = open("etcd", 1).unwrap();
    etcd.install(&nodes[1], &nodes).await.unwrap();
    let scripts = scripts_of(&log);
    assert_eq!(scripts.len(), 3);
    assert_eq!(scripts[0], scripts::remove());
    assert!(scripts[1].contains("apt-get install -y --no-install-recommends etcd-server"));
    for part in [
        "ExecStart=/usr/bin/etcd --name=n2 --data-dir=/var/lib/gainsay/etcd/data",
        "--initial-cluster=n1=http://10.0.0.1:2380,n2=http://10.0.0.2:2380,n3=http://10.0.0.3:2380",
        "--listen-client-urls=http://10.0.0.2:2379,http://127.0.0.1:2379",
        "--initial-cluster-state=new --initial-cluster-token=gainsay-",
        "\nRestart=no\n",
        "\nStandardOutput=append:/var/log/gainsay-etcd.log\n",
        ">/etc/systemd/system/gainsay-etcd.service",
    ] {
        assert!(scripts[2].contains(part), "{part} is not in\n{}", scripts[2]);
    }
    assert!(!scripts[2].contains("unsafe") && !scripts[2].contains("systemctl start"));
    assert_eq!(etcd.describe(), "etcd 3.4.23, reads=linearizable");
}

#[tokio::test]
async fn what_shall_not_be_flushed_is_said_to_etcd() {
    let (nodes, log) = nodes("3.5.16");
    let etcd = open("etcd:version=3.5,unsafe-no-fsync", 1).unwrap();
    etcd.install(&nodes[0], &nodes).await.unwrap();
    assert!(scripts_of(&log)[2].contains(" --unsafe-no-fsync"));
}

#[tokio::test]
async fn members_of_one_install_share_a_token_and_of_two_do_not() {
    let token = |script: &String| {
        let rest = script.split("--initial-cluster-token=").nth(1).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let (nodes, log) = nodes("3.4.23");
    let (first, second) = (open("etcd", 1).unwrap(), open("etcd", 1).unwrap());
    first.install(&nodes[0], &nodes).await.unwrap();
    first.install(&nodes[1], &nodes).await.unwrap();
    second.install(&nodes[1], &nodes).await.unwrap();
    let scripts = scripts_of(&log);
    assert_eq!(token(&scripts[2]), token(&scripts[5]));
    assert_ne!(token(&scripts[2]), token(&scripts[8]));
}

#[tokio::test]
async fn another_version_than_the_one_asked_for_is_refused() {
    let (nodes, _) = nodes("3.4.23");
    let error = open("etcd:version=3.5", 1).unwrap().install(&nodes[0], &nodes).await.unwrap_err();
    assert!(error.to_string().contains("is version `3.4.23`, and etcd:version=3.5 was asked for"), "{error}");
}

#[tokio::test]
async fn start_and_remove_are_one_script_each() {
    let (nodes, log) = nodes("");
    let etcd = open("etcd", 1).unwrap();
    etcd.start(&nodes[0], &nodes).await.unwrap();
    etcd.remove(&nodes[0]).await.unwrap();
    assert_eq!(scripts_of(&log), ["systemctl start gainsay-etcd.service\n".to_owned(), scripts::remove()]);
    assert_eq!(etcd.daemon().unwrap().ports, [2379, 2380]);
    assert_eq!(etcd.data_dir(), Some("/var/lib/gainsay/etcd"));
}

#[test]
fn every_script_is_a_script() {
    let (nodes, _) = nodes("");
    let flushes = Flushes::Never;
    let member = Member { version: Version::V34, node: &nodes[0], all: &nodes, token: "it's", flushes };
    for script in [
        scripts::remove(),
        scripts::provide(Version::V34),
        scripts::provide(Version::V35),
        scripts::install(&member),
        scripts::start(),
        scripts::last_words(),
    ] {
        let mut shell = Process::new("sh").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
        shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success(), "{script}");
    }
}

#[tokio::test]
async fn a_node_that_is_never_ready_is_an_error_with_the_reason() {
    let log = Log::default();
    let answer = |_: &Command| Output { stdout: b"failed\npanic: it hurts\n".to_vec(), ..Output::default() };
    let recorder = Recorder::answering("n1", Arc::clone(&log), answer);
    // Nothing listens on this port of the loopback network's last address.
    let node = Node::new("n1", [127, 255, 255, 254].into(), Arc::new(recorder));
    let error = open("etcd", 1).unwrap().ready(&node, Duration::from_millis(250)).await.unwrap_err().to_string();
    assert!(error.contains("refused") && error.contains("panic: it hurts"), "{error}");
    assert!(open("etcd", 1).unwrap().primaries(&[node]).await.is_empty());
}
