//! Cuts nodes off from each other, not from clients.
//!
//! Traffic that a node forwards for containers of its own does not pass INPUT and OUTPUT and is not cut; peers are cut
//! at the address that the inventory gives them and at no other that they may have.

use super::firewall::{self, CHAINS, Rule};
use super::grudge::{self, Cut, Shape};
use crate::aim::Aim;
use crate::catalogue::{Choice, Entry, Family, Kind, settings};
use crate::everywhere::{self, Task};
use crate::options::{Options, Setting};
use crate::{Injected, Measured, Nemesis, SpecError, System, target};
use async_trait::async_trait;
use cluster::{Node, NodeError, Output};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: "partition", entry, open };

/// How long a node may take to change its rules, and to probe its peers.
const LIMIT: Duration = Duration::from_secs(10);

/// Where every node listens, whatever is tested.
const SSH: u16 = 22;

fn entry() -> Entry {
    let port = Setting {
        name: "port",
        default: "",
        does: "cuts only TCP connections to this port, so that all others pass: port=2380 cuts etcd's peers",
    };
    Entry {
        name: "partition",
        family: Family::Network,
        does: "drops packets between nodes, not those of clients; another shape each time if none is given",
        needs: "iptables, and ip6tables for IPv6 peers; bash to measure; 2 nodes",
        undone_by: "jumps to GAINSAY-IN and GAINSAY-OUT and these chains are removed, nothing else",
        measured_by: "a TCP connect across every cut link stays silent and the rule counts it; the other links answer",
        choices: Shape::ALL.map(|shape| Choice { name: shape.name(), does: shape.does() }).to_vec(),
        settings: settings(&[port]),
    }
}

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let shape = options.choice(&Shape::ALL, Shape::name)?;
    let port = options.number_if_given("port", 1..=65535)?.map(|port| port as u16);
    let aim = Aim::of(options, Aim::Chance)?;
    let whom = match (shape, aim) {
        (Some(shape), Aim::Chance) => Whom::Shape(shape),
        (None, Aim::Chance) => Whom::Chance,
        (None, aim) => Whom::Side(aim),
        (Some(shape), _) => {
            return Err(options.bad("", shape.name(), "a shape, a label or names, and only one of them"));
        }
    };
    Ok(Box::new(Partition { whom, port }))
}

/// Who is cut from whom.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whom {
    /// Another shape by chance each time.
    Chance,
    /// Nodes by chance, in this shape.
    Shape(Shape),
    /// These nodes are one side, all others the other one.
    Side(Aim),
}

/// A cut between nodes.
#[derive(Clone, Debug)]
struct Partition {
    whom: Whom,
    port: Option<u16>,
}

impl Partition {
    /// How plans spell it.
    fn spec(&self) -> String {
        let whom = match &self.whom {
            Whom::Chance => String::new(),
            Whom::Shape(shape) => format!(":{}", shape.name()),
            Whom::Side(aim) => aim.words(),
        };
        format!("partition{whom}")
    }

    /// What is said behind the sides.
    fn remark(&self, how: &str) -> String {
        let port = self.port.map(|port| format!("port {port}"));
        let words: Vec<_> = [Some(how.to_owned()).filter(|how| !how.is_empty()), port].into_iter().flatten().collect();
        if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
    }

    /// The rules that a node needs.
    fn rules(&self, system: &System, injected: &Injected, name: &str) -> Result<Vec<Rule>, NodeError> {
        let dropped = injected.grudge.iter().filter(|(node, _)| node == name).flat_map(|(_, dropped)| dropped.clone());
        let peers = system.named(&dropped.collect::<Vec<_>>())?;
        let mutual = |peer: &Node| drops(injected, &peer.name, name);
        let rule = |peer: &Node| Rule { peer: peer.address, mutual: mutual(peer), port: self.port };
        Ok(peers.into_iter().map(rule).collect())
    }
}

