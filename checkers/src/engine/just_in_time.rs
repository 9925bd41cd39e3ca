//! The search for a legal order, one configuration of the pending calls at a time.
//!
//! Source: Lowe 2017, "Testing for linearizability", section 5 (just-in-time linearization): a call happens no earlier
//! than some return forces it. We differ: the search is depth first; only pending calls have a bit, so a configuration
//! is a few words however long the history; reads that match are taken at once, for they change nothing; a crashed call
//! has no bit, is told apart from others only by what it does, and of two configurations that agree otherwise only the
//! one that used fewer of them is kept. A moment when nothing is pending needs no special care: there a configuration
//! is no more than its state. If the object is one cell, a crashed call happens only right before a call that needs what
//! it makes, nothing is replaced that is still needed and cannot be made again, and writes that nobody sees happen along
//! with the first other write; see [`Cells`].

use super::cells::{ANY, Cells};
use super::machine::{IMPOSSIBLE, Machine};
use super::plan::{Event, Plan};
use super::used::{NONE_USED, Place, UsedId, UsedPool, Visited};
use super::{Answer, Found, GaveUp, Limits};
use crate::object::{Model, Timed};
use std::mem::size_of;

/// The widest window that is searched.
const WIDEST: usize = 1024;
/// The longest chain of crashed calls that is followed: the search recurses along it.
const LONGEST_CHAIN: usize = 256;

/// Says whether these calls, cleaned by [`super::clean`], have a legal order.
pub fn search<M: Model>(model: &M, calls: &[Timed<M::Op>], limits: Limits) -> Found {
    counted(model, calls, limits).0
}

/// The same, with the work that it took: nodes, and states by their size.
pub(crate) fn counted<M: Model>(model: &M, calls: &[Timed<M::Op>], limits: Limits) -> (Found, u64) {
    let (machine, kind_of) = Machine::new(model, calls);
    let plan = Plan::new(calls, &kind_of);
    let cells = Cells::new(&machine, &plan, &kind_of);
    match plan.width {
        0..=64 => Search::<1>::new(machine, &kind_of, &plan, cells.as_ref(), limits).run(),
        65..=128 => Search::<2>::new(machine, &kind_of, &plan, cells.as_ref(), limits).run(),
        129..=WIDEST => Search::<16>::new(machine, &kind_of, &plan, cells.as_ref(), limits).run(),
        _ => (Found { answer: Answer::GaveUp(0, GaveUp::Width), nodes: 0 }, 0),
    }
}

/// A configuration that is still to be looked at.
#[derive(Clone, Copy)]
struct Node<const N: usize> {
    place: Place<N>,
    used: UsedId,
}

struct Search<'a, 'm, const N: usize> {
    machine: Machine<'m>,
    plan: &'a Plan,
    cells: Option<&'a Cells>,
    limits: Limits,
    cursor: Cursor<'a, N>,
    open: Vec<Node<N>>,
    visited: Visited<N>,
    pool: UsedPool,
    nodes: u64,
    furthest: u32,
    nodes_at_furthest: u64,
    chain_was_cut: bool,
}

impl<'a, 'm, const N: usize> Search<'a, 'm, N> {
    fn new(machine: Machine<'m>, kind_of: &'a [u32], plan: &'a Plan, cells: Option<&'a Cells>, limits: Limits) -> Self {
        let pool = cells.map(|cells| UsedPool::with_stand_ins(cells.stand_ins(&machine, plan))).unwrap_or_default();
        Search {
            machine,
            plan,
            cells,
            limits,
            cursor: Cursor::new(plan, kind_of),
            open: Vec::new(),
            visited: Visited::default(),
            pool,
            nodes: 0,
            furthest: 0,
            nodes_at_furthest: 0,
            chain_was_cut: false,
        }
    }

    fn run(mut self) -> (Found, u64) {
        let answer = self.answer();
        (Found { answer, nodes: self.spent() }, self.spent() + self.machine.work())
    }

