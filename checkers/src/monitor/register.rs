//! Registers in which every value that was seen has one maker: a write or a compare-and-set.
//!
//! A value, its maker and its reads are contiguous in every order; a compare-and-set ties the value that it replaces to
//! the one that it makes. So calls fall into blocks, each a chain that begins with a write or with the initial value,
//! whose inner order is forced (slot sweep), and the blocks must find places in a row (zones). Crashed calls count only
//! if what they made was seen. Sources: Gibbons and Korach 1997, section 3; checkers.md 2.7 (a), (b). n log n.

use super::interval::{Ranged, Zone, conflict, sweep};
use super::{TOO_LONG, is_too_long, named, span};
use crate::model::{Register, RegisterOp};
use crate::object::{Monitor, Monitored, Timed, V};
use rustc_hash::FxHashMap;

impl Monitor for Register {
    fn monitor(&self, calls: &[Timed<RegisterOp>]) -> Monitored {
        if is_too_long(calls) {
            return Monitored::Unsupported(TOO_LONG);
        }
        if calls.iter().any(|call| matches!(call.op, RegisterOp::Not(_))) {
            return Monitored::Unsupported("failed compare-and-sets say what the register did not hold");
        }
        match Makers::new(self.initial, calls).and_then(|makers| judge(calls, &makers)) {
            Ok(()) => Monitored::Valid,
            Err(verdict) => verdict,
        }
    }
}

/// The maker of the initial value.
const START: u32 = u32::MAX;
/// Not in any block.
const OUTSIDE: u32 = u32::MAX;

/// A value: what made it, and what came of it.
#[derive(Clone, Copy)]
struct Made {
    maker: u32,
    several: bool,
    seen: bool,
    /// The compare-and-set that replaced it.
    consumer: Option<u32>,
}

/// Every value of a history by its number; the initial one is 0.
struct Makers {
    made: Vec<Made>,
    /// For each call the number of the value that it makes or reads, if that takes part.
    value: Vec<u32>,
}

impl Makers {
    /// # Errors
    /// The verdict, when it needs no more: a value without maker or that was replaced twice, or one with two makers.
    fn new(initial: V, calls: &[Timed<RegisterOp>]) -> Result<Makers, Monitored> {
        let start = Made { maker: START, several: false, seen: false, consumer: None };
        let mut makers = Makers { made: vec![start], value: vec![OUTSIDE; calls.len()] };
        let mut numbers: FxHashMap<V, u32> = FxHashMap::default();
        numbers.insert(initial, 0);
        for (call, maker) in calls.iter().zip(0..) {
            let (RegisterOp::Write(value) | RegisterOp::Cas(_, value)) = call.op else { continue };
            // A crashed compare-and-set that changes nothing is of no use to any order.
            if call.crashed() && call.op == RegisterOp::Cas(value, value) {
                continue;
            }
            let number = *numbers.entry(value).or_insert(makers.made.len() as u32);
            match makers.made.get_mut(number as usize) {
                Some(made) => made.several = true,
                None => makers.made.push(Made { maker, ..start }),
            }
            makers.value[maker as usize] = number;
        }
        makers.see_all(calls, &numbers)?;
        Ok(makers)
    }

    /// Marks what was seen, from what completed back along the compare-and-sets.
    fn see_all(&mut self, calls: &[Timed<RegisterOp>], numbers: &FxHashMap<V, u32>) -> Result<(), Monitored> {
        for (call, position) in calls.iter().zip(0..).filter(|(call, _)| !call.crashed()) {
            let mut next = Some((call, position));
            while let Some((call, position)) = next {
                next = self.see(call, position, calls, numbers)?.map(|maker| (&calls[maker as usize], maker));
            }
        }
        Ok(())
    }

    /// Marks what one effective call saw. Its maker, if that is effective only by this.
    fn see(
        &mut self,
        call: &Timed<RegisterOp>,
        position: u32,
        calls: &[Timed<RegisterOp>],
        numbers: &FxHashMap<V, u32>,
    ) -> Result<Option<u32>, Monitored> {
        let (RegisterOp::Read(value) | RegisterOp::Cas(value, _)) = call.op else { return Ok(None) };
        let Some(&number) = numbers.get(&value) else { return Err(Monitored::Invalid(vec![position as usize])) };
        let made = &mut self.made[number as usize];
        if made.several {
            return Err(Monitored::Unsupported("a value that was seen had been made more than once"));
        }
        let was_seen = std::mem::replace(&mut made.seen, true);
        if matches!(call.op, RegisterOp::Read(_)) {
            self.value[position as usize] = number;
        } else if let Some(other) = made.consumer.replace(position) {
            return Err(Monitored::Invalid(named(calls, [other, position])));
        }
        Ok(Some(made.maker).filter(|&maker| !was_seen && maker != START && calls[maker as usize].crashed()))
    }

    /// Whether a call that makes something takes part.
    fn is_effective(&self, position: usize, call: &Timed<RegisterOp>) -> bool {
        let number = self.value[position];
        !call.crashed() || number != OUTSIDE && self.made[number as usize].seen && !self.made[number as usize].several
    }
}

/// A set of calls that must be contiguous.
#[derive(Clone, Copy)]
struct Block {
    /// The first completion, and whose.
    completed: (i64, u32),
    /// The last invocation, and whose.
    invoked: (i64, u32),
    is_chain: bool,
}

