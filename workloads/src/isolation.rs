//! The checker of transactions, and the checkers of one shape of transactions, as workloads use them: a typed history is
//! told to checkers that know no data type.

use checkers::txn::level::Level;
use checkers::{Budget, Checker, SingleOptions, Verdict};
use history::{Calls, DataType, History, ReadOptions, read_bytes};

/// Says whether transactions kept a level.
pub(crate) struct Isolation {
    /// What was promised.
    pub(crate) expect: Level,
}

impl<D: DataType> Checker<D> for Isolation {
    fn name(&self) -> &'static str {
        "isolation"
    }

    fn check(&self, _: &History<D>, _: Budget) -> Verdict {
        let reason =
            format!("no checker yet: nothing says whether {} transactions kept {}", D::NAME, self.expect.name());
        Verdict::Unknown { reason, evidence: Vec::new() }
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
        let unknown = |reason: String| Verdict::Unknown { reason, evidence: Vec::new() };
        let recording = match read_bytes(&history.lines(), &ReadOptions::default()) {
            Ok(recording) => recording,
            Err(error) => return unknown(format!("the history cannot be told to the checker: {error}")),
        };
        // Calls are in the order of their invocations, and so are operations: a position names the same in both.
        match Calls::pair(&recording) {
            Ok(calls) => checkers::judge(self.name, &calls, &self.options)
                .unwrap_or_else(|| unknown(format!("there is no checker `{}`", self.name))),
            Err(error) => unknown(format!("the history cannot be told to the checker: {error}")),
        }
    }
}
