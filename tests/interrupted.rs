//! Runs that end early: what was recorded until then is kept, and judged.

mod harness;

use harness::Harness;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Starts a run of a minute, and returns when its history has grown for a second.
fn running(harness: &Harness) -> (Child, PathBuf) {
    let mut command = harness.command("test --database memory --time-limit 60s --seed 1");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let history = harness.latest().join("history.jsonl");
    let limit = Instant::now() + Duration::from_secs(20);
    while std::fs::metadata(&history).map_or(0, |m| m.len()) < 1_000_000 {
        assert!(Instant::now() < limit, "the history does not grow");
        std::thread::sleep(Duration::from_millis(20));
    }
    (child, history)
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill starts");
    assert!(status.success());
}

#[test]
fn ctrl_c_heals_and_judges_what_there_is() {
    for name in ["INT", "TERM"] {
        let harness = Harness::new();
        let (child, _) = running(&harness);
        let asked = Instant::now();
        signal(&child, name);
        let output = child.wait_with_output().expect("it ends");
        assert!(asked.elapsed() < Duration::from_secs(30), "it took {:?}", asked.elapsed());
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(lines.contains("no violation found by linearizable") || lines.starts_with("UNKNOWN"), "{lines}");
        assert!(harness.latest().join("report.html").exists());
    }
}

#[test]
fn a_stop_condition_ends_the_run_and_says_which() {
    let harness = Harness::new();
    let closed = harness.path().join("closed");
    let plan = format!(
        "database = \"memory\"\ntime-limit = \"60s\"\nseed = 1\n[[probe]]\nname = \"the shop\"\n\
         command = \"test ! -e {} || {{ echo the shop is closed >&2; exit 1; }}\"\nevery = \"100ms\"\n",
        closed.display()
    );
    std::fs::write(harness.path().join("plan.toml"), plan).expect("the plan is written");
    let mut command = harness.command("test plan.toml");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let history = harness.latest().join("history.jsonl");
    let limit = Instant::now() + Duration::from_secs(20);
    while std::fs::metadata(&history).map_or(0, |m| m.len()) < 1_000_000 {
        assert!(Instant::now() < limit, "the history does not grow");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::fs::write(&closed, "").expect("the shop is closed");
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{told}");
    assert!(told.contains("the shop failed 3 times in a row: exit status: 1: the shop is closed"), "{told}");
    let report = std::fs::read_to_string(harness.latest().join("report.html")).expect("there is a report");
    assert!(report.contains("the run was aborted: the probe the shop failed"), "the report does not say so");

    let refused = harness.run("test plan.toml");
    assert_eq!(refused.code, 5, "{refused}");
    assert!(refused.stderr.contains("failed before the test"), "{refused}");
    assert!(!harness.latest().join("history.jsonl").exists(), "nothing was asked: {refused}");
}

#[test]
fn ctrl_c_twice_leaves_without_a_verdict() {
    let harness = Harness::new();
    let (mut child, _) = running(&harness);
    signal(&child, "INT");
    signal(&child, "TERM");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
}

#[test]
fn a_killed_controller_loses_the_last_moments_only() {
    let harness = Harness::new();
    let (mut child, history) = running(&harness);
    child.kill().expect("it is killed");
    let killed = SystemTime::now();
    child.wait().expect("it is gone");
    let written = std::fs::metadata(&history).and_then(|m| m.modified()).expect("the history is there");
    let lost = killed.duration_since(written).unwrap_or_default();
    // Buffers are handed over every 50 ms; the rest is for a busy machine.
    assert!(lost < Duration::from_millis(250), "the last {lost:?} are lost");
    let judged = harness.run("check results/latest");
    assert!([0, 2].contains(&judged.code), "{judged}");
    let lines = std::fs::read_to_string(&history).expect("the history is text").lines().count();
    assert!(lines > 1000);
}
