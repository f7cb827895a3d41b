//! For tests of code that caches: a cache of one's own, and a clock that is moved by hand.
//!
//! ```
//! use cache_runtime::testing;
//! use std::time::Duration;
//!
//! let (cache, clock) = testing::isolated();
//! let cache = cache.blocking();
//! cache.set("token", "abc", 60)?;
//! clock.advance(Duration::from_secs(61));
//! assert_eq!(cache.get::<String>("token")?, None);
//! # Ok::<(), cache_runtime::CacheError>(())
//! ```

mod isolated;

pub use crate::clock::Clock;
pub use isolated::isolated;
