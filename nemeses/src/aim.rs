//! At which nodes a fault is aimed: by how many, by role, by label or by name.

use crate::options::Options;
use crate::target::{self, Chosen, Target};
use crate::{SpecError, System};
use cluster::Node;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// Whom a plan wants hurt. How plans say it: `kill:minority`, `kill:label=rack`, `kill:label=zone=a`, `kill:node=n1+n3`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Aim {
    /// Another target by chance each time.
    #[default]
    Chance,
    /// So many, or those of a role.
    Target(Target),
    /// All nodes that share a value of a label: of this value, or of one by chance each time.
    Label {
        /// The label: `rack`.
        key: String,
        /// Its value: `r1`.
        value: Option<String>,
    },
    /// These nodes, by their names.
    Nodes(Vec<String>),
}

impl From<Target> for Aim {
    fn from(target: Target) -> Aim {
        Aim::Target(target)
    }
}

/// The settings by which every nemesis that aims can be told its aim, for lists.
pub const SETTINGS: [(&str, &str); 2] = [
    ("label", "all nodes with the same value of a label: label=rack (by chance), label=zone=a"),
    ("node", "these nodes: node=n1+n3"),
];

impl Aim {
    /// Reads the aim out of what stands behind a nemesis' name; `otherwise` if nothing does.
    ///
    /// # Errors
    /// If the choice is no target, or several aims are named.
    pub(crate) fn of(options: &mut Options, otherwise: Aim) -> Result<Aim, SpecError> {
        let label = options.text("label")?.map(|label| match label.split_once('=') {
            Some((key, value)) => Aim::Label { key: key.to_owned(), value: Some(value.to_owned()) },
            None => Aim::Label { key: label, value: None },
        });
        let names = options.text("node")?.map(|names| Aim::Nodes(names.split('+').map(str::to_owned).collect()));
        let target = options.choice(&Target::ALL, Target::name)?.map(Aim::Target);
        let mut aims = [label, names, target].into_iter().flatten();
        match (aims.next(), aims.next()) {
            (None, _) => Ok(otherwise),
            (Some(aim), None) => Ok(aim),
            (Some(_), Some(_)) => Err(options.bad("node", "", "one aim: a target, a label or names")),
        }
    }

    /// The words of a plan that mean it.
    pub(crate) fn words(&self) -> String {
        match self {
            Aim::Chance => String::new(),
            Aim::Target(target) => format!(":{}", target.name()),
            Aim::Label { key, value: None } => format!(":label={key}"),
            Aim::Label { key, value: Some(value) } => format!(":label={key}={value}"),
            Aim::Nodes(names) => format!(":node={}", names.join("+")),
        }
    }

    /// Refuses an aim that means no node of this system.
    pub(crate) fn suits(&self, nemesis: &str, system: &System) -> Result<(), SpecError> {
        self.problem(&system.nodes)
            .map_or(Ok(()), |reason| Err(SpecError::Unsuitable { spec: format!("{nemesis}{}", self.words()), reason }))
    }

    /// Why it means no node among these.
    fn problem(&self, nodes: &[Node]) -> Option<String> {
        let count = nodes.len();
        match self {
            Aim::Chance => (count == 0).then(|| "there is no node".to_owned()),
            Aim::Target(target) => {
                (target.size(count) == 0).then(|| format!("a cluster of {count} has no {}", target.name()))
            }
            Aim::Label { key, value } => {
                let known = values(nodes, key);
                match value {
                    _ if known.is_empty() => Some(format!("no node has a label {key}")),
                    Some(value) if !known.contains(&value.as_str()) => {
                        Some(format!("no node has {key} = {value}; there are {}", known.join(", ")))
                    }
                    _ => None,
                }
            }
            Aim::Nodes(names) => {
                let unknown = names.iter().find(|name| nodes.iter().all(|node| node.name != **name))?;
                let known: Vec<_> = nodes.iter().map(|node| node.name.as_str()).collect();
                Some(format!("there is no node {unknown:?}; there are {}", known.join(", ")))
            }
        }
    }

    /// Chooses, and asks who is primary only if that matters.
    pub(crate) async fn choose(&self, system: &System, rng: &mut ChaCha8Rng) -> (Vec<String>, String) {
        let target = match self {
            Aim::Chance => Target::at_random(system.nodes.len(), rng),
            Aim::Target(target) => *target,
            Aim::Nodes(names) => {
                let chosen = system.names().into_iter().filter(|name| names.contains(name)).collect();
                return (chosen, "by name".to_owned());
            }
            Aim::Label { key, value } => {
                let value = value.clone().or_else(|| values(&system.nodes, key).choose(rng).map(|&v| v.to_owned()));
                let value = value.unwrap_or_default();
                let shares = |node: &&Node| node.labels.get(key) == Some(&value);
                let chosen = system.nodes.iter().filter(shares).map(|node| node.name.clone()).collect();
                return (chosen, format!("{key} {value}"));
            }
        };
        let asks = matches!(target, Target::Primary | Target::Followers);
        let primaries = if asks { system.primaries().await } else { Vec::new() };
        let Chosen { nodes, how } = target::choose(target, &system.names(), &primaries, rng);
        (nodes, how.to_owned())
    }
}

/// The values of a label, each once, in order.
fn values<'a>(nodes: &'a [Node], key: &str) -> Vec<&'a str> {
    let all: std::collections::BTreeSet<_> =
        nodes.iter().filter_map(|node| node.labels.get(key)).map(String::as_str).collect();
    all.into_iter().collect()
}
