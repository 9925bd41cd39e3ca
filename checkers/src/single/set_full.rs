//! Set-full: what became of every element over all reads: stable, stale for a while, lost, or never read.
//!
//! An element is known when its addition is acknowledged or a read that has it returns. It is *lost* if the read that
//! began last among those that have it began before one that lacks it, which began after it was known. It is *stable*
//! if the last read that has it began after the last that lacks it, and *stale* if such a lack began after it was
//! known; that is a violation only where the set is promised to be linearizable.
//!
//! Work is linear in the size of the reads: from the last read back, an element counts how many reads in a row have it.
//!
//! Source: Jepsen's `set-full`, which never reports duplicates (it tests for fewer than one) and ignores elements that
//! nobody added. It misses wrong orders between elements.

use super::found::{Case, Found};
use super::object::{Object, Op, seconds};
use super::set::{Element, confirm, elements, mismatch, presence, reads};
use super::{Rule, SingleEntry, SingleOptions};
use history::ValueId;
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "set-full",
        summary: "an element that is known stays in the set; with linearizable=true from then on in every read",
        functions: &["add", "read"],
        options: &["linearizable"],
    },
    per_key: true,
    judge,
    confirm,
};

/// Which reads have an element, counted from the one that began last.
#[derive(Clone, Copy)]
struct Trace {
    /// How many of the last reads all have it.
    run: usize,
    /// The last read that has it.
    present: usize,
}

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let mut reads = reads(object);
    let elements = elements(object, &reads);
    if let Some(reason) = mismatch(object, &reads, &elements) {
        return found.doubt(reason);
    }
    presence(object, &reads, &elements, found);
    found.fact("elements", elements.len());
    found.fact("reads", reads.len());
    reads.sort_unstable_by_key(|(read, _)| std::cmp::Reverse(read.invoked));
    let traces = traces(&reads);
    let mut tally = Tally::default();
    let mut ordered: Vec<(&ValueId, &Element)> = elements.iter().filter(|(_, element)| element.add.is_some()).collect();
    ordered.sort_unstable_by_key(|(id, element)| (element.add.map(|add| add.at), **id));
    for (id, element) in ordered {
        let trace = traces.get(id).copied().unwrap_or(Trace { run: 0, present: usize::MAX });
        judge_element(object, *id, element, trace, &reads, options, &mut tally, found);
    }
    let stable = tally.stable;
    tally.report(found);
    if stable == 0 {
        found.lack("no element was read after it had been added, for good");
    }
}

#[derive(Default)]
struct Tally {
    stable: usize,
    stale: usize,
    never_read: usize,
    /// Nanoseconds from the moment at which a stable element was known to the last read that lacked it.
    latencies: Vec<i64>,
    /// Nanoseconds from the moment at which a lost element was known to the last read that had it; 0 if there is none.
    lost: Vec<i64>,
}

impl Tally {
    fn report(mut self, found: &mut Found) {
        found.fact("stable", self.stable);
        found.fact("stale", self.stale);
        found.fact("never read", self.never_read);
        report_quantiles("stable latency", &mut self.latencies, found);
        report_quantiles("lost latency", &mut self.lost, found);
    }
}

fn report_quantiles(title: &str, latencies: &mut [i64], found: &mut Found) {
    latencies.sort_unstable();
    let last = latencies.len().saturating_sub(1);
    let quantile = |part: f64| latencies.get(((latencies.len() as f64 * part) as usize).min(last));
    let told = [("0.5", 0.5), ("0.95", 0.95), ("0.99", 0.99), ("1", 1.0)];
    let told = told.iter().filter_map(|(name, part)| Some(format!("{name}: {}", seconds((*quantile(*part)?).into()))));
    let told: Vec<String> = told.collect();
    if !told.is_empty() {
        found.note(&format!("{title}, quantiles"), told.join(", "));
    }
}

fn traces(reads: &[(&Op, &[ValueId])]) -> FxHashMap<ValueId, Trace> {
    let mut traces: FxHashMap<ValueId, Trace> = FxHashMap::default();
    for (place, (_, values)) in reads.iter().enumerate() {
        for value in *values {
            let trace = traces.entry(*value).or_insert(Trace { run: 0, present: place });
            if trace.run == place {
                trace.run = place + 1;
            }
        }
    }
    traces
}

#[expect(clippy::too_many_arguments, reason = "one element against everything that is known of the set")]
fn judge_element(
    object: &Object,
    id: ValueId,
    element: &Element,
    trace: Trace,
    reads: &[(&Op, &[ValueId])],
    options: &SingleOptions,
    tally: &mut Tally,
    found: &mut Found,
) {
    // A read that was over before the addition began says nothing.
    let touches = |(read, _): &&(&Op, &[ValueId])| element.add.is_none_or(|add| !read.precedes(add));
    let absent = reads.get(trace.run).filter(touches).map(|read| read.0);
    let present = reads.get(trace.present).map(|read| read.0);
    let is_late = |absent: &&Op| element.known.is_some_and(|known| known.precedes(absent));
    let is_stable = present.is_some_and(|present| absent.is_none_or(|absent| absent.invoked < present.invoked));
    let late = absent.filter(is_late);
    match (is_stable, late, element.known) {
        (true, Some(absent), Some(known)) => {
            tally.stable += 1;
            tally.stale += 1;
            if known.end >= 0 && absent.begin >= 0 {
                tally.latencies.push(absent.begin.saturating_sub(known.end).max(0));
            }
            if options.linearizable {
                found.case("stale-read", 1, || case(object, id, known, absent, present));
            }
        }
        (true, _, _) => {
            tally.stable += 1;
            tally.latencies.push(0);
        }
        (false, Some(absent), Some(known)) => {
            let seen = present.filter(|present| present.begin >= 0 && known.end >= 0);
            tally.lost.push(seen.map_or(0, |present| present.begin.saturating_sub(known.end).max(0)));
            found.case("lost", 1, || case(object, id, known, absent, None));
        }
        (false, _, _) => tally.never_read += 1,
    }
}

fn case(object: &Object, id: ValueId, known: &Op, absent: &Op, present: Option<&Op>) -> Case {
    let (who, by, text) = (object.who(absent), object.who(known), object.text(id));
    let after =
        present.map_or("no later read has it".to_owned(), |op| format!("a later one, of {}, has it", object.who(op)));
    let text = format!("the read of {who} lacks {text}, which was known since the call of {by}; {after}");
    Case::new(absent.at, [known.at].into_iter().chain(present.map(|op| op.at)), text).about(id)
}
