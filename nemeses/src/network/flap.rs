//! Links that come and go: all packets between a node and the others are dropped for a while, and pass for a while,
//! again and again. With short drops at random it is loss in bursts, with long and regular ones a flapping link.
//!
//! A process of ours on the node changes the rules; when it is gone, chains and rules are removed.

use super::chains::{Chains, FAMILIES, Rules, needs};
use super::probe;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::companion::Companion;
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::FAULTS;
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError};
use std::fmt::Write;

/// How plans name links that flap.
pub(crate) const FLAP: Kind = Kind { name: FLAP_ABOUT.name, entry: || FLAP_ABOUT.entry(), open: open_flap };

/// How plans name loss in bursts.
pub(crate) const BURST: Kind = Kind { name: BURST_ABOUT.name, entry: || BURST_ABOUT.entry(), open: open_burst };

const FLAP_ABOUT: About = About {
    name: "flap",
    family: Family::Network,
    does: "cuts all links between a node and all others and restores them, again and again; one node if not told",
    needs: "iptables, also for IPv6 peers; bash to measure; 2 nodes",
    undone_by: "the process that changes the rules is ended; GAINSAY-IN-FLAP and GAINSAY-OUT-FLAP are removed",
    measured_by: "of datagrams in a row, one every 20 ms, runs are dropped and runs pass",
    tallied: "nodes with flapping links",
    hurts: Hurts::Links,
    claims: &[],
    settings: &[
        Setting { name: "down", default: "400", does: "how long links are cut, 50 to 10000 ms" },
        Setting { name: "up", default: "400", does: "how long they are whole, 50 to 10000 ms" },
    ],
};

const BURST_ABOUT: About = About {
    name: "burst-loss",
    family: Family::Network,
    does: "loses packets between a node and all others in bursts at random times, both ways; one node if not told",
    needs: "iptables, also for IPv6 peers; bash; 2 nodes",
    undone_by: "the process that changes the rules is ended; GAINSAY-IN-BURST-LOSS and GAINSAY-OUT-BURST-LOSS are removed",
    measured_by: "of datagrams in a row, one every 20 ms, runs are dropped and runs pass",
    tallied: "nodes lose packets in bursts",
    hurts: Hurts::Links,
    claims: &[],
    settings: &[
        Setting { name: "down", default: "100", does: "how long a burst lasts, from half to half more, 50 to 2000 ms" },
        Setting {
            name: "up",
            default: "300",
            does: "how long the time between two lasts, the same way, 50 to 10000 ms",
        },
    ],
};

fn open_flap(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let down = options.number("down", 400, 50..=10_000)?;
    let up = options.number("up", 400, 50..=10_000)?;
    let aim = Aim::of(options, Target::One.into())?;
    Ok(Box::new(OnEach(Flap { about: &FLAP_ABOUT, chains: Chains::filter("-FLAP"), aim, down, up })))
}

fn open_burst(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let down = options.number("down", 100, 50..=2_000)?;
    let up = options.number("up", 300, 50..=10_000)?;
    let aim = Aim::of(options, Target::One.into())?;
    Ok(Box::new(OnEach(Flap { about: &BURST_ABOUT, chains: Chains::filter("-BURST-LOSS"), aim, down, up })))
}

/// Links that come and go.
#[derive(Clone, Debug)]
struct Flap {
    about: &'static About,
    chains: Chains,
    aim: Aim,
    down: u64,
    up: u64,
}

impl Flap {
    fn companion(&self) -> Companion {
        Companion { nemesis: self.about.name }
    }

    /// Writes the two states of each family that has peers, and changes from one to the other for ever.
    fn script(&self, rules: &[Rules; 2]) -> String {
        let mut script = format!("cd {FAULTS}/{} || exit 1\n", self.about.name);
        let mut change = String::new();
        for (family, rules) in FAMILIES.iter().zip(rules).filter(|(_, rules)| **rules != Rules::default()) {
            for (state, rules) in [("down", rules), ("up", &Rules::default())] {
                let _ = write!(script, "cat >{family}-{state} <<'END'\n{}COMMIT\nEND\n", self.chains.fill(rules));
            }
            let _ = writeln!(change, "  {family}-restore -w 5 --noflush <{family}-$1");
        }
        let (down, up) = match self.about.name {
            "flap" => (format!("{}", self.down), format!("{}", self.up)),
            _ => (random(self.down), random(self.up)),
        };
        script
            + &format!(
                r#"change() {{
{change}}}
rest() {{ sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"; }}
while :; do change down; rest {down}; change up; rest {up}; done
"#
            )
    }
}

/// A time from half of this to half more, in milliseconds, as the shell reads it.
fn random(time: u64) -> String {
    format!("$(({} + $(od -An -N2 -tu2 /dev/urandom) % {time}))", time / 2)
}

impl Local for Flap {
    fn about(&self) -> &'static About {
        self.about
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("{} of {} ms every {} ms", self.about.name, self.down, self.down + self.up)
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        needs(&scene.peers(), "-j DROP")
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let rules = Chains::by_family(&scene.peers(), |rules, peer| rules.both_ways(peer, "-j DROP"));
        self.chains.make(self.about.name, &rules) + &self.companion().start(&self.script(&rules))
    }

    /// For 2 s, or two and a half rounds if that is longer.
    fn measure(&self, scene: &Scene<'_>) -> String {
        let round = (self.down + self.up) * 5 / 2;
        let count = (round.max(2_000) / 22).min(400) as u32;
        self.companion().runs()
            + &probe::pattern(&scene.peers(), count)
            + r#"runs=$(printf %s "$pattern" | tr -s .x | tr -d . | wc -c)
lost=$(printf %s "$pattern" | tr -d . | wc -c)
all=$(printf %s "$pattern" | wc -c)
if [ $runs -ge 2 ] && [ $lost -lt $all ] && [ $lost -gt $runs ]; then echo "yes, $lost of $all packets lost in $runs runs"
else echo "$lost of $all packets lost in $runs runs"; fi
"#
    }

    fn undo(&self) -> String {
        self.companion().stop() + &self.chains.unmake(self.about.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        self.companion().trace() + &self.chains.trace()
    }
}
