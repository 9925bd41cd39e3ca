//! Which calls a call may have taken its value from.
//!
//! A call that needs a state *found* it: the last call before it, in any legal order, that made a state made this one.
//! That call was invoked before the finder returned, and it was not *surely overwritten*: no call that made a state
//! lies wholly between the two. Both are facts about the intervals alone, so they hold for every legal order.
//!
//! Source: Gibbons and Korach 1997, "Testing shared memories", section 4, from which the zones are taken; here for any
//! number of calls that make the same state, and with compare-and-sets.

use super::call::{Call, Object, State};

/// An index over the calls on one register.
pub(crate) struct Sources<'a> {
    calls: &'a [Call],
    /// Positions of the calls that make a state, by state, then in the order of their invocations.
    makers: Vec<u32>,
    /// Where the makers of each state begin in `makers`.
    begins: Vec<u32>,
    /// For each of `makers`, the latest return of it and of those before it that make the same state.
    latest_return: Vec<u64>,
    /// Returns of calls that surely made a state, ascending; with each the position of the call that was invoked last
    /// among those that had returned by then.
    returned: Vec<(u64, u32)>,
}

impl<'a> Sources<'a> {
    /// Indexes the calls on one register.
    pub fn new(object: &'a Object) -> Self {
        let calls = &object.calls[..];
        let mut begins = vec![0; object.values.len() + 1];
        for makes in calls.iter().filter_map(|call| call.makes) {
            begins[makes as usize + 1] += 1;
        }
        for state in 1..begins.len() {
            begins[state] += begins[state - 1];
        }
        let makers = sorted_makers(calls, &begins);
        let latest_return = latest_returns(calls, &makers);
        Sources { calls, makers, begins, latest_return, returned: returned(calls) }
    }

    /// Every call that makes a state, in the order of their invocations.
    pub fn makers(&self, state: State) -> &[u32] {
        &self.makers[self.range(state)]
    }

    /// Of the calls that surely made a state and had returned before `call` began, the one that was invoked last.
    pub fn barrier(&self, call: &Call) -> Option<u32> {
        let before = self.returned.partition_point(|(returned, _)| *returned < call.invoked);
        Some(self.returned[before.checked_sub(1)?].1)
    }

    /// True if `call` may have found `needs`: some other call may have made it, and not have been overwritten before.
    /// One that was invoked while `call` was pending cannot have been.
    pub fn is_explicable(&self, call: &Call, needs: State) -> bool {
        let barrier = self.barrier(call).map(|at| self.calls[at as usize].invoked);
        if needs == 0 {
            return barrier.is_none();
        }
        let makers = self.makers(needs);
        let mut begun = makers.partition_point(|&at| self.calls[at as usize].invoked <= call.returned);
        if call.makes == Some(needs) {
            let own = makers.partition_point(|&at| self.calls[at as usize].invoked < call.invoked);
            if own + 1 < begun {
                return true;
            }
            begun = own;
        }
        let Some(last) = begun.checked_sub(1) else { return false };
        barrier.is_none_or(|barrier| self.latest_return[self.range(needs).start + last] >= barrier)
    }

    /// Every call that `calls[at]` may have found its state from.
    pub fn of(&self, at: u32) -> Vec<u32> {
        let call = &self.calls[at as usize];
        let Some(needs) = call.needs else { return Vec::new() };
        let barrier = self.barrier(call).map_or(0, |at| self.calls[at as usize].invoked);
        let may_be = |&other: &u32| {
            let maker = &self.calls[other as usize];
            other != at && maker.invoked <= call.returned && maker.returned >= barrier
        };
        self.makers(needs).iter().copied().filter(may_be).collect()
    }

    fn range(&self, state: State) -> std::ops::Range<usize> {
        self.begins[state as usize] as usize..self.begins[state as usize + 1] as usize
    }
}

fn sorted_makers(calls: &[Call], begins: &[u32]) -> Vec<u32> {
    let mut next = begins.to_vec();
    let mut makers = vec![0; begins.last().map_or(0, |end| *end as usize)];
    for (position, call) in calls.iter().enumerate() {
        if let Some(makes) = call.makes {
            makers[next[makes as usize] as usize] = position as u32;
            next[makes as usize] += 1;
        }
    }
    makers
}

fn latest_returns(calls: &[Call], makers: &[u32]) -> Vec<u64> {
    let mut latest: Vec<u64> = makers.iter().map(|&at| calls[at as usize].returned).collect();
    for at in 1..latest.len() {
        if calls[makers[at] as usize].makes == calls[makers[at - 1] as usize].makes {
            latest[at] = latest[at].max(latest[at - 1]);
        }
    }
    latest
}

fn returned(calls: &[Call]) -> Vec<(u64, u32)> {
    let sure = |(_, call): &(usize, &Call)| call.makes.is_some() && !call.crashed();
    let mut returned: Vec<(u64, u32)> =
        calls.iter().enumerate().filter(sure).map(|(at, call)| (call.returned, at as u32)).collect();
    returned.sort_unstable();
    for at in 1..returned.len() {
        let (earlier, own) = (returned[at - 1].1, returned[at].1);
        if calls[earlier as usize].invoked > calls[own as usize].invoked {
            returned[at].1 = earlier;
        }
    }
    returned
}
