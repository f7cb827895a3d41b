//! `Cache` itself: a cheap handle, and its async methods.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::blocking::BlockingCache;
use super::build::CacheBuilder;
use super::core::Core;
use super::many::Copies;
use crate::cache::space::Space;
use crate::clock::Clock;
use crate::error::CacheError;
use crate::keep::{IfOk, Whole};
use crate::key::version::Version;
use crate::mode::Mode;
use crate::observe::{Stats, Trail};
use crate::store::Ttl;
use crate::target::Cause;
use crate::timeout::Timeout;
use crate::value::CacheValue;

/// A cache, in process or in an external store. Cloning it is cheap, and clones are the same cache.
///
/// Keys are text; the store sees them as Django's `KEY_PREFIX:VERSION:key`. Values are any serde
/// types. Getting a value as another type than it was set with goes through JSON, on every store alike.
///
/// ```
/// # futures_executor::block_on(async {
/// use cache_runtime::Cache;
///
/// let cache = Cache::from_url("memory://?key_prefix=shop&timeout=60")?;
/// cache.set("greeting", "hello", 30).await?;
/// assert_eq!(cache.get::<String>("greeting").await?.as_deref(), Some("hello"));
///
/// cache.set("visits", &41, cache_runtime::Timeout::Default).await?;
/// assert_eq!(cache.incr("visits", 1).await?, 42);
/// # Ok::<(), cache_runtime::CacheError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Cache(Arc<View>);

/// One prefix and version of a cache.
struct View {
    core: Arc<Core>,
    space: Arc<Space>,
    version: i64,
    /// What one traced call has done so far, if this is its handle. Here, so that untraced calls carry nothing
    /// more.
    trail: Option<Arc<Trail>>,
}

impl Cache {
    /// Makes a cache from a URL: `memory://`, `redis://host/1?key_prefix=app`, `dummy://`.
    ///
    /// Nothing is connected yet: a server that is down now is used as soon as it is up.
    ///
    /// # Errors
    ///
    /// Kind `Config` for an unknown scheme or option, or a bad value; the message lists what is
    /// allowed.
    pub fn from_url(url: &str) -> Result<Cache, CacheError> {
        CacheBuilder::from_url(url)?.build()
    }

    /// Starts building a cache in code instead of from a URL.
    #[must_use]
    pub fn builder() -> CacheBuilder {
        CacheBuilder::default()
    }

    pub(super) fn new(core: Core) -> Self {
        let prefix = core.settings.key_prefix.clone();
        let version = core.settings.version;
        let space = core.space(&prefix);
        Self(Arc::new(View {
            core: Arc::new(core),
            space,
            version,
            trail: None,
        }))
    }

    #[inline]
    pub(crate) fn core(&self) -> &Core {
        &self.0.core
    }

    /// Starts listening to the news of other processes.
    pub(crate) fn listen(&self) {
        if let (Some(news), Some(store)) = (self.core().news(), self.core().store()) {
            news.start(&self.0.core, || store.share());
        }
    }

    #[inline]
    pub(crate) fn space(&self) -> &Space {
        &self.0.space
    }

    /// Returns whether it is the very same handle.
    pub(crate) fn is(&self, other: &Cache) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns the same cache, for one call that is being traced.
    pub(crate) fn trailed(&self, trail: Arc<Trail>) -> Cache {
        Cache(Arc::new(View {
            core: self.0.core.clone(),
            space: self.0.space.clone(),
            version: self.0.version,
            trail: Some(trail),
        }))
    }

    #[inline]
    pub(crate) fn trail(&self) -> Option<&Arc<Trail>> {
        self.0.trail.as_ref()
    }

    #[inline]
    pub(crate) fn version_number(&self) -> i64 {
        self.0.version
    }

    /// Returns the same cache with another version in its keys.
    #[must_use]
    pub fn with_version(&self, version: impl Into<Version>) -> Cache {
        Cache(Arc::new(View {
            core: self.0.core.clone(),
            space: self.0.space.clone(),
            version: version.into().number(),
            trail: None,
        }))
    }

