//! What was found in a history, put together: what is known to be wrong, what that refutes, and what is left in doubt.

use super::decide::follows;
use super::{Certificate, Objects, Refutation, TxnAnomaly, TxnJudged, TxnOptions, level_names};
use crate::phrase::count;
use crate::txn::explain;
use crate::txn::level::{Boundary, Lattice, Level};
use crate::txn::{Cycles, EMPTY_GRAPH, Gap, Inferred, Phenomenon, verify_proof};
use crate::verdict::{Evidence, Word};
use std::collections::BTreeSet;

/// A history with all that was found in it.
pub(super) struct Case<'a> {
    pub(super) objects: Objects,
    pub(super) inferred: &'a Inferred<'a>,
    pub(super) cycles: &'a Cycles,
    pub(super) options: &'a TxnOptions,
}

impl Case<'_> {
    pub(super) fn judged(&self) -> TxnJudged {
        let lattice = if self.options.as_elle { Lattice::elle() } else { Lattice::corrected() };
        let (found, unproven) = self.phenomena(&lattice);
        let mut decided = self.decided(&lattice, &found);
        let mut boundary = lattice.boundary(&found);
        decided.refuted.retain(|refutation| !boundary.not.contains(&refutation.level));
        if !decided.refuted.is_empty() {
            boundary = widened(&lattice, &boundary, &decided.refuted);
        }
        let refuted: BTreeSet<Level> = boundary.not.iter().chain(&boundary.also_not).copied().collect();
        let is_broken = self.options.expect.iter().any(|level| refuted.contains(level));
        decided.doubts.extend(unproven.into_iter().chain(self.doubts()));
        let word = match (is_broken, decided.doubts.is_empty()) {
            (true, _) => Word::Invalid,
            (false, false) => Word::Unknown,
            (false, true) => Word::Valid,
        };
        let kept: Vec<Level> = Level::all()
            .filter(|level| !refuted.contains(level))
            .filter(|level| follows(&lattice, &decided.kept, *level, |level| refuted.contains(&level)))
            .collect();
        let strongest = lattice.strongest(&kept);
        let mut evidence = self.evidence(&boundary, &strongest);
        if !decided.by_timestamps.is_empty() {
            let relied = format!("the timestamps that the database gave, for {}", level_names(&decided.by_timestamps));
            evidence.push(("relied on".to_owned(), relied));
        }
        let reason = if word == Word::Unknown { decided.doubts.join("; ") } else { String::new() };
        let anomalies = self.anomalies(&lattice);
        let mut refutations = decided.refuted;
        if is_broken && refutations.is_empty() && !anomalies.iter().any(|anomaly| anomaly.breaks_promise) {
            refutations = self.proofs(&lattice);
        }
        for refutation in &mut refutations {
            let breaks = |level: &Level| lattice.implies(*level, refutation.level);
            refutation.breaks_promise = self.options.expect.iter().any(breaks);
        }
        TxnJudged { word, reason, anomalies, boundary, refutations, minimal: None, strongest, evidence }
    }

    /// What is promised and cannot be, where the budget ended before a cycle could be shown: the transactions among which
    /// it surely is.
    fn proofs(&self, lattice: &Lattice) -> Vec<Refutation> {
        let of = |level: Level| {
            let (graph, timeline) = (&self.inferred.graph, self.inferred.transactions.timeline());
            let proofs = self.cycles.proven.iter().filter(|proof| lattice.prohibits(level, proof.least()));
            let proof = proofs.clone().find(|proof| verify_proof(proof, graph, timeline))?;
            let rows = count(proof.rows.len(), "transaction");
            let sentence = format!(
                "{rows} precede each other in a circle that {level} forbids; the budget ended before a short one was found"
            );
            Some(self.refutation(level, proof.rows.clone(), sentence, Certificate::Component(proof.clone())))
        };
        self.options.expect.iter().filter_map(|level| of(*level)).collect()
    }

    /// Everything that is known to be there, and what was said to be there but did not stand a second look. What occurs
    /// with something that was found needs no proof of its own.
    fn phenomena(&self, lattice: &Lattice) -> (Vec<Phenomenon>, Vec<String>) {
        let findings = self.inferred.counts.keys().copied().filter(|phenomenon| self.counts(*phenomenon));
        let cycles = self.cycles.cycles.iter().map(|cycle| cycle.phenomenon);
        let mut all: BTreeSet<Phenomenon> = findings.chain(cycles).collect();
        let timeline = self.inferred.transactions.timeline();
        let mut doubts = Vec::new();
        for proof in &self.cycles.proven {
            let is_brought = all.iter().any(|found| lattice.brings(*found, proof.least()));
            if is_brought || verify_proof(proof, &self.inferred.graph, timeline) {
                all.insert(proof.least());
            } else {
                doubts.push(fault(&format!("a circle of {}", proof.least())));
            }
        }
        (all.into_iter().collect(), doubts)
    }

    /// Elle looks for neither of these.
    fn counts(&self, phenomenon: Phenomenon) -> bool {
        let is_ours = matches!(phenomenon, Phenomenon::GarbageRead | Phenomenon::LostAppend);
        !(self.options.as_elle && is_ours)
    }

    pub(super) fn doubts(&self) -> Vec<String> {
        let mut doubts = self.inferred.doubts.clone();
        if self.inferred.transactions.is_empty() {
            doubts.push("not enough evidence: no transaction was done by any client".to_owned());
        } else if self.inferred.exposure.committed == 0 {
            doubts.push("not enough evidence: no transaction is known to have committed".to_owned());
        }
        let gap = |gap: &Gap| match gap {
            Gap::Hubs => Some("some cycles of predicates could not be looked for".to_owned()),
            Gap::Unverified => Some(fault("a cycle")),
            // What is there was decided without; only which cycles are shown depends on the budget.
            Gap::Budget => None,
        };
        doubts.extend(self.cycles.incomplete.iter().filter_map(gap));
        if self.options.as_elle {
            doubts.retain(|doubt| doubt == EMPTY_GRAPH || doubt.starts_with("not enough evidence"));
        }
        doubts
    }

    fn anomalies(&self, lattice: &Lattice) -> Vec<TxnAnomaly> {
        let transactions = &self.inferred.transactions;
        let breaks = |phenomenon| self.options.expect.iter().any(|level| lattice.prohibits(*level, phenomenon));
        let findings = self.inferred.findings.iter().filter(|finding| self.counts(finding.phenomenon));
        let findings = findings.map(|finding| {
            let certificate = Certificate::Finding(finding.clone());
            (finding.phenomenon, explain::finding(transactions, finding), certificate)
        });
        let cycles = self.cycles.cycles.iter();
        let cycles = cycles
            .map(|cycle| (cycle.phenomenon, explain::cycle(self.inferred, cycle), Certificate::Cycle(cycle.clone())));
        let anomaly = |(phenomenon, explained, certificate)| {
            let breaks_promise = breaks(phenomenon);
            TxnAnomaly { phenomenon, breaks_promise, explained, certificate }
        };
        let mut anomalies: Vec<TxnAnomaly> = findings.chain(cycles).map(anomaly).collect();
        anomalies.sort_by_key(|anomaly| (!anomaly.breaks_promise, anomaly.phenomenon));
        anomalies
    }

    fn evidence(&self, boundary: &Boundary, strongest: &[Level]) -> Evidence {
        let exposure = &self.inferred.exposure;
        let mut facts = vec![
            ("promised", level_names(&self.options.expect)),
            ("strongest level kept", level_names(strongest)),
            ("not", level_names(&boundary.not)),
            ("also not", level_names(&boundary.also_not)),
            ("transactions", exposure.transactions.to_string()),
            ("committed", exposure.committed.to_string()),
            ("keys", exposure.keys.to_string()),
            ("ww edges", exposure.ww.to_string()),
            ("wr edges", exposure.wr.to_string()),
            ("rw edges", exposure.rw.to_string()),
            ("reads of old versions", exposure.old_reads.to_string()),
            ("largest component", self.cycles.stats.largest.to_string()),
            ("nodes expanded", self.cycles.stats.expansions.to_string()),
        ];
        if self.cycles.incomplete.contains(&Gap::Budget) {
            facts.push(("search for cycles to show", "ended by the budget".to_owned()));
        }
        let mut evidence: Evidence = facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let plural = |count: u64| if count == 1 { "edge" } else { "edges" };
        let source =
            |(name, count): &(&str, u64)| (format!("versions by {name}"), format!("{count} {}", plural(*count)));
        evidence.extend(self.inferred.sources.iter().map(source));
        let counts = self.inferred.counts.iter().chain(&self.cycles.at_least);
        let counts = counts.filter(|(phenomenon, _)| self.counts(**phenomenon));
        evidence.extend(counts.map(|(phenomenon, count)| (phenomenon.name(), format!("at least {count}"))));
        evidence
    }
}

