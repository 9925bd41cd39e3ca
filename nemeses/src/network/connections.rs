//! Cuts the TCP connections between nodes that exist while new ones pass, or new ones while those that exist go on, as
//! a firewall does that has lost its state, or one whose table is full.
//!
//! The first works by a mark that the kernel keeps with every connection that begins after the cut: what bears no mark
//! is dropped.

use super::chains::{Chains, Rules, needs};
use super::probe;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::companion::Companion;
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::FAULTS;
use crate::options::Options;
use crate::target::Target;
use crate::{Nemesis, SpecError};
use std::net::IpAddr;

/// How plans name the cut of existing connections.
pub(crate) const ESTABLISHED: Kind = Kind {
    name: ESTABLISHED_ABOUT.name,
    entry: || ESTABLISHED_ABOUT.entry(),
    open: |options| open(options, Cut::Established),
};

/// How plans name the cut of new connections.
pub(crate) const NEW: Kind =
    Kind { name: NEW_ABOUT.name, entry: || NEW_ABOUT.entry(), open: |options| open(options, Cut::New) };

const ESTABLISHED_ABOUT: About = About {
    name: "cut-established",
    family: Family::Network,
    does: "drops the packets of TCP connections between a node and all others that exist; new ones pass",
    needs: "iptables with the match and the target connmark, also for IPv6 peers; bash to measure; 2 nodes",
    undone_by: "the chains GAINSAY-IN-CUT-ESTABLISHED and GAINSAY-OUT-CUT-ESTABLISHED and the jumps to them are removed",
    measured_by: "a connection made before to the ssh of every other node gets no answer, and a new one does",
    tallied: "nodes with old connections cut and new ones open",
    hurts: Hurts::Links,
    claims: &[],
    settings: &[],
};

const NEW_ABOUT: About = About {
    name: "cut-new",
    family: Family::Network,
    does: "drops the first packet of every new TCP connection between a node and all others; existing ones go on",
    needs: "iptables, also for IPv6 peers; bash to measure; 2 nodes",
    undone_by: "the chains GAINSAY-IN-CUT-NEW and GAINSAY-OUT-CUT-NEW and the jumps to them are removed",
    measured_by: "a connection made before to the ssh of every other node is answered, and a new one is not made",
    tallied: "nodes with new connections cut and old ones open",
    hurts: Hurts::Links,
    claims: &[],
    settings: &[],
};

/// What marks a connection that began after the cut.
const MARK: &str = "0x6761696e";

fn open(options: &mut Options, cut: Cut) -> Result<Box<dyn Nemesis>, SpecError> {
    Ok(Box::new(OnEach(Connections { aim: Aim::of(options, Target::One.into())?, cut })))
}

/// Which connections are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Established,
    New,
}

/// Cut connections.
#[derive(Clone, Debug)]
struct Connections {
    aim: Aim,
    cut: Cut,
}

impl Connections {
    fn chains(&self) -> Chains {
        match self.cut {
            Cut::Established => Chains::filter("-CUT-ESTABLISHED"),
            Cut::New => Chains::filter("-CUT-NEW"),
        }
    }

    fn rules(&self) -> &'static [&'static str] {
        match self.cut {
            Cut::Established => &[
                "-p tcp --syn -j CONNMARK --set-mark 0x6761696e",
                "-p tcp -m connmark --mark 0x6761696e -j RETURN",
                "-p tcp -j DROP",
            ],
            Cut::New => &["-p tcp --syn -j DROP"],
        }
    }

    /// Holds a connection to every peer that was made before the cut, says something after it, and writes down who
    /// answers: ssh answers what is no greeting by closing. A peer that was cut a moment earlier has none.
    fn witness(&self) -> Companion {
        Companion { nemesis: self.about().name }
    }
}

fn witness_script(name: &str, peers: &[IpAddr]) -> String {
    format!(
        r#"marks={FAULTS}/{name}
hold() {{
  exec bash -c 'exec 3<>/dev/tcp/$0/22 && read -r -t 5 greeting <&3 || exit 1
: >$1/held-$0
for ((i = 0; i < 500; i++)); do [ ! -e $1/go ] || break; sleep 0.02; done
echo gainsay >&3
answer=silent
if read -r -t 2 line <&3 || [ $? -lt 128 ]; then answer=answered; fi
echo $answer >$1/said-$0' "$1" "$marks"
}}
for peer in {}; do (hold $peer) & done
wait
sleep infinity
"#,
        probe::words(peers)
    )
}

impl Local for Connections {
    fn about(&self) -> &'static About {
        match self.cut {
            Cut::Established => &ESTABLISHED_ABOUT,
            Cut::New => &NEW_ABOUT,
        }
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        let rule = match self.cut {
            Cut::Established => format!("-p tcp -m connmark --mark {MARK} -j CONNMARK --set-mark {MARK}"),
            Cut::New => self.rules()[0].to_owned(),
        };
        needs(&scene.peers(), &rule)
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let name = self.about().name;
        let peers = scene.peers();
        let add = |rules: &mut Rules, peer| self.rules().iter().for_each(|rule| rules.both_ways(peer, rule));
        let hold = self.witness().start(&witness_script(name, &peers));
        format!(
            "{hold}left=25\nfor peer in {}; do\n  while [ ! -e {FAULTS}/{name}/held-$peer ] && [ $left -gt 0 ]; do \
             sleep 0.02; left=$((left - 1)); done\ndone\nsleep 0.3\n{}: >{FAULTS}/{name}/go\n",
            probe::words(&peers),
            self.chains().make(name, &Chains::by_family(&peers, add)),
        )
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        let name = self.about().name;
        let peers = scene.peers();
        let (old, new) = match self.cut {
            Cut::Established => ("silent", "open"),
            Cut::New => ("answered", "silent"),
        };
        format!(
            r#"witnesses=0
for held in {FAULTS}/{name}/held-*; do
  [ -e "$held" ] || continue
  peer=${{held##*/held-}}
  left=150
  while [ ! -s {FAULTS}/{name}/said-$peer ] && [ $left -gt 0 ]; do sleep 0.02; left=$((left - 1)); done
  said=$(cat {FAULTS}/{name}/said-$peer 2>/dev/null)
  [ "$said" = {old} ] || {{ echo "the connection to $peer that was made before is ${{said:-not heard of}}"; exit 0; }}
  witnesses=$((witnesses + 1))
done
[ $witnesses -gt 0 ] || {{ echo "no connection could be made before"; exit 0; }}
{}{}"#,
            probe::dial(&peers),
            probe::all_met(&peers, new)
        )
    }

    fn undo(&self) -> String {
        self.witness().stop() + &self.chains().unmake(self.about().name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        self.witness().trace() + &self.chains().trace()
    }
}