    /// Depth first, so that a history with a legal order costs little more than one walk through it.
    fn answer(&mut self) -> Answer {
        self.open.push(Node { place: Place { at: 0, state: 0, mask: [0; N] }, used: NONE_USED });
        while let Some(mut node) = self.open.pop() {
            self.cursor.move_to(node.place.at);
            let Some(forced) = self.advance(&mut node.place) else { return Answer::Linearizable };
            if let Some(cells) = self.cells {
                node.used = self.pool.retire(node.used, node.place.at, cells.useless_from());
            }
            if !self.visited.insert(node.place, node.used, &self.pool) {
                continue;
            }
            self.nodes += 1;
            if node.place.at > self.furthest {
                (self.furthest, self.nodes_at_furthest) = (node.place.at, self.spent());
            }
            if let Some(why) = self.exhausted() {
                return Answer::GaveUp(self.blocking_call(), why);
            }
            self.expand(&node, forced);
        }
        let at = self.blocking_call();
        if self.chain_was_cut { Answer::GaveUp(at, GaveUp::Chain) } else { Answer::Broken(at) }
    }

    /// The work done so far: to compare multisets of crashed calls costs as much as to expand configurations.
    fn spent(&self) -> u64 {
        self.nodes + self.visited.comparing
    }

    /// Walks on to the next return of a call that has not happened yet, and names its slot; None at the end.
    fn advance(&mut self, place: &mut Place<N>) -> Option<u32> {
        while let Some(event) = self.plan.events.get(place.at as usize) {
            match *event {
                Event::Invoke { call, slot } => {
                    let kind = self.cursor.kind_of[call as usize];
                    if self.machine.is_read(kind) && self.machine.next(place.state, kind) != IMPOSSIBLE {
                        set(&mut place.mask, slot);
                    }
                }
                Event::Return { slot, .. } if !has(&place.mask, slot) => return Some(slot),
                Event::Return { slot, .. } => clear(&mut place.mask, slot),
                Event::Crash { .. } => {}
            }
            self.cursor.forward();
            place.at += 1;
        }
        None
    }

    fn exhausted(&self) -> Option<GaveUp> {
        let bytes =
            || self.visited.bytes(&self.pool) + self.machine.bytes() + self.open.capacity() * size_of::<Node<N>>();
        if self.spent() > self.limits.nodes {
            Some(GaveUp::Nodes)
        } else if bytes() as u64 > self.limits.bytes {
            Some(GaveUp::Bytes)
        } else if self.spent() - self.nodes_at_furthest > self.limits.stall {
            Some(GaveUp::Stall)
        } else {
            None
        }
    }

    /// The call whose return no configuration got past.
    fn blocking_call(&self) -> usize {
        let returns = self.plan.events.iter().skip(self.furthest as usize).find_map(|event| match event {
            Event::Return { call, .. } => Some(*call as usize),
            _ => None,
        });
        returns.unwrap_or_default()
    }

    /// Opens every configuration that one more call leads to. The last one opened is looked at first, so the most
    /// promising ones come last: crashed calls, other calls, those that make the forced one possible, the forced one.
    fn expand(&mut self, node: &Node<N>, forced: u32) {
        if self.cursor.crashed_so_far > 0 {
            match self.cells {
                Some(cells) => self.take_useful_crashed(cells, node, forced),
                None => self.take_crashed(node),
            }
        }
        let forced_kind = self.cursor.kind_in(forced);
        let is_stuck = self.machine.next(node.place.state, forced_kind) == IMPOSSIBLE;
        let helpful_from = self.open.len();
        let mut unhelpful = helpful_from;
        for word in 0..N {
            let mut bits = self.cursor.pending[word] & !node.place.mask[word];
            while bits != 0 {
                let slot = word as u32 * 64 + bits.trailing_zeros();
                bits &= bits - 1;
                // A read that is possible has been taken; one that is not leads nowhere.
                if slot == forced || self.machine.is_read(self.cursor.kind_in(slot)) {
                    continue;
                }
                let before = self.open.len();
                self.take(node, slot);
                let helps = |search: &mut Self| {
                    let state = search.open[before].place.state;
                    search.machine.next(state, forced_kind) != IMPOSSIBLE
                };
                if is_stuck && self.open.len() == before + 1 && !helps(self) {
                    self.open.swap(unhelpful, before);
                    unhelpful += 1;
                }
            }
        }
        self.take(node, forced);
    }

