//! The nodes of one run, from the lock to the last trace removed: prepared, healed, recovered, put away.

use crate::audit::AuditLog;
use crate::exit::{Exit, Failure};
use crate::heartbeat::{Armed, Heartbeat};
use crate::plan::Plan;
use crate::quantity::NodeChoice;
use crate::stop::Ending;
use crate::store::{Meta, RunDirectory};
use anyhow::{Context, Result};
use cluster::{Claim, Database, Inventory, Node, NodeError, Recorder};
use nemeses::{Switch, System};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// A member may take so long to be started and to serve.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Everything is healed within this time, or it is said that it was not.
const HEAL_LIMIT: Duration = Duration::from_secs(60);

/// A run that somebody halts knows it within this time.
const HALTED_WITHIN: Duration = Duration::from_secs(3);

/// The nodes of one run, and what runs on them.
pub struct Testbed {
    /// Nodes and database.
    pub system: System,
    on_nodes: bool,
    claim: Option<Arc<Claim>>,
    /// Armed while faults may happen. Whoever heals takes it out first, so that no renewal arms it again.
    switch: Armed,
    heartbeat: Option<Heartbeat>,
    /// Everything that was done on the nodes.
    pub audit: Arc<AuditLog>,
}

impl Testbed {
    /// Reaches the nodes of the plan, and locks them for this run. Nothing else is touched.
    ///
    /// # Errors
    /// Exit 65 for a wrong inventory, 3 for a node that cannot be reached, 77 for one that may not be touched.
    pub async fn reach(plan: &Plan, run: &str, ending: &Ending) -> Result<Testbed, Failure> {
        let database = crate::clients::open(plan, None)?;
        let audit = Arc::new(AuditLog::default());
        let nodes = match &plan.inventory {
            Some(_) => {
                let told = |node: Node| node.audited(Arc::clone(&audit) as Arc<dyn cluster::Audit>);
                connect(&inventory(plan)?).await?.into_iter().map(told).collect()
            }
            None => imaginary(plan)?,
        };
        let on_nodes = plan.inventory.is_some();
        let time_to_live = plan.time_to_live.0;
        let controller = controller();
        let claim = match on_nodes {
            true => Some(Arc::new(cluster::claim(&nodes, run, &controller, time_to_live.max(START_LIMIT)).await?)),
            false => None,
        };
        let system = System { nodes, database, run: run.to_owned(), time_to_live };
        let mut testbed = Testbed { system, on_nodes, claim, switch: Arc::default(), heartbeat: None, audit };
        testbed.beat(ending.clone());
        Ok(testbed)
    }

