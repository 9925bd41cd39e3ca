//! What a search knows beforehand of an object that is one cell: every change replaces all that it holds, as in a
//! register or a lock.
//!
//! In a legal order a crashed call on a cell stands right before a call that needs what it makes: anywhere else it
//! could as well never have happened. And whatever is still needed and cannot be made again must not be replaced.

use super::machine::Machine;
use super::plan::{Event, Plan};
use rustc_hash::FxHashMap;

/// In place of a state: whatever it is, or what it was.
pub(crate) const ANY: u32 = u32::MAX;

/// Facts about the walk through calls on one cell.
pub(crate) struct Cells {
    /// For each state, the position after the last invocation of a known call that needs it; 0 if there is none.
    needed: Vec<u32>,
    /// The same of known calls that make it.
    made: Vec<u32>,
    /// Classes of crashed calls by the state that they make.
    makers: FxHashMap<u32, Vec<u32>>,
    /// For each kind, true if it is a write of what no call needs. Wherever another write happens, it can have happened
    /// right before, unseen.
    unseen: Vec<bool>,
    /// For each class, the position from which on its effect can be of no use.
    useless_from: Vec<u32>,
}

impl Cells {
    /// Looks through the walk; None if the model is no cell.
    pub fn new(machine: &Machine<'_>, plan: &Plan, kind_of: &[u32]) -> Option<Cells> {
        if !machine.is_cell() {
            return None;
        }
        let states = machine.states();
        let mut cells = Cells {
            needed: vec![0; states],
            made: vec![0; states],
            makers: FxHashMap::default(),
            unseen: vec![false; machine.kinds()],
            useless_from: Vec::new(),
        };
        let mut until = vec![0; states];
        for (position, event) in plan.events.iter().enumerate() {
            let after = position as u32 + 1;
            match *event {
                Event::Invoke { call, .. } => {
                    let kind = kind_of[call as usize];
                    note(&mut cells.needed, machine.needs(kind), after);
                    note(&mut cells.made, machine.makes(kind), after);
                }
                Event::Return { call, .. } => note(&mut until, machine.needs(kind_of[call as usize]), after),
                Event::Crash { .. } => {}
            }
        }
        cells.follow_classes(machine, plan, until);
        cells.find_unseen(machine, plan);
        Some(cells)
    }

    /// A crashed call that can matter needs its state for ever.
    fn follow_classes(&mut self, machine: &Machine<'_>, plan: &Plan, mut until: Vec<u32>) {
        for (class, kind) in plan.classes.iter().enumerate() {
            self.makers.entry(machine.makes(*kind)).or_default().push(class as u32);
        }
        let mut open: Vec<u32> = (0..until.len() as u32).filter(|state| until[*state as usize] > 0).collect();
        while let Some(state) = open.pop() {
            for class in self.makers(state) {
                let needs = machine.needs(plan.classes[*class as usize]);
                if needs != ANY && until[needs as usize] != u32::MAX {
                    until[needs as usize] = u32::MAX;
                    open.push(needs);
                }
            }
        }
        self.useless_from = plan.classes.iter().map(|kind| until[machine.makes(*kind) as usize]).collect();
    }

    fn find_unseen(&mut self, machine: &Machine<'_>, plan: &Plan) {
        let mut seen: Vec<bool> = self.needed.iter().map(|position| *position > 0).collect();
        for kind in &plan.classes {
            if let Some(seen) = seen.get_mut(machine.needs(*kind) as usize) {
                *seen = true;
            }
        }
        for (kind, unseen) in self.unseen.iter_mut().enumerate() {
            let makes = machine.makes(kind as u32);
            *unseen = machine.needs(kind as u32) == ANY && makes != ANY && !seen[makes as usize];
        }
    }

    /// For each class, the class of the crashed calls that make the same and need nothing; itself if there is none. They
    /// can do all that it can.
    pub fn stand_ins(&self, machine: &Machine<'_>, plan: &Plan) -> Vec<u32> {
        let stand_in = |(class, kind): (usize, &u32)| {
            let needs_nothing = |other: &&u32| machine.needs(plan.classes[**other as usize]) == ANY;
            self.makers(machine.makes(*kind)).iter().find(needs_nothing).copied().unwrap_or(class as u32)
        };
        plan.classes.iter().enumerate().map(stand_in).collect()
    }

    /// Classes of crashed calls that make a state.
    pub fn makers(&self, state: u32) -> &[u32] {
        self.makers.get(&state).map_or(&[], Vec::as_slice)
    }

    /// True if known calls that begin at this position or later need the state.
    pub fn is_needed_after(&self, state: u32, position: u32) -> bool {
        self.needed[state as usize] > position
    }

    /// True if something that begins at this position or later, or a crashed call, may make the state again.
    pub fn may_be_made_after(&self, state: u32, position: u32) -> bool {
        self.made[state as usize] > position || self.makers.contains_key(&state)
    }

    /// True if a call of this kind is a write that nobody will ever see.
    pub fn is_unseen(&self, kind: u32) -> bool {
        self.unseen[kind as usize]
    }

    /// For each class, the position from which on its effect can be of no use.
    pub fn useless_from(&self) -> &[u32] {
        &self.useless_from
    }
}

fn note(positions: &mut [u32], state: u32, position: u32) {
    if let Some(at) = positions.get_mut(state as usize) {
        *at = position;
    }
}
