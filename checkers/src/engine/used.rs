//! Which crashed calls a configuration has used, and which configurations have been seen.

use rustc_hash::FxHashMap;
use std::mem::size_of;

/// A multiset of classes, by its number.
pub(crate) type UsedId = u32;
/// The empty one.
pub(crate) const NONE_USED: UsedId = 0;

/// Every multiset of crashed calls that some configuration has used, once.
pub(crate) struct UsedPool {
    sets: Vec<Box<[u32]>>,
    numbers: FxHashMap<Box<[u32]>, UsedId>,
    next: FxHashMap<(UsedId, u32), UsedId>,
    held: usize,
}

impl Default for UsedPool {
    fn default() -> Self {
        let empty: Box<[u32]> = Box::default();
        let numbers = FxHashMap::from_iter([(empty.clone(), NONE_USED)]);
        UsedPool { sets: vec![empty], numbers, next: FxHashMap::default(), held: 0 }
    }
}

impl UsedPool {
    /// The multiset with one more of a class.
    pub fn plus(&mut self, used: UsedId, class: u32) -> UsedId {
        if let Some(&known) = self.next.get(&(used, class)) {
            return known;
        }
        let mut set = self.sets[used as usize].to_vec();
        set.insert(set.partition_point(|other| *other < class), class);
        let set = set.into_boxed_slice();
        let number = match self.numbers.get(&set) {
            Some(&number) => number,
            None => {
                let number = self.sets.len() as u32;
                self.held += 2 * (set.len() * 4 + 32);
                self.sets.push(set.clone());
                self.numbers.insert(set, number);
                number
            }
        };
        self.next.insert((used, class), number);
        number
    }

    /// How many of a class are used.
    pub fn count(&self, used: UsedId, class: u32) -> u32 {
        let set = &self.sets[used as usize];
        let from = set.partition_point(|other| *other < class);
        set[from..].iter().take_while(|other| **other == class).count() as u32
    }

    /// True if everything in the first is in the second.
    fn is_within(&self, small: UsedId, large: UsedId) -> bool {
        if small == large || small == NONE_USED {
            return true;
        }
        let (small, large) = (&self.sets[small as usize], &self.sets[large as usize]);
        let mut rest = large.iter();
        small.len() <= large.len() && small.iter().all(|class| rest.any(|other| other == class))
    }

    fn bytes(&self) -> usize {
        self.held + self.next.capacity() * 16
    }
}

/// A configuration without the crashed calls that it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place<const N: usize> {
    /// Position in the walk.
    pub at: u32,
    /// Number of the state.
    pub state: u32,
    /// Which pending calls have happened.
    pub mask: [u64; N],
}

const END: u32 = u32::MAX;

/// What has been seen: of each place the multisets of crashed calls that were used to get there.
pub(crate) struct Visited<const N: usize> {
    heads: FxHashMap<Place<N>, u32>,
    chain: Vec<(UsedId, u32)>,
}

impl<const N: usize> Default for Visited<N> {
    fn default() -> Self {
        Visited { heads: FxHashMap::default(), chain: Vec::new() }
    }
}

impl<const N: usize> Visited<N> {
    /// False if the place was reached before with no more crashed calls: whatever is possible now was possible then.
    pub fn insert(&mut self, place: Place<N>, used: UsedId, pool: &UsedPool) -> bool {
        let head = self.heads.entry(place).or_insert(END);
        let mut at = *head;
        while let Some(&(before, next)) = self.chain.get(at as usize) {
            if pool.is_within(before, used) {
                return false;
            }
            at = next;
        }
        self.chain.push((used, *head));
        *head = (self.chain.len() - 1) as u32;
        true
    }

    /// Bytes held.
    pub fn bytes(&self, pool: &UsedPool) -> usize {
        self.heads.capacity() * (size_of::<(Place<N>, u32)>() + 1) * 8 / 7 + self.chain.capacity() * 8 + pool.bytes()
    }
}
