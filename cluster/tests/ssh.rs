//! The SSH transport against a real sshd on the loopback interface. Skipped, with a printed reason, where there is
//! none or we are not root.
#![allow(clippy::print_stderr)]

use cluster::{Command, Inventory, Node, NodeError, Severity, connect, connect_each, examine};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const SSHD: &str = "/usr/sbin/sshd";

/// An sshd of our own, ended with the test.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn keygen(kind: &str, path: &Path) {
    let status = std::process::Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-t", kind, "-f"])
        .arg(path)
        .status()
        .expect("ssh-keygen runs");
    assert!(status.success());
}

impl Server {
    /// None, with a printed reason, where it cannot run.
    fn start() -> Option<Server> {
        if !Path::new(SSHD).exists() {
            eprintln!("skipped: there is no {SSHD}");
            return None;
        }
        if std::fs::metadata("/proc/self").map(|data| std::os::unix::fs::MetadataExt::uid(&data)).ok() != Some(0) {
            eprintln!("skipped: sshd needs root");
            return None;
        }
        std::fs::create_dir_all("/run/sshd").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        keygen("ed25519", &path("host_ed25519"));
        keygen("ecdsa", &path("host_ecdsa"));
        keygen("ed25519", &path("client"));
        keygen("ed25519", &path("stranger"));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host_ed25519\nHostKey {0}/host_ecdsa\n\
             AuthorizedKeysFile {0}/client.pub\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n\
             MaxStartups 100\nRekeyLimit 4M\n",
            folder.path().display()
        );
        std::fs::write(path("config"), config).unwrap();
        let log = std::fs::File::create(path("log")).unwrap();
        let process = std::process::Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(path("config"))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Server { folder, port, process };
        server.know("host_ed25519", "known_hosts");
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "sshd does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn know(&self, key: &str, file: &str) {
        let key = std::fs::read_to_string(self.path(&format!("{key}.pub"))).unwrap();
        std::fs::write(self.path(file), format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
    }

    fn inventory(&self, known_hosts: &str, key: &str) -> Inventory {
        let text = format!(
            "name = 'test'\nknown_hosts = '{known_hosts}'\n[ssh]\nkey = '{key}'\nport = {}\n\
             [[node]]\nname = 'n1'\naddress = '127.0.0.1'\nlabels = {{ zone = 'a' }}\n",
            self.port
        );
        Inventory::parse(&text, &self.path("lab.toml")).unwrap()
    }

    async fn node(&self) -> Node {
        let mut nodes = connect(&self.inventory("known_hosts", "client")).await.unwrap();
        nodes.pop().unwrap()
    }
}

fn sh(script: impl Into<String>) -> Command {
    Command::new(script).within(Duration::from_secs(20))
}

async fn text(node: &Node, script: &str) -> String {
    node.run(&sh(script)).await.unwrap().text()
}

#[tokio::test]
async fn commands_answer_one_after_the_other_and_all_at_once() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    assert_eq!(node.labels["zone"], "a");
    for index in 0..200 {
        let output = node.execute(&sh(format!("echo {index}; echo e{index} >&2; exit {}", index % 7))).await.unwrap();
        assert_eq!((output.text(), output.status), (index.to_string(), index % 7));
        assert_eq!(output.stderr, format!("e{index}\n").into_bytes());
    }
    let tasks: Vec<_> = (0..200)
        .map(|index| {
            let node = node.clone();
            tokio::spawn(async move { (index, text(&node, &format!("echo {index}")).await) })
        })
        .collect();
    for task in tasks {
        let (index, answer) = task.await.unwrap();
        assert_eq!(answer, index.to_string());
    }
}

#[tokio::test]
async fn round_trips_are_short() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    for script in [":", "/bin/true"] {
        let mut times = Vec::new();
        for _ in 0..500 {
            let begun = Instant::now();
            node.run(&sh(script)).await.unwrap();
            times.push(begun.elapsed());
        }
        times.sort();
        eprintln!("{script}: p50 {:?}, p99 {:?}", times[250], times[495]);
        assert!(times[250] < Duration::from_millis(50));
    }
}

#[tokio::test]
async fn streams_carry_much_and_anything() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    let output = node.run(&sh("head -c 8388608 /dev/zero >&2; printf end")).await.unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.len()), (&b"end"[..], 8 << 20));
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let output = node.run(&sh("tee /dev/stderr").with_stdin(bytes.clone())).await.unwrap();
    assert!(output.stdout == bytes && output.stderr == bytes);
    let long = format!("cat <<'EOF'\n{}\nEOF", "it's \"long\" $x\n".repeat(100_000));
    assert_eq!(node.run(&sh(long)).await.unwrap().stdout.len(), 1_500_001);
}

