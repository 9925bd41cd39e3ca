//! The search for one order of all calls that a single register could have produced.
//!
//! Source: Lowe 2017, "Testing for linearizability", section 5 (just-in-time linearization): a call happens no earlier
//! than some return forces it. We differ: only pending calls have a bit, so a configuration is a few words however
//! long the history; reads that match are taken at once, for they change nothing; a crashed call happens only right
//! before a call that needs what it makes (elsewhere it could as well never have happened), is told apart from others
//! only by what it does, and of two configurations that agree otherwise only the one that used fewer of them is kept;
//! nothing is overwritten that is still needed and cannot be made again; and writes that nobody sees happen along with
//! the first other write.

use super::call::{Call, State};
use super::plan::{Event, Plan};
use super::used::{NONE_USED, Place, UsedId, UsedPool, Visited};
use std::mem::size_of;

/// How far a search may go. Work is counted, not time, so that the answer is the same on every machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Configurations that may be opened.
    pub nodes: u64,
    /// Bytes that may be held.
    pub bytes: u64,
    /// Configurations that may be opened without getting any further in the history.
    pub stall: u64,
    /// True if the search may look ahead to find that it is lost. That is faster by far, but then the call that blocks
    /// it may return before the violation shows.
    pub foresight: bool,
}

/// Why a search gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// All nodes were opened.
    Nodes,
    /// All bytes were held.
    Bytes,
    /// It got no further for too long.
    Stall,
    /// More calls were pending at one time than a mask has bits.
    Width,
    /// A chain of crashed compare-and-sets was too long to be followed.
    Chain,
}

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// There is such an order.
    Linearizable,
    /// There is none; without foresight, not even of the events up to the return of this call.
    Broken {
        /// Its position among the calls.
        at: usize,
    },
    /// Nobody can say; there is one of the events before the return of this call.
    GaveUp {
        /// Its position among the calls.
        at: usize,
        /// Why.
        why: GaveUp,
    },
}

/// An answer, and what it cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// The answer.
    pub answer: Answer,
    /// Configurations that were opened.
    pub nodes: u64,
    /// How many calls were pending at most, crashed ones left aside.
    pub width: usize,
}

/// The widest window that is searched.
const WIDEST: usize = 1024;
/// The longest chain of crashed calls that is followed: the search recurses along it.
const LONGEST_CHAIN: usize = 256;

/// Says whether these calls, in the order of their invocations, are linearizable.
pub(crate) fn search(calls: &[Call], limits: Limits) -> Found {
    let plan = Plan::new(calls);
    match plan.width {
        0..=64 => Search::<1>::new(calls, &plan, limits).run(),
        65..=128 => Search::<2>::new(calls, &plan, limits).run(),
        129..=WIDEST => Search::<16>::new(calls, &plan, limits).run(),
        width => Found { answer: Answer::GaveUp { at: 0, why: GaveUp::Width }, nodes: 0, width },
    }
}

/// A configuration that is still to be looked at.
#[derive(Clone, Copy)]
struct Node<const N: usize> {
    place: Place<N>,
    used: UsedId,
}

struct Search<'a, const N: usize> {
    calls: &'a [Call],
    plan: &'a Plan,
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

impl<'a, const N: usize> Search<'a, N> {
    fn new(calls: &'a [Call], plan: &'a Plan, limits: Limits) -> Self {
        Search {
            calls,
            plan,
            limits,
            cursor: Cursor::new(plan),
            open: Vec::new(),
            visited: Visited::default(),
            pool: UsedPool::default(),
            nodes: 0,
            furthest: 0,
            nodes_at_furthest: 0,
            chain_was_cut: false,
        }
    }

    fn run(mut self) -> Found {
        let answer = self.answer();
        Found { answer, nodes: self.spent(), width: self.plan.width }
    }

