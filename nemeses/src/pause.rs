//! Stops the database's processes by SIGSTOP, as a long garbage collection or a moved virtual machine would, and lets
//! them continue.

use crate::everywhere::{self, Task};
use crate::marks::{FAULTS, PROCESSES, guard, running};
use crate::target::Target;
use crate::victims::{decide_nodes, process_suits, tasks, unit};
use crate::{Injected, Measured, Nemesis, SpecError, System};
use async_trait::async_trait;
use cluster::{Command, Node, NodeError};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// A stopped database.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pause {
    /// On which nodes; others by chance each time if None.
    pub target: Option<Target>,
}

#[async_trait]
impl Nemesis for Pause {
    fn name(&self) -> &'static str {
        "pause"
    }

    fn suits(&self, system: &System) -> Result<(), SpecError> {
        process_suits("pause", self.target, system)
    }

    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        Ok(decide_nodes("pause", self.target, system, rng).await)
    }

    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError> {
        let unit = unit(system)?;
        let tasks = tasks(system, injected, &format!("pause {unit}"), &script(unit))?;
        everywhere::run_or_fail(tasks.into_iter().map(Task::once).collect()).await.map(|_| ())
    }

    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError> {
        let unit = unit(system)?;
        let tasks = tasks(system, injected, &format!("see whether {unit} is stopped"), &stopped_script(unit))?;
        Ok(everywhere::tally("nodes with all processes stopped", &everywhere::run_or_fail(tasks).await?))
    }

    fn heal_script(&self) -> String {
        format!("(\n{PROCESSES}{HEAL})")
    }

    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError> {
        let unit = system.database.daemon().map(|daemon| daemon.unit.clone()).unwrap_or_default();
        let task = Task::new(node, "see whether anything is stopped", healed_script(&unit), Duration::from_secs(10));
        Ok(everywhere::tally("nodes with nothing stopped", &[(node.name.clone(), task.run().await?)]))
    }
}

/// Marks, stops, and stops again what was forked meanwhile. A process that sleeps on a frozen disk (state D) stops when
/// it wakes, and cannot run before.
fn script(unit: &str) -> String {
    guard()
        + &running(unit)
        + PROCESSES
        + &format!(
            r#": >{FAULTS}/pause/"$unit" || exit 1
left=50
signal STOP "$unit"
while states "$unit" | grep -qv ' [TD]$'; do
  left=$((left - 1))
  [ $left -gt 0 ] || {{ echo "$unit does not stop:" $(states "$unit") >&2; exit 1; }}
  sleep 0.02
  signal STOP "$unit"
done
"#
        )
}

/// Answers `yes` if the unit was paused and no process of it can run.
fn stopped_script(unit: &str) -> String {
    format!(
        r#"{PROCESSES}[ -e {FAULTS}/pause/{unit} ] || {{ echo "it was not paused"; exit 0; }}
all=$(states {unit})
[ -n "$all" ] || {{ echo "no process"; exit 0; }}
moving=$(echo "$all" | grep -v ' [TD]$')
if [ -z "$moving" ]; then echo yes; else echo "not stopped:" $moving; fi
"#,
        unit = Command::quote(unit)
    )
}

/// Continues every marked unit. One that does not run has nothing to continue.
const HEAL: &str = r#"status=0
for mark in /run/gainsay/faults/pause/*; do
  [ -e "$mark" ] || continue
  unit=${mark##*/}
  signal CONT "$unit"
  left=20
  while states "$unit" | grep -q ' T$' && [ $left -gt 0 ]; do sleep 0.05; left=$((left - 1)); done
  if [ $left -gt 0 ]; then rm -f "$mark"; else echo "$unit is still stopped" >&2; status=1; fi
done
exit $status
"#;

/// Answers `yes` if no mark is left and no process of the database is in state T.
fn healed_script(unit: &str) -> String {
    let check = match unit {
        "" => String::new(),
        unit => format!("stopped=$(states {} | grep ' T$')\n", Command::quote(unit)),
    };
    format!(
        r#"{PROCESSES}for left in {FAULTS}/pause/*; do
  [ ! -e "$left" ] || {{ echo "$left is left"; exit 0; }}
done
stopped=
{check}if [ -z "$stopped" ]; then echo yes; else echo "stopped:" $stopped; fi
"#
    )
}
