//! Cuts nodes off from clients while their peers still hear them: the reverse of a partition. Whoever is no node of the
//! cluster gets no answer from the ports of the database; the controller's own commands come by another port.

use super::chains::{Chains, FAMILIES, Rules, needs, program};
use super::probe;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::options::Options;
use crate::target::Target;
use crate::{Injected, Measured, Nemesis, SpecError, System};
use async_trait::async_trait;
use cluster::{Node, NodeError};
use rand_chacha::ChaCha8Rng;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "cut-clients",
    family: Family::Network,
    does: "drops packets between the ports of the database and whoever is no node of the cluster; one node if not told",
    needs: "iptables, or ip6tables for an IPv6 address; a database that names its ports, none of which is that of ssh",
    undone_by: "the chains GAINSAY-IN-CUT-CLIENTS and GAINSAY-OUT-CUT-CLIENTS and the jumps to them are removed",
    measured_by: "no TCP connection from here to a port of the database is made, and the node reaches all its peers",
    tallied: "nodes that reach their peers",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[],
};

const CHAINS: Chains = Chains::filter("-CUT-CLIENTS");

/// A port that a cut must leave alone, or nothing could be healed.
const SSH: u16 = 22;

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    Ok(Box::new(CutClients(OnEach(Rejected { aim: Aim::of(options, Target::One.into())? }))))
}

/// What a node does to itself.
#[derive(Clone, Debug)]
struct Rejected {
    aim: Aim,
}

fn ports(system: &System) -> Vec<u16> {
    system.database.daemon().map(|daemon| daemon.ports.clone()).unwrap_or_default()
}

impl Local for Rejected {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        needs(&[scene.node.address], "-p tcp --dport 1 -j DROP")
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let family = program(scene.node.address);
        let mut rules = Rules::default();
        rules.input.push("-i lo -j RETURN".to_owned());
        rules.output.push("-o lo -j RETURN".to_owned());
        let peers = scene.peers();
        peers.iter().filter(|peer| program(**peer) == family).for_each(|peer| rules.both_ways(*peer, "-j RETURN"));
        for port in ports(scene.system) {
            rules.input.push(format!("-p tcp --dport {port} -j DROP"));
            rules.output.push(format!("-p tcp --sport {port} -j DROP"));
        }
        let of = |name: &str| if name == family { rules.clone() } else { Rules::default() };
        CHAINS.make(ABOUT.name, &FAMILIES.map(of))
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        let peers = scene.peers();
        probe::dial(&peers) + &probe::all_met(&peers, "open")
    }

    fn undo(&self) -> String {
        CHAINS.unmake(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        CHAINS.trace()
    }
}

/// The same, measured from here as well.
struct CutClients(OnEach<Rejected>);

#[async_trait]
impl Nemesis for CutClients {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn suits(&self, system: &System) -> Result<(), SpecError> {
        self.0.suits(system)?;
        let reason = match ports(system) {
            ports if ports.is_empty() => "the database names no ports",
            ports if ports.contains(&SSH) => "the database listens on the port of ssh, by which faults are healed",
            _ => return Ok(()),
        };
        Err(SpecError::Unsuitable { spec: ABOUT.name.to_owned(), reason: reason.to_owned() })
    }

    async fn preflight(&self, system: &System) -> Result<(), SpecError> {
        self.0.preflight(system).await
    }

    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError> {
        self.0.decide(system, rng).await
    }

    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        self.0.inject(system, injected).await
    }

    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError> {
        let mut measured = self.0.in_effect(system, injected).await?;
        let mut silent = 0;
        let mut all = 0;
        for node in system.named(&injected.nodes)? {
            for port in ports(system) {
                all += 1;
                silent += u32::from(is_silent(SocketAddr::new(node.address, port)).await);
            }
        }
        measured.in_effect &= all > 0 && silent == all;
        measured.description += &format!(", {silent} of {all} ports silent to clients");
        Ok(measured)
    }

    fn heal_script(&self) -> String {
        self.0.heal_script()
    }

    fn trace_script(&self, system: &System, node: &Node) -> Option<String> {
        self.0.trace_script(system, node)
    }

    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError> {
        self.0.healed(system, node).await
    }
}

/// True if a connection is neither made nor refused within a second.
async fn is_silent(address: SocketAddr) -> bool {
    let dial = move || TcpStream::connect_timeout(&address, Duration::from_secs(1));
    let answer = tokio::task::spawn_blocking(dial).await;
    matches!(answer, Ok(Err(error)) if error.kind() == std::io::ErrorKind::TimedOut)
}
