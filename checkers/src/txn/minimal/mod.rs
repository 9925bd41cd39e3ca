//! The least history that still shows what is wrong: parts of transactions, as they were recorded, judged again as a whole.
//!
//! It is honest: whatever keeps a level keeps it with any such part left out, since what a system did without somebody is
//! what it could have done. [`Part`] says which parts these are. So a part that breaks a level shows that the whole broke
//! it. What is looked for is a part with the same anomaly, found and verified by all that judges whole histories.
//!
//! The work is bounded; the part that was least by then is handed over, and none if the first guess does not show the
//! anomaly. Histories with predicates have none: what a predicate did not match says too much about what was not there.

mod part;
mod text;

use super::explain::step as step_text;
use super::level::Level;
use super::{Objects, Phenomenon, Transactions, TxnJudged, TxnOptions, judge_transactions};
use crate::verdict::Word;
use history::{CallOutcome, Calls, ReadOptions, read_bytes};
use part::{Index, Part};

/// A history as small as could be found that shows the same anomaly, or refutes the same level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minimal {
    /// How many transactions the whole history has.
    pub of: u64,
    /// Who is left, in the order of rows.
    pub transactions: Vec<Kept>,
    /// What lists held before, as far as all that is left agrees on it: key and list as EDN. They begin empty otherwise.
    pub begins: Vec<(String, String)>,
}

/// A transaction, or what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The position of its call.
    pub row: u32,
    /// What it is called: `T12`.
    pub name: String,
    /// What is left of what it did, and what became of it if that is not ok.
    pub program: String,
    /// How many steps were left out.
    pub left_out: u32,
}

/// What the least history must show, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Same {
    /// This anomaly, among those that break a promise.
    Anomaly(Phenomenon),
    /// That this level is refuted.
    Refuted(Level),
}

/// What a judgement costs besides its steps.
const JUDGEMENT: u64 = 200;
/// Visits that each decision of a level may take.
const VISITS: u64 = 1_000_000;

/// A history that was judged, and how.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    pub(super) objects: Objects,
    pub(super) calls: &'a Calls<'a>,
    pub(super) transactions: &'a Transactions<'a>,
    pub(super) options: &'a TxnOptions,
}

/// Looks for the least history that shows the same; `core` are the rows that were told of it.
pub(super) fn minimal(whole: &Whole<'_>, same: Same, core: &[u32]) -> Option<Minimal> {
    if whole.objects == Objects::Predicates {
        return None;
    }
    let index = Index::new(whole.transactions, core);
    let mut search = Search { whole, index: &index, same, budget: whole.options.minimise };
    let first = [index.core(core), index.all()].into_iter().find(|part| search.shows(part))?;
    let part = search.reduced(first);
    Some(told(&index, &part))
}

struct Search<'a> {
    whole: &'a Whole<'a>,
    index: &'a Index<'a>,
    same: Same,
    budget: u64,
}

impl Search<'_> {
    /// True if the part shows the same, and there was a budget to see it.
    fn shows(&mut self, part: &Part) -> bool {
        let cost = part.steps.len() as u64 + JUDGEMENT;
        if part.steps.is_empty() || cost > self.budget {
            return false;
        }
        self.budget -= cost;
        judged(self.whole, self.index, part).is_some_and(|judged| is_same(&judged, self.same))
    }

    /// Leaves out whole transactions, many at once and then one by one, and then single steps.
    fn reduced(&mut self, mut part: Part) -> Part {
        let mut many = part.rows().len().div_ceil(2).max(1);
        loop {
            let before = part.steps.len();
            self.without(&mut part, many, Part::rows, Part::without_rows);
            if many == 1 && (part.steps.len() == before || self.is_spent()) {
                break;
            }
            many = many.div_ceil(2).min(part.rows().len()).max(1);
        }
        self.without(&mut part, 1, |part| part.steps.clone(), Part::without_steps);
        part
    }

    /// Leaves out so many at a time, wherever what is left shows the same.
    fn without<T: Copy>(
        &mut self,
        part: &mut Part,
        many: usize,
        all: impl Fn(&Part) -> Vec<T>,
        less: impl Fn(&Part, &[T]) -> Part,
    ) {
        let mut at = 0;
        loop {
            let units = all(part);
            if at >= units.len() || units.len() < 2 || self.is_spent() {
                return;
            }
            let candidate = self.index.normal(less(part, &units[at..units.len().min(at + many)]));
            if self.shows(&candidate) {
                *part = candidate;
            } else {
                at += many;
            }
        }
    }

    fn is_spent(&self) -> bool {
        self.budget < JUDGEMENT
    }
}

/// The verdict on a part by itself; None if it cannot be told as a history.
fn judged(whole: &Whole<'_>, index: &Index<'_>, part: &Part) -> Option<TxnJudged> {
    let text = text::events(whole.calls, index, part);
    let recording = read_bytes(text.as_bytes(), &ReadOptions::default()).ok()?;
    let calls = Calls::pair(&recording).ok()?;
    let options = whole.options;
    let order = &options.infer.commit_order;
    let mut options = TxnOptions { minimise: 0, visits: VISITS.min(options.visits), ..options.clone() };
    let rows = part.rows();
    options.infer.commit_order = rows.iter().map(|row| order.get(*row as usize).copied().flatten()).collect();
    if !options.stamps.is_empty() {
        options.stamps = rows.iter().map(|row| options.stamps.get(*row as usize).copied().flatten()).collect();
    }
    judge_transactions(whole.objects, &calls, &options).ok()
}

fn is_same(judged: &TxnJudged, same: Same) -> bool {
    let shows = match same {
        Same::Anomaly(phenomenon) => {
            judged.anomalies.iter().any(|found| found.breaks_promise && found.phenomenon == phenomenon)
        }
        Same::Refuted(level) => judged.boundary.not.contains(&level) || judged.boundary.also_not.contains(&level),
    };
    shows && judged.word == Word::Invalid
}

fn told(index: &Index<'_>, part: &Part) -> Minimal {
    let transactions = index.transactions;
    let kept = |row: u32| {
        let steps = part.steps_of(row);
        let mops = steps.iter().filter_map(|(row, step)| transactions.step(*row, *step));
        let program: Vec<String> = mops.map(|mop| step_text(transactions, mop)).collect();
        let outcome = match transactions.outcome(row) {
            CallOutcome::Ok => "",
            CallOutcome::Fail => " (failed)",
            CallOutcome::Info => " (unknown)",
        };
        Kept {
            row,
            name: transactions.name(row),
            program: format!("{}{outcome}", program.join(", ")),
            left_out: (transactions.mops(row).len() - steps.len()) as u32,
        }
    };
    let begins = part.begins.iter().map(|(key, length)| {
        let list = index.prefix(part, *key, *length);
        let elements: Vec<String> = list.iter().map(|element| transactions.text(*element)).collect();
        (transactions.key_text(*key), format!("[{}]", elements.join(" ")))
    });
    Minimal {
        of: transactions.len() as u64,
        transactions: part.rows().into_iter().map(kept).collect(),
        begins: begins.collect(),
    }
}

#[cfg(test)]
mod tests;
