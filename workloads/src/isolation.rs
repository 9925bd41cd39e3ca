//! The checker of transactions, and the checkers of one shape of transactions, as workloads use them: a typed history is
//! told to checkers that know no data type.

use checkers::txn::level::Level;
use checkers::txn::{Objects, TxnOptions, judge_transactions};
use checkers::{Budget, Checker, SingleOptions, Verdict};
use history::{Calls, DataType, History, ReadOptions, read_bytes};

/// Says whether transactions kept a level.
pub(crate) struct Isolation {
    /// What was promised.
    pub(crate) expect: Level,
    /// What the transactions are about.
    pub(crate) objects: Objects,
}

impl<D: DataType> Checker<D> for Isolation {
    fn name(&self) -> &'static str {
        "isolation"
    }

    fn check(&self, history: &History<D>, _: Budget) -> Verdict {
        told(history, |calls| {
            let minimise = TxnOptions::MINIMISE;
            let options = TxnOptions { expect: vec![self.expect], minimise, ..TxnOptions::default() };
            match judge_transactions(self.objects, calls, &options) {
                Ok(judged) => judged.verdict(),
                Err(error) => unknown(error),
            }
        })
    }
}

/// A checker that goes by a name; see [`checkers::judge`].
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) options: SingleOptions,
}

impl<D: DataType> Checker<D> for Named {
    fn name(&self) -> &'static str {
        self.name
    }

    fn check(&self, history: &History<D>, _: Budget) -> Verdict {
        told(history, |calls| {
            checkers::judge(self.name, calls, &self.options)
                .unwrap_or_else(|| unknown(format!("there is no checker `{}`", self.name)))
        })
    }
}

/// Tells a typed history to a checker that knows no data type. Calls are in the order of their invocations, and so are
/// operations: a position names the same in both.
fn told<D: DataType>(history: &History<D>, check: impl FnOnce(&Calls<'_>) -> Verdict) -> Verdict {
    let recording = match read_bytes(&history.lines(), &ReadOptions::default()) {
        Ok(recording) => recording,
        Err(error) => return unknown(format!("the history cannot be told to the checker: {error}")),
    };
    match Calls::pair(&recording) {
        Ok(calls) => check(&calls),
        Err(error) => unknown(format!("the history cannot be told to the checker: {error}")),
    }
}

fn unknown(reason: String) -> Verdict {
    Verdict::Unknown { reason, evidence: Vec::new() }
}
