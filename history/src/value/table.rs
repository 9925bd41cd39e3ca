//! An open-addressing table from hashes to positions in an arena. The arena holds the keys, so the standard map, which
//! owns its keys, would keep every value twice.

/// Positions by hash. Never more than three quarters full.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// The upper half of the hash above position + 1; 0 is free. As many as a power of two, or none. The slot of an
    /// entry follows from what is kept of its hash, so that growing looks at no value.
    slots: Vec<u64>,
    used: usize,
}

impl Table {
    /// The position of that hash which `is_it` accepts.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = (hash >> 32) as usize & mask;
        while let Some(&entry) = self.slots.get(slot).filter(|entry| **entry != 0) {
            let position = (entry as u32) - 1;
            if entry >> 32 == hash >> 32 && is_it(position) {
                return Some(position);
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    /// Adds a position that is not there.
    pub(super) fn insert(&mut self, hash: u64, position: u32) {
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.place((hash >> 32) << 32 | u64::from(position + 1));
        self.used += 1;
    }

    fn grow(&mut self) {
        self.resize((self.slots.len() * 2).max(64));
    }

    /// Makes room for that many more positions, so that the table grows once.
    pub(super) fn reserve(&mut self, more: usize) {
        let size = ((self.used + more) * 4 / 3 + 1).next_power_of_two();
        if size > self.slots.len() {
            self.resize(size.max(64));
        }
    }

    fn resize(&mut self, size: usize) {
        let old = std::mem::replace(&mut self.slots, vec![0; size]);
        old.into_iter().filter(|entry| *entry != 0).for_each(|entry| self.place(entry));
    }

    fn place(&mut self, entry: u64) {
        let mask = self.slots.len() - 1;
        let mut slot = (entry >> 32) as usize & mask;
        while self.slots[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = entry;
    }
}

/// Mixes one word into a hash: the two halves of a 128-bit product.
#[inline]
pub(super) fn mix(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ word) * 0x9E37_79B9_7F4A_7C15_u128;
    product as u64 ^ (product >> 64) as u64
}

/// The hash of bytes, beginning from `seed`.
#[inline]
pub(super) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let mut hash = mix(seed, bytes.len() as u64);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        hash = mix(hash, u64::from_le_bytes(word.try_into().unwrap_or_default()));
    }
    let mut last = [0; 8];
    last[..words.remainder().len()].copy_from_slice(words.remainder());
    mix(hash, u64::from_le_bytes(last))
}