#[async_trait]
impl Nemesis for Partition {
    fn name(&self) -> &'static str {
        "partition"
    }

    fn suits(&self, system: &System) -> Result<(), SpecError> {
        let least = match &self.whom {
            Whom::Shape(shape) => shape.least(),
            Whom::Side(_) | Whom::Chance => 2,
        };
        let nodes = system.nodes.len();
        if nodes < least {
            let reason = format!("it needs {least} nodes or more and there are {nodes}");
            return Err(SpecError::Unsuitable { spec: self.spec(), reason });
        }
        if let Whom::Side(aim) = &self.whom {
            aim.suits("partition", system)?;
        }
        Ok(())
    }

    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        let names = system.names();
        let shape = match &self.whom {
            Whom::Shape(shape) => *shape,
            Whom::Chance => Shape::at_random(names.len(), rng).unwrap_or(Shape::One),
            Whom::Side(aim) => {
                let (side, how) = aim.choose(system, rng).await;
                return Ok(injected(grudge::sides(&names, &side), &self.remark(&how)));
            }
        };
        if shape != Shape::Primary {
            return Ok(injected(grudge::decide(shape, &names, None, rng), &self.remark("")));
        }
        let primary = target::choose(target::Target::Primary, &names, &system.primaries().await, rng);
        let cut = grudge::decide(shape, &names, primary.nodes.first().map(String::as_str), rng);
        Ok(injected(cut, &self.remark(primary.how)))
    }

    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError> {
        let mut tasks = Vec::new();
        for node in system.named(&injected.nodes)? {
            let script = firewall::cut(&self.rules(system, injected, &node.name)?);
            tasks.push(Task::new(node, "cut off peers", script, LIMIT).once());
        }
        everywhere::run_or_fail(tasks).await.map(|_| ())
    }

    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError> {
        let mut tasks = Vec::new();
        let mut probes = Vec::new();
        for node in &system.nodes {
            let rules = self.rules(system, injected, &node.name)?;
            let open = open_peers(system, injected, node);
            let cut = rules.iter().map(|rule| (rule.peer, rule.port.unwrap_or(SSH)));
            let peers: Vec<_> = cut.chain(open.iter().map(|peer| (peer.address, SSH))).collect();
            let script = firewall::probe(&peers) + &CHAINS.show() + "true\n";
            tasks.push(Task::new(node, "probe peers", script, LIMIT));
            probes.push(Probes { rules, open: open.into_iter().cloned().collect() });
        }
        let answers = everywhere::run_or_fail(tasks).await?;
        Ok(judge(system, &probes, &answers))
    }

    fn heal_script(&self) -> String {
        format!("(\n{})", firewall::undo())
    }

    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError> {
        let peers: Vec<_> =
            system.nodes.iter().filter(|peer| peer.name != node.name).map(|peer| peer.address).collect();
        let probes: Vec<_> = peers.iter().map(|&peer| (peer, SSH)).collect();
        let script = firewall::probe(&probes) + &CHAINS.show() + "true\n";
        let output = Task::new(node, "probe peers", script, LIMIT).run().await?.text();
        let heard = peers.iter().filter(|&&peer| firewall::answer_of(&output, peer) == Some("heard")).count();
        let ours = output.lines().filter(|line| line.contains("GAINSAY-")).count();
        let silent = peers.iter().filter(|&&peer| firewall::answer_of(&output, peer) != Some("heard"));
        let silent: Vec<_> = silent.map(|peer| format!("; nothing from {peer}")).collect();
        Ok(Measured {
            in_effect: ours == 0 && heard == peers.len(),
            description: format!(
                "{heard} of {} peers heard, {ours} firewall lines left{}",
                peers.len(),
                silent.concat()
            ),
        })
    }
}

/// What one node probes: the peers it is cut from, and those whom it must still hear.
struct Probes {
    rules: Vec<Rule>,
    open: Vec<Node>,
}

fn injected(cut: Cut, remark: &str) -> Injected {
    let grudge: Vec<_> =
        cut.grudge.into_iter().map(|(node, dropped)| (node, dropped.into_iter().collect::<Vec<_>>())).collect();
    let nodes = grudge.iter().map(|(node, _)| node.clone()).collect();
    Injected { description: cut.description + remark, nodes, grudge }
}

/// Whether a node drops what another one sends.
fn drops(injected: &Injected, hearer: &str, other: &str) -> bool {
    injected.grudge.iter().any(|(node, dropped)| node == hearer && dropped.iter().any(|name| name == other))
}

/// The peers of a node with whom it exchanges packets both ways.
fn open_peers<'a>(system: &'a System, injected: &Injected, node: &Node) -> Vec<&'a Node> {
    let is_open = |peer: &&Node| {
        peer.name != node.name && !drops(injected, &node.name, &peer.name) && !drops(injected, &peer.name, &node.name)
    };
    system.nodes.iter().filter(is_open).collect()
}

/// A link counts as cut if the probe met silence *and* the rule has counted packets: silence alone might be a busy
/// machine, a counter alone might be another rule's success. Links that were not cut are the control: were they silent
/// too, silence would prove nothing.
fn judge(system: &System, probes: &[Probes], answers: &[(String, Output)]) -> Measured {
    let (mut cut, mut open, mut links, mut controls) = (0, 0, 0, 0);
    let mut remarks = String::new();
    for (probes, (node, output)) in probes.iter().zip(answers) {
        let text = output.text();
        for &rule in &probes.rules {
            links += 1;
            let answer = firewall::answer_of(&text, rule.peer).unwrap_or("no answer");
            match (answer, firewall::dropped(&text, rule)) {
                ("silent", 1..) => cut += 1,
                (said, count) => remarks += &format!("; {node} from {}: {said}, {count} dropped", name(system, rule)),
            }
        }
        for peer in &probes.open {
            controls += 1;
            match firewall::answer_of(&text, peer.address).unwrap_or("no answer") {
                "heard" => open += 1,
                said => remarks += &format!("; {node} from {}, not cut: {said}", peer.name),
            }
        }
    }
    let others = if controls > 0 { format!(", {open} of {controls} others open") } else { String::new() };
    let in_effect = links > 0 && cut == links && open == controls;
    Measured { in_effect, description: format!("{cut} of {links} links cut{others}{remarks}") }
}

fn name(system: &System, rule: Rule) -> &str {
    system.nodes.iter().find(|node| node.address == rule.peer).map_or("?", |node| node.name.as_str())
}
