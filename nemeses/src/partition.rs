//! Cuts nodes off from each other, not from clients.
//!
//! Traffic that a node forwards for containers of its own does not pass INPUT and OUTPUT and is not cut; peers are cut
//! at the address that the inventory gives them and at no other that they may have.

use crate::everywhere::{self, Task};
use crate::firewall::{self, Rule};
use crate::grudge::{self, Cut, Shape};
use crate::{Injected, Measured, Nemesis, SpecError, System, target};
use async_trait::async_trait;
use cluster::{Node, NodeError, Output};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// How long a node may take to change its rules, and to probe its peers.
const LIMIT: Duration = Duration::from_secs(10);

/// A cut between nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Partition {
    /// Its shape; another one by chance each time if None.
    pub shape: Option<Shape>,
}

#[async_trait]
impl Nemesis for Partition {
    fn name(&self) -> &'static str {
        "partition"
    }

    fn suits(&self, system: &System) -> Result<(), SpecError> {
        let (spec, least) = match self.shape {
            Some(shape) => (format!("partition:{}", shape.name()), shape.least()),
            None => ("partition".to_owned(), 2),
        };
        let nodes = system.nodes.len();
        if nodes >= least {
            return Ok(());
        }
        let reason = format!("it needs {least} nodes or more and there are {nodes}");
        Err(SpecError::Unsuitable { spec, reason })
    }

    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError> {
        self.suits(system).map_err(|error| system.refusal(&error))?;
        let names = system.names();
        let shape = self.shape.or_else(|| Shape::at_random(names.len(), rng)).unwrap_or(Shape::One);
        if shape != Shape::Primary {
            return Ok(injected(grudge::decide(shape, &names, None, rng), ""));
        }
        let primary = target::choose(target::Target::Primary, &names, &system.primaries().await, rng);
        let cut = grudge::decide(shape, &names, primary.nodes.first().map(String::as_str), rng);
        Ok(injected(cut, &format!(" ({})", primary.how)))
    }

    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError> {
        let mut tasks = Vec::new();
        for node in system.named(&injected.nodes)? {
            let script = firewall::cut(&rules(system, injected, &node.name)?);
            tasks.push(Task::new(node, "cut off peers", script, LIMIT).once());
        }
        everywhere::run_or_fail(tasks).await.map(|_| ())
    }

    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError> {
        let mut tasks = Vec::new();
        let mut probes = Vec::new();
        for node in &system.nodes {
            let rules = rules(system, injected, &node.name)?;
            let open = open_peers(system, injected, node);
            let peers: Vec<_> =
                rules.iter().map(|rule| rule.peer).chain(open.iter().map(|peer| peer.address)).collect();
            let script = firewall::probe(&peers) + firewall::SHOW + "true\n";
            tasks.push(Task::new(node, "probe peers", script, LIMIT));
            probes.push(Probes { rules, open: open.into_iter().cloned().collect() });
        }
        let answers = everywhere::run_or_fail(tasks).await?;
        Ok(judge(system, &probes, &answers))
    }

    fn heal_script(&self) -> String {
        format!("(\n{})", firewall::HEAL)
    }

    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError> {
        let peers: Vec<_> =
            system.nodes.iter().filter(|peer| peer.name != node.name).map(|peer| peer.address).collect();
        let script = firewall::probe(&peers) + firewall::SHOW + "true\n";
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

/// The rules that a node needs.
fn rules(system: &System, injected: &Injected, name: &str) -> Result<Vec<Rule>, NodeError> {
    let dropped = injected.grudge.iter().filter(|(node, _)| node == name).flat_map(|(_, dropped)| dropped.clone());
    let peers = system.named(&dropped.collect::<Vec<_>>())?;
    let rule = |peer: &Node| Rule { peer: peer.address, mutual: drops(injected, &peer.name, name) };
    Ok(peers.into_iter().map(rule).collect())
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
