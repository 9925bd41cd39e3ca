//! Transactions that cannot be, as people and machines are told of them: who did what, who must come before whom and
//! why, and the same as lines for a terminal. It says what a checker found, and judges nothing.

use crate::finding::{Finding, Operation};
use crate::witness_lines::Lines;
use crate::words::{clean, counted, shorten};
use checkers::txn::TxnAnomaly;
use serde::Serialize;

/// Most transactions of an anomaly, and steps of a cycle, that people are shown.
pub(crate) const SHOWN: usize = 16;
/// Most characters of what a transaction did, and of a reason.
const LONGEST: usize = 4_000;
/// Most lines that a transaction or a reason may take in a terminal.
const LINES: usize = 4;

/// A transaction of an anomaly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Transaction {
    /// What it is called: `T12`.
    pub name: String,
    /// What it did: `r 5 [1 2], append 5 3`.
    pub program: String,
    /// Its position among the operations of the witness.
    pub operation: usize,
}

/// One step of a cycle: a transaction precedes another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Precedence {
    /// Position of the first among the transactions.
    pub from: usize,
    /// Position of the second.
    pub to: usize,
    /// `ww`, `wr`, `rw`, `process` or `realtime`.
    pub kind: String,
    /// In words.
    pub why: String,
}

impl Transaction {
    /// Its name with what it did.
    pub(crate) fn words(&self) -> String {
        format!("{}: {}", self.name, self.program)
    }
}

/// Who is in an anomaly; `positions` are the calls of its witness.
pub(crate) fn transactions(anomaly: &TxnAnomaly, positions: &[u32]) -> Vec<Transaction> {
    let explained = &anomaly.explained;
    let words = explained.names.iter().zip(&explained.programs);
    let transaction = |(row, (name, program)): (&u32, (&String, &String))| {
        let operation = positions.iter().position(|position| position == row)?;
        let name = shorten(&clean(name), LONGEST);
        Some(Transaction { name, program: shorten(&clean(program), LONGEST), operation })
    };
    explained.rows.iter().zip(words).filter_map(transaction).collect()
}

/// Who must come before whom. None of it if it speaks of a transaction that there is not.
pub(crate) fn steps(anomaly: &TxnAnomaly, transactions: &[Transaction]) -> Vec<Precedence> {
    let hops = &anomaly.explained.hops;
    let known = transactions.len();
    if known != anomaly.explained.rows.len() || hops.iter().any(|hop| hop.from >= known || hop.to >= known) {
        return Vec::new();
    }
    let step = |hop: &checkers::txn::Hop| Precedence {
        from: hop.from,
        to: hop.to,
        kind: clean(&hop.kind),
        why: shorten(&clean(&hop.why), LONGEST),
    };
    hops.iter().map(step).collect()
}

/// Which of so many steps are shown: the first ones, and always the last, which closes the cycle.
pub(crate) fn shown(steps: usize) -> impl Iterator<Item = usize> {
    let first = if steps > SHOWN { SHOWN - 1 } else { steps.saturating_sub(1) };
    (0..first).chain(steps.checked_sub(1))
}

impl Finding {
    /// What a step says, without its reason: `T1 < T2`.
    pub(crate) fn order(&self, step: &Precedence) -> String {
        let name = |at: usize| self.transactions.get(at).map_or("?", |transaction| transaction.name.as_str());
        format!("{} < {}", name(step.from), name(step.to))
    }

    /// The operations as their transactions are to be called.
    pub(crate) fn called_operations(&self, call: impl Fn(&Transaction) -> String) -> Vec<Operation> {
        let mut operations = self.operations.clone();
        for transaction in &self.transactions {
            if let Some(operation) = operations.get_mut(transaction.operation) {
                operation.operation = call(transaction);
            }
        }
        operations
    }
}

impl Lines {
    /// The transactions, and for a cycle why it is one.
    pub(crate) fn transactions(&mut self, finding: &Finding) {
        self.blank();
        for (number, transaction) in finding.transactions.iter().take(SHOWN).enumerate() {
            let head = format!("{} {} = ", if number == 0 { "Let" } else { "   " }, transaction.name);
            self.hang(2, 8, &head, &transaction.program, LINES);
        }
        self.more(6, finding.transactions.len(), SHOWN, "transaction");
        let steps = &finding.steps;
        if steps.is_empty() {
            return;
        }
        self.blank();
        let last = steps.len() - 1;
        for at in shown(steps.len()) {
            if at == last && steps.len() > SHOWN {
                self.say(4, "", &format!("and {}", counted(steps.len() - SHOWN, "more step")), 1);
            }
            let step = &steps[at];
            let (however, end) = if at == last { ("However, ", ": a contradiction") } else { ("", "") };
            let head = format!("{however}{}  {}  ", finding.order(step), step.kind);
            self.hang(2, 6, &head, &format!("because {}{end}", step.why), LINES);
        }
    }
}
