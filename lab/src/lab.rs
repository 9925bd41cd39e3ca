//! The lab as a whole: up, down, status, shell.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::LabError;
use crate::files::{self, failed};
use crate::kind::Kind;
use crate::lock::Lock;
use crate::machine::{Machine, running};
use crate::paths::{LABS, Places};
use crate::prepare::{known_hosts_lines, login_key, prepare};
use crate::state::{LabState, NodeState, Stored, subnets};
use crate::step::search_path;
use crate::stop::stop;
use crate::together::on_each;
use crate::vm::{self, Lever};
use crate::{base, inventory, network, subnet, supports};

/// The most nodes of a lab.
const MOST: u8 = 9;
/// The longest name of a lab.
const NAME_LENGTH: usize = 12;
/// How long another `up` or `down` of the same lab may take until we give up.
const LOCK: Duration = Duration::from_secs(300);

/// An existing or future lab.
#[derive(Debug, Clone)]
pub struct Lab {
    name: String,
    places: Places,
    /// What its nodes shall be; if None, what they are, and nspawn in a future lab.
    kind: Option<Kind>,
}

impl Lab {
    /// The lab of that name: 1 to 12 of a-z, 0-9 and '-', neither first nor last a '-'. Makes nothing.
    ///
    /// # Errors
    /// When the name is another one.
    pub fn named(name: &str) -> Result<Lab, LabError> {
        let is_plain = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !is_plain || name.is_empty() || name.len() > NAME_LENGTH || name.starts_with('-') || name.ends_with('-') {
            return Err(LabError::BadName { name: name.to_owned() });
        }
        Ok(Lab { name: name.to_owned(), places: Places::new(name), kind: None })
    }

