//! A cache that no other code shares.

use crate::cache::Cache;
use crate::clock::Clock;

/// Returns a new in-process cache, and the clock it uses.
#[must_use]
pub fn isolated() -> (Cache, Clock) {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build();
    (cache.expect("the defaults can be"), clock)
}

impl Cache {
    /// Returns a new in-process cache that no other code shares; see [`isolated`] for one with a clock.
    #[must_use]
    pub fn isolated() -> Cache {
        isolated().0
    }
}
