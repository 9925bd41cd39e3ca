//! What a fault cost, second by second: when it was first felt, the longest time without an answer, how much service was
//! lost, and when things were again as before it.
//!
//! Operations count in the second in which they were invoked. *As before*: three seconds in a row in each of which at
//! least 99 % as many operations are answered as before the first fault, and of a hundred answers 99 take at most twice
//! as long. A fault after which that was not seen, before the next fault or the end, is told as such and never as a time:
//! it is censored. An answer may be a refusal; see `answer`. These are facts, and no verdict depends on them.
//!
//! Source: Fox and Brewer 1999 for yield; time to recover as in Kaplan and Meier's censored observations.

use crate::answer::{Answer, of_failure};
use history::{DataType, Fault, History, Operation, Outcome, Time};
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000_000;
/// How many seconds in a row must be as before.
const SECONDS_IN_A_ROW: usize = 3;

/// One second of a run.
#[derive(Default)]
struct Second {
    answered: u64,
    unanswered: u64,
    /// How long acknowledged operations took, in nanoseconds.
    latencies: Vec<u64>,
}

impl Second {
    fn yields(&self) -> Option<f64> {
        let all = self.answered + self.unanswered;
        (all > 0).then(|| self.answered as f64 / all as f64)
    }
}

/// The seconds of a run in which something was asked, and what they were like before the first fault.
pub(super) struct Timeline {
    seconds: BTreeMap<u64, Second>,
    /// Share of answers, and time that 99 of 100 stay within.
    baseline: Option<(f64, u64)>,
    /// Invocations, and whether they went unanswered, in the order of time.
    invoked: Vec<(u64, bool)>,
    acknowledged: Vec<u64>,
    end: u64,
}

impl Timeline {
    pub fn new<D: DataType>(history: &History<D>, faults: &[Fault]) -> Timeline {
        let mut timeline = Timeline {
            seconds: BTreeMap::new(),
            baseline: None,
            invoked: Vec::new(),
            acknowledged: Vec::new(),
            end: history.end().0,
        };
        history.operations.iter().for_each(|operation| timeline.add(operation));
        timeline.invoked.sort_unstable();
        timeline.acknowledged.sort_unstable();
        timeline.seconds.values_mut().for_each(|second| second.latencies.sort_unstable());
        let first = faults.iter().filter(|fault| fault.injected.is_some()).map(|fault| fault.planned.0).min();
        timeline.baseline = first.and_then(|first| timeline.before(first));
        timeline
    }

    fn add<D: DataType>(&mut self, operation: &Operation<D>) {
        let begin = operation.invoked.time.0;
        let second = self.seconds.entry(begin / SECOND).or_default();
        let answer = match &operation.outcome {
            Outcome::Ok(_) => Answer::Given,
            Outcome::Fail(reason) => of_failure(Some(reason)),
            Outcome::Info(_) => Answer::Missing,
        };
        match answer {
            Answer::Given => second.answered += 1,
            Answer::Missing => second.unanswered += 1,
            Answer::Unclear => {}
        }
        self.invoked.push((begin, answer == Answer::Missing));
        if let Some(completed) = operation.ok().and(operation.completed) {
            second.latencies.push(completed.time.0.saturating_sub(begin));
            self.acknowledged.push(completed.time.0);
        }
    }

    /// What whole seconds before a time were like together.
    fn before(&self, time: u64) -> Option<(f64, u64)> {
        let before = || self.seconds.range(..time / SECOND).map(|(_, second)| second);
        let (answered, unanswered) =
            before().fold((0, 0), |(a, u), second| (a + second.answered, u + second.unanswered));
        let mut latencies: Vec<u64> = before().flat_map(|second| second.latencies.iter().copied()).collect();
        latencies.sort_unstable();
        let share = Second { answered, unanswered, latencies: Vec::new() }.yields()?;
        Some((share, most_of(&latencies)?))
    }

    /// What a fault cost, in words; `until` is when the next one began. None if it was never injected.
    pub fn tell(&self, fault: &Fault, until: Option<Time>) -> Option<String> {
        let from = fault.injected?.0;
        let until = until.map_or(self.end, |until| until.0).max(from);
        let back = fault.healed.map(|healed| self.back(healed.0, until));
        let over = match back {
            Some(Ok(back)) => back.min(until),
            _ => until,
        };
        let mut words = vec![self.felt(from, over), self.outage(from, over)];
        words.push(format!("{:.1} s of service lost", self.lost(from, over)));
        words.extend(fault.healed.zip(back).map(|(healed, back)| match back {
            Ok(back) => format!("as before {} after it was healed", Time(back.saturating_sub(healed.0))),
            Err(reason) => reason,
        }));
        Some(words.join("; "))
    }

    fn felt(&self, from: u64, until: u64) -> String {
        let mut felt = self.invoked.iter().filter(|(begin, is_bad)| *is_bad && (from..=until).contains(begin));
        match felt.next() {
            Some((begin, _)) => format!("first felt {} after it was injected", Time(begin - from)),
            None => "never felt".to_owned(),
        }
    }

    /// The longest time from an invocation to the next acknowledgement of anything.
    fn outage(&self, from: u64, until: u64) -> String {
        let (mut since, mut longest) = (from, 0);
        let first = self.acknowledged.partition_point(|time| *time < from);
        let ends = self.acknowledged[first..].iter().copied().take_while(|time| *time < until).chain([until]);
        for end in ends {
            let next = self.invoked.partition_point(|(begin, _)| *begin < since);
            if let Some((begin, _)) = self.invoked.get(next).filter(|(begin, _)| *begin < end) {
                longest = longest.max(end - begin);
            }
            since = since.max(end);
        }
        format!("longest outage {}", Time(longest))
    }

    /// Seconds in which nobody was answered, or as many parts of seconds.
    fn lost(&self, from: u64, until: u64) -> f64 {
        let seconds = self.seconds.range(from / SECOND..=until / SECOND);
        seconds.filter_map(|(_, second)| Some(1.0 - second.yields()?)).sum()
    }

    /// When the first of enough seconds began that are as before; or why nobody knows.
    fn back(&self, healed: u64, until: u64) -> Result<u64, String> {
        let (share, latency) = self.baseline.ok_or("no whole second before the first fault to compare with")?;
        let is_normal = |second: &Second| {
            let is_fast = most_of(&second.latencies).is_some_and(|most| most <= latency.saturating_mul(2));
            is_fast && second.yields().is_some_and(|own| own >= share * 0.99)
        };
        let (first, last) = (healed.div_ceil(SECOND), until / SECOND);
        let normal: Vec<u64> = self
            .seconds
            .range(first.min(last)..last)
            .filter(|(number, second)| **number >= first && is_normal(second))
            .map(|(number, _)| *number)
            .collect();
        let in_a_row = |run: &&[u64]| run[run.len() - 1] - run[0] == run.len() as u64 - 1;
        let run = normal.windows(SECONDS_IN_A_ROW).find(in_a_row);
        run.map(|run| run[0] * SECOND)
            .ok_or_else(|| format!("not seen to be as before within {} (censored)", Time(until.saturating_sub(healed))))
    }
}

/// What 99 of 100 sorted numbers are at most.
fn most_of(sorted: &[u64]) -> Option<u64> {
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(sorted.len() * 99 / 100).min(last)])
}