    /// Lets a pending call happen, if it can.
    fn take(&mut self, node: &Node<N>, slot: u32) {
        let kind = self.cursor.kind_in(slot);
        let next = self.machine.next(node.place.state, kind);
        for which in 0..self.machine.count(next) {
            let mut node = *node;
            set(&mut node.place.mask, slot);
            if let Some(cells) = self.cells {
                if self.limits.foresight && next != node.place.state && self.is_needed_and_lost(cells, &node.place) {
                    return;
                }
                if self.machine.needs(kind) == ANY {
                    self.take_unseen_writes(cells, &mut node.place);
                }
            }
            self.enter(&mut node.place, self.machine.each(next, which));
            self.open.push(node);
        }
    }

    /// Lets one crashed call of each class happen, if it changes anything.
    fn take_crashed(&mut self, node: &Node<N>) {
        for class in 0..self.plan.classes.len() as u32 {
            if self.cursor.arrived[class as usize] <= self.pool.count(node.used, class) {
                continue;
            }
            let next = self.machine.next(node.place.state, self.plan.classes[class as usize]);
            for which in 0..self.machine.count(next) {
                let state = self.machine.each(next, which);
                if state != node.place.state {
                    let mut node = Node { used: self.pool.plus(node.used, class), ..*node };
                    self.enter(&mut node.place, state);
                    self.open.push(node);
                }
            }
        }
    }

    /// True if what the cell holds is still needed, by a pending call or a later one, and nothing is left that could make
    /// it again: to replace it leads nowhere.
    fn is_needed_and_lost(&self, cells: &Cells, place: &Place<N>) -> bool {
        if cells.may_be_made_after(place.state, place.at) {
            return false;
        }
        let (mut needed, mut made) = (cells.is_needed_after(place.state, place.at), false);
        self.each_waiting(place, |kind, _| {
            needed |= self.machine.needs(kind) == place.state;
            made |= self.machine.makes(kind) == place.state;
        });
        needed && !made
    }

    /// Lets every pending write that nobody will ever see happen, right before another write.
    fn take_unseen_writes(&self, cells: &Cells, place: &mut Place<N>) {
        let mut mask = place.mask;
        self.each_waiting(place, |kind, slot| {
            if cells.is_unseen(kind) {
                set(&mut mask, slot);
            }
        });
        place.mask = mask;
    }

    /// For each pending call, lets crashed calls make what it needs, and then lets it happen.
    fn take_useful_crashed(&mut self, cells: &'a Cells, node: &Node<N>, forced: u32) {
        for word in 0..N {
            let mut bits = self.cursor.pending[word] & !node.place.mask[word];
            while bits != 0 {
                let slot = word as u32 * 64 + bits.trailing_zeros();
                bits &= bits - 1;
                if slot != forced {
                    self.take_after_crashed(cells, node, slot);
                }
            }
        }
        self.take_after_crashed(cells, node, forced);
    }

    fn take_after_crashed(&mut self, cells: &'a Cells, node: &Node<N>, slot: u32) {
        let needs = self.machine.needs(self.cursor.kind_in(slot));
        if needs == ANY || needs == node.place.state {
            return;
        }
        let mut ways = Vec::new();
        self.ways_to_make(cells, (needs, node.place.state), node.used, &mut vec![needs], &mut ways);
        for used in ways {
            let mut made = Node { used, ..*node };
            self.enter(&mut made.place, needs);
            if has(&made.place.mask, slot) {
                self.open.push(made);
            } else {
                self.take(&made, slot);
            }
        }
    }

