//! What a cache is, how its store is doing and what is in process, for people.

use std::collections::HashMap;

use crate::cache::Cache;
use crate::error::CacheError;
use crate::guarded::breaker::BreakerState;
use crate::observe::{Stats, Timings};
use crate::timeout::Timeout;

/// One alias and its cache, as reported by [`Caches::reports`](crate::Caches::reports).
///
/// ```
/// use cache_runtime::{Cache, Timeout, caches};
///
/// caches().set("reported", Cache::from_url("memory://?key_prefix=app&max_entries=100")?)?;
/// let cache = caches().get("reported")?.blocking();
/// cache.set("greeting", "hello", Timeout::Default)?;
///
/// let reports = caches().reports();
/// let report = reports.iter().find(|report| report.alias == "reported").unwrap();
/// assert_eq!(report.store, "memory");
/// let local = report.local.unwrap();
/// assert_eq!((local.entries, local.max_entries), (1, 100));
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CacheReport {
    /// The alias.
    pub alias: String,
    /// What the store calls itself: `redis`, `memcached`; `memory` if everything is in process, `dummy` if
    /// nothing is kept, empty if the cache could not be opened.
    pub store: &'static str,
    /// Its URL with `***` in place of the login and of every option that may be a secret; `None` if it was not
    /// made from one.
    pub url: Option<String>,
    /// Why it could not be opened, in which case its functions run uncached.
    pub error: Option<CacheError>,
    /// The first part of every key.
    pub key_prefix: String,
    /// The version of every key.
    pub version: i64,
    /// How long values live that are not given a timeout.
    pub timeout: Timeout,
    /// The entries in process: all of them, or copies of what is in the store.
    pub local: Option<LocalReport>,
    /// Whether the store is currently used, if there is one.
    pub breaker: Option<BreakerState>,
    /// How often this process called the store, and how long that took.
    pub operations: Timings,
    /// The counters of this cache's prefix, for functions and for text keys.
    pub stats: Stats,
    /// What the alias had counted with a store of this name before it got this cache.
    pub(crate) before: Counted,
}

/// The counters of a cache.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) stats: Stats,
    /// How many operations were asked of its store.
    pub(crate) operations: u64,
}

/// What an alias has counted in caches that have since been replaced, by the name of their store: its
/// counters continue from where those of the previous cache end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Before(HashMap<&'static str, Counted>);

impl Before {
    pub(crate) fn of(&self, store: &'static str) -> Counted {
        self.0.get(store).copied().unwrap_or_default()
    }

    /// Notes that `old` is no longer the cache of the alias.
    pub(crate) fn ended(&mut self, old: &CacheReport) {
        let before = self.0.entry(old.store).or_default();
        before.stats.add(&old.stats);
        before.operations = before.operations.wrapping_add(old.operations.count);
    }

    /// Notes that `new` is; what that has counted elsewhere does not belong to this alias.
    pub(crate) fn begun(&mut self, new: &CacheReport) {
        let before = self.0.entry(new.store).or_default();
        before.stats.subtract(&new.stats);
        before.operations = before.operations.wrapping_sub(new.operations.count);
    }
}

/// The entries in process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LocalReport {
    /// How many entries there are; some may have expired without being swept yet.
    pub entries: usize,
    /// The most entries that there may be.
    pub max_entries: usize,
    /// Their weight in bytes, counted as for `max_value_size`.
    pub bytes: usize,
    /// The most that they may weigh, if that is limited.
    pub max_bytes: Option<usize>,
}

impl CacheReport {
    pub(crate) fn of(alias: &str, cache: &Cache) -> Self {
        let core = cache.core();
        let local = core.level(true).map(|level| level.report());
        let store = match (core.store(), &local) {
            (Some(store), _) => store.name(),
            (None, Some(_)) => "memory",
            (None, None) => "dummy",
        };
        Self {
            alias: alias.to_owned(),
            store,
            url: core.settings.url.clone(),
            error: None,
            key_prefix: cache.space().prefix.to_string(),
            version: cache.version_number(),
            timeout: core.settings.timeout,
            local,
            breaker: core.store().map(|store| store.breaker().state()),
            operations: core
                .store()
                .map(|store| store.timings())
                .unwrap_or_default(),
            stats: cache.stats(),
            before: Counted::default(),
        }
    }

    pub(crate) fn failed(alias: &str, error: &CacheError) -> Self {
        Self {
            alias: alias.to_owned(),
            store: "",
            url: None,
            error: Some(error.clone()),
            key_prefix: String::new(),
            version: 1,
            timeout: Timeout::Default,
            local: None,
            breaker: None,
            operations: Timings::default(),
            stats: Stats::default(),
            before: Counted::default(),
        }
    }
}
