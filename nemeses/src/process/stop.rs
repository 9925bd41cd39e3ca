//! Stops the database in order: SIGTERM, and as long as its unit allows to say goodbye. What it promised must survive
//! that more easily than a kill; what is in flight meets a member that leaves.

use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, running};
use crate::options::Options;
use crate::process::life;
use crate::{Nemesis, SpecError};
use std::time::Duration;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "stop",
    family: Family::Process,
    does: "stops the database in order (systemctl stop), which its supervisor does not undo",
    needs: "a database that is a systemd unit and runs",
    undone_by: "every unit that was stopped is started",
    measured_by: "the unit is inactive and no process of it is left",
    tallied: "units stopped",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    Ok(Box::new(OnEach(Stop { aim: Aim::of(options, Aim::Chance)? })))
}

/// A stopped database.
#[derive(Clone, Debug)]
struct Stop {
    aim: Aim,
}

impl Local for Stop {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        running(scene.unit) + &format!(": >{FAULTS}/stop/\"$unit\" || exit 1\ntimeout 60 systemctl stop \"$unit\"\n")
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(70)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        format!(
            r#"[ -e {FAULTS}/stop/{unit} ] || {{ echo "it was not stopped"; exit 0; }}
state=$(systemctl is-active {unit})
if [ "$state" = inactive ] || [ "$state" = failed ]; then echo yes; else echo "the unit is $state"; fi
"#,
            unit = scene.unit
        )
    }

    fn undo(&self) -> String {
        life::revive(ABOUT.name)
    }
}
