//! Every kind of fault that there is, in the order in which they are listed. Healing goes through it backwards: disks
//! first, then the network, units last, for what starts may write and talk.

use crate::local::Hurts;
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError, aim, clock, disk, machine, membership, network, process};
use serde::Serialize;

/// What a fault breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Packets between nodes, or between nodes and others.
    Network,
    /// The processes of the database.
    Process,
    /// The file system of its data.
    Disk,
    /// What operators do: restarts in turn, configurations.
    Membership,
    /// The machine that it runs on.
    Machine,
    /// The clock of that machine.
    Clock,
}

/// One line of `gainsay list nemeses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The name that plans use: `partition`.
    pub name: &'static str,
    /// What it breaks.
    pub family: Family,
    /// What it does to the nodes.
    pub does: &'static str,
    /// What the nodes must have or be.
    pub needs: &'static str,
    /// What heals it.
    pub undone_by: &'static str,
    /// What shows that it is in effect.
    pub measured_by: &'static str,
    /// What may follow the name after a colon.
    pub choices: Vec<Choice>,
    /// What may follow as `name=value`, each after a colon.
    pub settings: Vec<Setting>,
}

/// What may follow a name after a colon: `partition:ring`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The word: `ring`.
    pub name: &'static str,
    /// What it means.
    pub does: &'static str,
}

/// A kind of fault: what is said of it, and how it is made from what stands behind its name.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// The name that plans use.
    pub name: &'static str,
    /// What is said of it.
    pub entry: fn() -> Entry,
    /// Takes out of the options what it knows.
    pub open: fn(&mut Options) -> Result<Box<dyn Nemesis>, SpecError>,
}

/// All of them.
pub(crate) const KINDS: &[Kind] = &[
    process::kill::KIND,
    process::stop::KIND,
    process::restart::KIND,
    process::crash::KIND,
    process::slow::KIND,
    membership::rolling::KIND,
    membership::config::KIND,
    process::pause::KIND,
    process::descriptors::KIND,
    process::hog::KIND,
    process::control_group::CPU,
    process::control_group::MEMORY,
    process::control_group::OOM,
    process::control_group::TASKS,
    network::partition::KIND,
    network::loss::KIND,
    network::flap::BURST,
    network::flap::FLAP,
    network::reset::KIND,
    network::mtu::KIND,
    network::connections::ESTABLISHED,
    network::connections::NEW,
    network::clients::KIND,
    network::held::DELAY,
    network::held::REORDER,
    network::held::CORRUPT,
    network::duplicate::KIND,
    network::bandwidth::KIND,
    network::dns::KIND,
    disk::damage::BIT_FLIP,
    disk::damage::TRUNCATE,
    disk::rollback::KIND,
    disk::full::KIND,
    disk::readonly::KIND,
    disk::power::POWER,
    disk::power::ERROR,
    disk::slow::KIND,
    disk::stall::KIND,
    machine::POWER_CYCLE,
    machine::REBOOT,
    machine::CRASH,
    machine::PAUSE,
    machine::UNPLUG,
    clock::JUMP,
    clock::STROBE,
    clock::DRIFT,
    clock::FROZEN,
];

/// All that there is, in the order in which it is listed.
#[must_use]
pub fn all() -> Vec<Entry> {
    KINDS.iter().map(|kind| (kind.entry)()).collect()
}

/// One of each kind, for what concerns all of them: healing.
pub(crate) fn every_nemesis() -> Vec<Box<dyn Nemesis>> {
    let open = |kind: &Kind| {
        let options = Options::read(kind.name, None);
        options.and_then(|mut options| (kind.open)(&mut options)).expect("every kind has a default")
    };
    KINDS.iter().map(open).collect()
}

/// What is said of a fault that is aimed at nodes, and what it needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    /// The name that plans use.
    pub name: &'static str,
    /// What it breaks.
    pub family: Family,
    /// What it does to the nodes.
    pub does: &'static str,
    /// What the nodes must have or be.
    pub needs: &'static str,
    /// What heals it.
    pub undone_by: &'static str,
    /// What shows that it is in effect.
    pub measured_by: &'static str,
    /// What nodes are counted of which the measurement says `yes`: `nodes lose packets`.
    pub tallied: &'static str,
    /// What it needs of the database.
    pub hurts: Hurts,
    /// What it needs of a node for itself.
    pub claims: &'static [&'static str],
    /// Its settings, without its aim.
    pub settings: &'static [Setting],
}

impl About {
    /// Its line in the list.
    pub(crate) fn entry(&self) -> Entry {
        Entry {
            name: self.name,
            family: self.family,
            does: self.does,
            needs: self.needs,
            undone_by: self.undone_by,
            measured_by: self.measured_by,
            choices: targets(),
            settings: settings(self.settings),
        }
    }
}

/// The choices of a fault that is aimed at nodes.
pub(crate) fn targets() -> Vec<Choice> {
    Target::ALL.map(|target| Choice { name: target.name(), does: target.does() }).to_vec()
}

/// The settings of a fault that is aimed at nodes, after its own.
pub(crate) fn settings(own: &[Setting]) -> Vec<Setting> {
    let aims = aim::SETTINGS.map(|(name, does)| Setting { name, default: "", does });
    own.iter().copied().chain(aims).collect()
}