#[tokio::test]
async fn ends_by_status_and_by_signal_are_told() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    for (script, status) in
        [("exit 3", 3), ("kill -9 $$", 137), ("sh -c 'kill -15 $$'", 143), ("kill -HUP $$; sleep 1", 129), ("if", 2)]
    {
        assert_eq!(node.execute(&sh(script)).await.unwrap().status, status, "{script}");
        assert_eq!(text(&node, "echo on").await, "on", "after {script}");
    }
    let error = node.run(&sh("echo why >&2; exit 3")).await.unwrap_err();
    assert_eq!(error.to_string(), "on n1, exit status 3: echo why >&2; exit 3\nwhy");
}

#[tokio::test]
async fn a_time_out_discards_the_connection_and_the_next_command_works() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    let begun = Instant::now();
    let error = node.run(&sh("sleep 60").within(Duration::from_millis(300))).await.unwrap_err();
    assert!(matches!(error, NodeError::TimedOut { seconds: 1, .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(text(&node, "echo on").await, "on");
}

#[tokio::test]
async fn a_frozen_node_is_given_up_in_time() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    let served_by = text(&node, SERVED_BY).await;
    let signal = |name| std::process::Command::new("kill").args([name, served_by.as_str()]).status().unwrap().success();
    assert!(signal("-STOP"));
    let begun = Instant::now();
    let flood = sh("cat >/dev/null").with_stdin(vec![0; 2 << 20]).within(Duration::from_millis(500));
    let error = node.run(&flood).await.unwrap_err();
    assert!(matches!(error, NodeError::TimedOut { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(text(&node, "echo on").await, "on");
    assert!(signal("-KILL"));
}

#[tokio::test]
async fn four_commands_run_side_by_side() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    let begun = Instant::now();
    let sleepers: Vec<_> = (0..3)
        .map(|_| {
            let node = node.clone();
            tokio::spawn(async move { text(&node, "sleep 3; echo slept").await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(text(&node, "echo healed").await, "healed");
    assert!(begun.elapsed() < Duration::from_millis(2500), "{:?}", begun.elapsed());
    for sleeper in sleepers {
        assert_eq!(sleeper.await.unwrap(), "slept");
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

/// Prints the process that serves the connection of the shell which runs this, the parent of that shell.
const SERVED_BY: &str = "sed -n 's/^PPid:.//p' /proc/$$/status";

/// Kills the process that serves the connection of the shell which runs this, the parent of that shell.
const CUT: &str = "kill -9 $(sed -n 's/^PPid:.//p' /proc/$$/status); sleep 5";

#[tokio::test]
async fn a_lost_connection_is_an_error_unless_the_command_may_be_repeated() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    let error = node.run(&sh(CUT)).await.unwrap_err();
    assert!(matches!(error, NodeError::Lost { .. }), "{error:?}");
    assert!(error.to_string().contains("may or may not have run"), "{error}");
    let mark = server.path("mark");
    let once = format!("[ -e {0} ] || {{ touch {0}; {CUT}; }}; echo repeated", mark.display());
    assert_eq!(node.run(&sh(once).idempotent()).await.unwrap().text(), "repeated");
}

#[tokio::test]
async fn a_connection_lost_while_idle_is_made_again_before_a_command_is_sent() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    let served_by = text(&node, SERVED_BY).await;
    assert!(std::process::Command::new("kill").args(["-9", &served_by]).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(text(&node, "echo on").await, "on");
}

#[tokio::test]
async fn a_node_that_is_dropped_leaves_no_connection() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    let served_by = PathBuf::from("/proc").join(text(&node, SERVED_BY).await);
    assert!(served_by.exists());
    drop(node);
    let begun = Instant::now();
    while served_by.exists() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the session is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn a_command_that_nobody_waits_for_does_not_hold_the_lanes_of_others() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    for _ in 0..8 {
        let command = sh("sleep 1");
        let given_up = tokio::time::timeout(Duration::from_millis(20), node.run(&command)).await;
        assert!(given_up.is_err());
    }
    let begun = Instant::now();
    assert_eq!(text(&node, "echo on").await, "on");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn wrong_and_unknown_hosts_are_refused() {
    let Some(server) = Server::start() else { return };
    server.know("stranger", "wrong");
    let errors = connect(&server.inventory("wrong", "client")).await.unwrap_err();
    let NodeError::HostKey { found, expected, .. } = &errors[0] else { panic!("{errors:?}") };
    assert!(found.starts_with("SHA256:") && expected.starts_with("SHA256:") && found != expected);
    let errors = connect(&server.inventory("none", "client")).await.unwrap_err();
    let NodeError::UnknownHost { line, .. } = &errors[0] else { panic!("{errors:?}") };
    std::fs::write(server.path("learnt"), format!("{line}\n")).unwrap();
    connect(&server.inventory("learnt", "client")).await.unwrap();
    // Only another type is known: it must be asked for, or a right host looks wrong.
    server.know("host_ecdsa", "ecdsa");
    connect(&server.inventory("ecdsa", "client")).await.unwrap();
    let hashed = std::process::Command::new("ssh-keygen").arg("-Hf").arg(server.path("ecdsa")).output().unwrap();
    assert!(hashed.status.success() && !std::fs::read_to_string(server.path("ecdsa")).unwrap().contains("127.0.0.1"));
    connect(&server.inventory("ecdsa", "client")).await.unwrap();
}

#[tokio::test]
async fn every_node_that_cannot_be_reached_is_told() {
    let Some(server) = Server::start() else { return };
    let errors = connect(&server.inventory("known_hosts", "stranger")).await.unwrap_err();
    let error = errors[0].to_string();
    assert!(matches!(errors[0], NodeError::Authentication { .. }) && error.contains("stranger"), "{error}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut inventory = server.inventory("known_hosts", "client");
    for name in ["n2", "n3"] {
        let mut host = inventory.hosts[0].clone();
        (host.name, host.port) = (name.to_owned(), closed);
        inventory.hosts.push(host);
    }
    let errors = connect(&inventory).await.unwrap_err();
    let reasons: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let expected = |name| format!("{name} is unreachable at 127.0.0.1:{closed}: Connection refused (os error 111)");
    assert_eq!(reasons, [expected("n2"), expected("n3")]);
    let each: Vec<bool> = connect_each(&inventory).await.iter().map(Result::is_ok).collect();
    assert_eq!(each, [true, false, false], "some nodes are better than none");
}

#[tokio::test]
async fn files_arrive_whole_with_their_mode_or_not_at_all() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    let bytes: Vec<u8> = (0..20_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (from, there, back) = (server.path("from"), server.path("it's there"), server.path("back"));
    let remote = there.to_str().unwrap();
    for content in [bytes.as_slice(), b"", b"short"] {
        std::fs::write(&from, content).unwrap();
        let begun = Instant::now();
        node.upload(&from, remote, 0o750).await.unwrap();
        let up = begun.elapsed();
        node.download(remote, &back).await.unwrap();
        eprintln!("{} bytes: up {up:?}, down {:?}", content.len(), begun.elapsed() - up);
        assert!(std::fs::read(&back).unwrap() == content);
    }
    assert_eq!(text(&node, &format!("stat -c %a {}", Command::quote(remote))).await, "750");
    let error = node.upload(&from, "/no/such/place", 0o600).await.unwrap_err();
    assert!(matches!(&error, NodeError::Failed { stderr, .. } if stderr.contains("/no/such/place")), "{error}");
    let error = node.download("/no/such/file", &back).await.unwrap_err();
    assert!(matches!(&error, NodeError::Failed { stderr, .. } if stderr.contains("/no/such/file")), "{error}");
    let error = node.upload(Path::new("/no/such/source"), remote, 0o600).await.unwrap_err();
    assert!(matches!(error, NodeError::File { .. }), "{error}");
    assert_eq!(std::fs::read(&back).unwrap(), b"short", "a failed download leaves the old file");
    let left = std::fs::read_dir(server.folder.path()).unwrap().flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().contains(".part-") || name.to_string_lossy().contains(".gainsay-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn five_nodes_start_close_together() {
    let Some(server) = Server::start() else { return };
    let mut inventory = server.inventory("known_hosts", "client");
    for name in ["n2", "n3", "n4", "n5"] {
        let mut host = inventory.hosts[0].clone();
        host.name = name.to_owned();
        inventory.hosts.push(host);
    }
    let begun = Instant::now();
    let nodes = connect(&inventory).await.unwrap();
    eprintln!("5 connections in {:?}", begun.elapsed());
    let mut skews = Vec::new();
    for _ in 0..20 {
        let mut tasks = tokio::task::JoinSet::new();
        for node in nodes.clone() {
            tasks.spawn(async move { text(&node, "date +%s%N").await.parse::<u64>().unwrap() });
        }
        let stamps = tasks.join_all().await;
        skews.push(stamps.iter().max().unwrap() - stamps.iter().min().unwrap());
    }
    skews.sort_unstable();
    eprintln!("start skew over 5 nodes: p50 {} us", skews[10] / 1000);
    assert!(skews[10] < 500_000_000);
}

#[tokio::test]
async fn the_doctor_finds_the_port_that_is_taken_and_the_clock_that_is_ours() {
    let Some(server) = Server::start() else { return };
    let node = server.node().await;
    let findings = examine(&node, &[server.port]).await;
    for finding in &findings {
        eprintln!("{finding}");
        assert_eq!(finding.fix.is_empty(), finding.severity == Severity::Ok, "{finding}");
    }
    let of = |check: &str| findings.iter().find(|finding| finding.check == check).unwrap();
    assert_eq!(of("ports").found, format!("{} is taken", server.port));
    assert_eq!((of("clock").severity, of("root").severity), (Severity::Ok, Severity::Ok));
    let served_by = text(&node, SERVED_BY).await;
    drop(server);
    assert!(std::process::Command::new("kill").args(["-9", &served_by]).status().unwrap().success());
    let findings = examine(&node, &[]).await;
    assert_eq!((findings.len(), findings[0].check, findings[0].severity), (1, "ssh", Severity::Problem));
}
