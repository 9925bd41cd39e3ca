//! One walk through all reads, and what it finds.

use super::{Finding, Kind, Promise};
use history::{History, OpId, Operation, Outcome, Set, SetOp, SetRet};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// An answered read.
struct Read<'a> {
    id: OpId,
    node: Option<u16>,
    invoked: u64,
    completed: u64,
    elements: &'a [i64],
}

/// What is known of one element.
#[derive(Clone, Copy)]
struct Element {
    value: i64,
    /// Its addition: one that may have happened if there is one, else a failed one.
    add: Option<OpId>,
    /// The index of the invocation of the first addition that did not fail.
    asked: u64,
    /// From this index on, reads should have it.
    known: u64,
    /// The read that made it known, or else the first one that has it, by position.
    saw: Option<usize>,
    /// The first read that began when it was known and lacks it, by position; while reads are walked through, the next
    /// one that should have it.
    lacking: usize,
    /// True if `lacking` was passed by.
    is_lacking: bool,
}

/// The elements and the reads of a history.
pub(super) struct Scan<'a> {
    promise: Promise,
    reads: Vec<Read<'a>>,
    elements: Vec<Element>,
    /// For anomalies of presence: the element, the read, and what is wrong.
    odd: Vec<(usize, usize, Kind)>,
    adds: [usize; 3],
    last_add: Option<u64>,
}

const NEVER: u64 = u64::MAX;

impl<'a> Scan<'a> {
    /// Walks through a history.
    pub fn new(history: &'a History<Set>, promise: Promise) -> Self {
        let (reads, elements, odd) = (Vec::new(), Vec::new(), Vec::new());
        let mut scan = Scan { promise, reads, elements, odd, adds: [0; 3], last_add: None };
        let mut numbers = FxHashMap::default();
        for (position, operation) in history.operations.iter().enumerate() {
            scan.add(OpId(position as u32), operation, &mut numbers);
        }
        scan.reads.sort_by_key(|read| read.invoked);
        scan.look(&mut numbers);
        scan.find_out_when_known(&numbers);
        scan.find_what_lacks(&numbers);
        scan
    }

    fn add(&mut self, id: OpId, operation: &'a Operation<Set>, numbers: &mut FxHashMap<i64, usize>) {
        let completed = operation.completed.map(|completed| completed.index);
        if let (SetOp::Read, Some(SetRet::Elements(elements))) = (operation.op, operation.ok()) {
            let completed = completed.unwrap_or(NEVER);
            self.reads.push(Read { id, node: operation.node, invoked: operation.invoked.index, completed, elements });
        }
        let SetOp::Add { element } = operation.op else { return };
        let number = self.number(element, numbers);
        let element = &mut self.elements[number];
        let failed = matches!(operation.outcome, Outcome::Fail(_));
        if !failed && element.asked == NEVER {
            (element.add, element.asked) = (Some(id), operation.invoked.index);
        }
        element.add = element.add.or(Some(id));
        let outcome = match operation.outcome {
            Outcome::Ok(_) => 0,
            Outcome::Fail(_) => 1,
            Outcome::Info(_) => 2,
        };
        self.adds[outcome] += 1;
        if outcome == 0 {
            let completed = completed.unwrap_or(NEVER);
            element.known = element.known.min(completed);
            self.last_add = self.last_add.max(Some(completed));
        }
    }

    fn number(&mut self, value: i64, numbers: &mut FxHashMap<i64, usize>) -> usize {
        *numbers.entry(value).or_insert_with(|| {
            let element =
                Element { value, add: None, asked: NEVER, known: NEVER, saw: None, lacking: 0, is_lacking: false };
            self.elements.push(element);
            self.elements.len() - 1
        })
    }

    /// Notes what should not have been read, and numbers what nobody added.
    fn look(&mut self, numbers: &mut FxHashMap<i64, usize>) {
        let mut seen_in: Vec<Option<usize>> = vec![None; self.elements.len()];
        let mut reported = vec![[false; 2]; self.elements.len()];
        for read in 0..self.reads.len() {
            for &value in self.reads[read].elements {
                let number = self.number(value, numbers);
                seen_in.resize(self.elements.len(), None);
                reported.resize(self.elements.len(), [false; 2]);
                let element = &self.elements[number];
                let is_twice = seen_in[number].replace(read) == Some(read);
                if is_twice && !std::mem::replace(&mut reported[number][0], true) {
                    self.odd.push((number, read, Kind::Duplicated));
                }
                let kind = if element.asked == NEVER && element.add.is_some() { Kind::Revived } else { Kind::Phantom };
                let too_early = element.asked > self.reads[read].completed || element.asked == NEVER;
                if too_early && !std::mem::replace(&mut reported[number][1], true) {
                    self.odd.push((number, read, kind));
                }
            }
        }
    }

