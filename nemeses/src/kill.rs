//! Kills the database by SIGKILL: the whole control group, at once, without a chance to say goodbye.
//!
//! systemd would start some units again after 0.1 s; for the time of the fault a drop-in in memory forbids that.

use crate::everywhere::{self, Task};
use crate::marks::{self, FAULTS, PROCESSES, guard, running};
use crate::target::Target;
use crate::victims::{decide_nodes, process_suits, tasks, unit};
use crate::{Injected, Measured, Nemesis, SpecError, System};
use async_trait::async_trait;
use cluster::{Command, Node, NodeError};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// How long a node may take to kill and see it dead, or to say how things are.
const LIMIT: Duration = Duration::from_secs(15);

/// A killed database.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kill {
    /// On which nodes; others by chance each time if None.
    pub target: Option<Target>,
}

#[async_trait]
impl Nemesis for Kill {
    fn name(&self) -> &'static str {
        "kill"
    }

    fn suits(&self, system: &System) -> Result<(), SpecError> {
        process_suits("kill", self.target, system)
    }

    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        Ok(decide_nodes("kill", self.target, system, rng).await)
    }

    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError> {
        let unit = unit(system)?;
        let tasks = tasks(system, injected, &format!("kill {unit}"), &script(unit))?;
        everywhere::run_or_fail(tasks.into_iter().map(Task::once).collect()).await.map(|_| ())
    }

    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError> {
        let unit = unit(system)?;
        let tasks = tasks(system, injected, &format!("see whether {unit} is gone"), &gone_script(unit))?;
        Ok(everywhere::tally("processes gone", &everywhere::run_or_fail(tasks).await?))
    }

    fn heal_script(&self) -> String {
        format!("(\n{HEAL})")
    }

    async fn healed(&self, _: &System, node: &Node) -> Result<Measured, NodeError> {
        let task = Task::new(node, "see whether all that was killed runs again", healed_script(), LIMIT);
        Ok(everywhere::tally("nodes with all units started again", &[(node.name.clone(), task.run().await?)]))
    }
}

/// Marks, forbids the restart, kills, and returns when the process is gone. A unit that systemd would forget when it
/// fails could not be started again, and is refused.
fn script(unit: &str) -> String {
    guard()
        + &running(unit)
        + PROCESSES
        + &format!(
            r#"if [ "$(systemctl show -p CollectMode --value "$unit")" = inactive-or-failed ]; then
  echo "systemd forgets $unit when it fails (CollectMode), so it could not be started again" >&2; exit {}
fi
systemctl show -p ExecMainStartTimestampMonotonic --value "$unit" >{FAULTS}/kill/"$unit" || exit 1
if [ "$(systemctl show -p Restart --value "$unit")" != no ]; then
  mkdir -p /run/systemd/system/"$unit".d
  printf '[Service]\nRestart=no\n' >/run/systemd/system/"$unit".d/gainsay-no-restart.conf
  systemctl daemon-reload || exit 1
fi
left=50
signal KILL "$unit"
while [ -n "$(states "$unit")" ] || [ "$(systemctl show -p MainPID --value "$unit")" = "$pid" ]; do
  left=$((left - 1))
  [ $left -gt 0 ] || {{ echo "$unit was killed but does not die:" $(states "$unit") >&2; exit 1; }}
  sleep 0.02
  signal KILL "$unit"
done
"#,
            marks::REFUSED
        )
}

/// Answers `yes` if the process that was killed is gone; another one may have been started since.
fn gone_script(unit: &str) -> String {
    format!(
        r#"unit={unit}
[ -e {FAULTS}/kill/"$unit" ] || {{ echo "it was not killed"; exit 0; }}
pid=$(systemctl show -p MainPID --value "$unit")
started=$(systemctl show -p ExecMainStartTimestampMonotonic --value "$unit")
state=$(systemctl is-active "$unit")
case "${{pid:-0}} $state" in
  "0 inactive"|"0 failed") echo yes ;;
  *) if [ "$started" != "$(cat {FAULTS}/kill/"$unit")" ]; then echo yes; else echo "$unit is $state, process $pid"; fi ;;
esac
"#,
        unit = Command::quote(unit)
    )
}

/// Starts every marked unit and waits up to 5 s for it to be active. One that is still starting by then, with a main
/// process, counts as started: a member that waits for its peers cannot do better while another fault lasts.
const HEAL: &str = r#"status=0
for mark in /run/gainsay/faults/kill/*; do
  [ -e "$mark" ] || continue
  unit=${mark##*/}
  if [ -e /run/systemd/system/"$unit".d/gainsay-no-restart.conf ]; then
    rm -f /run/systemd/system/"$unit".d/gainsay-no-restart.conf
    rmdir /run/systemd/system/"$unit".d 2>/dev/null
    systemctl daemon-reload
  fi
  [ "$(systemctl show -p LoadState --value "$unit")" = not-found ] || systemctl start --no-block "$unit"
done
for mark in /run/gainsay/faults/kill/*; do
  [ -e "$mark" ] || continue
  unit=${mark##*/}
  left=50
  tried=
  while [ $left -gt 0 ]; do
    state=$(systemctl is-active "$unit")
    [ "$(systemctl show -p LoadState --value "$unit")" != not-found ] || state=gone
    case $state in active|gone) break ;; esac
    if [ $state = failed ] && [ -z "$tried" ]; then
      tried=yes
      systemctl start --no-block "$unit" || { systemctl reset-failed "$unit"; systemctl start --no-block "$unit"; }
    fi
    sleep 0.1
    left=$((left - 1))
  done
  pid=$(systemctl show -p MainPID --value "$unit")
  case "$state ${pid:-0}" in
    active*|gone*|"activating "[1-9]*) rm -f "$mark" ;;
    *) echo "$unit was started, but is $state" >&2; status=1 ;;
  esac
done
exit $status
"#;

/// Answers `yes` if no mark or drop-in is left: a mark goes only when its unit was seen to run again. Whether a unit
/// runs that was never killed is not asked: before a database is installed none does.
fn healed_script() -> String {
    format!(
        r#"for left in {FAULTS}/kill/* /run/systemd/system/*.d/gainsay-no-restart.conf; do
  [ ! -e "$left" ] || {{ echo "$left is left"; exit 0; }}
done
echo yes
"#
    )
}
