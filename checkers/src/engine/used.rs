//! Which crashed calls a configuration has used, and which configurations were met before.

use rustc_hash::FxHashMap;
use std::mem::size_of;

/// Numbers a multiset of classes of crashed calls; 0 is the empty one.
pub(crate) type UsedId = u32;

/// No crashed call was used.
pub(crate) const NONE_USED: UsedId = 0;

type Multiset = Box<[(u32, u32)]>;

/// Every multiset that a search has met: classes in ascending order, each with how many of it were used.
pub(crate) struct UsedPool {
    sets: Vec<Multiset>,
    numbers: FxHashMap<Multiset, UsedId>,
    pairs: usize,
    /// For each class, the class whose calls can do all that its calls can; itself if there is no other.
    stand_in: Vec<u32>,
}

impl Default for UsedPool {
    fn default() -> Self {
        let empty = Multiset::default();
        UsedPool {
            sets: vec![empty.clone()],
            numbers: FxHashMap::from_iter([(empty, NONE_USED)]),
            pairs: 0,
            stand_in: Vec::new(),
        }
    }
}

impl UsedPool {
    /// A pool of classes some of which can do all that others can.
    pub fn with_stand_ins(stand_in: Vec<u32>) -> Self {
        UsedPool { stand_in, ..UsedPool::default() }
    }

    /// How many of a class were used.
    pub fn count(&self, used: UsedId, class: u32) -> u32 {
        let set = &self.sets[used as usize];
        set.binary_search_by_key(&class, |pair| pair.0).map_or(0, |at| set[at].1)
    }

    /// One more of a class.
    pub fn plus(&mut self, used: UsedId, class: u32) -> UsedId {
        let mut set = self.sets[used as usize].to_vec();
        match set.binary_search_by_key(&class, |pair| pair.0) {
            Ok(at) => set[at].1 += 1,
            Err(at) => set.insert(at, (class, 1)),
        }
        self.number(set)
    }

    /// Without the classes that can be of no more use at `position`: to have used them costs nothing.
    pub fn retire(&mut self, used: UsedId, position: u32, useless_from: &[u32]) -> UsedId {
        let alive = |pair: &&(u32, u32)| useless_from[pair.0 as usize] > position;
        let set = &self.sets[used as usize];
        if set.iter().all(|pair| alive(&pair)) {
            return used;
        }
        let set = set.iter().filter(alive).copied().collect();
        self.number(set)
    }

    /// True if whatever can be done with what `large` left can be done with what `small` left: all that `small` used more
    /// often, something that can stand in for it was used less often.
    pub fn within(&self, small: UsedId, large: UsedId) -> bool {
        small == large
            || self.sets[small as usize].iter().all(|&(class, count)| {
                count <= self.count(large, class) || self.is_covered(small, large, self.stand_in(class))
            })
    }

    fn stand_in(&self, class: u32) -> u32 {
        self.stand_in.get(class as usize).copied().unwrap_or(class)
    }

    /// True if `small` left enough of a class to make up for all others that it stands in for.
    fn is_covered(&self, small: UsedId, large: UsedId, by: u32) -> bool {
        let more = |pair: &&(u32, u32)| pair.0 != by && self.stand_in(pair.0) == by;
        let over = |pair: &(u32, u32)| pair.1.saturating_sub(self.count(large, pair.0));
        let owed: u32 = self.sets[small as usize].iter().filter(more).map(over).sum();
        self.count(small, by) + owed <= self.count(large, by)
    }

    /// The work that it takes to look through a multiset, in nodes.
    pub fn cost(&self, used: UsedId) -> u64 {
        1 + self.sets[used as usize].len() as u64 / 8
    }

    fn number(&mut self, set: Vec<(u32, u32)>) -> UsedId {
        if let Some(number) = self.numbers.get(set.as_slice()) {
            return *number;
        }
        let number = self.sets.len() as UsedId;
        self.pairs += set.len();
        let set = set.into_boxed_slice();
        self.sets.push(set.clone());
        self.numbers.insert(set, number);
        number
    }

    fn bytes(&self) -> usize {
        2 * self.pairs * size_of::<(u32, u32)>() + self.sets.len() * (2 * size_of::<Multiset>() + size_of::<UsedId>())
    }
}

/// Where a search stands: the position in the walk, the state, which pending calls have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place<const N: usize> {
    /// The position in the walk.
    pub at: u32,
    /// The number of the state.
    pub state: u32,
    /// The slots of those pending calls that have happened.
    pub mask: [u64; N],
}

/// The configurations that were met: for each place the least that was used to get there. Of two configurations at
/// one place, the one that used less can do all that the other can, so only minimal ones are kept.
pub(crate) struct Visited<const N: usize> {
    heads: FxHashMap<Place<N>, u32>,
    entries: Vec<(UsedId, u32)>,
    /// The work that comparisons of multisets took, in nodes.
    pub comparing: u64,
}

/// The head of a place that was reached without the use of any crashed call: no other way there is worth a look.
const FREE: u32 = u32::MAX;
const END: u32 = u32::MAX - 1;

impl<const N: usize> Default for Visited<N> {
    fn default() -> Self {
        Visited { heads: FxHashMap::default(), entries: Vec::new(), comparing: 0 }
    }
}

impl<const N: usize> Visited<N> {
    /// Notes a configuration. False if one that is at least as good was met before.
    pub fn insert(&mut self, place: Place<N>, used: UsedId, pool: &UsedPool) -> bool {
        let fresh = self.entries.len() as u32;
        let head = self.heads.entry(place).or_insert(END);
        if *head == FREE {
            return false;
        }
        if used == NONE_USED {
            *head = FREE;
            return true;
        }
        let mut at = *head;
        while at != END {
            let (seen, next) = self.entries[at as usize];
            self.comparing += pool.cost(seen);
            if pool.within(seen, used) {
                return false;
            }
            at = next;
        }
        self.entries.push((used, *head));
        *head = fresh;
        true
    }

    /// About how much memory is held, the pool's included.
    pub fn bytes(&self, pool: &UsedPool) -> usize {
        self.heads.capacity() * (size_of::<(Place<N>, u32)>() + 1) + self.entries.capacity() * 8 + pool.bytes()
    }
}
