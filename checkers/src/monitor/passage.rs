//! What went into a container and came out again: the part that queues, stacks and priority queues share.
//!
//! A put that crashed and whose value nobody took is left out: that only removes constraints. A value that was put
//! more than once and taken cannot be judged, since nobody knows which one it was; untaken ones are simply several.

use super::interval::{Span, Union, covering};
use super::{TOO_LONG, is_too_long, named, span};
use crate::model::Got;
use crate::object::{Monitored, Timed, V};
use rustc_hash::FxHashMap;

/// What a call did to a container.
pub(super) enum Move {
    Put(V),
    Took(Got),
}

/// One value with its stay in the container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) value: V,
    /// The position of the call that put it.
    pub(super) put: u32,
    /// The position of the call that took it.
    pub(super) taken: Option<u32>,
    pub(super) entry: Span,
    /// [`Span::NEVER`] if nobody took it.
    pub(super) exit: Span,
}

impl Item {
    /// The open interval in which it was surely inside; reversed if there is none.
    pub(super) fn presence(&self) -> Span {
        self.entry.until(self.exit)
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = u32> + use<> {
        [Some(self.put), self.taken].into_iter().flatten()
    }
}

/// Everything that a history says of a container.
#[derive(Debug, Default)]
pub(super) struct Passages {
    pub(super) items: Vec<Item>,
    /// Calls that found the container empty.
    pub(super) empties: Vec<(Span, u32)>,
    /// When each call was invoked of which nobody knows what it took, if anything.
    pub(super) unknown: Vec<u32>,
}

/// Gathers the stays of all values.
///
/// # Errors
/// The verdict, when it needs no more: a value that was never put, or taken twice, or taken before it was put, or
/// values that cannot be told apart.
pub(super) fn gather<O>(calls: &[Timed<O>], read: impl Fn(&O) -> Move) -> Result<Passages, Monitored> {
    if is_too_long(calls) {
        return Err(Monitored::Unsupported(TOO_LONG));
    }
    let mut passages = Passages::default();
    let mut puts: FxHashMap<V, Puts> = FxHashMap::default();
    for (position, call) in calls.iter().enumerate() {
        if let Move::Put(value) = read(&call.op) {
            let item = passages.items.len() as u32;
            puts.entry(value).and_modify(|puts| puts.several = true).or_insert(Puts { item, several: false });
            let (entry, exit) = (span(call), Span::NEVER);
            passages.items.push(Item { value, put: position as u32, taken: None, entry, exit });
        }
    }
    for (position, call) in calls.iter().enumerate() {
        if let Move::Took(got) = read(&call.op) {
            passages.take(got, position as u32, calls, &puts)?;
        }
    }
    passages.items.retain(|item| item.taken.is_some() || !calls[item.put as usize].crashed());
    Ok(passages)
}

/// The calls that put one value.
struct Puts {
    item: u32,
    several: bool,
}

impl Passages {
    fn take<O>(
        &mut self,
        got: Got,
        position: u32,
        calls: &[Timed<O>],
        puts: &FxHashMap<V, Puts>,
    ) -> Result<(), Monitored> {
        let call = &calls[position as usize];
        match (got, call.crashed()) {
            (Got::Value(value), false) => {
                let Some(puts) = puts.get(&value) else { return Err(Monitored::Invalid(vec![position as usize])) };
                if puts.several {
                    return Err(Monitored::Unsupported("a value that was taken had been put more than once"));
                }
                self.exit(puts.item as usize, position, calls)?;
            }
            (Got::Empty, false) => self.empties.push((span(call), position)),
            (Got::Empty, true) => {}
            (Got::Unknown, true) => self.unknown.push(call.invoked),
            (Got::Unknown, false) => {
                return Err(Monitored::Unsupported("a call completed without telling what it took"));
            }
            (Got::Value(_), true) => return Err(Monitored::Unsupported("a call crashed and yet tells what it took")),
        }
        Ok(())
    }

    fn exit<O>(&mut self, item: usize, position: u32, calls: &[Timed<O>]) -> Result<(), Monitored> {
        let item = &mut self.items[item];
        let exit = span(&calls[position as usize]);
        if let Some(taken) = item.taken {
            return Err(Monitored::Invalid(named(calls, [item.put, taken, position])));
        }
        if exit.precedes(item.entry) {
            return Err(Monitored::Invalid(named(calls, [item.put, position])));
        }
        (item.taken, item.exit) = (Some(position), exit);
        Ok(())
    }

    /// A call that found the container empty although at each instant of it some value was surely inside, with those
    /// values.
    pub(super) fn false_empty<O>(&self, calls: &[Timed<O>]) -> Option<Vec<usize>> {
        if self.empties.is_empty() {
            return None;
        }
        let union = Union::of(self.items.iter().map(Item::presence));
        let (span, position) = self.empties.iter().find(|(span, _)| union.covers(*span))?;
        let mut calls_named = named(calls, self.covering(*span, |_| true));
        calls_named.push(*position as usize);
        Some(calls_named)
    }

    /// The calls of the fewest items, among those that qualify, that leave no instant of the span without one of them.
    pub(super) fn covering(&self, span: Span, qualifies: impl Fn(&Item) -> bool) -> Vec<u32> {
        let present = self.items.iter().zip(0..).filter(|(item, _)| qualifies(item));
        let chosen = covering(present.map(|(item, index)| (item.presence(), index)), span);
        chosen.into_iter().flat_map(|index| self.items[index as usize].calls()).collect()
    }
}