    /// The same lab, with nodes of this kind or none.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Lab {
        Lab { kind: Some(kind), ..self }
    }

    /// Brings up `nodes` nodes and returns when all of them answer on their SSH port.
    ///
    /// What runs is left alone; what is missing, died, or was left half-done by a crash is made. A node that died
    /// boots with the disk that it had. A lab can grow this way. `tell` is called with lines for a person.
    ///
    /// # Errors
    /// When this machine cannot run a lab, when the lab would have to stop a running node, or when a node does not
    /// come up; what is up then stays, for a look at it and another try.
    pub fn up(&self, nodes: u8, tell: &mut dyn FnMut(&str)) -> Result<LabState, LabError> {
        if !(1..=MOST).contains(&nodes) {
            return Err(LabError::BadCount { nodes });
        }
        let begun = Instant::now();
        let _lock = Lock::take(&self.places.lock(), LOCK, tell)?;
        let kind = self.decided_kind()?;
        supports(kind).map_err(|reason| LabError::Unsupported { reason })?;
        let lab = self.remember(nodes, kind, tell)?;
        self.provide_machines(&lab, tell)?;
        let login = login_key(&self.name, &self.places.key())?;
        let bridge = self.places.bridge();
        let machines = self.machines(&lab);
        let missing: Vec<Machine> =
            machines.iter().filter(|machine| running(&machine.places).is_none()).cloned().collect();
        on_each(&missing, tell, |node, _| {
            stop(&node.places)?;
            prepare(node, &lab, &login)
        })?;
        self.describe(&lab, &machines)?;
        on_each(&missing, tell, |node, _| node.start(&bridge, &lab))?;
        on_each(&machines, tell, |node, say| {
            node.wait()?;
            say(format!("{} answers at {}", node.name, node.address));
            Ok(())
        })?;
        tell(&format!("lab {} is up: {nodes} nodes, {} started, {:.1?}", self.name, missing.len(), begun.elapsed()));
        self.status()
    }

    /// Stops all nodes and removes everything of the lab but the cached base tree. Does nothing to a lab that is not.
    ///
    /// # Errors
    /// When something of the lab outlives that; the rest is removed, and what is needed to try again is kept.
    pub fn down(&self, tell: &mut dyn FnMut(&str)) -> Result<(), LabError> {
        let begun = Instant::now();
        let lock = Lock::take(&self.places.lock(), LOCK, tell)?;
        let nodes = self.found()?;
        let stopped = on_each(&nodes, tell, |node, say| {
            stop(&node.places)?;
            say(format!("{} is down", node.name));
            Ok(())
        });
        network::remove(&self.places.bridge())?;
        stopped?;
        base::remove(&self.places.dir())?;
        lock.remove()?;
        tell(&format!("lab {} is down: {} nodes, {:.1?}", self.name, nodes.len(), begun.elapsed()));
        Ok(())
    }

    /// Looks at the lab, for at most some seconds.
    ///
    /// # Errors
    /// When there is no such lab, or its state cannot be read.
    pub fn status(&self) -> Result<LabState, LabError> {
        let lab = self.stored()?;
        let machines = self.machines(&lab);
        let nodes = thread::scope(|scope| {
            let looks: Vec<_> = machines.iter().map(|machine| scope.spawn(|| look(machine))).collect();
            looks.into_iter().map(|look| look.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        Ok(LabState {
            name: self.name.clone(),
            kind: lab.kind,
            subnet: lab.subnet.to_string(),
            bridge: self.places.bridge(),
            inventory: self.places.inventory(),
            nodes,
        })
    }

    /// An `ssh` to a node as root, with the lab's key and known hosts and without this machine's configuration; the
    /// caller may add a command and runs it.
    ///
    /// # Errors
    /// When there is no such lab or node.
    pub fn shell(&self, node: &str) -> Result<Command, LabError> {
        let machines = self.machines(&self.stored()?);
        let found = machines.iter().find(|machine| machine.name == node);
        let absent = || LabError::NoSuchNode { lab: self.name.clone(), node: node.to_owned() };
        let address = found.ok_or_else(absent)?.address;
        let mut ssh = Command::new("ssh");
        ssh.env("PATH", search_path()).args(["-F", "/dev/null", "-i"]).arg(self.places.key());
        ssh.arg("-o").arg(format!("UserKnownHostsFile={}", self.places.known_hosts().display()));
        for option in ["StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "BatchMode=yes", "ConnectTimeout=10"] {
            ssh.args(["-o", option]);
        }
        ssh.arg(format!("root@{address}"));
        Ok(ssh)
    }

    /// Does something from outside to one machine of a lab of virtual machines. The lock of the lab is not asked for,
    /// so that what befalls several machines befalls them at once.
    ///
    /// # Errors
    /// When there is no such lab or machine, or it does not run (but for its power), or refuses.
    pub fn pull(&self, node: &str, lever: Lever) -> Result<(), LabError> {
        let stored = self.stored()?;
        let machine = self.machines(&stored).into_iter().find(|machine| machine.name == node);
        let lab = self.name.clone();
        let machine = machine.ok_or_else(|| LabError::NoSuchNode { lab: lab.clone(), node: node.to_owned() })?;
        if machine.kind != Kind::Vm {
            return Err(LabError::NoSwitchboard { lab, node: node.to_owned(), lever });
        }
        vm::pull(lever, &machine, &self.places.bridge(), &stored.base)
    }

    /// The file that describes the nodes to the harness; it exists once the lab has been brought up.
    pub fn inventory(&self) -> PathBuf {
        self.places.inventory()
    }

    fn stored(&self) -> Result<Stored, LabError> {
        Stored::read(&self.places)?.ok_or_else(|| LabError::NoSuchLab { name: self.name.clone() })
    }

    /// The kind that was asked for, the kind that the lab has, or nspawn.
    fn decided_kind(&self) -> Result<Kind, LabError> {
        let former = Stored::read(&self.places)?.map(|former| former.kind);
        match (self.kind, former) {
            (Some(asked), Some(has)) if asked != has => Err(LabError::OtherKind { lab: self.name.clone(), has, asked }),
            (asked, former) => Ok(former.or(asked).unwrap_or_default()),
        }
    }

    /// What virtual machines need beside the tree.
    fn provide_machines(&self, lab: &Stored, tell: &mut dyn FnMut(&str)) -> Result<(), LabError> {
        if lab.kind == Kind::Nspawn {
            return Ok(());
        }
        vm::ensure_image(&lab.base, tell)?;
        let accelerator = vm::choose_accelerator(&lab.base)?;
        tell(&format!("machines of lab {} run with QEMU's accelerator {}", self.name, accelerator.name()));
        Ok(())
    }

    /// Writes down what will be made before any of it is, and makes the bridge.
    fn remember(&self, nodes: u8, kind: Kind, tell: &mut dyn FnMut(&str)) -> Result<Stored, LabError> {
        let former = Stored::read(&self.places)?;
        if let Some(former) = &former {
            self.shrink(former, nodes, tell)?;
        }
        // A disk that was written over one tree must not be put over another.
        let base = match former.as_ref().map(|former| former.base.clone()).filter(|base| base.is_dir()) {
            Some(base) => base,
            None => base::ensure(kind, tell)?,
        };
        let _network = Lock::take(&Places::network_lock(), LOCK, tell)?;
        let subnet = match &former {
            Some(former) => former.subnet,
            None => {
                let taken: Vec<_> = network::taken()?.into_iter().chain(subnets(LABS.as_ref())).collect();
                subnet::choose(&self.name, &taken).ok_or_else(|| LabError::NoSubnet { name: self.name.clone() })?
            }
        };
        let lab = Stored { name: self.name.clone(), subnet, base, nodes, kind };
        lab.write(&self.places)?;
        network::raise(&self.places.bridge(), &subnet)?;
        if network::is_bridge_filtered() {
            tell("this machine's firewall drops bridged packets by default: nodes may not reach each other");
        }
        Ok(lab)
    }

    /// Forgets dead nodes beyond `nodes`, and refuses to stop running ones.
    fn shrink(&self, former: &Stored, nodes: u8, tell: &mut dyn FnMut(&str)) -> Result<(), LabError> {
        let surplus: Vec<Machine> = self.machines(former).into_iter().skip(usize::from(nodes)).collect();
        if let Some(alive) = surplus.iter().find(|machine| running(&machine.places).is_some()) {
            return Err(LabError::WouldShrink { lab: self.name.clone(), asked: nodes, node: alive.name.clone() });
        }
        on_each(&surplus, tell, |node, say| {
            stop(&node.places)?;
            base::remove(node.places.dir())?;
            say(format!("{} was dead and is removed", node.name));
            Ok(())
        })
    }

    fn machines(&self, lab: &Stored) -> Vec<Machine> {
        (1..=lab.nodes).map(|number| self.machine(number, lab.subnet.node(number), lab.kind)).collect()
    }

    fn machine(&self, number: u8, address: std::net::Ipv4Addr, kind: Kind) -> Machine {
        let name = format!("n{number}");
        Machine { places: self.places.node(&name), name, address, kind }
    }

    /// The nodes that have a folder. `down` asks no state file, which may be the thing that is broken.
    fn found(&self) -> Result<Vec<Machine>, LabError> {
        let dir = self.places.nodes();
        if !dir.is_dir() {
            return Ok(Vec::new());
        }
        let entries = std::fs::read_dir(&dir).map_err(failed("list", &dir))?;
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let numbers = names.filter_map(|name| name.strip_prefix('n').and_then(|number| number.parse().ok()));
        let address = std::net::Ipv4Addr::UNSPECIFIED;
        // How a node is stopped does not depend on its kind.
        Ok(numbers.map(|number: u8| self.machine(number, address, Kind::Nspawn)).collect())
    }

    /// Writes the inventory and what it refers to.
    fn describe(&self, lab: &Stored, machines: &[Machine]) -> Result<(), LabError> {
        let lines = machines.iter().map(|node| known_hosts_lines(&node.keys(), &node.address.to_string()));
        files::replace(&self.places.known_hosts(), &lines.collect::<Result<String, LabError>>()?)?;
        files::replace(&self.places.inventory(), &inventory::text(lab, machines, &inventory::program()))
    }
}

fn look(machine: &Machine) -> NodeState {
    let pid = running(&machine.places).map(|process| process.pid);
    NodeState {
        name: machine.name.clone(),
        address: machine.address,
        pid,
        is_running: pid.is_some(),
        answers_ssh: pid.is_some() && machine.answers(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["lab", "a", "t-1", "abcdefghijkl", "0"] {
            Lab::named(good).unwrap();
        }
        for bad in ["", "-a", "a-", "Lab", "a.b", "a/b", "..", "abcdefghijklm", "ä"] {
            assert!(matches!(Lab::named(bad), Err(LabError::BadName { .. })), "{bad:?}");
        }
    }

    #[test]
    fn counts_are_refused_before_anything_is_made() {
        let lab = Lab::named("count").unwrap();
        for nodes in [0, 10] {
            assert!(matches!(lab.up(nodes, &mut |_| {}), Err(LabError::BadCount { .. })));
        }
        assert!(!lab.inventory().exists());
    }

    #[test]
    fn a_lab_that_is_not() {
        let lab = Lab::named("never").unwrap();
        assert!(matches!(lab.status(), Err(LabError::NoSuchLab { .. })));
        assert!(matches!(lab.shell("n1"), Err(LabError::NoSuchLab { .. })));
    }
}
