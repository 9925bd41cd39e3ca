//! A bad configuration: the database is restarted with an option that it does not know, on one node, on some or on all,
//! as by a mistake in the system that distributes configurations. It refuses to start, or should.

use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, running};
use crate::options::{Options, Setting};
use crate::process::life;
use crate::target::Target;
use crate::{Nemesis, SpecError};
use std::time::Duration;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "bad-config",
    family: Family::Membership,
    does: "restarts the database with an option that it does not know; one node if not told",
    needs: "a database that is a systemd unit with one command (ExecStart) and runs",
    undone_by: "the drop-in with the option is removed, and the database is started",
    measured_by: "the unit does not run; one that runs all the same did not mind the option",
    tallied: "units that refuse to start",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[Setting { name: "option", default: "--gainsay-bad-option=1", does: "what is put behind its command" }],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let option = options.text("option")?.unwrap_or_else(|| "--gainsay-bad-option=1".to_owned());
    Ok(Box::new(OnEach(BadConfig { aim: Aim::of(options, Target::One.into())?, option })))
}

/// A database that was told nonsense.
#[derive(Clone, Debug)]
struct BadConfig {
    aim: Aim,
    option: String,
}

impl Local for BadConfig {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    /// `systemctl cat` shows a command as it was written, continued lines and all; the last one counts.
    fn make(&self, scene: &Scene<'_>) -> String {
        running(scene.unit)
            + &format!(
                r#"command=$(systemctl cat "$unit" | sed -e ':more' -e '/\\$/{{N;s/\\\n/ /;b more' -e '}}' | sed -n 's/^ExecStart=//p' | tail -n 1)
[ -n "$command" ] || {{ echo "$unit has no command (ExecStart)" >&2; exit 77; }}
: >{FAULTS}/bad-config/"$unit" || exit 1
mkdir -p /run/systemd/system/"$unit".d
printf '[Service]\nRestart=no\nExecStart=\nExecStart=%s {}\n' "$command" >/run/systemd/system/"$unit".d/gainsay-bad-config.conf
systemctl daemon-reload || exit 1
timeout 60 systemctl restart "$unit" 2>/dev/null
true
"#,
                self.option
            )
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(70)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        format!(
            r#"[ -e {FAULTS}/bad-config/{unit} ] || {{ echo "its configuration is as it was"; exit 0; }}
left=40
while [ $left -gt 0 ]; do
  state=$(systemctl is-active {unit})
  case $state in failed|inactive) echo yes; exit 0 ;; esac
  left=$((left - 1))
  sleep 0.05
done
echo "the unit is $state all the same"
"#,
            unit = scene.unit
        )
    }

    fn undo(&self) -> String {
        life::revive(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        life::trace(ABOUT.name)
    }
}
