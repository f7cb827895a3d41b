//! Randomness, for when a share is enough.

use std::hash::BuildHasher;

/// Returns a random number from 0 to 1. Its callers write or compute, so the hasher's randomness is fast enough.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn random_share() -> f64 {
    (random_bits() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Returns random bits that nobody can guess.
pub(crate) fn random_bits() -> u64 {
    std::hash::RandomState::new().hash_one(0_u8)
}
