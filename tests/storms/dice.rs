//! Numbers that look random, the same for the same seed.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Dice that many tasks throw.
pub(crate) struct Dice(AtomicU64);

impl Dice {
    /// With the seed of `CACHE_TESTS_SEED`, or a new one, which is printed.
    pub(crate) fn new() -> Self {
        let seed = std::env::var("CACHE_TESTS_SEED").map_or_else(
            |_| RandomState::new().hash_one("seed"),
            |seed| seed.parse().expect("CACHE_TESTS_SEED is a number"),
        );
        println!("CACHE_TESTS_SEED={seed}");
        Self(AtomicU64::new(seed))
    }

    /// A number from 0 to below `end`.
    pub(crate) fn below(&self, end: u64) -> u64 {
        let seed = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mut bits = seed ^ (seed >> 30);
        bits = bits.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % end
    }

    pub(crate) fn one_in(&self, many: u64) -> bool {
        self.below(many) == 0
    }
}
