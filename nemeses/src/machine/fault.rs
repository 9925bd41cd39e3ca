//! The five faults of machines: what each does, needs, and leaves to be undone.

use super::{lag, lift, watcher};
use crate::aim::Aim;
use crate::catalogue::{Entry, Family, Kind, settings, targets};
use crate::everywhere::{self, Task, tally, together};
use crate::marks::{REFUSED, guard};
use crate::options::Options;
use crate::switch::boot;
use crate::{Injected, Measured, Nemesis, SpecError, System, victims};
use async_trait::async_trait;
use cluster::{Command, Lever, MachineKind, Node, NodeError, Output};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Prints a number that every start of a kernel makes anew.
const BOOT_ID: &str = "cat /proc/sys/kernel/random/boot_id\n";

/// How plans name it.
pub(crate) const POWER_CYCLE: Kind = kind(&ACTS[0], |options| open(&ACTS[0], options));
/// How plans name it.
pub(crate) const REBOOT: Kind = kind(&ACTS[1], |options| open(&ACTS[1], options));
/// How plans name it.
pub(crate) const CRASH: Kind = kind(&ACTS[2], |options| open(&ACTS[2], options));
/// How plans name it.
pub(crate) const PAUSE: Kind = kind(&ACTS[3], |options| open(&ACTS[3], options));
/// How plans name it.
pub(crate) const UNPLUG: Kind = kind(&ACTS[4], |options| open(&ACTS[4], options));

const fn kind(act: &'static Act, open: fn(&mut Options) -> Result<Box<dyn Nemesis>, SpecError>) -> Kind {
    Kind { name: act.name, entry: act.entry, open }
}

/// What is done to machines.
struct Act {
    name: &'static str,
    entry: fn() -> Entry,
    does: &'static str,
    needs: &'static str,
    undone_by: &'static str,
    /// What the node does to itself, if it does.
    script: &'static str,
    /// What is done from outside.
    make: Option<Lever>,
    /// What undoes it from outside.
    undo: &'static [Lever],
    /// True if the machine starts anew.
    boots: bool,
}

const ACTS: [Act; 5] = [
    Act {
        name: "power-cycle",
        entry: || entry(&ACTS[0]),
        does: "cuts the power of machines; what they had not flushed to their disks is lost",
        needs: "power_off and power_on in the inventory",
        undone_by: "power_on; at its start the node undoes what outlived it, and starts the database",
        script: ":\n",
        make: Some(Lever::PowerOff),
        undo: &[Lever::PowerOn],
        boots: true,
    },
    Act {
        name: "reboot",
        entry: || entry(&ACTS[1]),
        does: "restarts machines at once, without flushing, without stopping anything (systemctl reboot --force --force)",
        needs: "systemd",
        undone_by: "the node comes back by itself; at its start it undoes what outlived it, and starts the database",
        script: "setsid sh -c 'sleep 0.3; exec systemctl reboot --force --force' </dev/null >/dev/null 2>&1 &\n",
        make: None,
        undo: &[],
        boots: true,
    },
    Act {
        name: "kernel-crash",
        entry: || entry(&ACTS[2]),
        does: "makes the kernel panic (sysrq c)",
        needs: "a machine with a kernel of its own; power_off and power_on in the inventory",
        undone_by: "power_off and power_on, unless it has restarted by itself",
        script: "[ -w /proc/sysrq-trigger ] || { echo 'there is no /proc/sysrq-trigger to write to' >&2; exit 1; }\n\
                 setsid sh -c 'sleep 0.3; echo c >/proc/sysrq-trigger' </dev/null >/dev/null 2>&1 &\n",
        make: None,
        undo: &[Lever::PowerOff, Lever::PowerOn],
        boots: true,
    },
    Act {
        name: "machine-pause",
        entry: || entry(&ACTS[3]),
        does: "makes machines stand still, with all processes and their clocks",
        needs: "pause and resume in the inventory",
        undone_by: "resume; a clock that stood still is set ahead by what it lost",
        script: ":\n",
        make: Some(Lever::Pause),
        undo: &[Lever::Resume],
        boots: false,
    },
    Act {
        name: "unplug",
        entry: || entry(&ACTS[4]),
        does: "pulls the cables of machines: they see that their link is down",
        needs: "unplug and plug in the inventory",
        undone_by: "plug",
        script: ":\n",
        make: Some(Lever::Unplug),
        undo: &[Lever::Plug],
        boots: false,
    },
];