impl Block {
    const EMPTY: Block = Block { completed: (i64::MAX, START), invoked: (i64::MIN, START), is_chain: false };

    fn add(&mut self, call: &Timed<RegisterOp>, position: u32) {
        self.completed = self.completed.min((call.returned.map_or(i64::MAX - 1, i64::from), position));
        self.invoked = self.invoked.max((i64::from(call.invoked), position));
    }
}

/// Where each maker stands: its block, and its slot in it.
struct Places {
    block: Vec<u32>,
    slot: Vec<u32>,
    blocks: Vec<Block>,
}

fn judge(calls: &[Timed<RegisterOp>], makers: &Makers) -> Result<(), Monitored> {
    let mut places = places(calls, makers)?;
    let mut inner: Vec<(u32, Ranged)> = Vec::new();
    for (call, tag) in calls.iter().zip(0..) {
        let index = tag as usize;
        let (block, slot) = match (call.op, makers.value[index]) {
            (RegisterOp::Read(_), OUTSIDE) => continue,
            (RegisterOp::Read(_), number) => match makers.made[number as usize].maker {
                START => (0, 1),
                maker if places.block[maker as usize] == OUTSIDE => continue,
                maker => {
                    if call.returned.is_some_and(|returned| returned < calls[maker as usize].invoked) {
                        return Err(Monitored::Invalid(named(calls, [maker, tag])));
                    }
                    (places.block[maker as usize], places.slot[maker as usize] + 1)
                }
            },
            _ if places.block[index] == OUTSIDE => continue,
            _ => (places.block[index], places.slot[index]),
        };
        let of = &mut places.blocks[block as usize];
        of.add(call, tag);
        if of.is_chain {
            inner.push((block, Ranged { lowest: slot, highest: slot, span: span(call), tag }));
        }
    }
    chains_in_order(calls, inner)?;
    blocks_in_a_row(calls, &places.blocks)
}

/// Follows every chain from its root.
fn places(calls: &[Timed<RegisterOp>], makers: &Makers) -> Result<Places, Monitored> {
    let mut places = Places { block: vec![OUTSIDE; calls.len()], slot: vec![0; calls.len()], blocks: vec![] };
    places.follow(makers, 0);
    for (position, call) in calls.iter().enumerate() {
        if matches!(call.op, RegisterOp::Write(_)) && makers.is_effective(position, call) {
            places.block[position] = places.blocks.len() as u32;
            places.follow_from(makers, position);
        }
    }
    let effective = |&(position, call): &(usize, &Timed<RegisterOp>)| {
        matches!(call.op, RegisterOp::Cas(..)) && makers.is_effective(position, call)
    };
    // What no chain reaches waits for itself.
    let cycle = calls.iter().enumerate().filter(effective).find(|(position, _)| places.block[*position] == OUTSIDE);
    cycle.map_or(Ok(places), |(position, _)| Err(Monitored::Invalid(vec![position])))
}

impl Places {
    /// Opens a block for a write and what was made of its value.
    fn follow_from(&mut self, makers: &Makers, root: usize) {
        let number = makers.value[root];
        if makers.made[number as usize].several {
            // Nobody saw it: a block of its own.
            self.blocks.push(Block::EMPTY);
        } else {
            self.follow(makers, number);
        }
    }

    fn follow(&mut self, makers: &Makers, mut number: u32) {
        let block = self.blocks.len() as u32;
        let mut next = makers.made[number as usize].consumer;
        self.blocks.push(Block { is_chain: next.is_some(), ..Block::EMPTY });
        let mut slot = 2;
        while let Some(position) = next {
            (self.block[position as usize], self.slot[position as usize]) = (block, slot);
            number = makers.value[position as usize];
            let made = makers.made[number as usize];
            next = made.consumer.filter(|_| !made.several);
            slot += 2;
        }
    }
}

/// Judges the forced order inside of each block that has one.
fn chains_in_order(calls: &[Timed<RegisterOp>], mut inner: Vec<(u32, Ranged)>) -> Result<(), Monitored> {
    inner.sort_unstable_by_key(|(block, ranged)| (*block, ranged.tag));
    for chain in inner.chunk_by(|one, next| one.0 == next.0) {
        let slots: Vec<Ranged> = chain.iter().map(|(_, ranged)| *ranged).collect();
        if let Some((earlier, later)) = sweep(&slots) {
            return Err(Monitored::Invalid(named(calls, [earlier, later])));
        }
    }
    Ok(())
}

fn blocks_in_a_row(calls: &[Timed<RegisterOp>], blocks: &[Block]) -> Result<(), Monitored> {
    let zone = |(block, tag): (&Block, u32)| {
        let used = block.invoked.1 != START;
        // The initial value was there before everything.
        let completed = if tag == 0 { -1 } else { block.completed.0 };
        used.then_some(Zone { completed, invoked: block.invoked.0, tag })
    };
    let zones: Vec<Zone> = blocks.iter().zip(0..).filter_map(zone).collect();
    let Some((one, other)) = conflict(&zones) else { return Ok(()) };
    let ends = [one, other].map(|block| [blocks[block as usize].completed.1, blocks[block as usize].invoked.1]);
    Err(Monitored::Invalid(named(calls, ends.into_iter().flatten().filter(|&position| position != START))))
}