    /// A read that is over makes all known that it saw. Under the weaker promise all is known when additions are over.
    fn find_out_when_known(&mut self, numbers: &FxHashMap<i64, usize>) {
        for (position, read) in self.reads.iter().enumerate() {
            for value in read.elements {
                let element = &mut self.elements[numbers[value]];
                if read.completed < element.known {
                    (element.known, element.saw) = (read.completed, Some(position));
                }
                element.saw = element.saw.or(Some(position));
            }
        }
        if let (Promise::Eventual, Some(last_add)) = (self.promise, self.last_add) {
            let known = self.elements.iter_mut().filter(|element| element.known != NEVER);
            known.for_each(|element| element.known = element.known.max(last_add));
        }
    }

    /// Finds the first read that lacks each element although it should have it: one that is passed by on the walk.
    fn find_what_lacks(&mut self, numbers: &FxHashMap<i64, usize>) {
        for element in &mut self.elements {
            element.lacking = self.reads.partition_point(|read| read.invoked <= element.known);
        }
        for (position, read) in self.reads.iter().enumerate() {
            for value in read.elements {
                let element = &mut self.elements[numbers[value]];
                match position.cmp(&element.lacking) {
                    Ordering::Equal if !element.is_lacking => element.lacking += 1,
                    Ordering::Greater => element.is_lacking = true,
                    Ordering::Equal | Ordering::Less => {}
                }
            }
        }
        for element in &mut self.elements {
            element.is_lacking |= element.lacking < self.reads.len();
        }
    }

    /// Everything that is wrong; elements whose addition failed or was never asked for are not also said to be stale.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.odd.iter().map(|&(number, read, kind)| self.odd_finding(number, read, kind)).collect();
        let lasts = self.last_reads();
        for element in self.elements.iter().filter(|element| element.asked != NEVER && element.known != NEVER) {
            if element.is_lacking {
                findings.extend(self.absence(element, &lasts));
            }
        }
        findings
    }

    fn odd_finding(&self, number: usize, read: usize, kind: Kind) -> Finding {
        let Element { value, add, .. } = self.elements[number];
        let add = add.filter(|_| kind != Kind::Phantom);
        Finding { kind, element: value, add, saw: Vec::new(), culprit: self.reads[read].id }
    }

    /// The last read of each node, with what it found, for look-ups.
    fn last_reads(&self) -> Vec<(usize, Vec<i64>)> {
        let mut lasts: FxHashMap<Option<u16>, usize> = FxHashMap::default();
        for (position, read) in self.reads.iter().enumerate() {
            lasts.insert(read.node, position);
        }
        let mut lasts: Vec<usize> = lasts.into_values().collect();
        lasts.sort_unstable();
        let sorted = |read: usize| {
            let mut elements = self.reads[read].elements.to_vec();
            elements.sort_unstable();
            (read, elements)
        };
        lasts.into_iter().map(sorted).collect()
    }

    /// What it means that a read lacks this element although it was known when the read began.
    fn absence(&self, element: &Element, lasts: &[(usize, Vec<i64>)]) -> Option<Finding> {
        let has = |found: &Vec<i64>| found.binary_search(&element.value).is_ok();
        let last_present = lasts.iter().rfind(|(_, found)| has(found)).map(|(read, _)| *read);
        let lacking = lasts.iter().find(|(read, found)| self.reads[*read].invoked > element.known && !has(found));
        let (kind, culprit, present) = match (lacking, last_present) {
            (Some((lacking, _)), None) => (Kind::Lost, *lacking, None),
            (Some((lacking, _)), Some(present)) => (Kind::Stale, *lacking, Some(present)),
            (None, _) if self.promise == Promise::Eventual => return None,
            (None, present) => (Kind::StaleRead, element.lacking, present.filter(|_| element.saw.is_none())),
        };
        let mut saw: Vec<OpId> = element.saw.into_iter().chain(present).map(|read| self.reads[read].id).collect();
        saw.dedup();
        Some(Finding { kind, element: element.value, add: element.add, saw, culprit: self.reads[culprit].id })
    }

    /// What is missing for an acquittal.
    pub fn missing_evidence(&self) -> Option<&'static str> {
        let last_add = self.last_add;
        if last_add.is_none() {
            return Some("no addition was acknowledged");
        }
        if self.reads.is_empty() {
            return Some("the set was never read");
        }
        let after = self.reads.iter().any(|read| Some(read.invoked) > last_add);
        (!after).then_some("the set was never read after the last addition was over")
    }

    /// What was looked at.
    pub fn evidence(&self) -> crate::Evidence {
        let [ok, failed, unanswered] = self.adds;
        let never_read = self.elements.iter().filter(|element| element.known != NEVER && element.saw.is_none()).count();
        let facts = [
            ("additions acknowledged", ok),
            ("additions failed", failed),
            ("additions unanswered", unanswered),
            ("reads answered", self.reads.len()),
            ("elements read, in all", self.reads.iter().map(|read| read.elements.len()).sum()),
            ("acknowledged elements never read", never_read),
        ];
        facts.map(|(name, value)| (name.to_owned(), value.to_string())).into()
    }
}
