//! `gainsay test --dry-run`: the plan, and each command that would be run on a node, without touching one.

use crate::exit::{Exit, Failure};
use crate::plan::Plan;
use crate::terminal::say;
use crate::testbed::inventory;
use anyhow::{Context, Result};
use async_trait::async_trait;
use cluster::{Daemon, Database, Node, NodeError, Recorder};
use nemeses::System;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

type Log = Arc<Mutex<Vec<(String, String)>>>;

/// Prints the plan and the commands.
pub(super) async fn print(plan: &Plan) -> Result<Exit, Failure> {
    say("# the plan, every setting decided");
    say(toml::to_string(plan).context("a plan can be written")?.trim_end());
    if plan.inventory.is_none() {
        say("# no command is run on any node");
        return Ok(Exit::Valid);
    }
    let log = Log::default();
    let node = |settings: &cluster::Host| {
        let address = settings.address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let recorder = Arc::new(Recorder::new(settings.name.clone(), Arc::clone(&log)));
        let mut node = Node::new(settings.name.clone(), address, recorder);
        (node.labels, node.machine) = (settings.labels.clone(), settings.machine.clone());
        node
    };
    let nodes: Vec<Node> = inventory(plan)?.hosts.iter().map(node).collect();
    let database = databases::open(&plan.database.0, plan.seed.0).map_err(|e| Failure::new(Exit::Data, e))?;
    let system = System {
        nodes,
        database: Arc::new(Untouched(database)),
        run: "dry-run".to_owned(),
        time_to_live: plan.time_to_live.0,
    };
    phases(plan, &system, &log).await?;
    Ok(Exit::Valid)
}

async fn phases(plan: &Plan, system: &System, log: &Log) -> Result<()> {
    let database = &system.database;
    for (phase, step) in [("remove what an earlier run left", 0), ("install", 1), ("start", 2)] {
        for node in &system.nodes {
            // A recorder answers success without output; a step that needs an answer ends early, which is shown.
            let done = match step {
                0 => database.remove(node).await,
                1 => database.install(node, &system.nodes).await,
                _ => database.start(node, &system.nodes).await,
            };
            tell(phase, log, done.err());
        }
    }
    let armed = nemeses::Switch::arm(system).await;
    tell("arm the dead man's switch", log, armed.err());
    faults(plan, system, log).await?;
    let _ = nemeses::heal_all(&system.nodes).await;
    tell("heal at the end", log, None);
    if !plan.leave_running {
        for node in &system.nodes {
            let removed = database.remove(node).await;
            tell("remove", log, removed.err());
        }
    }
    Ok(())
}

async fn faults(plan: &Plan, system: &System, log: &Log) -> Result<()> {
    let nemeses = nemeses::parse(&plan.nemesis.0)?;
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed.0);
    let (schedule, given) = crate::replay::of(plan, nemeses.len());
    for (number, planned) in schedule.iter().enumerate() {
        let nemesis = &nemeses[planned.nemesis];
        let start = planned.start.as_secs_f64();
        let decided = match given.get(number).cloned().flatten() {
            Some(decided) => decided,
            None => nemesis.decide(system, &mut rng).await?,
        };
        let injected = nemesis.inject(system, &decided).await;
        tell(&format!("at {start:.1} s: {}", decided.description), log, injected.err());
        for node in &system.nodes {
            let _ = node.execute(&cluster::Command::new(nemesis.heal_script())).await;
        }
        tell(&format!("at {:.1} s: heal {}", start + planned.hold.as_secs_f64(), nemesis.name()), log, None);
    }
    Ok(())
}

/// Prints what was recorded since the last time.
fn tell(phase: &str, log: &Log, error: Option<NodeError>) {
    say(format!("\n# {phase}"));
    for (node, script) in log.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        say(format!("[{node}] {}", script.trim_end().replace('\n', "\n     ")));
    }
    if let Some(error) = error {
        say(format!("# what comes next depends on the node's answer: {error}"));
    }
}

/// A database whose nodes are never asked anything.
struct Untouched(Arc<dyn Database>);

#[async_trait]
impl Database for Untouched {
    fn describe(&self) -> String {
        self.0.describe()
    }

    async fn install(&self, node: &Node, all: &[Node]) -> Result<(), NodeError> {
        self.0.install(node, all).await
    }

    async fn start(&self, node: &Node, all: &[Node]) -> Result<(), NodeError> {
        self.0.start(node, all).await
    }

    async fn ready(&self, _: &Node, _: Duration) -> Result<(), NodeError> {
        Ok(())
    }

    async fn remove(&self, node: &Node) -> Result<(), NodeError> {
        self.0.remove(node).await
    }

    fn daemon(&self) -> Option<&Daemon> {
        self.0.daemon()
    }

    fn data_dir(&self) -> Option<&str> {
        self.0.data_dir()
    }

    fn log_files(&self) -> Vec<String> {
        self.0.log_files()
    }

    async fn primaries(&self, _: &[Node]) -> Vec<Node> {
        Vec::new()
    }
}
