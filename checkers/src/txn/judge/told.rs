//! What was found among transactions, in the words of every checker.

use super::{Refutation, TxnAnomaly};
use crate::argument::{Argument, Member, MinimalHistory, Precedence};
use crate::txn::minimal::{Kept, Minimal};
use crate::txn::{Explained, Hop};
use crate::verdict::Anomaly;
use history::OpId;

impl TxnAnomaly {
    /// With the positions of its calls, and the argument step by step.
    pub(super) fn told(&self) -> Anomaly {
        anomaly(self.phenomenon.name(), &self.explained)
    }
}

impl Refutation {
    /// With the positions of its calls, and the argument as far as it goes step by step.
    pub(super) fn told(&self) -> Anomaly {
        anomaly(format!("not-{}", self.level), &self.explained)
    }
}

impl Minimal {
    /// With the positions of its calls.
    pub(super) fn told(&self) -> MinimalHistory {
        let member =
            |kept: &Kept| Member { name: kept.name.clone(), program: kept.program.clone(), operation: OpId(kept.row) };
        MinimalHistory {
            of: self.of,
            transactions: self.transactions.iter().map(member).collect(),
            begins: self.begins.clone(),
        }
    }
}

fn anomaly(name: String, explained: &Explained) -> Anomaly {
    let mut operations: Vec<OpId> = explained.rows.iter().map(|row| OpId(*row)).collect();
    operations.sort_unstable();
    operations.dedup();
    let nickname = explained.nickname.map(|nickname| format!("{nickname}: ")).unwrap_or_default();
    let explanation = format!("{nickname}{}", explained.sentence);
    let argument = Some(Box::new(argument(explained)));
    Anomaly { name, key: None, operations, culprit: None, intervals: Vec::new(), explanation, argument }
}

fn argument(explained: &Explained) -> Argument {
    let words = explained.names.iter().zip(&explained.programs);
    let member = |(row, (name, program)): (&u32, (&String, &String))| Member {
        name: name.clone(),
        program: program.clone(),
        operation: OpId(*row),
    };
    let step = |hop: &Hop| Precedence { from: hop.from, to: hop.to, kind: hop.kind.clone(), why: hop.why.clone() };
    Argument {
        nickname: explained.nickname.map(str::to_owned),
        transactions: explained.rows.iter().zip(words).map(member).collect(),
        steps: explained.hops.iter().map(step).collect(),
        minimal: None,
    }
}
