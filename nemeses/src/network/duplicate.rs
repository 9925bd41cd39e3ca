//! Sends some packets twice, as a network does that was not sure whether they had arrived.

use super::chains::{Chains, needs};
use super::probe;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError};
use std::net::IpAddr;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "duplicate",
    family: Family::Network,
    does: "sends some packets from a node to the others twice; one node if not told",
    needs: "iptables with the target TEE, also for IPv6 peers, which must be on the same network; bash to measure; 2 nodes",
    undone_by: "the chains GAINSAY-IN-DUPLICATE and GAINSAY-OUT-DUPLICATE and the jumps to them are removed",
    measured_by: "of datagrams to every other node, those that were sent twice are counted by the rule",
    tallied: "nodes send twice",
    hurts: Hurts::Links,
    claims: &[],
    settings: &[Setting { name: "percent", default: "20", does: "how many, 1 to 100" }],
};

const CHAINS: Chains = Chains::filter("-DUPLICATE");

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let percent = options.number("percent", 20, 1..=100)?;
    Ok(Box::new(OnEach(Duplicate { aim: Aim::of(options, Target::One.into())?, percent })))
}

/// Packets that are sent twice.
#[derive(Clone, Debug)]
struct Duplicate {
    aim: Aim,
    percent: u64,
}

impl Duplicate {
    fn rule(&self, peer: IpAddr) -> String {
        let share = self.percent as f64 / 100.0;
        format!("-m statistic --mode random --probability {share:.2} -j TEE --gateway {peer}")
    }
}

impl Local for Duplicate {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("duplicate of {} %", self.percent)
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        scene.peers().first().map_or("echo yes\n".to_owned(), |&peer| needs(&[peer], &self.rule(peer)))
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let add = |rules: &mut super::chains::Rules, peer| rules.output.push(format!("-d {peer} {}", self.rule(peer)));
        CHAINS.make(ABOUT.name, &Chains::by_family(&scene.peers(), add))
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        let counted = format!(
            "counted() {{\n  total=0\n  for count in $({} | sed -n 's/^\\[\\([0-9]*\\):.*-j TEE.*/\\1/p'); do total=$((total + count)); done\n  echo $total\n}}\n",
            CHAINS.show().trim_end()
        );
        counted
            + "before=$(counted)\n"
            + &probe::lost(&scene.peers(), 100)
            + &format!(
                r#"twice=$(($(counted) - before))
share=$((100 * twice / sent))
if [ $twice -gt 0 ] && [ $share -le $(({} + 20)) ]; then echo "yes, $twice of $sent packets twice"; else echo "$twice of $sent packets twice"; fi
"#,
                self.percent
            )
    }

    fn undo(&self) -> String {
        CHAINS.unmake(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        CHAINS.trace()
    }
}
