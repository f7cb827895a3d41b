//! What a cache is, how its store does and what is in process, for people.

use std::collections::HashMap;

use crate::cache::Cache;
use crate::error::CacheError;
use crate::guarded::breaker::BreakerState;
use crate::observe::{Stats, Timings};
use crate::timeout::Timeout;

/// One alias and its cache, as [`Caches::reports`](crate::Caches::reports) tells.
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
    /// Its alias.
    pub alias: String,
    /// What the store calls itself: `redis`, `memcached`; `memory` where all is in process, `dummy` where
    /// nothing is kept, empty where the cache could not be opened.
    pub store: &'static str,
    /// Its URL with `***` for the login and for every option that may be a secret; `None` if it was not made by
    /// one.
    pub url: Option<String>,
    /// Why it could not be opened: its functions run uncached.
    pub error: Option<CacheError>,
    /// The first part of every key.
    pub key_prefix: String,
    /// The version of every key.
    pub version: i64,
    /// How long what is not given a timeout lives.
    pub timeout: Timeout,
    /// The entries in process: all of them, or copies of what is in the store.
    pub local: Option<LocalReport>,
    /// Whether the store is asked, if there is one.
    pub breaker: Option<BreakerState>,
    /// How often the store was asked, and how long that took, in this process.
    pub operations: Timings,
    /// What was counted in this cache's prefix, of functions and of keys that are text.
    pub stats: Stats,
    /// What the alias had counted with such a store before it got this cache.
    pub(crate) before: Counted,
}

/// What is counted of a cache.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) stats: Stats,
    /// What its store was asked for.
    pub(crate) operations: u64,
}

/// What an alias has counted in caches that others have taken the place of, by the name of their store: its
/// counters go on where those of the cache before end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Before(HashMap<&'static str, Counted>);

impl Before {
    pub(crate) fn of(&self, store: &'static str) -> Counted {
        self.0.get(store).copied().unwrap_or_default()
    }

    /// `old` is not the cache of the alias any more.
    pub(crate) fn ended(&mut self, old: &CacheReport) {
        let before = self.0.entry(old.store).or_default();
        before.stats.add(&old.stats);
        before.operations = before.operations.wrapping_add(old.operations.count);
    }

    /// `new` is: what it has counted elsewhere is none of this alias's.
    pub(crate) fn begun(&mut self, new: &CacheReport) {
        let before = self.0.entry(new.store).or_default();
        before.stats.subtract(&new.stats);
        before.operations = before.operations.wrapping_sub(new.operations.count);
    }
}

/// What is in process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LocalReport {
    /// How many entries there are; some may be over, and not yet swept out.
    pub entries: usize,
    /// How many there may be.
    pub max_entries: usize,
    /// What they weigh in bytes, counted as for `max_value_size`.
    pub bytes: usize,
    /// What they may weigh, if that is bounded.
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
