//! The order of events that a search walks through, worked out once.

use crate::object::Timed;
use rustc_hash::FxHashMap;

/// One step of the walk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A call that is known to have happened begins; while it is pending it has this slot to itself.
    Invoke { call: u32, slot: u32 },
    /// It is over: from here on it must have happened.
    Return { call: u32, slot: u32 },
    /// One more crashed call of this class may happen from here on.
    Crash { class: u32 },
}

/// The walk.
pub(crate) struct Plan {
    /// Every event, in the order of the history.
    pub events: Vec<Event>,
    /// How many calls are pending at most, crashed ones left aside.
    pub width: usize,
    /// The kind of operation of each class of crashed calls. Crashed calls of one kind are interchangeable.
    pub classes: Vec<u32>,
}

impl Plan {
    /// Orders the events of calls that are in the order of their invocations.
    pub fn new<O>(calls: &[Timed<O>], kind_of: &[u32]) -> Plan {
        let mut plan = Plan { events: Vec::with_capacity(calls.len() * 2), width: 0, classes: Vec::new() };
        let mut returns: Vec<(u32, u32)> =
            calls.iter().enumerate().filter_map(|(at, call)| Some((call.returned?, at as u32))).collect();
        if !returns.is_sorted() {
            returns.sort_unstable();
        }
        let mut slots = vec![0; calls.len()];
        let (mut free, mut class_of, mut done) = (Vec::new(), FxHashMap::default(), 0);
        for (at, call) in calls.iter().enumerate() {
            // An invocation and a return at one position are concurrent: invocations first.
            while done < returns.len() && returns[done].0 < call.invoked {
                plan.finish(returns[done].1, &slots, &mut free);
                done += 1;
            }
            if call.crashed() {
                let next = plan.classes.len() as u32;
                let class = *class_of.entry(kind_of[at]).or_insert(next);
                if class == next {
                    plan.classes.push(kind_of[at]);
                }
                plan.events.push(Event::Crash { class });
            } else {
                let slot = free.pop().unwrap_or(plan.width as u32);
                plan.width = plan.width.max(slot as usize + 1);
                slots[at] = slot;
                plan.events.push(Event::Invoke { call: at as u32, slot });
            }
        }
        for &(_, call) in &returns[done..] {
            plan.finish(call, &slots, &mut free);
        }
        plan
    }

    fn finish(&mut self, call: u32, slots: &[u32], free: &mut Vec<u32>) {
        free.push(slots[call as usize]);
        self.events.push(Event::Return { call, slot: slots[call as usize] });
    }
}
