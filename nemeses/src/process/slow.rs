//! A database that takes its time to start: it is killed, and its next start waits, as one does that must read a large
//! log or fetch a secret first.

use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, PROCESSES, running};
use crate::options::{Options, Setting};
use crate::process::life;
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "slow-start",
    family: Family::Process,
    does: "kills the database and starts it with a delay before; one node if not told",
    needs: "a database that is a systemd unit and runs",
    undone_by: "the drop-in with the delay is removed, and the database is started at once",
    measured_by: "the unit waits in its start, without a main process",
    tallied: "units that wait to start",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[Setting { name: "delay", default: "10", does: "how long it waits, 2 to 600 s" }],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let delay = options.number("delay", 10, 2..=600)?;
    Ok(Box::new(OnEach(SlowStart { aim: Aim::of(options, Target::One.into())?, delay })))
}

/// A slow start.
#[derive(Clone, Debug)]
struct SlowStart {
    aim: Aim,
    delay: u64,
}

impl Local for SlowStart {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("slow-start of {} s", self.delay)
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        running(scene.unit)
            + PROCESSES
            + &format!(
                r#": >{FAULTS}/slow-start/"$unit" || exit 1
mkdir -p /run/systemd/system/"$unit".d
printf '[Service]\nExecStartPre=/bin/sh -c "sleep {}"\nTimeoutStartSec={}\n' \
  >/run/systemd/system/"$unit".d/gainsay-slow-start.conf
systemctl daemon-reload || exit 1
signal KILL "$unit"
systemctl restart --no-block "$unit"
left=100
while [ "$(systemctl show -p SubState --value "$unit")" != start-pre ]; do
  left=$((left - 1))
  [ $left -gt 0 ] || {{ echo "$unit does not wait, but is $(systemctl show -p SubState --value "$unit")" >&2; exit 1; }}
  sleep 0.05
done
"#,
                self.delay,
                self.delay + 60
            )
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        format!(
            r#"state=$(systemctl show -p SubState --value {unit})
pid=$(systemctl show -p MainPID --value {unit})
if [ "$state ${{pid:-0}}" = "start-pre 0" ]; then echo yes; else echo "the unit is $state, process $pid"; fi
"#,
            unit = scene.unit
        )
    }

    /// What waits is stopped first, for systemd does not cut a start short.
    fn undo(&self) -> String {
        format!(
            r#"for mark in {FAULTS}/slow-start/*.service; do
  [ -e "$mark" ] || continue
  [ "$(systemctl show -p SubState --value "${{mark##*/}}")" != start-pre ] || systemctl stop "${{mark##*/}}"
done
"#
        ) + &life::revive(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        life::trace(ABOUT.name)
    }
}
