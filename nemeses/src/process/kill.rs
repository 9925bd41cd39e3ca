//! Kills the database by SIGKILL: the whole control group, at once, without a chance to say goodbye.
//!
//! systemd would start some units again after 0.1 s; for the time of the fault a drop-in in memory forbids that.

use crate::SpecError;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{self, FAULTS, PROCESSES, running};
use crate::options::Options;
use crate::process::start;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "kill",
    family: Family::Process,
    does: "SIGKILL to every process of the database; few nodes mostly, at times a majority or all",
    needs: "a database that is a systemd unit and runs",
    undone_by: "every unit that was killed is started",
    measured_by: "its main process is gone",
    tallied: "processes gone",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[],
};

fn open(options: &mut Options) -> Result<Box<dyn crate::Nemesis>, SpecError> {
    Ok(Box::new(OnEach(Kill { aim: Aim::of(options, Aim::Chance)? })))
}

/// A killed database.
#[derive(Clone, Debug)]
struct Kill {
    aim: Aim,
}

impl Local for Kill {
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
        gone_script(scene.unit)
    }

    fn undo(&self) -> String {
        ALLOW.to_owned() + &start::marked("kill")
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        TRACE.to_owned()
    }
}

/// Marks, forbids the restart, kills, and returns when the process is gone. A unit that systemd would forget when it
/// fails could not be started again, and is refused.
fn script(unit: &str) -> String {
    running(unit)
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
    )
}

/// Allows restarts again.
const ALLOW: &str = r#"for mark in /run/gainsay/faults/kill/*.service; do
  unit=${mark##*/}
  if [ -e /run/systemd/system/"$unit".d/gainsay-no-restart.conf ]; then
    rm -f /run/systemd/system/"$unit".d/gainsay-no-restart.conf
    rmdir /run/systemd/system/"$unit".d 2>/dev/null
    systemctl daemon-reload
  fi
done
"#;

/// Answers `yes` if no drop-in is left. A mark goes only when its unit was seen to run again. Whether a unit runs that
/// was never killed is not asked: before a database is installed none does.
const TRACE: &str = r#"for left in /run/systemd/system/*.d/gainsay-no-restart.conf; do
  [ ! -e "$left" ] || { echo "$left is left"; exit 0; }
done
echo yes
"#;
