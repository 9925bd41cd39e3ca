//! How much of a cluster may be broken at the same time, as a person says it, and how a run keeps to it.

use nemeses::{Injected, Limits, Nemesis, System};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;
use tokio::time::Instant;

/// How often another choice is asked for when one goes beyond the limits.
const CHOICES: usize = 20;

/// Bounds on the faults of a run; in a plan they stand in a table `[limits]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LimitSettings {
    /// Never break more than a minority of the nodes at the same time
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep_quorum: bool,
    /// Never break more nodes than this at the same time
    #[arg(long, value_name = "NODES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_nodes: Option<usize>,
    /// Never let more faults than this be in force at the same time
    #[arg(long, value_name = "FAULTS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_faults: Option<usize>,
}

impl LimitSettings {
    /// These where they are given, otherwise those of a file.
    #[must_use]
    pub fn over(self, file: LimitSettings) -> LimitSettings {
        LimitSettings {
            keep_quorum: self.keep_quorum || file.keep_quorum,
            max_nodes: self.max_nodes.or(file.max_nodes),
            max_concurrent_faults: self.max_concurrent_faults.or(file.max_concurrent_faults),
        }
    }

    /// True if nothing is bounded.
    #[must_use]
    pub fn are_none(&self) -> bool {
        *self == LimitSettings::default()
    }

    /// The words of a command that mean them.
    pub fn words(self) -> impl Iterator<Item = String> {
        let quorum = self.keep_quorum.then(|| "--keep-quorum".to_owned());
        let nodes = self.max_nodes.map(|most| format!("--max-nodes {most}"));
        let faults = self.max_concurrent_faults.map(|most| format!("--max-concurrent-faults {most}"));
        [quorum, nodes, faults].into_iter().flatten()
    }

    fn limits(self) -> Limits {
        let LimitSettings { keep_quorum, max_nodes, max_concurrent_faults } = self;
        Limits { keep_quorum, max_nodes, max_concurrent: max_concurrent_faults }
    }

    /// Says why a nemesis could never be let happen within these limits, whatever it chooses.
    pub async fn never(self, nemesis: &dyn Nemesis, system: &System) -> Option<String> {
        if self.are_none() {
            return None;
        }
        let names: Vec<String> = system.nodes.iter().map(|node| node.name.clone()).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut last = None;
        for _ in 0..CHOICES {
            let decided = nemesis.decide(system, &mut rng).await.ok()?;
            let objection = self.limits().objection(&names, &[], &decided)?;
            last = Some(format!("{} is never within the limits: {objection}", decided.description));
        }
        last
    }
}

/// The faults that are in force, by their number, and what may be in force besides.
#[derive(Debug)]
pub struct InForce {
    limits: Limits,
    faults: Mutex<BTreeMap<u32, Injected>>,
    /// The nemeses of those that are made, so that others can wait for them.
    made: watch::Sender<BTreeMap<u32, &'static str>>,
}

/// What may be done of what was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// This; it counts as in force until it is let go.
    Fault(Injected),
    /// Nothing that was chosen: the reason.
    Nothing(String),
}

impl InForce {
    /// Nothing is in force.
    #[must_use]
    pub fn none(limits: LimitSettings) -> InForce {
        InForce { limits: limits.limits(), faults: Mutex::default(), made: watch::Sender::default() }
    }

    /// Lets a fault begin if it is within the limits.
    fn admit(&self, number: u32, names: &[String], fault: &Injected) -> Result<(), String> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let others: Vec<Injected> = faults.values().cloned().collect();
        match self.limits.objection(names, &others, fault) {
            Some(objection) => Err(objection),
            None => {
                faults.insert(number, fault.clone());
                Ok(())
            }
        }
    }

    /// Chooses until something is within the limits, at most so often as is sensible.
    ///
    /// # Errors
    /// What the nemesis said that could not choose.
    pub async fn choose(
        &self,
        number: u32,
        nemesis: &dyn Nemesis,
        system: &System,
        rng: &mut ChaCha8Rng,
    ) -> Result<Admitted, cluster::NodeError> {
        let names: Vec<String> = system.nodes.iter().map(|node| node.name.clone()).collect();
        let mut reason = String::new();
        for _ in 0..CHOICES {
            let decided = nemesis.decide(system, rng).await?;
            match self.admit(number, &names, &decided) {
                Ok(()) => return Ok(Admitted::Fault(decided)),
                Err(objection) => reason = format!("{}: {objection}", decided.description),
            }
        }
        Ok(Admitted::Nothing(reason))
    }

    /// Lets a fault begin that was decided before.
    #[must_use]
    pub fn given(&self, number: u32, system: &System, decided: Injected) -> Admitted {
        let names: Vec<String> = system.nodes.iter().map(|node| node.name.clone()).collect();
        match self.admit(number, &names, &decided) {
            Ok(()) => Admitted::Fault(decided),
            Err(objection) => Admitted::Nothing(format!("{}: {objection}", decided.description)),
        }
    }

    /// A fault is no longer in force.
    pub fn let_go(&self, number: u32) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        self.made.send_modify(|made| made.retain(|other, _| *other != number));
    }

    /// A fault is made.
    pub fn announce(&self, number: u32, nemesis: &'static str) {
        self.made.send_modify(|made| made.extend([(number, nemesis)]));
    }

    /// Waits until a fault of a nemesis is made; false if none is until then.
    pub async fn wait_for(&self, nemesis: &str, until: Instant) -> bool {
        let mut made = self.made.subscribe();
        let found = made.wait_for(|made| made.values().any(|name| *name == nemesis));
        matches!(tokio::time::timeout_at(until, found).await, Ok(Ok(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn who_waits_for_a_fault_goes_on_when_it_is_made_or_gives_up() {
        let in_force = InForce::none(LimitSettings::default());
        let soon = || Instant::now() + Duration::from_millis(50);
        assert!(!in_force.wait_for("partition", soon()).await);
        in_force.announce(3, "kill");
        assert!(!in_force.wait_for("partition", soon()).await);
        let (found, ()) = tokio::join!(in_force.wait_for("partition", soon()), async {
            in_force.announce(4, "partition");
        });
        assert!(found);
        in_force.let_go(4);
        assert!(!in_force.wait_for("partition", soon()).await);
    }

    #[test]
    fn limits_of_flags_go_over_those_of_a_file_and_stand_in_a_table() {
        let file: LimitSettings = toml::from_str("keep-quorum = true\nmax-nodes = 3\n").unwrap();
        let flags = LimitSettings { max_nodes: Some(1), ..LimitSettings::default() };
        let both = flags.over(file);
        assert_eq!((both.keep_quorum, both.max_nodes, both.max_concurrent_faults), (true, Some(1), None));
        assert_eq!(both.words().collect::<Vec<_>>(), ["--keep-quorum", "--max-nodes 1"]);
        assert!(toml::from_str::<LimitSettings>("keep_quorum = true\n").is_err());
    }
}
