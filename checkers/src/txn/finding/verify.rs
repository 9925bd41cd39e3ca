//! A second look at a finding: everything is read again from the transactions, in the simplest way that there is, and
//! nothing of what inferred it is used.

use super::{Finding, Spot};
use crate::txn::predicate::matches;
use crate::txn::{Kind, Mop, NEVER, Phenomenon, Transactions};
use history::{CallOutcome, ValueId};

/// True if the transactions show what the finding says. Takes a pass over all of them at most.
#[must_use]
pub fn verify_finding(transactions: &Transactions<'_>, finding: &Finding) -> bool {
    let look = Look { transactions, finding };
    let mops: Option<Vec<Mop>> = finding.spots.iter().map(|spot| look.step(*spot)).collect();
    let Some(mops) = mops else { return false };
    match (finding.phenomenon, &finding.spots[..], &mops[..], &finding.values[..]) {
        (Phenomenon::DuplicateElements, &[at], &[read], &[element]) => {
            let list = look.list(at, read);
            let times = list.iter().filter(|own| **own == element).count();
            times > 1 && times > look.writers(element).filter(|spot| !look.has_failed(*spot)).count()
        }
        (Phenomenon::GarbageRead, &[at], &[read], &[value]) => {
            transactions.has_invocations() && look.saw(at, read, value) && look.writers(value).next().is_none()
        }
        (Phenomenon::IncompatibleOrder, &[a, b], &[x, y], _) => {
            let (x, y) = (look.list(a, x), look.list(b, y));
            x.iter().zip(y).any(|(x, y)| x != y)
        }
        (Phenomenon::G1a, &[at, from], &[read, write], &[value]) => {
            look.saw(at, read, value) && look.wrote_alone(from, write, value) && look.has_failed(from)
        }
        (Phenomenon::G1b, &[at, from], &[read, write], &[value]) => {
            let last = look.found(read).last() == Some(&value);
            let again = look.after(from).any(|mop| mop.kind.is_write());
            last && look.is_ok(at)
                && at.row != from.row
                && look.wrote_alone(from, write, value)
                && !look.has_failed(from)
                && again
        }
        (Phenomenon::DirtyUpdate, &[failed, committed, at], &[a, b, read], &[x, y]) => {
            let ends = look.wrote_alone(failed, a, x) && look.has_failed(failed) && look.wrote_alone(committed, b, y);
            ends && look.is_ok(committed) && look.is_built_upon([failed, committed, at], read, x, y)
        }
        (Phenomenon::Internal, &[at], &[read], &[found]) if read.value == found => {
            look.is_ok(at) && read.kind == Kind::Read && look.contradicts_itself(at, read)
        }
        (Phenomenon::FutureRead, &[at, from], &[read, write], &[value]) => {
            let own = at.row == from.row && at.step < from.step && look.wrote_alone(from, write, value);
            own && look.saw(at, read, value)
        }
        (Phenomenon::LostUpdate, spots, mops, &[value]) => {
            let mut rows: Vec<u32> = spots.iter().map(|spot| spot.row).collect();
            rows.dedup();
            let is_one = transactions.holds_lists() || look.writers(value).nth(1).is_none();
            is_one && rows.len() > 1 && spots.iter().zip(mops).all(|(at, read)| look.read_then_wrote(*at, *read, value))
        }
        (Phenomenon::LostAppend, spots, mops, values) => look.is_lost(spots, mops, values),
        (Phenomenon::CyclicVersions, spots, mops, values) => values.len() > 1 && look.is_circle(spots, mops, values),
        (Phenomenon::PredicateReadMiss, &[at], &[read], _) => {
            read.kind == Kind::PredicateRead && look.is_ok(at) && look.lacks_a_match(at, read)
        }
        _ => false,
    }
}

struct Look<'f, 'a> {
    transactions: &'f Transactions<'a>,
    finding: &'f Finding,
}

