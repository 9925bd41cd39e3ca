//! A lab of virtual machines for one test, and a database that does nothing but run.

use async_trait::async_trait;
use cluster::{Command, Daemon, Database, Inventory, Node, NodeError};
use nemeses::System;
use std::process::Command as Process;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The lab of these tests; no person's lab has this name.
pub const LAB: &str = "gs-vm-t";

/// A lab that is taken down when the test ends, however it ends.
pub struct Machines {
    /// Its nodes.
    pub nodes: Vec<Node>,
}

impl Machines {
    /// Brings it up by the command, whose path the inventory then has; or says why this machine cannot run one.
    pub async fn up(nodes: u8) -> Result<Machines, String> {
        lab::supports(lab::Kind::Vm)?;
        let mut up = Machines { nodes: Vec::new() };
        gainsay(&["lab", "up", "--kind", "vm", "--nodes", &nodes.to_string(), "--name", LAB]);
        let inventory = lab::Lab::named(LAB).expect("the name is valid").inventory();
        let inventory = Inventory::load(&inventory).unwrap_or_else(|error| panic!("{error}"));
        up.nodes = cluster::connect(&inventory).await.unwrap_or_else(|errors| panic!("{errors:?}"));
        Ok(up)
    }

    /// The nodes as a system under test.
    pub fn system(&self) -> System {
        let time_to_live = Duration::from_secs(60);
        System { nodes: self.nodes.clone(), database: Arc::new(Sleeper::new()), run: "vm".into(), time_to_live }
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        let down = Process::new(env!("CARGO_BIN_EXE_gainsay")).args(["lab", "down", "--name", LAB]).status();
        assert!(down.is_ok_and(|status| status.success()) || std::thread::panicking(), "the lab is not down");
    }
}

/// Runs the command, which must succeed.
pub fn gainsay(arguments: &[&str]) {
    let status = Process::new(env!("CARGO_BIN_EXE_gainsay")).args(arguments).status().expect("it starts");
    assert!(status.success(), "gainsay {}: {status}", arguments.join(" "));
}

/// Runs a script that must succeed.
pub async fn on(node: &Node, script: &str) -> String {
    let command = Command::new(script).within(Duration::from_secs(120));
    node.run(&command).await.unwrap_or_else(|error| panic!("{error}")).text()
}

/// Says what a test measured.
pub fn report(line: &str) {
    #[expect(clippy::print_stderr, reason = "a test says what it measured")]
    {
        eprintln!("{line}");
    }
}

/// By how many seconds a node's clock is ahead of ours, at least and at most.
pub async fn ahead(node: &Node) -> (f64, f64) {
    let ours = || SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs_f64();
    let before = ours();
    let theirs: f64 = on(node, "date +%s.%N").await.parse().expect("a number");
    (theirs - ours(), theirs - before)
}

/// Everything on a node that a fault must leave as it was.
pub async fn state(node: &Node) -> String {
    on(
        node,
        "ls -A /run/gainsay /var/lib/gainsay 2>/dev/null; ls /etc/systemd/system /etc/systemd/system/multi-user.target.wants
ls /run/systemd/system 2>/dev/null; systemctl list-units --all --plain --no-legend 'gainsay-*' 'chrony*' | awk '{print $1, $3, $4}'
ip -br link | awk '{print $1, $2}'; iptables-save | grep -v '^#' | sed 's/\\[.*\\]//'; dmsetup ls 2>/dev/null; losetup -l -n -O BACK-FILE",
    )
    .await
}

/// A unit that runs, that survives a restart of its node, and that a restart does not start.
struct Sleeper {
    daemon: Daemon,
}

impl Sleeper {
    fn new() -> Sleeper {
        Sleeper { daemon: Daemon { unit: "gainsay-sleeper.service".into(), ports: Vec::new() } }
    }
}

const INSTALL: &str =
    "printf '[Service]\\nExecStart=/bin/sleep infinity\\n' >/etc/systemd/system/gainsay-sleeper.service
sync /etc/systemd/system/gainsay-sleeper.service /etc/systemd/system
systemctl daemon-reload\n";

const REMOVE: &str = "systemctl stop gainsay-sleeper.service 2>/dev/null
rm -f /etc/systemd/system/gainsay-sleeper.service
systemctl daemon-reload\n";

#[async_trait]
impl Database for Sleeper {
    fn describe(&self) -> String {
        "sleeper".into()
    }

    async fn install(&self, node: &Node, _: &[Node]) -> Result<(), NodeError> {
        node.run(&Command::new(INSTALL)).await.map(drop)
    }

    async fn start(&self, node: &Node, _: &[Node]) -> Result<(), NodeError> {
        node.run(&Command::new("systemctl start gainsay-sleeper.service")).await.map(drop)
    }

    async fn ready(&self, _: &Node, _: Duration) -> Result<(), NodeError> {
        Ok(())
    }

    async fn remove(&self, node: &Node) -> Result<(), NodeError> {
        node.run(&Command::new(REMOVE)).await.map(drop)
    }

    fn daemon(&self) -> Option<&Daemon> {
        Some(&self.daemon)
    }

    fn data_dir(&self) -> Option<&str> {
        None
    }

    fn log_files(&self) -> Vec<String> {
        Vec::new()
    }

    async fn primaries(&self, all: &[Node]) -> Vec<Node> {
        all.first().cloned().into_iter().collect()
    }
}
