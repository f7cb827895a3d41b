//! Caches the results of functions, by one attribute above each: in process, in Redis or in files,
//! as a URL says at run time.
//!
//! ```
//! use cache_runtime::cache_result;
//!
//! /// The square, computed at most once in ten minutes for each argument.
//! #[cache_result(timeout = 600, key_prefix = "squares")]
//! fn square(n: u64) -> u64 {
//!     n * n
//! }
//!
//! assert_eq!(square(12), 144);                     // computed
//! assert_eq!(square(12), 144);                     // from the cache
//! assert_eq!(square::stats().hits, 1);
//! assert_eq!(square::entry(12).get()?, Some(144)); // looked at, without running the function
//! square::entry(12).delete()?;                     // forgotten
//! # Ok::<(), cache_runtime::CacheError>(())
//! ```
//!
//! # Start here
//!
//! | for | see |
//! | --- | --- |
//! | a cached function, its arguments and its handle | [`cache_result`](macro@cache_result) |
//! | functions that change data | [`cache_put`](macro@cache_put), [`cache_evict`](macro@cache_evict), [`events`](mod@events) |
//! | which store, by URL or in code | [`Cache::from_url`], [`CacheBuilder`], [`caches`] |
//! | a cache by hand | [`Cache`], and [`BlockingCache`] for callers that block |
//! | caching switched off, or every result recomputed, in a scope; the running call, from inside its body | [`bypass`], [`refreshing`], [`current`] |
//! | what went wrong | [`CacheError`], [`ErrorKind`] |
//! | what is cached and what it saves | [`report`], [`functions`], [`trace`]; [`overrides`] to change it without rebuilding |
//! | a store of your own | [`Store`] |
//! | tests of your code | `testing` (feature `testing`) |
//!
//! The guide, `docs` in the repository, goes through them one by one.
//!
//! # A store of your own
//!
//! Implement [`Store`]: `name`, `get`, `set` and `delete`, with bytes in and bytes out. The other methods
//! are built on these where that is possible; the rest return an error of kind `Unsupported`. The suite in
//! `testing::conformance` (feature `testing`) checks that it does what every store here does:
//!
//! ```ignore
//! use cache_runtime::testing::conformance::Suite;
//!
//! #[test]
//! fn my_store_is_a_store() {
//!     Suite::of_store(MyStore::default).run().assert_passed();
//! }
//! ```
//!
//! # Cargo features
//!
//! | feature | adds |
//! | --- | --- |
//! | `tokio` | background work of an async call runs on the caller's own tokio runtime; on by default, without it on a thread of this crate |
//! | `redis` | `redis://`, `redis+unix://`, `redis+sentinel://`, `redis+cluster://` stores; tokio and the redis client |
//! | `redis-tls` | `rediss://`, `rediss+sentinel://`, `rediss+cluster://` stores; rustls |
//! | `memcached` | `memcached://` stores; tokio |
//! | `sqlite` | `sqlite://` stores; tokio and sqlx, which needs Rust 1.94 |
//! | `postgres` | `postgres://` stores; the same |
//! | `mysql` | `mysql://` stores (MySQL, MariaDB); the same |
//! | `zlib` | `compress=zlib`, and Django's compressed JSON; on with `redis` |
//! | `zstd` | `compress=zstd`: the smallest output; compiles a C library |
//! | `lz4` | `compress=lz4`: the fastest |
//! | `compact` | `format=compact`: MessagePack with named fields |
//! | `signing` | `sign_with=VARIABLE`: entries signed with HMAC-SHA256 |
//! | `files` | `file://` stores; tokio (for its threads) and tempfile; Rust 1.89 |
//! | `blake3` | `key_hash=blake3` |
//! | `metrics` | `publish_metrics()`: the counters, for exporters of the `metrics` crate |
//! | `testing` | `testing`: isolated caches, a clock that is moved by hand, a store that fails on demand, the conformance suite; `serde/derive` |
//!
//! # The map of the crate
//!
//! A file and the folder of the same name are one idea: the file has it on one page, the folder its parts.
//!
//! | in `src` | what they are about |
//! | --- | --- |
//! | `call`, `flight`, `target`, `batch` | the path of a call: a hit in process, one execution for each key, reading and writing one entry; many calls at once |
//! | `context`, `background` | in which body and scope a call is made; what goes on in the background of its caller |
//! | `key`, `site` | the key of a call; the function as its attribute describes it, and what an operator changes about it |
//! | `keep`, `policy`, `timeout`, `life` | what is kept of a result, for how long, and how old it is |
//! | `cache`, `entry`, `url` | what users call: a cache, how it is set up and found by its alias; one entry of a function |
//! | `local`, `reclaim`, `near`, `news` | the level in process, read without a lock; copies in front of a store, and the news that keeps them correct |
//! | `store`, `stores`, `guarded`, `recovery` | what a store is, and which there are; the time limit and the breaker in front of one; catching up on what could not reach it |
//! | `codec`, `value` | values as bytes, and how they are held in process |
//! | `markers`, `changes`, `events` | what ends many entries at once; what a function changes; the event bus |
//! | `observe`, `error` | what is counted, listed and traced; errors |
//! | `mode`, `clock`, `sync`, `tools` | async and blocking callers; time; locks; small tools that know nothing of caching |
//! | `testing`, `fuzz` | tests of programs and of stores; fuzzing |
//! | `__private` | everything that expansions may name |