impl<'a> Look<'_, 'a> {
    fn step(&self, spot: Spot) -> Option<Mop> {
        let is_row = (spot.row as usize) < self.transactions.len();
        let mop = is_row.then(|| self.transactions.step(spot.row, spot.step))??;
        (mop.key == self.finding.key || mop.kind == Kind::PredicateRead).then_some(mop)
    }

    fn is_ok(&self, spot: Spot) -> bool {
        self.transactions.outcome(spot.row) == CallOutcome::Ok
    }

    fn has_failed(&self, spot: Spot) -> bool {
        self.transactions.outcome(spot.row) == CallOutcome::Fail
    }

    /// The list that an ok read found; none of anything else.
    fn list(&self, at: Spot, read: Mop) -> &'a [ValueId] {
        let is_read = self.is_ok(at) && read.kind == Kind::Read && self.transactions.holds_lists();
        if is_read { self.transactions.list(read.value) } else { &[] }
    }

    /// What a read found, as a list: that of a register is one value long.
    fn found(&self, read: Mop) -> Vec<ValueId> {
        let is_list = self.transactions.holds_lists();
        if is_list { self.transactions.list(read.value).to_vec() } else { vec![read.value] }
    }

    /// True if an ok read found the value, itself or in a list.
    fn saw(&self, at: Spot, read: Mop, value: ValueId) -> bool {
        let is_read = self.is_ok(at) && read.kind == Kind::Read;
        is_read && self.found(read).contains(&value)
    }

    /// The steps of a row on the object.
    fn mops(&self, row: u32) -> impl Iterator<Item = (u32, Mop)> + '_ {
        let key = self.finding.key;
        (0..).zip(self.transactions.mops(row)).filter(move |(_, mop)| mop.key == key && mop.kind != Kind::PredicateRead)
    }

    fn after(&self, spot: Spot) -> impl Iterator<Item = Mop> + '_ {
        self.mops(spot.row).filter(move |(step, _)| *step > spot.step).map(|(_, mop)| mop)
    }

    /// Every step that writes the value, whatever became of it.
    fn writers(&self, value: ValueId) -> impl Iterator<Item = Spot> + '_ {
        (0..self.transactions.len() as u32).flat_map(move |row| {
            let writes = self.mops(row).filter(move |(_, mop)| mop.kind.is_write() && mop.value == value);
            writes.map(move |(step, _)| Spot { row, step })
        })
    }

    fn wrote_alone(&self, from: Spot, write: Mop, value: ValueId) -> bool {
        write.kind.is_write() && write.value == value && self.writers(value).eq([from])
    }

    /// True if the list holds the first value, then perhaps some of indeterminate writers, then the second; or, of a
    /// register, if the second writer had read the first value.
    fn is_built_upon(&self, spots: [Spot; 3], read: Mop, first: ValueId, second: ValueId) -> bool {
        let [_, committed, at] = spots;
        if !self.transactions.holds_lists() {
            return committed.row == at.row && at.step < committed.step && self.saw(at, read, first);
        }
        let list = self.list(at, read);
        let Some(from) = list.iter().position(|value| *value == first) else { return false };
        let Some(length) = list[from + 1..].iter().position(|value| *value == second) else { return false };
        list[from + 1..][..length].iter().all(|value| {
            let mut writers = self.writers(*value);
            let is_info = |spot| self.transactions.outcome(spot) == CallOutcome::Info;
            writers.next().is_some_and(|spot| is_info(spot.row)) && writers.next().is_none()
        })
    }

    fn contradicts_itself(&self, at: Spot, read: Mop) -> bool {
        let found = self.found(read);
        let (known, own) = expected(self.transactions, at, self.finding.key);
        match known {
            Some(known) => found != [known, own].concat(),
            None => !found.ends_with(&own),
        }
    }

    fn read_then_wrote(&self, at: Spot, read: Mop, value: ValueId) -> bool {
        let is_first = self.mops(at.row).next().is_some_and(|(step, _)| step == at.step);
        let is_same = self.transactions.arena().same(read.value, value);
        let is_read = self.is_ok(at) && read.kind == Kind::Read && is_same;
        is_first && is_read && self.after(at).any(|mop| mop.kind.is_write())
    }

    /// True if each value is followed by the next: within a transaction, in a session, or in real time. What a database
    /// says of its commits is not in the transactions, and taken as it is.
    fn is_circle(&self, spots: &[Spot], mops: &[Mop], values: &[ValueId]) -> bool {
        let (steps, values_of) = (spots.chunks_exact(2), mops.chunks_exact(2));
        let starts_first = spots.len() + 2 == 2 * values.len();
        let next = values.iter().cycle().skip(1);
        let claims = values.iter().zip(next).skip(usize::from(starts_first));
        let timeline = self.transactions.timeline();
        let follows = |spots: &[Spot]| {
            let (a, b) = (spots[0], spots[1]);
            let is_in_session = timeline.session[a.row as usize] == timeline.session[b.row as usize];
            let is_in_program = (a.row, a.step) < (b.row, b.step);
            let is_known = is_in_session && is_in_program || timeline.is_before(a.row, b.row);
            is_known || self.finding.sources.contains(&"commit order")
        };
        let all = values.len() - usize::from(starts_first) == steps.len() && spots.len().is_multiple_of(2);
        all && claims
            .zip(steps.zip(values_of))
            .all(|((from, to), (spots, mops))| mops[0].value == *from && mops[1].value == *to && follows(spots))
    }

    fn is_lost(&self, spots: &[Spot], mops: &[Mop], values: &[ValueId]) -> bool {
        let (&[written, at, ..], &[write, read, ..], &[lost, ..]) = (spots, mops, values) else { return false };
        let lacks = self.is_ok(at) && read.kind == Kind::Read && !self.list(at, read).contains(&lost);
        let is_acknowledged = self.is_ok(written) && self.wrote_alone(written, write, lost);
        let timeline = self.transactions.timeline();
        let ended = timeline.completed[written.row as usize];
        let shown = match (spots.get(2), mops.get(2), values.get(1)) {
            (Some(later), Some(write), Some(value)) => {
                let is_later = timeline.is_before(written.row, later.row) && !self.has_failed(*later);
                is_later && self.wrote_alone(*later, *write, *value) && self.saw(at, read, *value)
            }
            _ => timeline.is_before(written.row, at.row) && self.is_nowhere(lost),
        };
        lacks && is_acknowledged && ended != NEVER && shown
    }

    /// True if a predicate read lacks the object, although it had been set up before, was never deleted, and matched
    /// whatever it was.
    fn lacks_a_match(&self, at: Spot, read: Mop) -> bool {
        let arena = self.transactions.arena();
        let key = self.transactions.key(self.finding.key);
        let is_found =
            arena.get(read.value).entries(arena).is_some_and(|mut entries| entries.any(|entry| entry.0 == key));
        let predicate = self.transactions.predicate(read.key);
        let rows = (0..self.transactions.len() as u32).filter(|row| !self.has_failed(Spot { row: *row, step: 0 }));
        let writes: Vec<(u32, Mop)> = rows.flat_map(|row| self.mops(row).map(move |(_, mop)| (row, mop))).collect();
        let mut writes = writes.into_iter().filter(|(_, mop)| mop.kind.is_write());
        let is_before = |row: u32| self.transactions.timeline().is_before(row, at.row);
        let is_set_up = writes.clone().any(|(row, mop)| mop.kind == Kind::Init && is_before(row));
        let all = |mop: Mop| mop.kind != Kind::Delete && matches(self.transactions, predicate, Some(mop.value));
        let is_asked = self.transactions.is_asked(at.row, self.finding.key);
        is_asked && !is_found && is_set_up && writes.all(|(_, mop)| all(mop))
    }

    /// True if no ok read of the object holds the element.
    fn is_nowhere(&self, element: ValueId) -> bool {
        (0..self.transactions.len() as u32).all(|row| {
            let is_ok = self.transactions.outcome(row) == CallOutcome::Ok;
            !is_ok
                || self
                    .mops(row)
                    .all(|(_, mop)| mop.kind != Kind::Read || !self.transactions.list(mop.value).contains(&element))
        })
    }
}

/// What a transaction must find in an object by what it did before a step: what it had found or written, if anything, and
/// what it appended since. A register is a list of one value.
pub(super) fn expected(transactions: &Transactions<'_>, at: Spot, key: u32) -> (Option<Vec<ValueId>>, Vec<ValueId>) {
    let (mut known, mut own) = (None, Vec::new());
    let before = transactions.mops(at.row).take(at.step as usize);
    for mop in before.filter(|mop| mop.key == key && mop.kind != Kind::PredicateRead) {
        match mop.kind {
            Kind::Append => own.push(mop.value),
            Kind::Read if transactions.holds_lists() => {
                (known, own) = (Some(transactions.list(mop.value).to_vec()), Vec::new());
            }
            Kind::Delete => known = Some(vec![ValueId::NIL]),
            _ => known = Some(vec![mop.value]),
        }
    }
    (known, own)
}
