//! What the sources know as `crate::random`: chance that comes out the same every time.

use std::cell::Cell;

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
    static NEXT: Cell<Option<f64>> = const { Cell::new(None) };
}

/// From here on the chances of this thread are those of this seed.
pub(crate) fn seed(seed: u64) {
    STATE.set(seed);
    NEXT.set(None);
}

/// The next share that is asked for is this one: who reads has drawn it already.
pub(crate) fn lend(share: Option<f64>) {
    NEXT.set(share);
}

/// From 0 to 1.
pub(crate) fn random_share() -> f64 {
    NEXT.take().unwrap_or_else(own_share)
}

fn own_share() -> f64 {
    (bits() >> 11) as f64 / (1_u64 << 53) as f64
}

/// How long until the next of those that come by chance, so many in a unit of time.
pub(crate) fn until_next(rate: f64) -> f64 {
    -own_share().max(f64::MIN_POSITIVE).ln() / rate
}

// SplitMix64.
fn bits() -> u64 {
    let state = STATE.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