    /// Returns the same cache with another key prefix.
    ///
    /// The cache remembers each prefix for as long as it lives, along with its counters. For a few hundred
    /// tenants, that costs next to nothing; if there are as many tenants as users, write
    /// `key(tenant, …)` instead.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> Cache {
        Cache(Arc::new(View {
            core: self.0.core.clone(),
            space: self.0.core.space(prefix),
            version: self.0.version,
            trail: None,
        }))
    }

    /// Returns the cache's clock, for crates that keep times of their own in its values.
    #[doc(hidden)]
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.core().settings.clock
    }

    /// Returns the same cache for callers that do not `await`.
    #[must_use]
    pub fn blocking(&self) -> BlockingCache {
        BlockingCache::new(self.clone())
    }

    /// Returns the value of `key`, if there is one of this type. A stored `None` is a value.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`. Bytes that are not a `T` are counted as a miss.
    pub async fn get<T: CacheValue>(&self, key: &str) -> Result<Option<T>, CacheError> {
        self.op_get(Mode::Async, key).await
    }

    /// Stores `value` under `key`. A timeout of zero or less removes what is there.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`; kind `Encode` if the value has no JSON form; kind `TooLarge` if
    /// it is over `max_value_size` (the old value is then removed).
    pub async fn set<T>(
        &self,
        key: &str,
        value: &T,
        timeout: impl Into<Timeout>,
    ) -> Result<(), CacheError>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Serialize + Send + Sync + 'static,
    {
        self.op_set(Mode::Async, key, value, timeout.into()).await
    }

    /// Stores `value` only if `key` is absent, and returns whether it was absent (also with a timeout of
    /// zero, which stores nothing).
    ///
    /// # Errors
    ///
    /// Those of [`set`](Cache::set); with kind `TooLarge`, the old value stays.
    pub async fn add<T>(
        &self,
        key: &str,
        value: &T,
        timeout: impl Into<Timeout>,
    ) -> Result<bool, CacheError>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Serialize + Send + Sync + 'static,
    {
        self.op_add(Mode::Async, key, value, timeout.into()).await
    }

    /// Returns the value of `key`, or else runs `f` and stores its value. Of concurrent callers for one
    /// key, only one runs `f`.
    ///
    /// # Errors
    ///
    /// Kind `Key` if the key cannot be used. A store that fails does not stop `f` from running.
    pub async fn get_or_set<T: CacheValue>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        f: impl AsyncFnOnce() -> T,
    ) -> Result<T, CacheError> {
        self.op_get_or_set::<T, Whole>(Mode::Async, key, timeout.into(), f())
            .await
    }

    /// Does what [`get_or_set`](Cache::get_or_set) does, for an `f` that may fail. An error is returned and
    /// not stored, and callers that were waiting for it run an `f` of their own, once for all of them.
    ///
    /// # Errors
    ///
    /// Those of [`get_or_set`](Cache::get_or_set); the inner error is that of `f`.
    pub async fn get_or_try_set<T: CacheValue, E>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        f: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, CacheError> {
        self.op_get_or_set::<_, IfOk>(Mode::Async, key, timeout.into(), f())
            .await
    }

    /// Runs `f` and replaces what is there with its value; an error is returned and changes nothing.
    ///
    /// Unlike with a [`set`](Cache::set) after the same work, what is deleted while `f` runs stays
    /// deleted; and `f` may add to its value with [`current`](crate::current): tags, another
    /// timeout.
    ///
    /// # Errors
    ///
    /// Kind `Key` if the key cannot be used; the inner error is that of `f`. A store that fails does
    /// not stop `f` from running.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use cache_runtime::{Cache, current};
    ///
    /// let cache = Cache::from_url("memory://")?;
    /// let page = cache.try_refresh("page", 60, async || {
    ///     current().tag("pages");
    ///     Ok::<_, std::fmt::Error>("text".to_owned())
    /// });
    /// assert_eq!(page.await?, Ok("text".to_owned()));
    /// cache.delete_tag("pages").await?;
    /// assert!(!cache.has_key("page").await?);
    /// # Ok::<(), cache_runtime::CacheError>(()) }).unwrap();
    /// ```
    pub async fn try_refresh<T: CacheValue, E>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        f: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, CacheError> {
        let wanted = (None, Cause::Wanted);
        self.op_refresh::<_, IfOk>(Mode::Async, key, timeout.into(), wanted, f())
            .await
    }

    /// Gives `key` a new timeout; returns whether it was there.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`.
    pub async fn touch(&self, key: &str, timeout: impl Into<Timeout>) -> Result<bool, CacheError> {
        self.op_touch(Mode::Async, key, timeout.into()).await
    }

    /// Ends the timeout of `key`; returns whether it was there.
    ///
    /// The result of a function with `stale` stays, for callers that cannot get a new one; anything else is
    /// deleted.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`.
    pub async fn expire(&self, key: &str) -> Result<bool, CacheError> {
        self.op_expire(Mode::Async, key).await
    }

    /// Deletes `key`; returns whether it was there.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`.
    pub async fn delete(&self, key: &str) -> Result<bool, CacheError> {
        self.op_delete(Mode::Async, key).await
    }

    /// Returns whether `key` is there.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`.
    pub async fn has_key(&self, key: &str) -> Result<bool, CacheError> {
        self.op_has_key(Mode::Async, key).await
    }

    /// Returns how long `key` still lives.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`; kind `Unsupported` on a store that cannot tell.
    pub async fn ttl(&self, key: &str) -> Result<Ttl, CacheError> {
        self.op_ttl(Mode::Async, key).await
    }

    /// Adds `by` to the integer under `key`, keeping its timeout, and returns the sum.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`; kind `NotFound` if the key is missing; kind `Decode` if it does
    /// not hold an integer; kind `Unsupported` if entries are signed, or on a store without
    /// [`ttl`](Cache::ttl).
    pub async fn incr(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        self.op_incr(Mode::Async, key, by).await
    }

    /// Subtracts `by` from the integer under `key`; see [`incr`](Cache::incr).
    ///
    /// # Errors
    ///
    /// Those of [`incr`](Cache::incr).
    pub async fn decr(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        self.op_incr(Mode::Async, key, by.saturating_neg()).await
    }

    /// Returns the values of those `keys` that are there.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`.
    pub async fn get_many<T: CacheValue>(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<HashMap<String, T>, CacheError> {
        self.op_get_many(Mode::Async, collect(keys), Copies::Serve)
            .await
    }

    /// Stores all `items`; returns the keys that failed.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`.
    pub async fn set_many<T>(
        &self,
        items: impl IntoIterator<Item = (impl AsRef<str>, T)>,
        timeout: impl Into<Timeout>,
    ) -> Result<Vec<String>, CacheError>
    where
        T: Serialize + Clone + Send + Sync + 'static,
    {
        let items = items
            .into_iter()
            .map(|(key, value)| (key.as_ref().to_owned(), value))
            .collect();
        self.op_set_many(Mode::Async, items, timeout.into()).await
    }

    /// Deletes all `keys`; returns how many were there.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`.
    pub async fn delete_many(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<u64, CacheError> {
        self.op_delete_many(Mode::Async, collect(keys)).await
    }

    /// Deletes every entry of this cache's prefix and version, and nothing else.
    ///
    /// # Errors
    ///
    /// Any error of the store; kind `Unsupported` where it cannot list its keys, and with a
    /// [`key_function`](CacheBuilder::key_function).
    pub async fn clear(&self) -> Result<(), CacheError> {
        self.op_clear(Mode::Async).await
    }

    /// Invalidates every entry with this tag, in constant time: entries are not searched for, they are
    /// invalid from now on.
    ///
    /// Functions give tags to what they keep: `tags("user:{id}")`, or [`Call::tag`](crate::Call::tag).
    /// Other processes learn of it by a message (Redis, PostgreSQL), or within a second.
    ///
    /// # Errors
    ///
    /// Any error of the store; the invalidation is then made up for when the store is back. Kind
    /// `Unsupported` with the formats `json` and `django`, which have no place for tags.
    pub async fn delete_tag(&self, tag: &str) -> Result<(), CacheError> {
        self.op_delete_tag(Mode::Async, tag).await
    }

    /// Moves the value of `key` to version `version + by` and returns that version. Its timeout
    /// moves with it.
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`; kind `NotFound` if the key is missing; kind `Unsupported` on a
    /// store without [`ttl`](Cache::ttl).
    pub async fn incr_version(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        self.op_incr_version(Mode::Async, key, by).await
    }

    /// Moves the value of `key` to version `version - by`; see
    /// [`incr_version`](Cache::incr_version).
    ///
    /// # Errors
    ///
    /// Those of [`incr_version`](Cache::incr_version).
    pub async fn decr_version(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        self.op_incr_version(Mode::Async, key, by.saturating_neg())
            .await
    }

    /// Returns the keys, without prefix and version, that match a glob pattern (`*`, `?`, `[abc]`).
    ///
    /// # Errors
    ///
    /// Any error of the store; kind `Unsupported` where it cannot list its keys, and with a
    /// [`key_function`](CacheBuilder::key_function).
    pub async fn keys(&self, pattern: &str) -> Result<Vec<String>, CacheError> {
        self.op_keys(Mode::Async, pattern).await
    }

    /// Returns the counters of this cache's prefix since the process started.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            evictions: self.core().evictions(),
            ..self.space().stats()
        }
    }

    /// Pings the store and returns how long the answer took.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    pub async fn ping(&self) -> Result<Duration, CacheError> {
        self.op_ping(Mode::Async).await
    }

    /// Creates what the store needs before it can store anything: the table of a SQL database, which is
    /// otherwise created when it is first found missing. May be repeated, also from many processes at once.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    pub async fn prepare(&self) -> Result<(), CacheError> {
        self.op_prepare(Mode::Async).await
    }

    /// Closes connections, after the changes of this process have been published to the others. Later
    /// operations may open connections again.
    ///
    /// A process that changes something and exits at once should wait for this: the news is sent in the
    /// background.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    pub async fn close(&self) -> Result<(), CacheError> {
        self.op_close(Mode::Async).await
    }
}

pub(super) fn collect(keys: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    keys.into_iter()
        .map(|key| key.as_ref().to_owned())
        .collect()
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("key_prefix", &self.0.space.prefix)
            .field("version", &self.0.version)
            .field("core", &self.0.core)
            .finish()
    }
}
