//! What went wrong on purpose: the faults of a run, beside its history, on the same clock.

use crate::Time;
use serde::{Deserialize, Serialize};

/// What was measured of a fault while it lasted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// True if the measurement shows that the fault was in force everywhere it was meant to be.
    pub in_effect: bool,
    /// What was measured, for people: `8 of 8 links cut`.
    pub measured: String,
}

/// How far a fault has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "kebab-case")]
pub enum FaultPhase {
    /// Written before anything is done to any node.
    Planned,
    /// Every command that makes the fault has returned.
    Injected,
    /// It was not, or not everywhere, injected; the reason is for people.
    Refused {
        /// What stood in the way.
        reason: String,
    },
    /// Its effect was measured while it lasted.
    Measured(Effect),
    /// Every command that undoes it has returned.
    Healed,
    /// It could not be shown to be undone; the reason is for people.
    NotHealed {
        /// What stood in the way.
        reason: String,
    },
}

/// One line of `faults.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// Which fault of the run, from 0.
    pub fault: u32,
    /// When, on the clock of the history.
    pub time: Time,
    /// The nemesis that does it, for example `partition`.
    pub nemesis: String,
    /// What is done, for people: `partition {n1 n2} | {n3 n4 n5}`.
    pub description: String,
    /// The nodes that it is done to.
    pub nodes: Vec<String>,
    /// How far it has come.
    #[serde(flatten)]
    pub phase: FaultPhase,
}

/// A fault as a whole: what its records say together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Which fault of the run, from 0.
    pub id: u32,
    /// The nemesis that did it.
    pub nemesis: String,
    /// What was done, for people.
    pub description: String,
    /// The nodes that it was done to.
    pub nodes: Vec<String>,
    /// When its first command may have been sent.
    pub planned: Time,
    /// When it was in force everywhere; None if it was refused.
    pub injected: Option<Time>,
    /// When it was undone; None if that is not known.
    pub healed: Option<Time>,
    /// What was measured while it lasted; None if nothing was.
    pub effect: Option<Effect>,
    /// Why it could not be injected, or not be shown to be healed.
    pub problem: Option<String>,
}

impl Fault {
    /// Joins the records of a run into its faults, in the order in which they were planned.
    #[must_use]
    pub fn collect(records: &[FaultRecord]) -> Vec<Fault> {
        let mut faults: Vec<Fault> = Vec::new();
        for record in records {
            let position = faults.iter().position(|f| f.id == record.fault).unwrap_or_else(|| {
                faults.push(Fault::planned(record));
                faults.len() - 1
            });
            faults[position].apply(record);
        }
        faults
    }

    /// True if it was measured to be in force.
    #[must_use]
    pub fn was_in_effect(&self) -> bool {
        self.effect.as_ref().is_some_and(|e| e.in_effect)
    }

    fn planned(record: &FaultRecord) -> Fault {
        Fault {
            id: record.fault,
            nemesis: record.nemesis.clone(),
            description: record.description.clone(),
            nodes: record.nodes.clone(),
            planned: record.time,
            injected: None,
            healed: None,
            effect: None,
            problem: None,
        }
    }

    fn apply(&mut self, record: &FaultRecord) {
        self.description.clone_from(&record.description);
        self.nodes.clone_from(&record.nodes);
        match &record.phase {
            FaultPhase::Planned => {}
            FaultPhase::Injected => self.injected = Some(record.time),
            FaultPhase::Refused { reason } | FaultPhase::NotHealed { reason } => self.problem = Some(reason.clone()),
            FaultPhase::Measured(effect) => self.effect = Some(effect.clone()),
            FaultPhase::Healed => self.healed = Some(record.time),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fault: u32, time: u64, phase: FaultPhase) -> FaultRecord {
        FaultRecord {
            fault,
            time: Time(time),
            nemesis: "kill".into(),
            description: "kill n1".into(),
            nodes: vec!["n1".into()],
            phase,
        }
    }

    #[test]
    fn records_of_overlapping_faults_are_joined_by_their_number() {
        let effect = Effect { in_effect: true, measured: "1 of 1 killed".into() };
        let faults = Fault::collect(&[
            record(0, 1, FaultPhase::Planned),
            record(1, 2, FaultPhase::Planned),
            record(0, 3, FaultPhase::Injected),
            record(1, 4, FaultPhase::Refused { reason: "n1 is unreachable".into() }),
            record(0, 5, FaultPhase::Measured(effect)),
            record(0, 6, FaultPhase::Healed),
        ]);
        assert_eq!(faults.len(), 2);
        assert_eq!((faults[0].planned, faults[0].injected, faults[0].healed), (Time(1), Some(Time(3)), Some(Time(6))));
        assert!(faults[0].was_in_effect());
        assert_eq!(faults[1].injected, None);
        assert!(!faults[1].was_in_effect());
        assert_eq!(faults[1].problem.as_deref(), Some("n1 is unreachable"));
    }

    #[test]
    fn a_record_is_one_flat_line_and_comes_back() {
        let line = serde_json::to_string(&record(
            3,
            9,
            FaultPhase::Measured(Effect { in_effect: false, measured: "0 of 1".into() }),
        ))
        .unwrap();
        assert_eq!(
            line,
            r#"{"fault":3,"time":9,"nemesis":"kill","description":"kill n1","nodes":["n1"],"phase":"measured","in_effect":false,"measured":"0 of 1"}"#
        );
        assert_eq!(serde_json::from_str::<FaultRecord>(&line).unwrap().fault, 3);
    }
}
