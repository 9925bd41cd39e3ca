//! The order of events that a search walks through, worked out once.

use super::call::{Call, State};
use rustc_hash::FxHashMap;

/// One step of the walk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A call that is known to have happened begins; while it is pending it has this slot to itself.
    Invoke {
        /// Its position among the calls.
        call: u32,
        /// Its bit in the masks.
        slot: u32,
    },
    /// It is over: from here on it must have happened.
    Return {
        /// Its position among the calls.
        call: u32,
        /// Its bit in the masks.
        slot: u32,
    },
    /// One more crashed call of this class may happen from here on.
    Crash {
        /// Which of [`Plan::classes`].
        class: u32,
    },
}

/// Crashed calls that need and make the same: no search needs to tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Class {
    /// What the register must hold.
    pub needs: Option<State>,
    /// What it holds afterwards.
    pub makes: State,
    /// The position in the walk from which on its effect can be of no use.
    pub useless_from: u32,
}

/// The walk.
pub(crate) struct Plan {
    /// Every event, in the order of the history.
    pub events: Vec<Event>,
    /// How many calls are pending at most, crashed ones left aside.
    pub width: usize,
    /// The crashed calls that can matter.
    pub classes: Vec<Class>,
    /// Which classes make a state.
    pub makers: FxHashMap<State, Vec<u32>>,
    /// Where in the walk each state is needed and made for the last time.
    pub lasts: FxHashMap<State, Lasts>,
    /// For each call, true if it is a known write of what no call needs. Wherever another write happens, it can have
    /// happened right before, unseen.
    pub unseen: Vec<bool>,
}

/// Positions after the last invocations of known calls that need, and that make, a state; 0 if there is none.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lasts {
    /// That need it.
    pub needed: u32,
    /// That make it.
    pub made: u32,
}

impl Plan {
    /// Orders the events of some calls. A crashed call whose effect no other call needs is left out: it may as well
    /// never have happened, and leaving it out only removes constraints.
    pub fn new(calls: &[Call]) -> Plan {
        let order = order(calls);
        let (classes, class_of) = classes(calls, &order);
        let (makers, lasts) = (FxHashMap::default(), FxHashMap::default());
        let mut plan =
            Plan { events: Vec::with_capacity(order.len()), width: 0, classes, makers, lasts, unseen: Vec::new() };
        for (number, class) in plan.classes.iter().enumerate() {
            plan.makers.entry(class.makes).or_default().push(number as u32);
        }
        plan.assign_slots(calls, &order, &class_of);
        plan.unseen = calls.iter().map(|call| plan.is_unseen(call)).collect();
        plan
    }

    fn assign_slots(&mut self, calls: &[Call], order: &[Step], class_of: &FxHashMap<Kind, u32>) {
        let mut slots = vec![0; calls.len()];
        let mut free: Vec<u32> = Vec::new();
        for step in order {
            let call = step.call;
            let body = &calls[call as usize];
            if body.crashed() {
                self.events.extend(class_of.get(&(body.needs, body.makes)).map(|&class| Event::Crash { class }));
            } else if step.is_return {
                free.push(slots[call as usize]);
                self.events.push(Event::Return { call, slot: slots[call as usize] });
            } else {
                let slot = free.pop().unwrap_or(self.width as u32);
                self.width = self.width.max(slot as usize + 1);
                slots[call as usize] = slot;
                self.events.push(Event::Invoke { call, slot });
                self.note_lasts(body);
            }
        }
    }
}

impl Plan {
    fn is_unseen(&self, call: &Call) -> bool {
        let Some(makes) = call.makes.filter(|_| call.needs.is_none() && !call.crashed()) else { return false };
        let is_known_to_be_needed = self.lasts.get(&makes).is_some_and(|lasts| lasts.needed > 0);
        !is_known_to_be_needed && !self.classes.iter().any(|class| class.needs == Some(makes))
    }

    fn note_lasts(&mut self, call: &Call) {
        let position = self.events.len() as u32;
        if let Some(needs) = call.needs {
            self.lasts.entry(needs).or_default().needed = position;
        }
        if let Some(makes) = call.makes {
            self.lasts.entry(makes).or_default().made = position;
        }
    }
}

/// An event before it has a slot. Invocations come first where indexes are equal: that makes calls concurrent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    index: u64,
    is_return: bool,
    call: u32,
}

type Kind = (Option<State>, Option<State>);

fn order(calls: &[Call]) -> Vec<Step> {
    let mut steps = Vec::with_capacity(calls.len() * 2);
    for (position, call) in calls.iter().enumerate() {
        let step = Step { index: call.invoked, is_return: false, call: position as u32 };
        steps.push(step);
        if !call.crashed() {
            steps.push(Step { index: call.returned, is_return: true, ..step });
        }
    }
    steps.sort_unstable();
    steps
}

/// The classes of the crashed calls whose effect some call needs, and which class each kind of call is.
fn classes(calls: &[Call], order: &[Step]) -> (Vec<Class>, FxHashMap<Kind, u32>) {
    let mut numbers = FxHashMap::default();
    if !calls.iter().any(Call::crashed) {
        return (Vec::new(), numbers);
    }
    let needed_until = needed_until(calls, order);
    let mut classes = Vec::new();
    for call in calls.iter().filter(|call| call.crashed()) {
        let Some(makes) = call.makes else { continue };
        let Some(&useless_from) = needed_until.get(&makes) else { continue };
        numbers.entry((call.needs, call.makes)).or_insert_with(|| {
            classes.push(Class { needs: call.needs, makes, useless_from });
            (classes.len() - 1) as u32
        });
    }
    (classes, numbers)
}

/// For each state that some call needs, the position after the return of the last such call. A crashed
/// compare-and-set that can matter needs its state for ever.
fn needed_until(calls: &[Call], order: &[Step]) -> FxHashMap<State, u32> {
    let mut until: FxHashMap<State, u32> = FxHashMap::default();
    for (position, step) in order.iter().enumerate() {
        if let (true, Some(needs)) = (step.is_return, calls[step.call as usize].needs) {
            until.insert(needs, position as u32 + 1);
        }
    }
    let mut crashed: FxHashMap<State, Vec<State>> = FxHashMap::default();
    for call in calls.iter().filter(|call| call.crashed()) {
        if let (Some(needs), Some(makes)) = (call.needs, call.makes) {
            crashed.entry(makes).or_default().push(needs);
        }
    }
    let mut open: Vec<State> = until.keys().copied().collect();
    while let Some(state) = open.pop() {
        for needs in crashed.remove(&state).unwrap_or_default() {
            until.insert(needs, u32::MAX);
            open.push(needs);
        }
    }
    until
}
