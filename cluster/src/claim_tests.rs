//! The scripts with the shell of this machine under a folder of their own, and the claim on nodes that are recorded.

use super::*;
use crate::Recorder;
use std::sync::{Arc, Mutex};

struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Root {
        let root = Root(tempfile::tempdir().unwrap());
        root.write("allowed", "");
        root.at(100);
        root
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Sets the node's clock.
    fn at(&self, uptime: u64) {
        self.write("uptime", &format!("{uptime}.42 7.00\n"));
    }

    fn sh(&self, script: impl Fn(&Paths<'_>) -> String) -> String {
        let (marker, folder, uptime) = (self.path("allowed"), self.path("it's run"), self.path("uptime"));
        let script = script(&Paths { marker: &marker, folder: &folder, uptime: &uptime });
        let output = std::process::Command::new("sh").arg("-c").arg(&script).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{script}\n{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn take(&self, run: &str, seconds: u64) -> String {
        let holder = Holder { run: run.into(), controller: "some host's".into(), seconds };
        self.sh(|paths| take(paths, &holder))
    }

    fn give_back(&self, run: &str) -> String {
        self.sh(|paths| give_back(paths, run))
    }
}

#[test]
fn a_lock_keeps_other_runs_out_until_it_expires_or_is_given_back() {
    let root = Root::new();
    assert_eq!(root.give_back("one"), "allowed\n");
    assert_eq!(root.take("one", 60), "allowed\n");
    assert_eq!(root.take("two", 60), "held\none\nsome host's\n60\n");
    root.at(150);
    assert_eq!(root.take("two", 60), "held\none\nsome host's\n10\n");
    assert_eq!(root.take("one", 60), "allowed\n", "a renewal");
    root.at(161);
    assert_eq!(root.take("two", 60), "held\none\nsome host's\n49\n");
    assert_eq!(root.give_back("two"), "allowed\n");
    assert_eq!(root.take("two", 60), "held\none\nsome host's\n49\n", "a stranger gives nothing back");
    root.at(210);
    assert_eq!(root.take("two", 60), "allowed\n", "expired");
    assert_eq!(root.take("one", 60), "held\ntwo\nsome host's\n60\n", "a renewal that came too late");
    assert_eq!(root.give_back("two"), "allowed\n");
    assert_eq!(root.take("one", 60), "allowed\n");
}

#[test]
fn a_lock_from_before_the_last_start_or_without_sense_is_broken() {
    let root = Root::new();
    root.at(100_000);
    root.take("one", 60);
    root.at(5);
    assert_eq!(root.take("two", 60), "allowed\n");
    for nonsense in ["", "\n", "half"] {
        root.write("it's run/lock", nonsense);
        assert_eq!(root.take("two", 60), "allowed\n", "{nonsense:?}");
    }
}

#[test]
fn only_one_of_many_takes_a_lock() {
    let root = Root::new();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|index| {
                scope.spawn({
                    let root = &root;
                    move || root.take(&format!("run{index}"), 60)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| *answer == "allowed\n").count(), 1, "{answers:?}");
}

#[test]
fn a_halted_run_is_told_when_it_renews_and_another_may_follow() {
    let root = Root::new();
    let look = |by: Option<&str>| root.sh(|paths| crate::halt::look(paths, by));
    assert_eq!(look(Some("alice@host")), "", "nobody holds it, so nobody is told");
    root.take("one", 60);
    assert_eq!(look(None), "one\nsome host's\n60\n");
    assert_eq!(root.take("one", 60), "allowed\n", "looking changes nothing");
    assert_eq!(look(Some("it's alice")), "one\nsome host's\n60\n");
    assert_eq!(root.take("one", 60), "halted\nit's alice\n");
    assert_eq!(root.take("two", 60), "held\none\nsome host's\n60\n", "until the halted run has given it back");
    assert_eq!(root.give_back("one"), "allowed\n");
    assert_eq!(look(None), "");
    assert_eq!(root.take("one", 60), "allowed\n", "the mark went with the lock");
    look(Some("alice"));
    root.at(161);
    assert_eq!(look(None), "", "expired");
    assert_eq!(root.take("one", 60), "halted\nalice\n", "it was silent, and is still told");
    assert_eq!(root.take("two", 60), "allowed\n");
    assert_eq!(root.take("one", 60), "held\ntwo\nsome host's\n60\n");
    root.at(300);
    assert_eq!(look(Some("alice")), "", "nobody is left to be told");
    assert!(!std::path::Path::new(&root.path("it's run")).exists(), "so nothing is left");
}

#[test]
fn without_a_marker_nothing_is_touched() {
    let root = Root::new();
    std::fs::remove_file(root.path("allowed")).unwrap();
    assert_eq!(root.take("one", 60), "unmarked\n");
    assert!(!std::path::Path::new(&root.path("it's run")).exists());
}

type Log = Arc<Mutex<Vec<(String, String)>>>;

/// Nodes of which n2 answers as told.
fn nodes(second: &'static str) -> (Vec<Node>, Log) {
    let log = Log::default();
    let nodes = ["n1", "n2", "n3"].map(|name| {
        let answer = move |command: &Command| {
            let taking = command.script.contains("now=");
            let text = if taking && name == "n2" { second } else { "allowed\n" };
            Output { stdout: text.into(), ..Output::default() }
        };
        let recorder = Recorder::answering(name, Arc::clone(&log), answer);
        Node::new(name, "10.0.0.1".parse().unwrap(), Arc::new(recorder))
    });
    (nodes.to_vec(), log)
}

async fn try_claim(nodes: &[Node]) -> Result<Claim, NodeError> {
    claim(nodes, "run1", "host", Duration::from_secs(60)).await
}

#[tokio::test]
async fn one_refusal_gives_all_locks_back() {
    let (nodes, log) = nodes("held\nrun0\nalice@host\n17\n");
    let error = try_claim(&nodes).await.unwrap_err().to_string();
    assert_eq!(error, "n2 is refused: run run0 of alice@host holds it for another 17 s; wait, or end that run");
    let given_back = log.lock().unwrap().iter().filter(|(_, script)| script.contains("rm -f lock")).count();
    assert_eq!(given_back, 3);
}

#[tokio::test]
async fn an_unmarked_node_is_refused_with_the_way_to_mark_it() {
    let (nodes, _) = nodes("unmarked\n");
    let error = try_claim(&nodes).await.unwrap_err().to_string();
    let advice = "run on it: install -d /etc/gainsay && touch /etc/gainsay/allowed";
    assert!(error.starts_with("n2 is refused") && error.ends_with(advice), "{error}");
    assert!(matches!(try_claim(&self::nodes("").0).await, Err(NodeError::Refused { .. })), "silence is no consent");
}

#[tokio::test]
async fn a_claim_is_renewed_and_released_on_every_node() {
    let (nodes, log) = nodes("allowed\n");
    let claim = try_claim(&nodes).await.unwrap();
    claim.renew().await.unwrap();
    claim.release().await.unwrap();
    assert_eq!(log.lock().unwrap().len(), 9);
    check_marker(&nodes[0]).await.unwrap();
}
