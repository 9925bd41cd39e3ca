//! Faults while they happen: each nemesis follows its own part of the schedule, and every step is on the disk before
//! the next one is taken.

use crate::limits::{Admitted, InForce};
use crate::probe::{Watch, When};
use crate::progress::Progress;
use crate::replay::Step;
use crate::stop::{Stop, requested};
use crate::store::FaultLog;
use anyhow::Result;
use history::{Effect, FaultPhase};
use nemeses::{Injected, Nemesis, PlannedFault, System};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Healing one fault on one node may take so long, over all attempts, before the end of the run tries again.
const HEAL_LIMIT: Duration = Duration::from_secs(20);

/// What all faults of a run share.
pub struct Faults {
    /// What is broken.
    pub system: System,
    /// Who breaks it, in the order of the plan.
    pub nemeses: Vec<Arc<dyn Nemesis>>,
    /// The same as the plan names them.
    pub words: Vec<String>,
    /// What happens when.
    pub schedule: Vec<PlannedFault>,
    /// What was decided before for each of them; shorter than the schedule, or empty, if chance decides.
    pub decided: Vec<Option<Injected>>,
    /// For each of them the nemesis that must be in force before it starts; shorter than the schedule, or empty, if none.
    pub with: Vec<Option<String>>,
    /// Where it is written down.
    pub log: Arc<FaultLog>,
    /// The origin of the run's clock.
    pub origin: Instant,
    /// Decides targets and shapes.
    pub seed: u64,
    /// Where people see what is in force.
    pub progress: Arc<Progress>,
    /// Those that are in force, and what may be besides.
    pub in_force: InForce,
    /// What must hold while they are in force.
    pub watch: Arc<Watch>,
}

impl Faults {
    /// Follows the schedule to its end, or until somebody says stop. Whatever was injected was healed as well as it
    /// could be when this returns.
    ///
    /// # Errors
    /// If a fault could not be written down.
    pub async fn drive(self, stop: &watch::Receiver<Stop>) -> Result<()> {
        let faults = Arc::new(self);
        let mut tasks = JoinSet::new();
        for nemesis in 0..faults.nemeses.len() {
            let faults = Arc::clone(&faults);
            let stop = stop.clone();
            tasks.spawn(async move { faults.follow(nemesis, stop).await });
        }
        let mut result = Ok(());
        while let Some(joined) = tasks.join_next().await {
            let followed = joined.unwrap_or_else(|panic| Err(anyhow::anyhow!("a nemesis panicked: {panic}")));
            result = result.and(followed);
        }
        result
    }

    async fn follow(&self, nemesis: usize, mut stop: watch::Receiver<Stop>) -> Result<()> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ (nemesis as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mine = self.schedule.iter().enumerate().filter(|(_, planned)| planned.nemesis == nemesis);
        for (number, planned) in mine {
            tokio::select! {
                biased;
                () = requested(&mut stop) => return Ok(()),
                () = tokio::time::sleep_until((self.origin + planned.start).into()) => {}
            }
            let end = (self.origin + planned.start + planned.hold).into();
            let awaited = self.with.get(number).and_then(Option::as_ref);
            if let Some(other) = awaited
                && !tokio::select! {
                    biased;
                    () = requested(&mut stop) => return Ok(()),
                    found = self.in_force.wait_for(other, end) => found,
                }
            {
                self.refuse(number as u32, planned, format!("no {other} was in force while it would have lasted"))?;
                continue;
            }
            self.one(number as u32, planned, &mut rng, &mut stop).await?;
        }
        Ok(())
    }

    async fn one(
        &self,
        number: u32,
        planned: &PlannedFault,
        rng: &mut ChaCha8Rng,
        stop: &mut watch::Receiver<Stop>,
    ) -> Result<()> {
        let nemesis = &self.nemeses[planned.nemesis];
        let given = self.decided.get(number as usize).cloned().flatten();
        let is_given = given.is_some();
        let admitted = match given {
            Some(decided) => Ok(self.in_force.given(number, &self.system, decided)),
            None => self.in_force.choose(number, nemesis.as_ref(), &self.system, rng).await,
        };
        let refusal = match admitted {
            Ok(Admitted::Fault(decided)) => return self.carry_out(number, planned, decided, stop).await,
            // By chance it would go beyond the limits at this moment: it does not happen, and nothing is missing.
            Ok(Admitted::Nothing(reason)) if !is_given => {
                tracing::info!("left out: {reason}");
                return Ok(());
            }
            Ok(Admitted::Nothing(reason)) => reason,
            Err(error) => error.to_string(),
        };
        self.refuse(number, planned, refusal)
    }

