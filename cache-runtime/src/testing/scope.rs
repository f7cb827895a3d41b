//! A scope in which every alias stands for one cache.

use std::future::Future;

use crate::cache::Cache;
use crate::context::Context;

/// Runs `future` with `cache` in place of every alias, wherever it is polled: cached functions in
/// it, their entries, `clear` and `stats` use that cache. Tests that run at the same time do not see one
/// another's entries.
///
/// What `future` spawns is outside the scope; a function whose attribute names a cache by an expression keeps
/// that cache.
pub async fn in_cache<F: Future>(cache: &Cache, future: F) -> F::Output {
    Context::in_cache(cache).wrap(future).await
}

/// Runs `f` with `cache` in place of every alias; see [`in_cache`].
pub fn in_cache_blocking<T>(cache: &Cache, f: impl FnOnce() -> T) -> T {
    Context::in_cache(cache).enter(f)
}
