//! Loses packets between nodes, each on its own and by chance, as a bad cable or a full queue would.

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
    name: "loss",
    family: Family::Network,
    does: "loses each packet between a node and all others with the same probability, both ways; one node if not told",
    needs: "iptables with the statistic match, also for IPv6 peers; bash to measure; 2 nodes",
    undone_by: "the chains GAINSAY-IN-LOSS and GAINSAY-OUT-LOSS and the jumps to them are removed",
    measured_by: "of 200 datagrams to every other node, about the share is lost that was asked for",
    tallied: "nodes lose packets",
    hurts: Hurts::Links,
    claims: &[],
    settings: &[Setting { name: "percent", default: "20", does: "the probability of loss, 1 to 100" }],
};

const CHAINS: Chains = Chains::filter("-LOSS");

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let percent = options.number("percent", 20, 1..=100)?;
    Ok(Box::new(OnEach(Loss { aim: Aim::of(options, Target::One.into())?, percent })))
}

/// Lost packets.
#[derive(Clone, Debug)]
struct Loss {
    aim: Aim,
    percent: u64,
}

impl Loss {
    fn rule(&self) -> String {
        format!("-m statistic --mode random --probability {:.2} -j DROP", self.percent as f64 / 100.0)
    }
}

impl Local for Loss {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("loss of {} %", self.percent)
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        needs(&scene.peers(), &self.rule())
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let rule = self.rule();
        CHAINS.make(ABOUT.name, &Chains::by_family(&scene.peers(), |rules, peer| rules.both_ways(peer, &rule)))
    }

    /// Of 200 datagrams or more, the share that is lost is within 15 points of the probability unless it is a wonder:
    /// four standard deviations are 14 points at most.
    fn measure(&self, scene: &Scene<'_>) -> String {
        let peers = scene.peers();
        probe::lost(&peers, 200)
            + &format!(
                r#"share=$((100 * lost / sent))
if [ $lost -gt 0 ] && [ $share -ge $(({0} - 15)) ] && [ $share -le $(({0} + 15)) ]; then echo "yes, $share % of $sent packets lost"
else echo "$share % of $sent packets lost"; fi
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
