//! Chance, where no more than a share is asked for.

use std::hash::BuildHasher;

/// A random number from 0 to 1. Who asks for it writes or computes, so the hasher's randomness does.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn random_share() -> f64 {
    (random_bits() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Random bits that nobody guesses.
pub(crate) fn random_bits() -> u64 {
    std::hash::RandomState::new().hash_one(0_u8)
}
