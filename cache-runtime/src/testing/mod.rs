//! For tests of code that caches: a cache of one's own, a clock that is moved by hand, a store that
//! fails on demand, and the conformance suite for a store of one's own.
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

pub mod conformance;
mod faulty;
mod isolated;

pub use crate::clock::Clock;
pub use faulty::{Fault, FaultyStore, When};
pub use isolated::isolated;
