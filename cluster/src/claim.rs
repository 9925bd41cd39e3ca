//! Which nodes may be broken, and by whom: a marker that a person puts there, and a lock that one run holds.
//!
//! The lock is a file on each node, changed under `flock`, and expires by the node's monotonic clock: neither a stepped
//! clock nor a dead controller keeps it. It says who may break the node; it undoes nothing.

use crate::{Command, Node, NodeError, Output};
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;

/// Where a person allows a node to be broken, and where a run says that it does so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paths<'a> {
    pub marker: &'a str,
    pub folder: &'a str,
    pub uptime: &'a str,
}

pub(crate) const PATHS: Paths<'static> =
    Paths { marker: "/etc/gainsay/allowed", folder: "/run/gainsay", uptime: "/proc/uptime" };

/// The right of one run to break some nodes, until it is released or expires.
#[derive(Clone, Debug)]
pub struct Claim {
    nodes: Vec<Node>,
    holder: Holder,
}

#[derive(Clone, Debug)]
struct Holder {
    run: String,
    controller: String,
    seconds: u64,
}

/// Refuses a node that no person has marked as one that may be broken.
///
/// # Errors
/// [`NodeError::Refused`] if the marker is not there; others if the node cannot be asked.
pub async fn check_marker(node: &Node) -> Result<(), NodeError> {
    let script = format!("{}\necho allowed", demand_marker(&PATHS));
    judge(node, &node.run(&quick(script)).await?)
}

/// Takes the locks of all nodes for a run, or of none. A lock that the same run holds already is renewed; one that has
/// expired is broken.
///
/// # Errors
/// [`NodeError::Refused`] if a node carries no marker or is held by another run; others if a node cannot be asked.
pub async fn claim(nodes: &[Node], run: &str, controller: &str, time_to_live: Duration) -> Result<Claim, NodeError> {
    let seconds = time_to_live.as_secs().max(1);
    let holder = Holder { run: one_line(run), controller: one_line(controller), seconds };
    let claim = Claim { nodes: nodes.to_vec(), holder };
    match claim.on_all(take(&PATHS, &claim.holder)).await {
        Ok(()) => Ok(claim),
        Err(error) => {
            // Those that did not answer may have been taken too; each gives back only what is this run's.
            if let Err(failure) = claim.release().await {
                tracing::warn!(%failure, "a lock was not given back; it expires by itself");
            }
            Err(error)
        }
    }
}

impl Claim {
    /// Puts the expiry off by the whole time to live, on all nodes.
    ///
    /// # Errors
    /// [`NodeError::Halted`] if somebody halted this run; [`NodeError::Refused`] if the lock expired and another run took
    /// it; others if a node cannot be asked. The other nodes are renewed all the same.
    pub async fn renew(&self) -> Result<(), NodeError> {
        self.on_all(take(&PATHS, &self.holder)).await
    }

    /// Gives all locks back. A lock that another run holds by now is left to it.
    ///
    /// # Errors
    /// If a node cannot be asked; the others are released all the same.
    pub async fn release(&self) -> Result<(), NodeError> {
        self.on_all(give_back(&PATHS, &self.holder.run)).await
    }

    /// Runs a script on all nodes at once; the first error counts.
    async fn on_all(&self, script: String) -> Result<(), NodeError> {
        each(&self.nodes, |node| {
            let command = quick(script.clone());
            async move { judge(&node, &node.run(&command).await?) }
        })
        .await
        .into_iter()
        .collect()
    }
}