fn entry(act: &Act) -> Entry {
    Entry {
        name: act.name,
        family: Family::Machine,
        does: act.does,
        needs: act.needs,
        undone_by: act.undone_by,
        measured_by: if act.make.is_some() { "the node does not answer" } else { "it is silent, or started anew" },
        choices: targets(),
        settings: settings(&[]),
    }
}

fn open(act: &'static Act, options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    Ok(Box::new(Machine { act, aim: Aim::of(options, Aim::Chance)?, hurt: Mutex::default() }))
}

/// A fault of machines.
struct Machine {
    act: &'static Act,
    aim: Aim,
    /// What is known of nodes that were hurt and not restored yet. It spares waiting and makes measuring better; healing
    /// works without.
    hurt: Mutex<BTreeMap<String, Hurt>>,
}

#[derive(Clone, Debug, Default)]
struct Hurt {
    /// The number of its last start.
    boot: String,
    /// The token of its watcher.
    watcher: Option<String>,
    /// By how many nanoseconds its clock was ahead of ours, if the fault stops clocks.
    ahead: Option<i128>,
}

impl Machine {
    /// Says why this fault cannot be made on a node, as far as the inventory tells.
    fn problem(&self, node: &Node) -> Option<String> {
        let is_own = matches!(node.machine.kind, MachineKind::Vm | MachineKind::Hardware);
        if self.act.name == CRASH.name && !is_own {
            let kind = node.machine.kind.name();
            return Some(format!(
                "{} may share its kernel with others: its kind is {kind} in the inventory",
                node.name
            ));
        }
        if self.act.boots && node.machine.kind == MachineKind::Container {
            return Some(format!(
                "{} is a container: only its processes would start anew, and lose nothing",
                node.name
            ));
        }
        let missing = self.act.make.iter().chain(self.act.undo).find(|lever| node.lever(**lever).is_none());
        missing.map(|lever| format!("{} has no {} in the inventory", node.name, lever.key()))
    }

    fn known(&self, node: &Node) -> Option<Hurt> {
        self.hurt.lock().unwrap_or_else(PoisonError::into_inner).get(&node.name).cloned()
    }

    fn remember(&self, node: &Node, hurt: Option<Hurt>) {
        let mut all = self.hurt.lock().unwrap_or_else(PoisonError::into_inner);
        match hurt {
            Some(hurt) => all.insert(node.name.clone(), hurt),
            None => all.remove(&node.name),
        };
    }

    /// What a node is asked and told before anything is done to it: it prints the number of its start.
    fn leave(&self, system: &System) -> String {
        let own_kernel = format!(
            "! systemd-detect-virt -q -c || {{ echo 'this node shares its kernel with others' >&2; exit {REFUSED}; }}\n"
        );
        let own_kernel = if self.act.name == CRASH.name { own_kernel } else { String::new() };
        let unit = system.database.daemon().map(|daemon| Command::quote(&daemon.unit)).unwrap_or_default();
        let survives = if self.act.boots { boot::survives(&unit) } else { String::new() };
        format!("{}{own_kernel}{survives}{BOOT_ID}", guard())
    }

    async fn watch(&self, system: &System, node: &Node) -> Result<Option<String>, NodeError> {
        let undo: Vec<&str> = self.act.undo.iter().filter_map(|lever| node.lever(*lever)).collect();
        if undo.is_empty() {
            return Ok(None);
        }
        watcher::start(node, &undo, system.time_to_live).await.map(Some)
    }

