//! Freezes the file system of the database's data directory: writes and syncs block, reads and the network go on. It
//! is the half failure of a disk or of its controller, and bites only where writes are in flight.

use crate::everywhere::{self, Task};
use crate::marks::{self, FAULTS, guard, running};
use crate::target::Target;
use crate::victims::{decide_nodes, target_suits, tasks};
use crate::{Injected, Measured, Nemesis, SpecError, System};
use async_trait::async_trait;
use cluster::{Command, Node, NodeError};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// A disk on which nothing can be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskStall {
    /// On which nodes; the primary if None.
    pub target: Option<Target>,
}

#[async_trait]
impl Nemesis for DiskStall {
    fn name(&self) -> &'static str {
        "disk-stall"
    }

    fn suits(&self, system: &System) -> Result<(), SpecError> {
        if system.database.data_dir().is_none() {
            let reason = format!("{} keeps no data on the nodes", system.database.describe());
            return Err(SpecError::Unsuitable { spec: "disk-stall".to_owned(), reason });
        }
        target_suits("disk-stall", self.target, system)
    }

    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        Ok(decide_nodes("disk-stall", Some(self.target.unwrap_or(Target::Primary)), system, rng).await)
    }

    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        let dir = system.database.data_dir().unwrap_or_default();
        let runs = system.database.daemon().map(|daemon| running(&daemon.unit)).unwrap_or_default();
        let script = guard() + &runs + &freeze_script(dir);
        let tasks = tasks(system, injected, &format!("freeze {dir}"), &script)?;
        everywhere::run_or_fail(tasks.into_iter().map(Task::once).collect()).await.map(|_| ())
    }

    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError> {
        let dir = system.database.data_dir().unwrap_or_default();
        let script = probe_script(dir) + "if [ $state = D ]; then echo yes; else echo \"a write is not blocked\"; fi\n";
        let answers = everywhere::run_or_fail(tasks(system, injected, &format!("write to {dir}"), &script)?).await?;
        Ok(everywhere::tally("disks block a write", &answers))
    }

    fn heal_script(&self) -> String {
        format!("(\n{HEAL})")
    }

    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError> {
        let script = healed_script(system.database.data_dir());
        let output = Task::new(node, "write to the disk", script, Duration::from_secs(10)).run().await?;
        Ok(everywhere::tally("disks take a write", &[(node.name.clone(), output)]))
    }
}

/// Freezes a directory that is a mount point, and whose file system holds nothing that the node itself lives on.
fn freeze_script(dir: &str) -> String {
    format!(
        r#"dir=$(readlink -f {dir})
refuse() {{ echo "$1" >&2; exit {refused}; }}
mountpoint -q "$dir" || refuse "$dir is no mount point: the data directory needs a file system of its own"
own=$(stat -c %d "$dir")
for other in / /usr /etc /var /var/log /var/lib /home /root /tmp /run; do
  [ "$(stat -c %d $other 2>/dev/null)" != "$own" ] || refuse "$dir is on the same file system as $other"
done
echo "$dir" >{FAULTS}/disk-stall/{mark} || exit 1
timeout 10 fsfreeze -f "$dir"
"#,
        dir = Command::quote(dir),
        refused = marks::REFUSED,
        mark = Command::quote(&marks::of_path(dir)),
    )
}

/// Writes a small file in the background and sets `state` to what the writer is doing after 0.3 s: D if it is
/// blocked, empty if it is done. It is never waited for: what writes to a frozen file system cannot even be killed.
/// It removes its file itself, at the latest when the disk moves again.
fn probe_script(dir: &str) -> String {
    format!(
        r#"setsid sh -c 'echo x >"$0"; rm -f "$0"' {}/.gainsay-probe </dev/null >/dev/null 2>&1 &
writer=$!
sleep 0.3
state=-
if {{ read -r line </proc/$writer/stat; }} 2>/dev/null; then rest=${{line##*) }}; state=${{rest%% *}}; fi
"#,
        Command::quote(dir)
    )
}

/// Thaws every marked directory. One that is not frozen, or no longer mounted, is fine.
const HEAL: &str = r#"status=0
for mark in /run/gainsay/faults/disk-stall/*; do
  [ -e "$mark" ] || continue
  read -r dir <"$mark"
  if mountpoint -q "$dir"; then
    said=$(LC_ALL=C timeout 10 fsfreeze -u "$dir" 2>&1) || case $said in
      *"Invalid argument"*) ;;
      *) echo "$said" >&2; status=1; continue ;;
    esac
  fi
  rm -f "$mark"
done
exit $status
"#;

/// Answers `yes` if no mark is left and the data directory, if it is a mount point, takes a write.
fn healed_script(dir: Option<&str>) -> String {
    let marks = format!(
        r#"for left in {FAULTS}/disk-stall/*; do
  [ ! -e "$left" ] || {{ echo "$left is left"; exit 0; }}
done
"#
    );
    let Some(dir) = dir else { return marks + "echo yes\n" };
    let quoted = Command::quote(dir);
    marks
        + &format!("mountpoint -q {quoted} || {{ echo yes; exit 0; }}\n")
        + &probe_script(dir)
        + "if [ $state = D ]; then echo \"a write is blocked\"; else echo yes; fi\n"
}
