//! Which client of which node this is: numbers for logs and messages, the lowest that is free.

use super::log::Log;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The numbers that are in use, by node.
#[derive(Default)]
pub(super) struct Slots(Mutex<BTreeMap<String, Vec<Place>>>);

/// One number of one node, and its log.
struct Place {
    log: Arc<Log>,
    is_taken: bool,
}

/// A number of one's own, given back when it is dropped.
pub(super) struct Slot {
    /// Counted from 0 on each node.
    pub(super) number: usize,
    /// The name of the node.
    pub(super) node: String,
    /// What its clients write to their standard error.
    pub(super) log: Arc<Log>,
    slots: Arc<Slots>,
}

impl Slots {
    /// The lowest number of a node that is free.
    pub(super) fn take(self: &Arc<Slots>, node: &str, folder: Option<&Path>) -> Slot {
        let mut nodes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let places = nodes.entry(node.to_owned()).or_default();
        let number = places.iter().position(|place| !place.is_taken).unwrap_or(places.len());
        if number == places.len() {
            let log = Arc::new(Log::create(folder, &format!("{node}-{number}")));
            places.push(Place { log, is_taken: true });
        }
        let place = &mut places[number];
        place.is_taken = true;
        Slot { number, node: node.to_owned(), log: Arc::clone(&place.log), slots: Arc::clone(self) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut nodes = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = nodes.get_mut(&self.node).and_then(|places| places.get_mut(self.number)) {
            place.is_taken = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_again() {
        let slots = Arc::<Slots>::default();
        let first = slots.take("n1", None);
        let second = slots.take("n1", None);
        assert_eq!((first.number, second.number, slots.take("n2", None).number), (0, 1, 0));
        drop(first);
        assert_eq!(slots.take("n1", None).number, 0);
    }
}
