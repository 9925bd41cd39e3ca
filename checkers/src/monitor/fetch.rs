//! Fetch-and-increment: the number that a call was given is its place in the order.
//!
//! The numbers must respect real time (slot sweep). Each number that is missing below the greatest was given to a
//! crashed call, invoked before any call with a greater number returned; earliest deadlines first.
//! Source: checkers.md 2.7 (j). n log n.

use super::interval::{Ranged, first_unmatched, sweep};
use super::{TOO_LONG, is_too_long, named, span};
use crate::model::{Fetch, FetchAndIncrement};
use crate::object::{Monitor, Monitored, Timed};

/// A call that tells its number, with its position.
type Known = (i64, u32);

impl Monitor for FetchAndIncrement {
    fn monitor(&self, calls: &[Timed<Fetch>]) -> Monitored {
        if is_too_long(calls) {
            return Monitored::Unsupported(TOO_LONG);
        }
        let (mut known, mut crashed): (Vec<Known>, Vec<u32>) = (Vec::new(), Vec::new());
        for (call, position) in calls.iter().zip(0..) {
            match (call.op.0, call.crashed()) {
                (Some(number), false) => known.push((number, position)),
                (None, true) => crashed.push(call.invoked),
                (None, false) => return Monitored::Unsupported("a call completed without telling its number"),
                (Some(_), true) => return Monitored::Unsupported("a call crashed and yet tells its number"),
            }
        }
        known.sort_unstable();
        crashed.sort_unstable();
        judge(self.first, calls, &known, &crashed)
    }
}

fn judge(first: i64, calls: &[Timed<Fetch>], known: &[Known], crashed: &[u32]) -> Monitored {
    if i128::from(first) + calls.len() as i128 > i128::from(i64::MAX) {
        return Monitored::Unsupported("the numbers may wrap around");
    }
    if let Some(low) = known.first().filter(|known| known.0 < first) {
        return Monitored::Invalid(vec![low.1 as usize]);
    }
    if let Some(pair) = known.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Monitored::Invalid(named(calls, [pair[0].1, pair[1].1]));
    }
    let ranged = |(&(_, tag), slot): (&Known, u32)| Ranged {
        lowest: slot,
        highest: slot,
        span: span(&calls[tag as usize]),
        tag,
    };
    if let Some((earlier, later)) = sweep(&known.iter().zip(0..).map(ranged).collect::<Vec<_>>()) {
        return Monitored::Invalid(named(calls, [earlier, later]));
    }
    match unexplained(first, calls, known, crashed) {
        Some(position) => Monitored::Invalid(vec![position as usize]),
        None => Monitored::Valid,
    }
}

/// A call whose number is too great for those that can have come before it.
fn unexplained(first: i64, calls: &[Timed<Fetch>], known: &[Known], crashed: &[u32]) -> Option<u32> {
    let last = known.last()?;
    if i128::from(last.0) - i128::from(first) + 1 - known.len() as i128 > crashed.len() as i128 {
        return Some(last.1);
    }
    let returned = |position: u32| span(&calls[position as usize]).to;
    // For each suffix of the known numbers the call that returned first.
    let mut earliest: Vec<u32> = known.iter().map(|known| known.1).collect();
    for index in (1..earliest.len()).rev() {
        if returned(earliest[index]) < returned(earliest[index - 1]) {
            earliest[index - 1] = earliest[index];
        }
    }
    let mut needs: Vec<u32> = Vec::new();
    let mut next = first;
    for (&(number, _), &position) in known.iter().zip(&earliest) {
        needs.extend((next..number).map(|_| position));
        next = number + 1;
    }
    let deadlines: Vec<u32> = needs.iter().map(|&position| returned(position)).collect();
    first_unmatched(&deadlines, crashed).map(|index| needs[index])
}
