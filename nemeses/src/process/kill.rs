//! Kills the database by SIGKILL: the whole control group, at once, without a chance to say goodbye.
//!
//! systemd would start some units again after 0.1 s; for the time of the fault a drop-in in memory forbids that.

use crate::SpecError;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::running;
use crate::options::Options;
use crate::process::life;

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
        running(scene.unit) + &life::kill(ABOUT.name)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        life::gone(ABOUT.name, scene.unit) + "echo yes\n"
    }

    fn undo(&self) -> String {
        life::revive(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        life::trace(ABOUT.name)
    }
}