    /// Collects what is used after each chain of crashed calls that leads to a state from another. A chain begins with
    /// a write, or with a call that needs what the cell holds, and never makes the same twice: it could be shortened.
    fn ways_to_make(
        &mut self,
        cells: &'a Cells,
        (target, from): (u32, u32),
        used: UsedId,
        path: &mut Vec<u32>,
        ways: &mut Vec<UsedId>,
    ) {
        for &class in cells.makers(target) {
            if self.cursor.arrived[class as usize] <= self.pool.count(used, class) {
                continue;
            }
            self.nodes += self.pool.cost(used);
            if self.nodes > self.limits.nodes {
                return;
            }
            let after = self.pool.plus(used, class);
            let needs = self.machine.needs(self.plan.classes[class as usize]);
            if needs == ANY || needs == from {
                ways.push(after);
            } else if path.len() >= LONGEST_CHAIN {
                self.chain_was_cut = true;
            } else if !path.contains(&needs) {
                path.push(needs);
                self.ways_to_make(cells, (needs, from), after, path, ways);
                path.pop();
            }
        }
    }

    fn each_waiting(&self, place: &Place<N>, mut action: impl FnMut(u32, u32)) {
        for word in 0..N {
            let mut bits = self.cursor.pending[word] & !place.mask[word];
            while bits != 0 {
                let slot = word as u32 * 64 + bits.trailing_zeros();
                bits &= bits - 1;
                action(self.cursor.kind_in(slot), slot);
            }
        }
    }

    /// Takes on a state, and with it every pending read that it explains.
    fn enter(&mut self, place: &mut Place<N>, state: u32) {
        if state == place.state {
            return;
        }
        place.state = state;
        for word in 0..N {
            let mut bits = self.cursor.pending[word] & !place.mask[word];
            while bits != 0 {
                let slot = word as u32 * 64 + bits.trailing_zeros();
                bits &= bits - 1;
                let kind = self.cursor.kind_in(slot);
                if self.machine.is_read(kind) && self.machine.next(state, kind) != IMPOSSIBLE {
                    set(&mut place.mask, slot);
                }
            }
        }
    }
}

/// What is pending at one position of the walk. It moves both ways, so that a configuration need not carry it.
struct Cursor<'a, const N: usize> {
    events: &'a [Event],
    kind_of: &'a [u32],
    at: u32,
    kinds: Vec<u32>,
    pending: [u64; N],
    arrived: Vec<u32>,
    crashed_so_far: u32,
}

impl<'a, const N: usize> Cursor<'a, N> {
    fn new(plan: &'a Plan, kind_of: &'a [u32]) -> Self {
        Cursor {
            events: &plan.events,
            kind_of,
            at: 0,
            kinds: vec![0; plan.width],
            pending: [0; N],
            arrived: vec![0; plan.classes.len()],
            crashed_so_far: 0,
        }
    }

    fn kind_in(&self, slot: u32) -> u32 {
        self.kinds[slot as usize]
    }

    fn move_to(&mut self, at: u32) {
        while self.at < at {
            self.forward();
        }
        while self.at > at {
            self.back();
        }
    }

    fn forward(&mut self) {
        match self.events[self.at as usize] {
            Event::Invoke { call, slot } => self.begin(call, slot),
            Event::Return { slot, .. } => clear(&mut self.pending, slot),
            Event::Crash { class } => {
                self.arrived[class as usize] += 1;
                self.crashed_so_far += 1;
            }
        }
        self.at += 1;
    }

    fn back(&mut self) {
        self.at -= 1;
        match self.events[self.at as usize] {
            Event::Invoke { slot, .. } => clear(&mut self.pending, slot),
            Event::Return { call, slot } => self.begin(call, slot),
            Event::Crash { class } => {
                self.arrived[class as usize] -= 1;
                self.crashed_so_far -= 1;
            }
        }
    }

    fn begin(&mut self, call: u32, slot: u32) {
        self.kinds[slot as usize] = self.kind_of[call as usize];
        set(&mut self.pending, slot);
    }
}

fn has<const N: usize>(mask: &[u64; N], slot: u32) -> bool {
    mask[slot as usize / 64] >> (slot % 64) & 1 == 1
}

fn set<const N: usize>(mask: &mut [u64; N], slot: u32) {
    mask[slot as usize / 64] |= 1 << (slot % 64);
}

fn clear<const N: usize>(mask: &mut [u64; N], slot: u32) {
    mask[slot as usize / 64] &= !(1 << (slot % 64));
}