/// Does the same on all nodes at once; answers come in the order of the nodes.
async fn each<T, F>(nodes: &[Node], work: impl Fn(Node) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for (index, node) in nodes.iter().cloned().enumerate() {
        let work = work(node);
        tasks.spawn(async move { (index, work.await) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

pub(crate) fn quick(script: String) -> Command {
    Command::new(script).idempotent().within(Duration::from_secs(15))
}

/// What the scripts below print, as a verdict. Only a node that says so has agreed.
fn judge(node: &Node, output: &Output) -> Result<(), NodeError> {
    let text = output.text();
    let mut lines = text.lines();
    let reason = match lines.next() {
        Some("allowed") => return Ok(()),
        Some("unmarked") => format!(
            "it is not marked as one that may be broken; if it may, run on it: install -d {} && touch {}",
            PATHS.marker.trim_end_matches("/allowed"),
            PATHS.marker
        ),
        Some("halted") => {
            let by = lines.next().unwrap_or("somebody").to_owned();
            return Err(NodeError::Halted { node: node.name.clone(), by });
        }
        Some("held") => {
            let mut next = || lines.next().unwrap_or("unknown").to_owned();
            let (run, controller, seconds) = (next(), next(), next());
            format!("run {run} of {controller} holds it for another {seconds} s; wait, or end that run")
        }
        _ => format!("it gave no clear answer about its lock: '{text}'"),
    };
    Err(NodeError::Refused { node: node.name.clone(), reason })
}

fn demand_marker(paths: &Paths<'_>) -> String {
    format!("[ -e {} ] || {{ echo unmarked; exit 0; }}", Command::quote(paths.marker))
}

/// Takes or renews the lock. A lock that would outlive its own time to live is from before the node's last start.
fn take(paths: &Paths<'_>, holder: &Holder) -> String {
    format!(
        "{marker}
{locked}
{read_lock}
halted= who=
[ ! -e halt ] || {{ read -r halted; read -r who; }} <halt
if [ -n \"$halted\" ] && [ \"$halted\" = {run} ]; then
  printf 'halted\\n%s\\n' \"$who\"
  exit 0
fi
if [ -n \"$held\" ] && [ \"$held\" != {run} ] && [ $left -gt 0 ] && [ $left -le \"$life\" ]; then
  printf 'held\\n%s\\n%s\\n%s\\n' \"$held\" \"$by\" $left
  exit 0
fi
printf '%s\\n%s\\n%s\\n%s\\n' {run} {controller} $((now + {seconds})) {seconds} >lock.new || exit 1
mv -f lock.new lock && rm -f halt || exit 1
echo allowed",
        marker = demand_marker(paths),
        locked = locked(paths),
        read_lock = read_lock(paths),
        run = Command::quote(&holder.run),
        controller = Command::quote(&holder.controller),
        seconds = holder.seconds,
    )
}

fn give_back(paths: &Paths<'_>, run: &str) -> String {
    format!(
        "[ -e {folder}/lock ] || {{ echo allowed; exit 0; }}
{locked}
held=
[ ! -e lock ] || read -r held <lock
[ \"$held\" != {run} ] || rm -f lock halt || exit 1
cd / && rmdir {folder} 2>/dev/null
echo allowed",
        folder = Command::quote(paths.folder),
        locked = locked(paths),
        run = Command::quote(run),
    )
}

/// Sets `held`, `by` and `life` from the lock, and `left` to the seconds until it expires; `now` is the node's clock.
pub(crate) fn read_lock(paths: &Paths<'_>) -> String {
    format!(
        "now=$(cut -d. -f1 {uptime}) || exit 1
held= by= until=0 life=0
[ ! -e lock ] || {{ read -r held; read -r by; read -r until; read -r life; }} <lock
left=$((until - now))",
        uptime = Command::quote(paths.uptime),
    )
}

/// Excludes every other script that does the same, until this one ends. What is locked is the folder above ours, so
/// that nothing need be left behind for it.
pub(crate) fn locked(paths: &Paths<'_>) -> String {
    let folder = Command::quote(paths.folder);
    format!(
        "mkdir -p {folder} && exec 9<{folder}/.. || exit 1
flock -w 10 9 && mkdir -p {folder} && cd {folder} || exit 1"
    )
}

/// A name as one line: the lock is a file of lines.
pub(crate) fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
#[path = "claim_tests.rs"]
mod tests;
