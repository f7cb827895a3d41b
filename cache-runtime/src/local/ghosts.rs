//! The keys that were evicted lately, by their hashes.
//!
//! A table of a fixed size in which a newcomer takes its place whoever stands there: to remember one
//! costs one write, and forgetting a few too early costs nothing but a poorer guess.

/// Hashes of the entries evicted last.
#[derive(Debug, Default)]
pub(super) struct Ghosts {
    /// Half of the hash, and when it came.
    places: Box<[(u32, u32)]>,
    /// How many came.
    count: u32,
}

impl Ghosts {
    /// Remembers one among the last `capacity`.
    pub(super) fn remember(&mut self, hash: u64, capacity: usize) {
        if self.places.is_empty() {
            self.places = vec![(0, 0); capacity.next_power_of_two()].into();
        }
        self.count = self.count.wrapping_add(1);
        let at = self.place(hash);
        self.places[at] = (fingerprint(hash), self.count);
    }

    /// Whether this one is among the last `capacity`.
    pub(super) fn has(&self, hash: u64, capacity: usize) -> bool {
        let Some((mark, came)) = self.places.get(self.place(hash)) else {
            return false;
        };
        let age = self.count.wrapping_sub(*came) as usize;
        *mark == fingerprint(hash) && age < capacity
    }

    fn place(&self, hash: u64) -> usize {
        hash as usize & self.places.len().wrapping_sub(1)
    }
}

// Never zero, which is what an unused place has.
fn fingerprint(hash: u64) -> u32 {
    (hash >> 32) as u32 | 1
}

#[cfg(test)]
mod tests {
    use super::Ghosts;

    #[test]
    fn the_last_ones_are_remembered() {
        let mut ghosts = Ghosts::default();
        let hash = |n: u64| n | n << 32;
        assert!(!ghosts.has(hash(1), 8));
        (0..100).for_each(|n| ghosts.remember(hash(n), 8));
        assert!((92..100).all(|n| ghosts.has(hash(n), 8)));
        assert!((0..92).all(|n| !ghosts.has(hash(n), 8)));
        // The same place, another hash.
        assert!(!ghosts.has(hash(99) | 1 << 40, 8));
    }
}