    /// Depth first, so that a linearizable history costs little more than one walk through it.
    fn answer(&mut self) -> Answer {
        self.open.push(Node { place: Place { at: 0, state: 0, mask: [0; N] }, used: NONE_USED });
        while let Some(mut node) = self.open.pop() {
            self.cursor.move_to(node.place.at);
            let Some(forced) = self.advance(&mut node.place) else { return Answer::Linearizable };
            node.used = self.pool.retire(node.used, node.place.at, &self.plan.classes);
            if !self.visited.insert(node.place, node.used, &self.pool) {
                continue;
            }
            self.note_progress(node.place.at);
            if let Some(why) = self.exhausted() {
                return self.gave_up(why);
            }
            self.expand(&node, forced);
        }
        if self.chain_was_cut { self.gave_up(GaveUp::Chain) } else { Answer::Broken { at: self.blocking_call() } }
    }

    /// Walks on to the next return of a call that has not happened yet, and names its slot; None at the end.
    fn advance(&mut self, place: &mut Place<N>) -> Option<u32> {
        while let Some(event) = self.plan.events.get(place.at as usize) {
            match *event {
                Event::Invoke { call, slot } => {
                    let call = &self.calls[call as usize];
                    if call.makes.is_none() && call.needs == Some(place.state) {
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

    fn note_progress(&mut self, at: u32) {
        if at > self.furthest {
            (self.furthest, self.nodes_at_furthest) = (at, self.spent());
        }
    }

    /// The work done so far: to compare multisets of crashed calls costs as much as to open configurations.
    fn spent(&self) -> u64 {
        self.nodes + self.visited.comparing
    }

    fn exhausted(&self) -> Option<GaveUp> {
        let bytes = self.visited.bytes(&self.pool) + self.open.capacity() * size_of::<Node<N>>();
        if self.spent() > self.limits.nodes {
            Some(GaveUp::Nodes)
        } else if bytes as u64 > self.limits.bytes {
            Some(GaveUp::Bytes)
        } else if self.spent() - self.nodes_at_furthest > self.limits.stall {
            Some(GaveUp::Stall)
        } else {
            None
        }
    }

    fn gave_up(&self, why: GaveUp) -> Answer {
        Answer::GaveUp { at: self.blocking_call(), why }
    }

    /// The call whose return no configuration got past.
    fn blocking_call(&self) -> usize {
        let at = self.furthest as usize;
        let returns = self.plan.events.iter().skip(at).find_map(|event| match event {
            Event::Return { call, .. } => Some(*call as usize),
            _ => None,
        });
        returns.unwrap_or_default()
    }

    /// Opens every configuration that one more call leads to. The last one opened is looked at first, so the most
    /// promising ones come last: the forced call itself, then whatever makes what it needs.
    fn expand(&mut self, node: &Node<N>, forced: u32) {
        let forced_needs = self.call_in(forced).needs;
        if self.cursor.crashed_so_far > 0 {
            self.each_waiting(&node.place, |search, slot| {
                if slot != forced {
                    search.take_after_crashed(node, slot);
                }
            });
            self.take_after_crashed(node, forced);
        }
        for helpful in [false, true] {
            self.each_waiting(&node.place, |search, slot| {
                let makes = search.call_in(slot).makes;
                if slot != forced && (makes.is_some() && makes == forced_needs) == helpful {
                    search.take(node, slot);
                }
            });
        }
        self.take(node, forced);
    }

    /// Lets a pending call happen, if the register holds what it needs.
    fn take(&mut self, node: &Node<N>, slot: u32) {
        let call = *self.call_in(slot);
        if call.needs.is_some_and(|needs| needs != node.place.state) {
            return;
        }
        let mut node = *node;
        set(&mut node.place.mask, slot);
        if let Some(makes) = call.makes {
            if self.limits.foresight && makes != node.place.state && self.is_needed_and_lost(&node.place) {
                return;
            }
            if call.needs.is_none() {
                self.take_unseen_writes(&mut node.place);
            }
            node.place.state = makes;
            self.take_matching_reads(&mut node.place);
        }
        self.nodes += 1;
        self.open.push(node);
    }

    /// True if what the register holds is still needed, by a pending call or a later one, and nothing is left that could
    /// make it again: to overwrite it now leads nowhere.
    fn is_needed_and_lost(&self, place: &Place<N>) -> bool {
        let Some(lasts) = self.plan.lasts.get(&place.state) else { return false };
        let (mut needed, mut made) = (lasts.needed > place.at, lasts.made > place.at);
        if made || self.plan.makers.contains_key(&place.state) {
            return false;
        }
        self.each_slot(place, |slot| {
            let call = self.call_in(slot);
            needed |= call.needs == Some(place.state);
            made |= call.makes == Some(place.state);
        });
        needed && !made
    }

    /// Lets every pending write that nobody will ever see happen, right before another write.
    fn take_unseen_writes(&self, place: &mut Place<N>) {
        let mut mask = place.mask;
        self.each_slot(place, |slot| {
            if self.plan.unseen[self.cursor.table[slot as usize] as usize] {
                set(&mut mask, slot);
            }
        });
        place.mask = mask;
    }

    fn take_matching_reads(&self, place: &mut Place<N>) {
        let state = place.state;
        let mut mask = place.mask;
        self.each_slot(place, |slot| {
            let call = self.call_in(slot);
            if call.makes.is_none() && call.needs == Some(state) {
                set(&mut mask, slot);
            }
        });
        place.mask = mask;
    }

    /// Lets crashed calls make what a pending call needs, and then lets that one happen.
    fn take_after_crashed(&mut self, node: &Node<N>, slot: u32) {
        let Some(needs) = self.call_in(slot).needs.filter(|needs| *needs != node.place.state) else { return };
        let mut ways = Vec::new();
        self.ways_to_make(needs, node.place.state, node.used, &mut vec![needs], &mut ways);
        for used in ways {
            let mut made = Node { used, ..*node };
            made.place.state = needs;
            self.take_matching_reads(&mut made.place);
            if has(&made.place.mask, slot) {
                self.open.push(made);
            } else {
                self.take(&made, slot);
            }
        }
    }

    /// Collects what is used after each chain of crashed calls that ends in `target`. A chain begins with a write, or
    /// with a compare-and-set of what the register holds, and never makes the same twice: it could be shortened.
    fn ways_to_make(
        &mut self,
        target: State,
        from: State,
        used: UsedId,
        path: &mut Vec<State>,
        ways: &mut Vec<UsedId>,
    ) {
        let plan = self.plan;
        for &class in plan.makers.get(&target).map_or(&[][..], Vec::as_slice) {
            if self.cursor.arrived[class as usize] <= self.pool.count(used, class) {
                continue;
            }
            self.nodes += self.pool.cost(used);
            if self.nodes > self.limits.nodes {
                return;
            }
            let after = self.pool.plus(used, class);
            match plan.classes[class as usize].needs {
                None => ways.push(after),
                Some(needs) if needs == from => ways.push(after),
                Some(needs) if path.contains(&needs) => {}
                Some(_) if path.len() >= LONGEST_CHAIN => self.chain_was_cut = true,
                Some(needs) => {
                    path.push(needs);
                    self.ways_to_make(needs, from, after, path, ways);
                    path.pop();
                }
            }
        }
    }

    fn call_in(&self, slot: u32) -> &'a Call {
        &self.calls[self.cursor.table[slot as usize] as usize]
    }

    fn each_slot(&self, place: &Place<N>, mut action: impl FnMut(u32)) {
        for word in 0..N {
            let mut bits = self.cursor.pending[word] & !place.mask[word];
            while bits != 0 {
                action(word as u32 * 64 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }

    fn each_waiting(&mut self, place: &Place<N>, mut action: impl FnMut(&mut Self, u32)) {
        for word in 0..N {
            let mut bits = self.cursor.pending[word] & !place.mask[word];
            while bits != 0 {
                action(self, word as u32 * 64 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }
}

/// What is pending at one position of the walk. It moves both ways, so that a configuration need not carry it.
struct Cursor<'a, const N: usize> {
    events: &'a [Event],
    at: u32,
    table: Vec<u32>,
    pending: [u64; N],
    arrived: Vec<u32>,
    crashed_so_far: u32,
}

impl<'a, const N: usize> Cursor<'a, N> {
    fn new(plan: &'a Plan) -> Self {
        Cursor {
            events: &plan.events,
            at: 0,
            table: vec![0; plan.width],
            pending: [0; N],
            arrived: vec![0; plan.classes.len()],
            crashed_so_far: 0,
        }
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
        self.table[slot as usize] = call;
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
