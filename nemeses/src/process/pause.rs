//! Stops the database's processes by SIGSTOP, as a long garbage collection or a moved virtual machine would, and lets
//! them continue.

use crate::SpecError;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, PROCESSES, running};
use crate::options::Options;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "pause",
    family: Family::Process,
    does: "SIGSTOP to every process of the database",
    needs: "a database that is a systemd unit and runs",
    undone_by: "SIGCONT to every unit that was stopped",
    measured_by: "all its processes are in state T",
    tallied: "nodes with all processes stopped",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[],
};

fn open(options: &mut Options) -> Result<Box<dyn crate::Nemesis>, SpecError> {
    Ok(Box::new(OnEach(Pause { aim: Aim::of(options, Aim::Chance)? })))
}

/// A stopped database.
#[derive(Clone, Debug)]
struct Pause {
    aim: Aim,
}

impl Local for Pause {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        script(scene.unit)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        stopped_script(scene.unit)
    }

    fn undo(&self) -> String {
        format!("{PROCESSES}{HEAL}")
    }

    fn trace(&self, scene: &Scene<'_>) -> String {
        running_script(scene.unit)
    }
}

/// Marks, stops, and stops again what was forked meanwhile. A process that sleeps on a frozen disk (state D) stops when
/// it wakes, and cannot run before.
fn script(unit: &str) -> String {
    running(unit)
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
"#
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

/// Answers `yes` if no process of the database is in state T.
fn running_script(unit: &str) -> String {
    format!(
        r#"{PROCESSES}stopped=$(states {} | grep ' T$')
if [ -z "$stopped" ]; then echo yes; else echo "stopped:" $stopped; fi
"#,
        if unit.is_empty() { "''" } else { unit }
    )
}
