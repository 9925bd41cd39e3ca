//! What proves that something is wrong, as data: it can be checked again by anybody who has the history, and is.

use crate::txn::level::{Before, Evidence, Lattice, Lemma, Level, Step};
use crate::txn::level::{verify_befores, verify_circle, verify_lemmas};
use crate::txn::{Cycle, Finding, Inferred, Mop, Proof, verify, verify_finding, verify_proof};

/// The proof of an anomaly, or of the refutation of a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Steps of transactions that cannot be.
    Finding(Finding),
    /// Transactions that each precede the next.
    Cycle(Cycle),
    /// Transactions among which there is a cycle that was not looked for.
    Component(Proof),
    /// A circle that the level forbids, among transactions whose versions are in a known order.
    Circle(Vec<Step>),
    /// A circle in every order of commits that the level allows.
    Befores(Vec<Before>),
    /// Cycles that leave no order of the writers of registers.
    Orders(Vec<Lemma>),
    /// A read from a transaction that did not write the object.
    Nowhere {
        /// Who read.
        row: u32,
        /// What.
        key: u32,
        /// From whom.
        from: u32,
    },
}

impl Certificate {
    /// Checks it against the history: for anomalies what they are is part of it, for levels the level that it refutes is.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self, inferred: &Inferred<'_>, refutes: Option<Level>, budget: u64) -> Result<(), String> {
        let Inferred { transactions, graph, accesses, .. } = inferred;
        let evidence = Evidence { accesses, timeline: transactions.timeline(), graph };
        let of_level = |check: &dyn Fn(Level) -> Result<(), String>| match refutes {
            Some(level) => check(level),
            None => Err("it refutes a level, and none is named".to_owned()),
        };
        let holds = |holds: bool| if holds { Ok(()) } else { Err("it does not hold".to_owned()) };
        match self {
            Certificate::Finding(finding) => holds(verify_finding(transactions, finding)),
            Certificate::Cycle(cycle) => verify(cycle, graph, transactions.timeline()),
            Certificate::Component(proof) => of_level(&|level| {
                let is_forbidden = Lattice::corrected().prohibits(level, proof.least());
                holds(is_forbidden && verify_proof(proof, graph, transactions.timeline()))
            }),
            Certificate::Circle(steps) => of_level(&|level| verify_circle(&evidence, level, steps)),
            Certificate::Befores(steps) => of_level(&|level| holds(verify_befores(&evidence, level, steps))),
            Certificate::Orders(lemmas) => of_level(&|level| {
                let verified = verify_lemmas(&evidence, level, lemmas, budget);
                verified.map_err(|unproven| unproven.to_string())
            }),
            Certificate::Nowhere { row, key, from } => {
                let is_row = |row: u32| (row as usize) < transactions.len();
                let is_read = is_row(*row) && accesses.reads(*row).iter().any(|r| (r.key, r.from) == (*key, *from));
                let is_write = |mop: Mop| mop.key == *key && mop.kind.is_write();
                let wrote = is_row(*from) && transactions.mops(*from).any(is_write);
                holds(is_read && is_row(*from) && !wrote)
            }
        }
    }
}
