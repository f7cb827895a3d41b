//! A cached function as a whole: clear its entries, run it now, run it uncached.

use std::future::Future;

use crate::cache::Cache;
use crate::cache::registry;
use crate::context::{self, Context};
use crate::error::CacheError;
use crate::key::version::Version;
use crate::local::{FullKey, Header};
use crate::markers;
use crate::mode::{Mode, block_on};
use crate::observe::Stats;
use crate::site::Site;

/// Runs a call of `site` in `future` now, and keeps its result.
pub async fn refreshing<F: Future>(site: &'static Site, future: F) -> F::Output {
    Context::once(site, true).wrap(future).await
}

/// Runs a call of `site` in `f` now, and keeps its result.
pub fn refreshing_blocking<T>(site: &'static Site, f: impl FnOnce() -> T) -> T {
    Context::once(site, true).enter(f)
}

/// Runs a call of `site` in `future`, without using the cache.
pub async fn uncached<F: Future>(site: &'static Site, future: F) -> F::Output {
    Context::once(site, false).wrap(future).await
}

/// Runs a call of `site` in `f`, without using the cache.
pub fn uncached_blocking<T>(site: &'static Site, f: impl FnOnce() -> T) -> T {
    Context::once(site, false).enter(f)
}

/// Deletes every entry of `site` in the cache of its alias.
pub async fn clear(site: &'static Site) -> Result<(), CacheError> {
    clear_mode(Mode::Async, site, &registry::cache_of(site)?).await
}

/// See [`clear`].
pub fn clear_blocking(site: &'static Site) -> Result<(), CacheError> {
    block_on(clear_mode(Mode::Blocking, site, &registry::cache_of(site)?))
}

/// Forgets every entry of `site` under its own version, in the cache of its alias.
pub async fn clear_version(
    site: &'static Site,
    version: impl Into<Version>,
) -> Result<(), CacheError> {
    let cache = registry::cache_of(site)?.with_version(version);
    clear_mode(Mode::Async, site, &cache).await
}

/// See [`clear_version`].
pub fn clear_version_blocking(
    site: &'static Site,
    version: impl Into<Version>,
) -> Result<(), CacheError> {
    let cache = registry::cache_of(site)?.with_version(version);
    block_on(clear_mode(Mode::Blocking, site, &cache))
}

/// Deletes every entry of `site` in `cache`.
pub async fn clear_in(site: &'static Site, cache: &Cache) -> Result<(), CacheError> {
    clear_mode(Mode::Async, site, cache).await
}

/// See [`clear_in`].
pub fn clear_in_blocking(site: &'static Site, cache: &Cache) -> Result<(), CacheError> {
    block_on(clear_mode(Mode::Blocking, site, cache))
}

/// Forgets the entries of this version of the cache: a store, too, has the others under other keys.
pub(crate) async fn clear_mode(
    mode: Mode,
    site: &'static Site,
    cache: &Cache,
) -> Result<(), CacheError> {
    let core = cache.core();
    let mine = Header {
        binding: cache.space().bind(site).id,
        version: cache.version_number(),
    };
    let is_mine = |key: &FullKey| key.header == mine;
    core.flights.overtake_where(mode, is_mine).await;
    if let Some(level) = core.any_home() {
        level.remove_where(|key| is_mine(key));
    }
    let cleared = match core.store() {
        Some(_) if cache.has_marks() => {
            let mark = cache.mark(markers::of_function(cache, site));
            cache.set_mark(mode, &mark).await
        }
        // Every function with this key prefix loses its entries: their keys hold nothing but the
        // prefix and a hash.
        Some(store) => {
            let prefix = format!("{}{}:", cache.store_prefix("clear")?, site.prefix());
            cache.clear_prefix(mode, store, &prefix).await
        }
        None => Ok(()),
    };
    core.flights.end_where(is_mine);
    cleared
}

/// Returns the counters of `site`, over all caches.
#[must_use]
pub fn stats(site: &'static Site) -> Stats {
    match context::cache() {
        Some(cache) => stats_in(site, &cache),
        None => site.stats(),
    }
}

/// Returns the counters of `site` in `cache`.
#[must_use]
pub fn stats_in(site: &'static Site, cache: &Cache) -> Stats {
    cache.space().bind(site).counters.stats()
}