    /// Writes down that a fault did not come to pass.
    fn refuse(&self, number: u32, planned: &PlannedFault, reason: String) -> Result<()> {
        let name = self.nemeses[planned.nemesis].name();
        let nothing = Injected { description: name.to_owned(), nodes: vec![], grudge: vec![] };
        self.log.record(number, name, &nothing, FaultPhase::Planned)?;
        self.log.record(number, name, &nothing, FaultPhase::Refused { reason })
    }

    /// A fault from the moment at which it is decided and admitted to that at which it is healed.
    async fn carry_out(
        &self,
        number: u32,
        planned: &PlannedFault,
        decided: Injected,
        stop: &mut watch::Receiver<Stop>,
    ) -> Result<()> {
        let nemesis = &self.nemeses[planned.nemesis];
        let record = |phase| self.log.record(number, nemesis.name(), &decided, phase);
        self.log.decided(&Step::of(&self.words[planned.nemesis], planned, &decided))?;
        record(FaultPhase::Planned)?;
        self.progress.fault_begins(number, &decided.description);
        match nemesis.inject(&self.system, &decided).await {
            Ok(()) => {
                record(FaultPhase::Injected)?;
                self.in_force.announce(number, nemesis.name());
                record(FaultPhase::Measured(measure(nemesis.as_ref(), &self.system, &decided).await))?;
                let probed = self.watch.at(When::During, "while a fault was in effect");
                let asked = async {
                    tokio::join!(probed, tokio::time::sleep_until((self.origin + planned.start + planned.hold).into()));
                };
                tokio::select! {
                    biased;
                    () = requested(stop) => {}
                    () = asked => {}
                }
            }
            Err(error) => record(FaultPhase::Refused { reason: error.to_string() })?,
        }
        // Also after a refusal: some nodes may have been reached before one could not be.
        let healed = match heal(nemesis, &self.system).await {
            Ok(()) => FaultPhase::Healed,
            Err(reason) => FaultPhase::NotHealed { reason },
        };
        self.in_force.let_go(number);
        self.progress.fault_ends(number);
        record(healed)
    }
}

async fn measure(nemesis: &dyn Nemesis, system: &System, decided: &Injected) -> Effect {
    match nemesis.in_effect(system, decided).await {
        Ok(measured) => Effect { in_effect: measured.in_effect, measured: measured.description },
        Err(error) => Effect { in_effect: false, measured: format!("could not be measured: {error}") },
    }
}

/// Heals a nemesis on every node, and measures that it is healed; tries again until [`HEAL_LIMIT`].
async fn heal(nemesis: &Arc<dyn Nemesis>, system: &System) -> Result<(), String> {
    let mut tasks = JoinSet::new();
    for node in &system.nodes {
        let (nemesis, system, node) = (Arc::clone(nemesis), system.clone(), node.clone());
        tasks.spawn(async move { heal_node(nemesis.as_ref(), &system, &node).await });
    }
    let mut problems = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => problems.push(problem),
            Err(panic) => problems.push(panic.to_string()),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
}

async fn heal_node(nemesis: &dyn Nemesis, system: &System, node: &cluster::Node) -> Result<(), String> {
    let script = cluster::Command::new(nemesis.heal_script()).idempotent().within(HEAL_LIMIT / 2);
    let restoring = tokio::time::timeout(HEAL_LIMIT + nemesis.restore_limit(), nemesis.restore(node));
    // Whether a node that took too long is whole all the same is measured below.
    if let Ok(restored) = restoring.await {
        restored.map_err(|error| error.to_string())?;
    }
    let deadline = Instant::now() + HEAL_LIMIT;
    loop {
        let problem = match node.run(&script).await {
            Err(error) => error.to_string(),
            Ok(_) => match nemesis.healed(system, node).await {
                Ok(measured) if measured.in_effect => return Ok(()),
                Ok(measured) => format!("{}: {}", node.name, measured.description),
                Err(error) => error.to_string(),
            },
        };
        if Instant::now() >= deadline {
            return Err(problem);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
