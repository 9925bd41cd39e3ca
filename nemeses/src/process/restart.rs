//! Restarts the database in order, once. Nothing is left to undo but to see that it runs.

use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, running};
use crate::options::Options;
use crate::process::life;
use crate::target::Target;
use crate::{Nemesis, SpecError};
use std::time::Duration;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "restart",
    family: Family::Process,
    does: "restarts the database in order (systemctl restart); one node if not told",
    needs: "a database that is a systemd unit and runs",
    undone_by: "the unit is started if it does not run",
    measured_by: "its main process is another one than before",
    tallied: "units restarted",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    Ok(Box::new(OnEach(Restart { aim: Aim::of(options, Target::One.into())? })))
}

/// A restarted database.
#[derive(Clone, Debug)]
struct Restart {
    aim: Aim,
}

impl Local for Restart {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        running(scene.unit)
            + &format!("echo \"$pid\" >{FAULTS}/restart/\"$unit\" || exit 1\ntimeout 60 systemctl restart \"$unit\"\n")
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(70)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        format!(
            r#"[ -e {FAULTS}/restart/{unit} ] || {{ echo "it was not restarted"; exit 0; }}
former=$(cat {FAULTS}/restart/{unit})
pid=$(systemctl show -p MainPID --value {unit})
if [ "${{pid:-0}}" != 0 ] && [ "$pid" != "$former" ]; then echo yes; else echo "its main process is $pid, as before"; fi
"#,
            unit = scene.unit
        )
    }

    fn undo(&self) -> String {
        life::revive(ABOUT.name)
    }
}
