//! A cache that nobody else has.

use crate::cache::Cache;
use crate::clock::Clock;

/// A new in-process cache, and the clock it goes by.
///
/// # Panics
///
/// Never: the settings are the defaults.
#[must_use]
pub fn isolated() -> (Cache, Clock) {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build();
    (cache.expect("the defaults can be"), clock)
}

impl Cache {
    /// A new in-process cache that nobody else has; see [`isolated`] for one with a clock.
    #[must_use]
    pub fn isolated() -> Cache {
        isolated().0
    }
}