/// Adds levels that were refuted by themselves, and all from which one of them follows.
fn widened(lattice: &Lattice, boundary: &Boundary, refuted: &[Refutation]) -> Boundary {
    let follows = |level: &Level| refuted.iter().any(|refutation| lattice.implies(*level, refutation.level));
    lattice.divided(boundary.not.iter().chain(&boundary.also_not).copied().chain(Level::all().filter(follows)))
}

/// What is said of something that was found but did not stand a second look, so that nothing rests on it.
pub(super) fn fault(what: &str) -> String {
    format!("{what} was found that did not verify: a fault of ours, please report it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::{CycleOptions, GraphLevel, Needs, Proof, cycles, infer_append};
    use history::{Calls, ReadOptions, read_bytes};

    const KEPT: &str = "{:process 0, :type :invoke, :f :txn, :value [[:append 1 1]]}
{:process 0, :type :ok, :f :txn, :value [[:append 1 1]]}
{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil] [:append 1 2]]}
{:process 1, :type :ok, :f :txn, :value [[:r 1 [1]] [:append 1 2]]}
{:process 2, :type :invoke, :f :txn, :value [[:r 1 nil]]}
{:process 2, :type :ok, :f :txn, :value [[:r 1 [1 2]]]}
";

    #[test]
    fn what_does_not_stand_a_second_look_makes_the_history_unknown_and_not_invalid() {
        let recording = read_bytes(KEPT.as_bytes(), &ReadOptions::default()).expect("a history");
        let calls = Calls::pair(&recording).expect("pairs");
        let options = TxnOptions::default();
        let inferred = infer_append(&calls, &options.infer).expect("transactions");
        let mut found = cycles(&inferred.graph, inferred.transactions.timeline(), &CycleOptions::default());
        let judged = |found: &Cycles| {
            Case { objects: Objects::Lists, inferred: &inferred, cycles: found, options: &options }.judged()
        };
        assert_eq!(judged(&found).word, Word::Valid);
        found.proven.push(Proof { level: GraphLevel::Writes, needs: Needs::Data, rows: vec![0, 1] });
        let wrong = judged(&found);
        assert_eq!((wrong.word, wrong.boundary.not.len()), (Word::Unknown, 0), "{wrong:?}");
        assert!(wrong.reason.contains("a circle of G0 was found that did not verify"), "{}", wrong.reason);
        assert!(wrong.reason.contains("a fault of ours, please report it"), "{}", wrong.reason);
    }
}
