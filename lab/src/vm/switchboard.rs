//! What can be done to a machine from outside: its power, its cable, its clockwork.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::{qmp, start};
use crate::error::LabError;
use crate::machine::{Machine, running};

/// How long a killed QEMU may take to go.
const KILL: Duration = Duration::from_secs(10);

/// One thing that is done to a machine from outside. Each is harmless where it is done already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lever {
    /// The power is cut: SIGKILL. What the guest had not flushed is lost.
    PowerOff,
    /// The power comes back; returns long before the machine answers.
    PowerOn,
    /// The machine stands still, with its clock.
    Pause,
    /// It goes on where it stood.
    Resume,
    /// The cable is pulled: the machine sees that its link is down.
    Unplug,
    /// The cable is plugged in again.
    Plug,
}

impl Lever {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Lever; 6] =
        [Lever::PowerOff, Lever::PowerOn, Lever::Pause, Lever::Resume, Lever::Unplug, Lever::Plug];

    /// The word on the command line: `power-off`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Lever::PowerOff => "power-off",
            Lever::PowerOn => "power-on",
            Lever::Pause => "pause",
            Lever::Resume => "resume",
            Lever::Unplug => "unplug",
            Lever::Plug => "plug",
        }
    }
}

impl fmt::Display for Lever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Lever {
    type Err = String;

    fn from_str(text: &str) -> Result<Lever, String> {
        let known = || Lever::ALL.map(Lever::name).join(", ");
        Lever::ALL.into_iter().find(|lever| lever.name() == text).ok_or_else(|| format!("it is one of {}", known()))
    }
}

/// Does it to one machine.
///
/// # Errors
/// When the machine does not run (but for its power), or refuses.
pub(crate) fn pull(lever: Lever, node: &Machine, bridge: &str, tree: &Path) -> Result<(), LabError> {
    let tell = |command: &str, arguments| qmp::run(&node.places.qmp(), command, &arguments).map(drop);
    match lever {
        Lever::PowerOff => cut(node),
        Lever::PowerOn if running(&node.places).is_some() => Ok(()),
        Lever::PowerOn => start(node, bridge, tree),
        Lever::Pause => tell("stop", json!({})),
        Lever::Resume => tell("cont", json!({})),
        Lever::Unplug => tell("set_link", json!({"name": "cable", "up": false})),
        Lever::Plug => tell("set_link", json!({"name": "cable", "up": true})),
    }
}

fn cut(node: &Machine) -> Result<(), LabError> {
    let deadline = Instant::now() + KILL;
    while let Some(process) = running(&node.places) {
        if Instant::now() >= deadline {
            let what = format!("process {}", process.pid);
            return Err(LabError::Left { node: node.name.clone(), what, seconds: KILL.as_secs() });
        }
        process.signal(Signal::KILL);
        sleep(Duration::from_millis(5));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for lever in Lever::ALL {
            assert_eq!(lever.name().parse(), Ok(lever));
        }
        assert!("off".parse::<Lever>().unwrap_err().contains("power-off, power-on"));
    }
}