// docs.rs says for each item which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
// A test may unwrap: its panic is its report.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod background;
mod batch;
mod cache;
mod call;
mod changes;
mod clock;
mod codec;
mod context;
mod entry;
mod error;
pub mod events;
mod flight;
#[cfg(any(test, cache_fuzz))]
#[doc(hidden)]
pub mod fuzz;
mod guarded;
mod keep;
mod key;
mod life;
mod local;
mod markers;
mod mode;
mod near;
mod news;
mod observe;
mod policy;
mod reclaim;
mod recovery;
mod site;
mod store;
pub mod stores;
mod sync;
mod target;
#[cfg(feature = "testing")]
pub mod testing;
mod timeout;
mod tools;
mod url;
mod value;

#[doc(hidden)]
pub mod __private;

pub use batch::{Answer, BlockingWarm, Unwarmed, Warm, Warmed, Warming};
pub use cache::registry::{Caches, caches};
pub use cache::{BlockingCache, Cache, CacheBuilder, Inspection};
#[doc(hidden)]
pub use cache::{CallArguments, Moment};
/// # An example that runs
///
/// ```
/// use cache_runtime::{cache_evict, cache_result};
///
/// #[cache_result(tags("user:{user_id}"))]
/// fn tasks(user_id: u64, page: u32) -> Vec<String> {
///     vec![format!("{user_id}: {page}")]
/// }
///
/// #[cache_evict(tasks::entry(user_id, result.len() as u32))]
/// fn rename(user_id: u64, name: &str) -> Result<String, std::fmt::Error> {
///     # let _ = user_id;
///     if name.is_empty() { Err(std::fmt::Error) } else { Ok(name.to_owned()) }
/// }
///
/// #[cache_evict(tag("user:{user_id}"))]
/// fn remove(user_id: u64) {
///     # let _ = user_id;
/// }
///
/// tasks(7, 1);
/// tasks(7, 2);
/// assert!(rename(7, "").is_err());
/// assert!(tasks::entry(7, 1).get()?.is_some());    // a failure changes nothing
/// rename(7, "a").unwrap();
/// assert!(tasks::entry(7, 1).get()?.is_none());
/// assert!(tasks::entry(7, 2).get()?.is_some());
/// remove(7);
/// assert!(tasks::entry(7, 2).get()?.is_none());
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
pub use cache_macros::cache_evict;
/// # An example that runs
///
/// ```
/// use cache_runtime::{cache_put, cache_result};
///
/// #[cache_result]
/// async fn get_name(id: u64) -> Option<String> {
///     panic!("the name of {id} is known already")
/// }
///
/// #[cache_put(get_name::entry(id))]
/// fn rename(id: u64, name: &str) -> Result<String, std::fmt::Error> {
///     # let _ = id;
///     Ok(name.to_owned())
/// }
///
/// rename(7, "a").unwrap();
/// assert_eq!(get_name::entry(7).blocking().get()?, Some("a".to_owned()));
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
pub use cache_macros::cache_put;
pub use cache_macros::cache_result;
pub use clock::Clock;
pub use codec::{Compression, Format};
pub use context::scope::{Call, bypass, bypass_blocking, current, refreshing, refreshing_blocking};
pub use entry::{BlockingEntry, Entry};
pub use error::{CacheError, ErrorKind};
pub use events::events;
pub use guarded::breaker::BreakerState;
pub use key::version::Version;
pub use markers::tombstone::Unless;
pub use observe::{
    CacheReport, FunctionReport, LocalReport, Report, Stats, Timings, functions, log_keys, report,
};
pub use observe::{
    Kind, Outcome, Trace, TraceEvent, Tracer, is_traced, note, trace, trace_blocking,
};
#[cfg(feature = "metrics")]
pub use observe::{Publisher, publish_metrics, publish_metrics_every};
pub use site::overrides::{Override, Overrides, overrides};
pub use store::backplane::{Backplane, Heard, SIGN_OF_LIFE};
pub use store::facts::Facts;
pub use store::{Capabilities, Store, StoreFuture, Ttl};
pub use timeout::Timeout;
pub use tools::glob::Glob;
pub use value::{CacheKey, CacheValue, LocalValue};
