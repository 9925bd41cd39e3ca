//! The base of most faults: what each node does to itself, by one script to make it, one to measure it, one to undo it.
//!
//! A [`Local`] writes scripts and nothing else; [`OnEach`] runs them. Every script is POSIX shell. One that makes a
//! fault says why it failed on standard error, and may assume that the dead man's switch is armed and that the
//! directory of its marks is there. One that measures prints `yes`, `yes, 31 % of 400 packets lost`, or why not.

use crate::aim::Aim;
use crate::catalogue::About;
use crate::everywhere::{self, Task};
use crate::marks::{FAULTS, guard};
use crate::victims;
use crate::{Injected, Measured, Nemesis, SpecError, System};
use async_trait::async_trait;
use cluster::{Command, Node, NodeError};
use rand_chacha::ChaCha8Rng;
use std::net::IpAddr;
use std::time::Duration;

/// What a fault needs of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hurts {
    /// Nothing: it hurts the node.
    Node,
    /// Links to other nodes, so that there must be some.
    Links,
    /// That it is a systemd unit.
    Process,
    /// That it keeps data in a directory.
    Data,
    /// Both.
    ProcessAndData,
}

/// What a script is written for.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The nodes and the database.
    pub system: &'a System,
    /// The node that runs the script.
    pub node: &'a Node,
    /// The database's unit, quoted for the shell; empty if it has none.
    pub unit: &'a str,
    /// The database's data directory, quoted for the shell; empty if it has none.
    pub dir: &'a str,
}

impl Scene<'_> {
    /// The addresses of all other nodes.
    pub fn peers(&self) -> Vec<IpAddr> {
        let others = self.system.nodes.iter().filter(|other| other.name != self.node.name);
        others.map(|other| other.address).collect()
    }
}

/// A fault that a node makes, measures and undoes on its own.
pub trait Local: Send + Sync {
    /// What is said of it, and what it needs.
    fn about(&self) -> &'static About;

    /// Whom it hurts.
    fn aim(&self) -> &Aim;

    /// What is done, for people, before the names of the nodes: `loss of 30 %`.
    fn title(&self) -> String {
        self.about().name.to_owned()
    }

    /// Prints `yes` if a node has what the fault needs, otherwise why not.
    fn needs(&self, _: &Scene<'_>) -> String {
        "echo yes\n".to_owned()
    }

    /// Makes the fault.
    fn make(&self, scene: &Scene<'_>) -> String;

    /// Measures the fault while it lasts, for at most 10 s.
    fn measure(&self, scene: &Scene<'_>) -> String;

    /// Undoes all that the fault could ever have done; no more than the body of a `( )`.
    fn undo(&self) -> String;

    /// Prints `yes` if nothing of the fault is left, beside its marks, after which is looked anyway.
    fn trace(&self, _: &Scene<'_>) -> String {
        "echo yes\n".to_owned()
    }

    /// How long a node may take to make it.
    fn limit(&self) -> Duration {
        Duration::from_secs(15)
    }
}

/// A [`Local`] as a nemesis.
pub struct OnEach<L>(pub L);

/// How long a node may take to say how things are, and to try what it is asked to try.
const LOOK: Duration = Duration::from_secs(15);

impl<L: Local> OnEach<L> {
    fn tasks(
        &self,
        system: &System,
        names: &[String],
        does: &str,
        script: impl Fn(&Scene<'_>) -> String,
    ) -> Result<Vec<Task>, NodeError> {
        let (unit, dir) = places(system);
        let task = |node: &Node| {
            let scene = Scene { system, node, unit: &unit, dir: &dir };
            Task::new(node, does, script(&scene), LOOK)
        };
        Ok(system.named(names)?.into_iter().map(task).collect())
    }
}

/// The database's unit and data directory, quoted.
fn places(system: &System) -> (String, String) {
    let quoted = |word: Option<&str>| word.map(Command::quote).unwrap_or_default();
    (quoted(system.database.daemon().map(|daemon| daemon.unit.as_str())), quoted(system.database.data_dir()))
}

#[async_trait]
impl<L: Local> Nemesis for OnEach<L> {
    fn name(&self) -> &'static str {
        self.0.about().name
    }

    fn suits(&self, system: &System) -> Result<(), SpecError> {
        victims::suits(self.name(), self.0.about().hurts, system)?;
        self.0.aim().suits(self.name(), system)
    }

    fn claims(&self) -> &'static [&'static str] {
        self.0.about().claims
    }

    async fn preflight(&self, system: &System) -> Result<(), SpecError> {
        let unsuitable = |reason: String| SpecError::Unsuitable { spec: self.name().to_owned(), reason };
        let tasks = self.tasks(system, &system.names(), "look for what the fault needs", |scene| self.0.needs(scene));
        for (node, answer) in everywhere::run(tasks.map_err(|error| unsuitable(error.to_string()))?).await {
            match answer.map(|output| output.text()) {
                Ok(text) if text == "yes" => {}
                Ok(text) => return Err(unsuitable(format!("on {node}: {text}"))),
                Err(error) => return Err(unsuitable(error.to_string())),
            }
        }
        Ok(())
    }

    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        Ok(victims::decide_nodes(&self.0.title(), self.0.aim(), system, rng).await)
    }

    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        let make = |scene: &Scene<'_>| guard() + &self.0.make(scene);
        let mut tasks = self.tasks(system, &injected.nodes, &self.0.title(), make)?;
        for task in &mut tasks {
            task.command.timeout = self.0.limit();
        }
        everywhere::run_or_fail(tasks.into_iter().map(Task::once).collect()).await.map(|_| ())
    }

    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError> {
        let does = format!("measure {}", self.0.title());
        let tasks = self.tasks(system, &injected.nodes, &does, |scene| self.0.measure(scene))?;
        Ok(everywhere::tally(self.0.about().tallied, &everywhere::run_or_fail(tasks).await?))
    }

    fn heal_script(&self) -> String {
        format!("(\n{})", self.0.undo())
    }

    fn trace_script(&self, system: &System, node: &Node) -> Option<String> {
        let (unit, dir) = places(system);
        let scene = Scene { system, node, unit: &unit, dir: &dir };
        Some(format!(
            "for left in {FAULTS}/{}/*; do\n  [ ! -e \"$left\" ] || {{ echo \"$left is left\"; exit 0; }}\ndone\n{}",
            self.name(),
            self.0.trace(&scene)
        ))
    }

    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError> {
        let script = self.trace_script(system, node).unwrap_or_default();
        let task = Task::new(node, "look for what is left", script, LOOK);
        Ok(everywhere::tally("nodes without a trace", &[(node.name.clone(), task.run().await?)]))
    }
}
