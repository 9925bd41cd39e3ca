//! How a node is stopped, and how everything is removed that it has on this machine outside its folder.
//!
//! None of it needs to know in which state the node is, so the same steps end a healthy node, clear away the rest of a
//! killed one, and do nothing twice.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::error::LabError;
use crate::machine::keepers;
use crate::paths::NodePlaces;
use crate::process::{self, Inside, Process};
use crate::{cgroup, files, loops, mounts, network};

/// How long a node may take to shut down by itself.
const SHUTDOWN: Duration = Duration::from_secs(10);
/// How long killed processes may take to go.
const KILL: Duration = Duration::from_secs(10);

/// Stops the node, kills what does not stop, and removes its loop devices, mounts and control groups.
///
/// # Errors
/// When a process, a device or a mount outlives that.
pub(crate) fn stop(node: &NodePlaces) -> Result<(), LabError> {
    loops::thaw_mounted(&node.upper());
    // The launcher passes it on, and starts nothing again; without one, the machine itself is asked.
    if let Some(keeper) = keepers(node).first() {
        keeper.signal(Signal::TERM);
        let deadline = Instant::now() + SHUTDOWN;
        while keeper.is_alive() && Instant::now() < deadline {
            sleep(Duration::from_millis(20));
        }
    }
    kill(node)?;
    loops::release(node)?;
    mounts::unmount_below(node.dir())?;
    cgroup::remove(&node.machine);
    // nspawn's mark of the machine; it removes it itself unless it was killed.
    let _gone = fs::remove_dir(Path::new("/run/systemd/nspawn/propagate").join(&node.machine));
    network::unplug(&node.tap())?;
    files::remove(&node.qmp())?;
    files::remove(&node.launcher())?;
    files::remove(&node.process())
}

/// Kills the launcher first, the machine, and its PID 1, which outlives it.
fn kill(node: &NodePlaces) -> Result<(), LabError> {
    let deadline = Instant::now() + KILL;
    loop {
        let inside = process::inside(&node.upper());
        let left: Vec<Process> = keepers(node).into_iter().chain(victims(&inside)).collect();
        let Some(first) = left.first() else { return Ok(()) };
        if Instant::now() >= deadline {
            let what = format!("process {}", first.pid);
            return Err(LabError::Left { node: node.machine.clone(), what, seconds: KILL.as_secs() });
        }
        left.iter().for_each(|process| process.signal(Signal::KILL));
        loops::thaw_mounted(&node.upper());
        sleep(Duration::from_millis(50));
    }
}

/// PID 1 takes all others along; without one, each is killed.
fn victims(inside: &[Inside]) -> Vec<Process> {
    let init = inside.iter().find(|inside| inside.is_init);
    init.map_or_else(|| inside.iter().map(|inside| inside.process).collect(), |init| vec![init.process])
}
