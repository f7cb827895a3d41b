//! For tests of code that caches: isolated caches, a clock that is moved by hand, checks of
//! counters, a store that fails on demand, and the conformance suite for a store of your own.
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
//!
//! Functions use the cache of their alias, which is the same for the whole process. In a scope, a test can
//! have its own cache for all of them, while other tests run:
//!
//! ```
//! use cache_runtime::cache_result;
//! use cache_runtime::testing::{self, assert_hits, assert_stats};
//! use std::time::Duration;
//!
//! #[cache_result(timeout = 60)]
//! fn square(n: u64) -> u64 {
//!     n * n
//! }
//!
//! let (cache, clock) = testing::isolated();
//! testing::in_cache_blocking(&cache, || {
//!     square(12);
//!     square(12);
//!     assert_hits!(square::stats(), 1);
//!     clock.advance(Duration::from_secs(61));
//!     square(12);
//!     assert_stats!(square::stats(), hits: 1, misses: 2, sets: 2);
//! });
//! ```

pub mod conformance;
mod faulty;
mod isolated;
mod scope;
mod stats;

pub use crate::clock::Clock;
pub use faulty::{Fault, FaultyStore, When};
pub use isolated::isolated;
pub use scope::{in_cache, in_cache_blocking};

pub use crate::{assert_hits, assert_misses, assert_stats};
