//! A schedule that was decided before: what a run did, written down as it was decided, and done again by another one.
//!
//! `schedule.toml` in the directory of a run is a list of faults, each with its time, its length, its nodes and, for a
//! partition, who drops whose packets. The same list may stand in a plan; whatever it leaves open is decided by the seed.

use crate::plan::Plan;
use crate::quantity::Span;
use anyhow::{Context, Result};
use nemeses::{Injected, Nemesis, PlannedFault};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The name of the file in the directory of a run.
pub const FILE: &str = "schedule.toml";

/// One fault that shall happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// The nemesis, as in a list of them: `partition:halves`.
    pub nemesis: String,
    /// After the first operation; in whole milliseconds.
    pub start: Span,
    /// How long it lasts.
    pub hold: Span,
    /// It waits until a fault of this nemesis is in force, and is refused if there is none before it would be over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// What it is called, for people; without it nodes are chosen by the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The nodes that it is done to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// For each node, whose packets it drops.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grudge: BTreeMap<String, Vec<String>>,
}

/// A list of faults, as it stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// In the order of their start.
    #[serde(default)]
    pub fault: Vec<Step>,
}

impl Step {
    /// What was decided for a fault of this schedule.
    #[must_use]
    pub fn of(nemesis: &str, planned: &PlannedFault, decided: &Injected) -> Step {
        Step {
            nemesis: nemesis.to_owned(),
            start: Span(milliseconds(planned.start)),
            hold: Span(milliseconds(planned.hold)),
            with: None,
            description: Some(decided.description.clone()),
            nodes: decided.nodes.clone(),
            grudge: decided.grudge.iter().cloned().collect(),
        }
    }

    /// What it does, if that is decided.
    #[must_use]
    pub fn decided(&self) -> Option<Injected> {
        let grudge = || self.grudge.iter().map(|(node, drops)| (node.clone(), drops.clone())).collect();
        let description = self.description.clone()?;
        (!self.nodes.is_empty()).then(|| Injected { description, nodes: self.nodes.clone(), grudge: grudge() })
    }

    /// When it is over.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.start.0 + self.hold.0
    }

    fn named(&self) -> impl Iterator<Item = &String> {
        self.nodes.iter().chain(self.grudge.keys()).chain(self.grudge.values().flatten())
    }
}

/// A length that a plan can say: never zero, and without fractions of a millisecond.
fn milliseconds(length: Duration) -> Duration {
    Duration::from_millis((length.as_millis() as u64).max(1))
}

/// Which nemeses these steps need, as a list of them: each once.
#[must_use]
pub fn nemeses_of(steps: &[Step]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for step in steps {
        if !words.contains(&step.nemesis.as_str()) {
            words.push(&step.nemesis);
        }
    }
    if words.is_empty() { "none".to_owned() } else { words.join(",") }
}

/// Steps and when they happen, with the position of their nemesis in the list that [`nemeses_of`] names.
#[must_use]
fn planned(steps: &[Step]) -> Vec<PlannedFault> {
    let list = nemeses_of(steps);
    let words: Vec<&str> = list.split(',').collect();
    let position = |step: &Step| words.iter().position(|word| *word == step.nemesis).unwrap_or_default();
    steps.iter().map(|step| PlannedFault { start: step.start.0, hold: step.hold.0, nemesis: position(step) }).collect()
}

/// What a plan lets happen when, and what is decided of it: its own faults, or those that its seed chooses.
#[must_use]
pub fn of(plan: &Plan, nemeses: usize) -> (Vec<PlannedFault>, Vec<Option<Injected>>) {
    if !plan.fault.is_empty() {
        return (planned(&plan.fault), plan.fault.iter().map(Step::decided).collect());
    }
    let (interval, hold, limit) = (plan.nemesis_interval.0, plan.nemesis_hold.0, plan.time_limit.0);
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed.0);
    (nemeses::schedule(nemeses, nemeses::Timing { interval, hold, limit }, &mut rng), Vec::new())
}

/// Says what is wrong with steps in a plan: faults that the end of the run would cut off, or that begin out of order.
///
/// # Errors
/// The first such step, and what to do.
pub fn check(steps: &[Step], limit: Span) -> Result<(), String> {
    for (number, step) in steps.iter().enumerate() {
        let which = format!("fault {} ({} at {})", number + 1, step.nemesis, step.start);
        if step.end() > limit.0 {
            return Err(format!("{which} ends {} after the start, but the time limit is {limit}", Span(step.end())));
        }
        if number > 0 && steps[number - 1].start.0 > step.start.0 {
            return Err(format!("{which} begins before the one above it; put faults in the order of their start"));
        }
        if let Some(other) = &step.with
            && !steps[..number].iter().any(|earlier| name(earlier) == other && earlier.end() > step.start.0)
        {
            return Err(format!("{which} waits for {other}, but no fault above it is a {other} that lasts until then"));
        }
        let earlier = steps[..number].iter().filter(|earlier| name(earlier) == name(step));
        if let Some(earlier) = earlier.into_iter().find(|earlier| earlier.end() > step.start.0) {
            let end = Span(earlier.end());
            return Err(format!(
                "{which} begins before another {} has ended at {end}; one heals the other",
                name(step)
            ));
        }
    }
    Ok(())
}

