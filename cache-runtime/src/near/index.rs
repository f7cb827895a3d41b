//! Maps the hash by which other processes know a whole key to the hash by which the level knows it.
//!
//! It compares only hashes: by chance another entry is removed, which is one more miss.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

use crate::local::Ready;
use crate::sync::lock;

/// Entries removed in another way stay here until there are this many more than the level holds.
const SPARE: usize = 1024;

pub(super) struct Index {
    hashes: Mutex<HashMap<u64, u64, Ready>>,
    most: usize,
}

/// The hash of a whole key; never 0.
pub(crate) fn hash_of(stored_key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    stored_key.hash(&mut hasher);
    hasher.finish().max(1)
}

impl Index {
    /// Returns an index for a level of this many entries.
    pub(super) fn new(entries: usize) -> Self {
        Self {
            hashes: Mutex::default(),
            most: entries.saturating_mul(2).saturating_add(SPARE),
        }
    }

    /// Notes that the level has a copy of this key under that hash, or soon will.
    pub(super) fn note(&self, stored_hash: u64, hash: u64, is_there: impl Fn(u64) -> bool) {
        let mut hashes = lock(&self.hashes);
        if hashes.len() >= self.most {
            hashes.retain(|_, hash| is_there(*hash));
        }
        hashes.insert(stored_hash, hash);
    }

    /// Returns whether the copy can still be found by this key.
    pub(super) fn has(&self, stored_hash: u64) -> bool {
        lock(&self.hashes).contains_key(&stored_hash)
    }

    pub(super) fn take(&self, stored_hash: u64) -> Option<u64> {
        lock(&self.hashes).remove(&stored_hash)
    }

    pub(super) fn clear(&self) {
        lock(&self.hashes).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Index, SPARE, hash_of};

    #[test]
    fn what_has_left_the_level_is_forgotten() {
        let index = Index::new(10);
        for stored_hash in 1..=(SPARE + 21) as u64 {
            index.note(stored_hash, stored_hash + 100, |hash| hash < 106);
        }
        assert_eq!(index.take(3), Some(103));
        assert_eq!(index.take(3), None);
        assert_eq!(index.take(6), None, "it was not in the level");
        assert!(index.take((SPARE + 21) as u64).is_some());
        assert_ne!(hash_of("a"), hash_of("b"));
    }
}
