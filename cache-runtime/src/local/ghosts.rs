//! The keys that were evicted lately, by their hashes.
//!
//! A table of a fixed size in which a newcomer replaces the older one of two: remembering
//! one costs one write, and forgetting a few too early only makes for a poorer guess.

/// Hashes of the entries evicted last.
#[derive(Debug, Default)]
pub(super) struct Ghosts {
    /// Two places for each hash, side by side: half of the hash, and when it came.
    places: Box<[[(u32, u32); 2]]>,
    /// How many have come.
    count: u32,
}

impl Ghosts {
    /// Returns a table for the last `count`.
    pub(super) fn new(count: usize) -> Self {
        let pairs = count.div_ceil(2).next_power_of_two();
        Self {
            places: vec![[(0, 0); 2]; pairs].into(),
            count: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns whether there is no room for the last `count`.
    pub(super) fn is_too_small(&self, count: usize) -> bool {
        self.places.len() * 2 < count
    }

    /// Remembers one.
    pub(super) fn remember(&mut self, hash: u64) {
        self.count = self.count.wrapping_add(1);
        let now = self.count;
        let at = self.place(hash);
        if let Some([first, second]) = self.places.get_mut(at) {
            let age = |place: &(u32, u32)| now.wrapping_sub(place.1);
            let is_first = first.0 == fingerprint(hash)
                || (second.0 != fingerprint(hash) && age(first) >= age(second));
            *if is_first { first } else { second } = (fingerprint(hash), now);
        }
    }

    /// Returns how many came after this one, if it is remembered.
    pub(super) fn age(&self, hash: u64) -> Option<usize> {
        let pair = self.places.get(self.place(hash))?;
        let (_, came) = pair.iter().find(|(mark, _)| *mark == fingerprint(hash))?;
        Some(self.count.wrapping_sub(*came) as usize)
    }

    fn place(&self, hash: u64) -> usize {
        hash as usize & self.places.len().wrapping_sub(1)
    }
}

// Never zero, which marks an unused place.
fn fingerprint(hash: u64) -> u32 {
    (hash >> 32) as u32 | 1
}

#[cfg(test)]
mod tests {
    use super::Ghosts;

    #[test]
    fn the_last_ones_are_remembered() {
        assert_eq!(Ghosts::default().age(1), None);
        let mut ghosts = Ghosts::new(8);
        let hash = |n: u64| n | n << 33;
        (0..100).for_each(|n| ghosts.remember(hash(n)));
        assert!((92..100).all(|n| ghosts.age(hash(n)) == Some(99 - n as usize)));
        assert!((0..92).all(|n| ghosts.age(hash(n)).is_none()));
        // The same place, another hash.
        assert_eq!(ghosts.age(hash(99) | 1 << 50), None);
        // Once more: in its own place, not in its neighbour's.
        ghosts.remember(hash(92));
        assert_eq!(ghosts.age(hash(92)), Some(0));
        assert_eq!(ghosts.age(hash(96)), Some(4));
    }
}