    /// Waits until the node has started anew, and has undone what outlived that.
    async fn wait_for_start(&self, node: &Node, before: &str) -> Result<(), NodeError> {
        let deadline = Instant::now() + lift::BOOT;
        let script = format!("{}echo $starting\n{BOOT_ID}", boot::STARTING);
        let question = Command::new(script).idempotent().within(Duration::from_secs(20));
        loop {
            let answer = node.run(&question).await.map(|output| output.text());
            if answer.is_ok_and(|text| text.strip_prefix("no\n").is_some_and(|boot| boot != before)) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let reason = format!("it has not started anew within {} s", lift::BOOT.as_secs());
                return Err(NodeError::Refused { node: node.name.clone(), reason });
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn has_started_anew(&self, node: &Node, before: &str) -> bool {
        let question = Command::new(BOOT_ID).idempotent().within(lift::ANSWER);
        node.run(&question).await.is_ok_and(|output| !output.text().is_empty() && output.text() != before)
    }

    async fn measure(&self, node: &Node) -> (String, Output) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let before = self.known(node).map(|hurt| hurt.boot).unwrap_or_default();
        let found = loop {
            if !lift::answers(node).await {
                break format!("yes, silent for {} s", lift::ANSWER.as_secs());
            }
            if self.act.boots && !before.is_empty() && self.has_started_anew(node, &before).await {
                break "yes, started anew".to_owned();
            }
            if self.act.make.is_some() || before.is_empty() || Instant::now() >= deadline {
                break "it answers".to_owned();
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        (node.name.clone(), Output { stdout: found.into_bytes(), ..Output::default() })
    }
}

#[async_trait]
impl Nemesis for Machine {
    fn name(&self) -> &'static str {
        self.act.name
    }

    fn suits(&self, system: &System) -> Result<(), SpecError> {
        let problem = system.nodes.iter().find_map(|node| self.problem(node));
        if let Some(reason) = problem {
            return Err(SpecError::Unsuitable { spec: self.name().to_owned(), reason });
        }
        self.aim.suits(self.name(), system)
    }

    fn claims(&self) -> &'static [&'static str] {
        &["the whole machine"]
    }

    async fn preflight(&self, system: &System) -> Result<(), SpecError> {
        self.suits(system)
    }

    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        Ok(victims::decide_nodes(self.name(), &self.aim, system, rng).await)
    }

    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        let nodes: Vec<Node> = system.named(&injected.nodes)?.into_iter().cloned().collect();
        let limit = Duration::from_secs(30);
        let tasks = nodes.iter().map(|node| Task::new(node, "prepare for the fault", self.leave(system), limit));
        let boots = everywhere::run_or_fail(tasks.collect()).await?;
        for (node, (_, boot)) in nodes.iter().zip(boots) {
            let watcher = self.watch(system, node).await?;
            let ahead = if self.act.make == Some(Lever::Pause) { Some(lag::ahead(node).await?) } else { None };
            self.remember(node, Some(Hurt { boot: boot.text(), watcher, ahead }));
        }
        let mut acts = JoinSet::new();
        for node in nodes {
            let act = self.act;
            acts.spawn(async move {
                match act.make {
                    Some(lever) => node.pull(lever).await,
                    None => Task::new(&node, act.name, act.script, limit).once().run().await.map(drop),
                }
            });
        }
        acts.join_all().await.into_iter().collect()
    }

    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError> {
        let nodes = system.named(&injected.nodes)?;
        Ok(tally("machines gone", &together(nodes.into_iter().map(|node| self.measure(node)).collect()).await))
    }

    /// From outside: from a machine that is off, or cannot be reached, nothing is undone by a script.
    async fn restore(&self, node: &Node) -> Result<(), NodeError> {
        let Some(hurt) = self.known(node) else { return lift::lift(node).await };
        let by_itself = self.act.make.is_none() && self.has_started_anew(node, &hurt.boot).await;
        for lever in self.act.undo.iter().filter(|_| !by_itself) {
            node.pull(*lever).await?;
        }
        match self.act.boots {
            true => self.wait_for_start(node, &hurt.boot).await?,
            false => lift::wait(node, lift::BOOT).await?,
        }
        if let Some(ahead) = hurt.ahead {
            lag::make_up(node, ahead).await?;
        }
        if let Some(token) = &hurt.watcher {
            watcher::end(node, token).await;
        }
        self.remember(node, None);
        Ok(())
    }

    fn restore_limit(&self) -> Duration {
        2 * lift::BOOT
    }

    /// A node that runs this is on.
    fn heal_script(&self) -> String {
        "(\n:\n)".to_owned()
    }

    fn trace_script(&self, _: &System, _: &Node) -> Option<String> {
        Some(HAS_STARTED.replace("STARTING", boot::STARTING))
    }

    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError> {
        let script = self.trace_script(system, node).unwrap_or_default();
        let task = Task::new(node, "see whether it has started", script, Duration::from_secs(20));
        Ok(tally("machines that answer", &[(node.name.clone(), task.run().await?)]))
    }
}

/// Answers `yes` if the node has undone what outlived its last start.
const HAS_STARTED: &str = "STARTINGif [ $starting = no ]; then echo yes; else echo 'it is starting still'; fi\n";