    /// The names of the nodes.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.system.nodes.iter().map(|n| n.name.clone()).collect()
    }

    /// Heals what an earlier run may have left, wipes the database and installs it on every node.
    ///
    /// # Errors
    /// With the node and the command that failed.
    pub async fn install(&mut self) -> Result<()> {
        if self.on_nodes {
            self.heal_everything().await.context("while healing what an earlier run may have left")?;
        }
        let remove = |db: Arc<dyn Database>, node: Node, _: Arc<Vec<Node>>| async move { db.remove(&node).await };
        self.on_all(remove).await.context("while removing what an earlier run may have left")?;
        let install =
            |db: Arc<dyn Database>, node: Node, all: Arc<Vec<Node>>| async move { db.install(&node, &all).await };
        self.on_all(install).await.with_context(|| format!("while installing {}", self.system.database.describe()))
    }

    /// Starts the database on every node, waits until each serves, and arms the dead man's switch.
    ///
    /// # Errors
    /// With the node and the command that failed.
    pub async fn start(&mut self) -> Result<()> {
        let start = |db: Arc<dyn Database>, node: Node, all: Arc<Vec<Node>>| async move { db.start(&node, &all).await };
        self.on_all(start).await.with_context(|| format!("while starting {}", self.system.database.describe()))?;
        self.ready(START_LIMIT).await?;
        if self.on_nodes {
            let switch = Switch::arm(&self.system).await.context("while arming the dead man's switch")?;
            *self.switch.write().await = Some(switch);
        }
        Ok(())
    }

    /// Waits until every node serves.
    ///
    /// # Errors
    /// With the first node that does not.
    pub async fn ready(&self, limit: Duration) -> Result<()> {
        let ready =
            move |db: Arc<dyn Database>, node: Node, _: Arc<Vec<Node>>| async move { db.ready(&node, limit).await };
        self.on_all(ready).await.with_context(|| format!("{} does not serve", self.system.database.describe()))
    }

    /// Heals every node of everything that a nemesis could ever have done, and measures that it is healed.
    ///
    /// # Errors
    /// With what is not healed on which node after [`HEAL_LIMIT`].
    pub async fn heal(&self) -> Result<()> {
        if self.on_nodes { self.heal_everything().await } else { Ok(()) }
    }

    async fn heal_everything(&self) -> Result<()> {
        *self.switch.write().await = None;
        let deadline = Instant::now() + HEAL_LIMIT;
        loop {
            let mut problems: Vec<String> = nemeses::heal_all(&self.system.nodes)
                .await
                .into_iter()
                .filter_map(|(_, healed)| healed.err().map(|error| error.to_string()))
                .collect();
            if problems.is_empty() {
                let measured = nemeses::verify_healed(&self.system).await;
                let left = measured.into_iter().filter(|(_, measured)| !measured.in_effect);
                problems.extend(left.map(|(node, measured)| format!("{node}: {}", measured.description)));
            }
            if problems.is_empty() {
                return Ok(());
            }
            anyhow::ensure!(Instant::now() < deadline, "not healed: {}", problems.join("; "));
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Fetches logs into the run's directory. What cannot be fetched is a warning.
    pub async fn fetch_logs(&self, directory: &RunDirectory, meta: &mut Meta) {
        if !self.on_nodes {
            return;
        }
        for node in &self.system.nodes {
            let folder = format!("nodes/{}", node.name);
            if let Err(error) = std::fs::create_dir_all(directory.file(&folder)) {
                meta.warnings.push(format!("cannot make {folder}: {error}"));
                continue;
            }
            for remote in self.system.database.log_files() {
                let name = format!("{folder}/{}", remote.rsplit('/').next().unwrap_or("log"));
                match node.download(&remote, &directory.file(&name)).await {
                    Ok(()) => meta.logs.push((format!("{} {remote}", node.name), name)),
                    Err(error) => meta.warnings.push(format!("log not fetched: {error}")),
                }
            }
            if let Err(error) = self.fetch_journal(node, directory, &folder, meta).await {
                meta.warnings.push(format!("journal not fetched: {error:#}"));
            }
        }
    }

    async fn fetch_journal(&self, node: &Node, directory: &RunDirectory, folder: &str, meta: &mut Meta) -> Result<()> {
        let Some(daemon) = self.system.database.daemon() else { return Ok(()) };
        let unit = cluster::Command::quote(&daemon.unit);
        let script = format!("journalctl --no-pager -o short-precise -n 20000 -u {unit} -u 'gainsay-*'");
        let journal = node.run(&cluster::Command::new(script).idempotent()).await?;
        let name = format!("{folder}/journal.txt");
        directory.write(&name, &journal.stdout)?;
        meta.logs.push((format!("{} journal", node.name), name));
        Ok(())
    }

    /// Facts about the nodes, for the report.
    pub async fn facts(&self) -> Vec<(String, String)> {
        if !self.on_nodes {
            return Vec::new();
        }
        let script = ". /etc/os-release; printf '%s, Linux %s, %s cores, %s' \"$PRETTY_NAME\" \"$(uname -r)\" \
                      \"$(nproc)\" \"$(iptables --version)\"";
        let mut facts = Vec::new();
        for node in &self.system.nodes {
            if let Ok(output) = node.run(&cluster::Command::new(script).idempotent()).await {
                facts.push((format!("{} at {}", node.name, node.address), output.text()));
            }
        }
        facts
    }

    /// Removes the database unless `keep`, and gives the nodes back. Every problem is returned.
    pub async fn put_away(&mut self, keep: bool) -> Vec<String> {
        let mut problems = Vec::new();
        if !keep {
            let remove = |db: Arc<dyn Database>, node: Node, _: Arc<Vec<Node>>| async move { db.remove(&node).await };
            problems.extend(self.on_all(remove).await.err().map(|error| format!("not removed: {error:#}")));
        }
        if let Some(heartbeat) = self.heartbeat.take() {
            problems.extend(heartbeat.end().await);
        }
        if let Some(claim) = self.claim.take() {
            problems.extend(claim.release().await.err().map(|error| format!("the lock is still held: {error}")));
        }
        problems
    }

    /// Renews the lock and the switches, so often that one lost renewal does no harm and a halted run ends soon.
    fn beat(&mut self, ending: Ending) {
        let Some(claim) = self.claim.clone() else { return };
        let every = (self.system.time_to_live / 3).min(HALTED_WITHIN);
        self.heartbeat = Some(Heartbeat::begin(&self.system.nodes, claim, &self.switch, every, ending));
    }

    /// Does the same on every node at once; the first error in the order of the nodes is returned.
    async fn on_all<F, R>(&self, action: F) -> Result<(), NodeError>
    where
        F: Fn(Arc<dyn Database>, Node, Arc<Vec<Node>>) -> R,
        R: Future<Output = Result<(), NodeError>> + Send + 'static,
    {
        let all = Arc::new(self.system.nodes.clone());
        let mut tasks = JoinSet::new();
        for (position, node) in self.system.nodes.iter().enumerate() {
            let acting = action(Arc::clone(&self.system.database), node.clone(), Arc::clone(&all));
            tasks.spawn(async move { (position, acting.await) });
        }
        let mut results = tasks.join_all().await;
        results.sort_by_key(|(position, _)| *position);
        results.into_iter().find_map(|(_, result)| result.err()).map_or(Ok(()), Err)
    }
}

/// The inventory of a plan, with the nodes that the plan wants.
///
/// # Errors
/// Exit 65 if it is wrong, or lacks a node that the plan wants.
pub fn inventory(plan: &Plan) -> Result<Inventory, Failure> {
    let Some(path) = &plan.inventory else {
        return Err(Failure::message(Exit::Data, "this plan has no inventory"));
    };
    if !path.exists() {
        let help = "write one (see README.md), or bring a lab up with `gainsay lab up`";
        return Err(Failure::message(Exit::Data, format!("there is no inventory {}; {help}", path.display())));
    }
    let inventory = Inventory::load(path).map_err(|e| Failure::new(Exit::Data, e))?;
    let have = inventory.hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>().join(", ");
    let wrong =
        |what: String| Err(Failure::message(Exit::Data, format!("{what} {}; there are {have}", path.display())));
    match &plan.nodes {
        NodeChoice::All => Ok(inventory),
        NodeChoice::First(number) if *number <= inventory.hosts.len() => Ok(inventory.first(*number)),
        NodeChoice::First(number) => wrong(format!("{number} nodes are wanted, which is more than are in")),
        NodeChoice::Named(wanted) => match inventory.only(wanted) {
            Ok(chosen) => Ok(chosen),
            Err(missing) => wrong(format!("there is no node `{}` in", missing.join("`, `"))),
        },
    }
}

/// Connects to every node of an inventory.
///
/// # Errors
/// Exit 3 with every node that cannot be reached.
pub async fn connect(inventory: &Inventory) -> Result<Vec<Node>, Failure> {
    cluster::connect(inventory).await.map_err(|errors| {
        let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::message(Exit::Harness, messages.join("\n"))
    })
}

/// Nodes for a database that needs none: they have names, and no command ever reaches them.
fn imaginary(plan: &Plan) -> Result<Vec<Node>, Failure> {
    let names = match &plan.nodes {
        NodeChoice::All => (1..=5).map(|n| format!("n{n}")).collect(),
        NodeChoice::First(number) => (1..=*number).map(|n| format!("n{n}")).collect(),
        NodeChoice::Named(names) => names.clone(),
    };
    let node = |name: &String| {
        // Clients may be sent to other machines, which they are to reach by themselves.
        let address = name.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Node::new(name.clone(), address, Arc::new(Recorder::new(name.clone(), Arc::default())))
    };
    Ok(names.iter().map(node).collect())
}

/// Who holds a lock, or breaks it: user, host and process.
pub fn controller() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned());
    format!("{user}@{} process {}", host.trim(), std::process::id())
}
