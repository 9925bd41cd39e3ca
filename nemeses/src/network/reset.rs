//! Resets TCP connections between nodes, existing and new: an answer at once, where a partition is silence.

use super::chains::{Chains, needs};
use super::probe;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::options::Options;
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "reset",
    family: Family::Network,
    does: "resets every TCP connection between a node and all others, and refuses new ones; one node if not told",
    needs: "iptables with the target REJECT, also for IPv6 peers; bash to measure; 2 nodes",
    undone_by: "the chains GAINSAY-IN-RESET and GAINSAY-OUT-RESET and the jumps to them are removed",
    measured_by: "a TCP connection to the ssh of every other node is refused",
    tallied: "nodes refused by all others",
    hurts: Hurts::Links,
    claims: &[],
    settings: &[],
};

const CHAINS: Chains = Chains::filter("-RESET");

/// A reset itself must pass, for the one that answers a packet of this node comes in as if from the peer.
const RULE: &str = "-p tcp ! --tcp-flags RST RST -j REJECT --reject-with tcp-reset";

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    Ok(Box::new(OnEach(Reset { aim: Aim::of(options, Target::One.into())? })))
}

/// Reset connections.
#[derive(Clone, Debug)]
struct Reset {
    aim: Aim,
}

impl Local for Reset {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        needs(&scene.peers(), RULE)
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        CHAINS.make(ABOUT.name, &Chains::by_family(&scene.peers(), |rules, peer| rules.both_ways(peer, RULE)))
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        let peers = scene.peers();
        probe::dial(&peers) + &probe::all_met(&peers, "refused")
    }

    fn undo(&self) -> String {
        CHAINS.unmake(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        CHAINS.trace()
    }
}
