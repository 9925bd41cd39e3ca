//! A black hole for large packets: connections are made, small messages pass, and large ones vanish without a word, as
//! behind a tunnel with a smaller MTU and a firewall that eats the ICMP messages about it.

use super::chains::{Chains, needs};
use super::probe;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "mtu",
    family: Family::Network,
    does: "drops large packets between a node and all others, both ways, and no small ones; one node if not told",
    needs: "iptables with the length match, also for IPv6 peers; bash to measure; 2 nodes",
    undone_by: "the chains GAINSAY-IN-MTU and GAINSAY-OUT-MTU and the jumps to them are removed",
    measured_by: "a large datagram is dropped, a small one is not, and a TCP connection is made",
    tallied: "nodes lose large packets only",
    hurts: Hurts::Links,
    claims: &[],
    settings: &[Setting { name: "bytes", default: "600", does: "the longest packet that passes, 300 to 1400 bytes" }],
};

const CHAINS: Chains = Chains::filter("-MTU");

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let bytes = options.number("bytes", 600, 300..=1400)?;
    Ok(Box::new(OnEach(Mtu { aim: Aim::of(options, Target::One.into())?, bytes })))
}

/// Lost large packets.
#[derive(Clone, Debug)]
struct Mtu {
    aim: Aim,
    bytes: u64,
}

impl Mtu {
    fn rule(&self) -> String {
        format!("-m length --length {}:65535 -j DROP", self.bytes + 1)
    }
}

impl Local for Mtu {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("mtu of {} bytes", self.bytes)
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        needs(&scene.peers(), &self.rule())
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let rule = self.rule();
        CHAINS.make(ABOUT.name, &Chains::by_family(&scene.peers(), |rules, peer| rules.both_ways(peer, &rule)))
    }

    /// A datagram has 28 bytes of headers, with IPv6 48.
    fn measure(&self, scene: &Scene<'_>) -> String {
        let peers = scene.peers();
        format!(
            r#"send() {{ bash -c "printf %$2s x >/dev/udp/$1/9" 2>/dev/null; }}
for peer in {}; do
  send $peer {} && {{ echo "a large packet passes to $peer"; exit 0; }}
  send $peer {} || {{ echo "a small packet does not pass to $peer"; exit 0; }}
done
{}{}"#,
            probe::words(&peers),
            self.bytes + 10,
            self.bytes - 100,
            probe::dial(&peers),
            probe::all_met(&peers, "open")
        )
    }

    fn undo(&self) -> String {
        CHAINS.unmake(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        CHAINS.trace()
    }
}
