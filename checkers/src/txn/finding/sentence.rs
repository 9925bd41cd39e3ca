//! Findings in words.

use super::Finding;
use super::verify::expected;
use crate::phrase;
use crate::txn::{Phenomenon, Transactions};

/// One sentence that says what is wrong.
pub(super) fn sentence(transactions: &Transactions<'_>, finding: &Finding) -> String {
    let words = Words { transactions, finding };
    match finding.phenomenon {
        Phenomenon::DuplicateElements => format!("{} read {} more than once", words.reads(0), words.value(0)),
        Phenomenon::GarbageRead => format!("{} read {}, which nobody ever wrote", words.reads(0), words.value(0)),
        Phenomenon::IncompatibleOrder => format!(
            "{} read {}, but {} read {}: neither is the beginning of the other",
            words.reads(0),
            words.value(0),
            words.name(1),
            words.value(1)
        ),
        Phenomenon::G1a => words.seen("which had failed"),
        Phenomenon::G1b => words.seen("which overwrote it itself"),
        Phenomenon::DirtyUpdate => format!(
            "for key {}, {} wrote {} on top of {}, which was written by {}, which had failed",
            words.key(),
            words.name(1),
            words.value(1),
            words.value(0),
            words.name(0)
        ),
        Phenomenon::Internal => words.internal(),
        Phenomenon::FutureRead => {
            format!("{} read {}, which it wrote itself only later", words.reads(0), words.value(0))
        }
        Phenomenon::LostUpdate => words.lost_update(),
        Phenomenon::LostAppend => words.lost_append(),
        Phenomenon::CyclicVersions => words.cyclic(),
        Phenomenon::PredicateReadMiss => {
            format!("the predicate read of {} lacks key {}, every version of which matches", words.name(0), words.key())
        }
        Phenomenon::Cycle(..) => String::new(),
    }
}

struct Words<'f, 'a> {
    transactions: &'f Transactions<'a>,
    finding: &'f Finding,
}

impl Words<'_, '_> {
    fn key(&self) -> String {
        self.transactions.key_text(self.finding.key)
    }

    fn name(&self, spot: usize) -> String {
        self.finding.spots.get(spot).map_or_else(String::new, |spot| self.transactions.name(spot.row))
    }

    fn value(&self, at: usize) -> String {
        self.finding.values.get(at).map_or_else(String::new, |value| self.transactions.text(*value))
    }

    fn reads(&self, spot: usize) -> String {
        format!("for key {}, {}", self.key(), self.name(spot))
    }

    fn seen(&self, fate: &str) -> String {
        format!("{} read {}, which was written by {}, {fate}", self.reads(0), self.value(0), self.name(1))
    }

    fn internal(&self) -> String {
        let (known, own) = expected(self.transactions, self.finding.spots[0], self.finding.key);
        let manner = if known.is_none() { "a list that ends with " } else { "" };
        let elements = [known.unwrap_or_default(), own].concat();
        let texts: Vec<String> = elements.iter().map(|element| self.transactions.text(*element)).collect();
        let is_list = self.transactions.holds_lists();
        let expected = if is_list { format!("[{}]", texts.join(" ")) } else { texts.concat() };
        format!(
            "{} should have read {manner}{expected} after what it had done, and read {}",
            self.reads(0),
            self.value(0)
        )
    }

    fn lost_update(&self) -> String {
        let names: Vec<String> = (0..self.finding.spots.len()).map(|spot| self.name(spot)).collect();
        format!("for key {}, {} all read {} and wrote after it", self.key(), phrase::list(&names), self.value(0))
    }

    fn lost_append(&self) -> String {
        let lacks = format!(
            "for key {}, {} was written by {}, which had completed before",
            self.key(),
            self.value(0),
            self.name(0)
        );
        match self.finding.spots.len() {
            2 => format!("{lacks} {} began, the last read, which lacks it as all others do", self.name(1)),
            _ => format!(
                "{lacks} {} began, which wrote {}; but {} read the latter and lacks the former",
                self.name(2),
                self.value(1),
                self.name(1)
            ),
        }
    }

    fn cyclic(&self) -> String {
        let values: Vec<String> = (0..self.finding.values.len()).map(|at| self.value(at)).collect();
        let sources: Vec<String> = self.finding.sources.iter().map(|source| (*source).to_owned()).collect();
        let (values, sources) = (phrase::list(&values), phrase::list(&sources));
        format!("for key {}, {values} each precede the next, and the last the first: known from {sources}", self.key())
    }
}
