//! A set: unique elements are added by everybody, and the whole set is read now and then, and by every node at the end.

use crate::final_reads::FinalReads;
use crate::{Context, Description, Generator, Judge, Next, Workload};
use checkers::SetChecker;
use history::{DataType, Set, SetOp, Time};

pub(crate) const DESCRIPTION: Description = Description {
    name: "set",
    data_type: Set::NAME,
    asks: "unique integers are added; the whole set is read twice a second, and from every node at the end",
    checks: "nothing acknowledged is lost, stale, or stored twice; nothing appears that was refused or never added",
    misses: "what happens to an element between two reads; the order of additions",
    has_level: false,
};

/// Between two reads of the whole set in the main part: they cost as much as the set is large.
const READ_EVERY: u64 = 500_000_000;

/// A set; it needs no seed, since elements are numbered.
#[must_use]
pub fn set() -> Workload<Set> {
    Workload {
        description: &DESCRIPTION,
        main: Box::new(Additions { next_element: 0, next_read: Time(0) }),
        last: Box::new(FinalReads::new(|| vec![SetOp::Read])),
        judges: vec![Judge {
            promise: "what was acknowledged is in the set from then on, once, and nothing else is",
            checker: Box::new(SetChecker::default()),
        }],
        timeout: |_| None,
    }
}

struct Additions {
    next_element: i64,
    next_read: Time,
}

impl Generator<Set> for Additions {
    fn next(&mut self, context: Context) -> Next<SetOp> {
        if context.time >= self.next_read {
            self.next_read = context.time.plus(READ_EVERY);
            return Next::Invoke(SetOp::Read);
        }
        self.next_element += 1;
        Next::Invoke(SetOp::Add { element: self.next_element - 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use history::Process;

    #[test]
    fn elements_are_unique_and_reads_come_twice_a_second() {
        let mut generator = Additions { next_element: 0, next_read: Time(0) };
        let mut reads = 0;
        let mut last = -1;
        for millisecond in 0..2000 {
            let context = Context { time: Time(millisecond * 1_000_000), thread: 0, process: Process(0) };
            match generator.next(context) {
                Next::Invoke(SetOp::Add { element }) => {
                    assert_eq!(element, last + 1);
                    last = element;
                }
                Next::Invoke(SetOp::Read) => reads += 1,
                other => panic!("a set never ends: {other:?}"),
            }
        }
        assert_eq!(reads, 4);
    }
}
