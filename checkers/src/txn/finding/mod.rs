//! An anomaly that needs no cycle, with all that it takes to check it again.

mod sentence;
mod verify;

use super::{Phenomenon, Transactions};
use history::ValueId;
use std::collections::BTreeMap;
pub use verify::verify_finding;

/// A step of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The row.
    pub row: u32,
    /// The step, counted from 0 within the row.
    pub step: u32,
}

/// What is wrong, and where.
///
/// What `spots` and `values` hold depends on the phenomenon:
///
/// | phenomenon | spots | values |
/// |---|---|---|
/// | duplicate-elements | the read | the element |
/// | garbage-read | the read | the value |
/// | incompatible-order | two reads | both lists |
/// | G1a, G1b | the read, the write | the value |
/// | dirty-update | the failed write, the committed one, a read that saw both (lists) or the read before the write (registers) | both values |
/// | internal | the read | what was read |
/// | future-read | the read, the write | the value |
/// | lost-update | the reads | the value read |
/// | lost-append | the write, the read that lacks it, and perhaps the later write that the read has | both values |
/// | cyclic-versions | for each value a step that saw or made it, and one that saw or made the next, but none where the initial value comes first | the values, each before the next and the last before the first |
/// | predicate-read-miss | the predicate read | the key's versions |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub phenomenon: Phenomenon,
    /// The object.
    pub key: u32,
    /// Steps, as the table says.
    pub spots: Vec<Spot>,
    /// Values, as the table says.
    pub values: Vec<ValueId>,
    /// Where the order came from that is cyclic; none for all other phenomena.
    pub sources: Vec<&'static str>,
    /// What is wrong, for people.
    pub sentence: String,
}

impl Finding {
    /// The rows that are concerned, each once.
    #[must_use]
    pub fn rows(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = self.spots.iter().map(|spot| spot.row).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }
}

/// So many findings of one phenomenon are told; the others are only counted.
pub const MOST_TOLD: usize = 32;

/// Findings as they come, bounded.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    told: Vec<Finding>,
    counts: BTreeMap<Phenomenon, u64>,
}

impl Findings {
    pub(super) fn add(&mut self, phenomenon: Phenomenon, key: u32, spots: Vec<Spot>, values: Vec<ValueId>) {
        let finding = Finding { phenomenon, key, spots, values, sources: Vec::new(), sentence: String::new() };
        self.put(finding);
    }

    pub(super) fn put(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.phenomenon).or_default();
        *count += 1;
        if *count <= MOST_TOLD as u64 {
            self.told.push(finding);
        }
    }

    /// Adds those of the objects that follow.
    pub(super) fn absorb(&mut self, other: Findings) {
        for finding in other.told {
            let told = self.told.iter().filter(|own| own.phenomenon == finding.phenomenon).count();
            if told < MOST_TOLD {
                self.told.push(finding);
            }
        }
        for (phenomenon, count) in other.counts {
            *self.counts.entry(phenomenon).or_default() += count;
        }
    }

    /// What is told, each checked again, in the order of people; the counts; and what did not stand the check.
    pub(super) fn finish(self, transactions: &Transactions<'_>) -> Checked {
        let mut checked = Checked { counts: self.counts, ..Checked::default() };
        for mut finding in self.told {
            if verify_finding(transactions, &finding) {
                finding.sentence = sentence::sentence(transactions, &finding);
                checked.findings.push(finding);
            } else {
                let key = transactions.key_text(finding.key);
                checked.doubts.push(format!("{} of key {key} did not stand a second look", finding.phenomenon));
                if let Some(count) = checked.counts.get_mut(&finding.phenomenon) {
                    *count -= 1;
                }
            }
        }
        // What is only counted is believed for the sake of those that are told, and stood.
        let findings = &checked.findings;
        checked.counts.retain(|phenomenon, _| findings.iter().any(|finding| finding.phenomenon == *phenomenon));
        checked.findings.sort_by_key(|finding| finding.phenomenon);
        checked
    }
}

/// Findings that stood a second look.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    pub(super) counts: BTreeMap<Phenomenon, u64>,
    pub(super) doubts: Vec<String>,
}