fn name(step: &Step) -> &str {
    step.nemesis.split(':').next().unwrap_or_default()
}

/// The first step that names a node which is not there.
#[must_use]
pub fn unknown_node(steps: &[Step], nodes: &[String]) -> Option<String> {
    steps.iter().enumerate().find_map(|(number, step)| {
        let unknown = step.named().find(|name| !nodes.contains(name))?;
        Some(format!("fault {} names the node `{unknown}`; there are {}", number + 1, nodes.join(", ")))
    })
}

/// What a run wrote down of its schedule.
///
/// # Errors
/// If it cannot be read, or is no schedule.
pub fn load(run: &Path) -> Result<Vec<Step>> {
    let path = run.join(FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let schedule: Schedule = toml::from_str(&text).with_context(|| format!("{} is no schedule", path.display()))?;
    let mut steps = schedule.fault;
    steps.sort_by_key(|step| step.start.0);
    Ok(steps)
}

/// Adds a step to what is written down, before it is taken.
///
/// # Errors
/// If it cannot be written.
pub fn append(file: &mut impl std::io::Write, step: &Step) -> Result<()> {
    let mut text = toml::to_string(&Schedule { fault: vec![step.clone()] }).context("a step can be written")?;
    writeln!(text).context("a step can be written")?;
    file.write_all(text.as_bytes()).context("cannot write down the schedule")
}

/// Nemeses, and the words of a plan that name them.
pub type Named = (Vec<String>, Vec<Arc<dyn Nemesis>>);

/// The words of a list of nemeses beside what they make.
///
/// # Errors
/// If the list is wrong.
pub fn parsed(list: &str) -> Result<Named> {
    let nemeses = nemeses::parse(list)?.into_iter().map(Arc::from).collect();
    let words = list.split(',').map(str::trim).filter(|word| !word.is_empty() && *word != "none");
    Ok((words.map(str::to_owned).collect(), nemeses))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(nemesis: &str, start: u64, hold: u64) -> Step {
        let (description, nodes, grudge) = (None, Vec::new(), BTreeMap::new());
        Step {
            nemesis: nemesis.into(),
            start: Span::seconds(start),
            hold: Span::seconds(hold),
            with: None,
            description,
            nodes,
            grudge,
        }
    }

    #[test]
    fn what_was_decided_comes_back_from_the_file() {
        let planned =
            PlannedFault { start: Duration::from_micros(1_234_567), hold: Duration::from_secs(5), nemesis: 0 };
        let decided = Injected {
            description: "partition {n1} | {n2 n3}".into(),
            nodes: vec!["n1".into(), "n2".into(), "n3".into()],
            grudge: vec![("n1".into(), vec!["n2".into(), "n3".into()]), ("n2".into(), vec!["n1".into()])],
        };
        let (run, mut file) = (tempfile::tempdir().unwrap(), Vec::new());
        append(&mut file, &Step::of("partition", &planned, &decided)).unwrap();
        append(&mut file, &step("kill", 1, 1)).unwrap();
        std::fs::write(run.path().join(FILE), &file).unwrap();
        let steps = load(run.path()).unwrap();
        assert_eq!(steps.iter().map(|step| step.nemesis.as_str()).collect::<Vec<_>>(), ["kill", "partition"]);
        assert_eq!((steps[1].decided(), steps[1].start.0), (Some(decided), Duration::from_millis(1234)));
        assert_eq!(steps[0].decided(), None, "the seed decides");
        assert_eq!(nemeses_of(&steps), "kill,partition");
        assert_eq!(super::planned(&steps)[1].nemesis, 1);
    }

    #[test]
    fn steps_that_cannot_be_taken_are_refused() {
        let error = |steps: &[Step]| check(steps, Span::seconds(10)).unwrap_err();
        assert!(error(&[step("kill", 8, 3)]).contains("fault 1 (kill at 8s) ends 11s after the start"));
        assert!(error(&[step("kill", 5, 1), step("pause", 4, 1)]).contains("fault 2"));
        assert!(
            error(&[step("kill:one", 1, 3), step("kill:all", 2, 1)]).contains("before another kill has ended at 4s")
        );
        let with = |start| Step { with: Some("partition".into()), ..step("kill", start, 1) };
        assert!(error(&[step("partition", 1, 3), with(5)]).contains("waits for partition, but no fault above it"));
        check(&[step("partition", 1, 3), with(2)], Span::seconds(10)).unwrap();
        let mut somewhere = step("kill", 1, 1);
        somewhere.nodes = vec!["n9".into()];
        let told = unknown_node(&[somewhere], &["n1".into(), "n2".into()]).unwrap();
        assert_eq!(told, "fault 1 names the node `n9`; there are n1, n2");
        check(&[step("kill", 1, 3), step("pause", 2, 3), step("kill", 4, 1)], Span::seconds(10)).unwrap();
    }
}
