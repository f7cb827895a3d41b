//! The `Cache` itself: a cheap handle, and its async vocabulary.

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
use crate::timeout::Timeout;
use crate::value::CacheValue;

/// A cache: in process, or a store outside. Cloning is cheap, clones are the same cache.
///
/// Keys are text; the store sees them as Django's `KEY_PREFIX:VERSION:key`. Values are any serde
/// types, and a `get` of another type than was `set` goes through JSON on every store alike.
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
    /// Where this is what one traced call has of it. Here, so that what is not traced carries nothing more.
    trail: Option<Arc<Trail>>,
}

impl Cache {
    /// A cache by URL: `memory://`, `redis://host/1?key_prefix=app`, `dummy://`.
    ///
    /// Nothing is connected: a server that is down now is used as soon as it is up.
    ///
    /// # Errors
    ///
    /// Kind `Config` for an unknown scheme or option or a bad value; the message names what is
    /// allowed.
    pub fn from_url(url: &str) -> Result<Cache, CacheError> {
        CacheBuilder::from_url(url)?.build()
    }

    /// A cache by words instead of a URL.
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

    /// The cache hears the news of other processes from now on.
    pub(crate) fn listen(&self) {
        if let (Some(news), Some(store)) = (self.core().news(), self.core().store()) {
            news.start(&self.0.core, || store.share());
        }
    }

    #[inline]
    pub(crate) fn space(&self) -> &Space {
        &self.0.space
    }

    /// Whether it is the very same handle.
    pub(crate) fn is(&self, other: &Cache) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The same cache, for one call to which somebody listens.
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

    /// The same cache under another version of its keys.
    #[must_use]
    pub fn with_version(&self, version: impl Into<Version>) -> Cache {
        Cache(Arc::new(View {
            core: self.0.core.clone(),
            space: self.0.space.clone(),
            version: version.into().number(),
            trail: None,
        }))
    }

    /// The same cache under another key prefix.
    ///
    /// The cache remembers each prefix for as long as it lives, with what was counted under it: for some
    /// hundred tenants, that is nothing; where there are as many as there are users, say
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

    /// The clock that the cache goes by: for crates that keep times of their own in its values.
    #[doc(hidden)]
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.core().settings.clock
    }

    /// The same cache for callers that do not `await`.
    #[must_use]
    pub fn blocking(&self) -> BlockingCache {
        BlockingCache::new(self.clone())
    }

    /// The value of `key`, if there is one of this type. A stored `None` is a value.
    ///
    /// # Errors
    ///
    /// The store's, or kind `Key`. Bytes that are not a `T` are a counted miss.
    pub async fn get<T: CacheValue>(&self, key: &str) -> Result<Option<T>, CacheError> {
        self.op_get(Mode::Async, key).await
    }

    /// Keeps `value` under `key`. Zero and negative timeouts remove what is there.
    ///
    /// # Errors
    ///
    /// The store's; kind `Encode` if the value has no JSON form; kind `TooLarge` over
    /// `max_value_size` (the old value is removed then).
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

    /// Keeps `value` only if `key` is not there; true if it was not (also with a zero timeout,
    /// which keeps nothing).
    ///
    /// # Errors
    ///
    /// As [`set`](Cache::set).
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

    /// The value of `key`, or what `f` gives, which is kept. Concurrent callers of one key run `f`
    /// once.
    ///
    /// # Errors
    ///
    /// Kind `Key` if the key cannot be used. A store that fails does not stop `f`.
    pub async fn get_or_set<T: CacheValue>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        f: impl AsyncFnOnce() -> T,
    ) -> Result<T, CacheError> {
        self.op_get_or_set::<T, Whole>(Mode::Async, key, timeout.into(), f())
            .await
    }

    /// As [`get_or_set`](Cache::get_or_set) for what may fail: an error is returned and not kept, and
    /// those who wait for it run their own `f`, together.
    ///
    /// # Errors
    ///
    /// As there; the inner error is that of `f`.
    pub async fn get_or_try_set<T: CacheValue, E>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        f: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, CacheError> {
        self.op_get_or_set::<_, IfOk>(Mode::Async, key, timeout.into(), f())
            .await
    }

    /// Runs `f` and keeps its value in the place of what is there; an error is returned and changes
    /// nothing. Unlike a [`set`](Cache::set) behind the same work, what is deleted while `f` runs stays
    /// deleted; and `f` may say more of its value by [`current`](crate::current): tags, another
    /// timeout.
    ///
    /// # Errors
    ///
    /// Kind `Key` if the key cannot be used; the inner error is that of `f`. A store that fails does
    /// not stop `f`.
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
        self.op_refresh::<_, IfOk>(Mode::Async, key, timeout.into(), None, f())
            .await
    }

    /// Gives `key` a new life; true if it was there.
    ///
    /// # Errors
    ///
    /// The store's, or kind `Key`.
    pub async fn touch(&self, key: &str, timeout: impl Into<Timeout>) -> Result<bool, CacheError> {
        self.op_touch(Mode::Async, key, timeout.into()).await
    }

    /// Ends the timeout of `key`; true if it was there.
    ///
    /// What a function with `stale` keeps stays for those who cannot have a new value; anything else is
    /// forgotten.
    ///
    /// # Errors
    ///
    /// The store's, or kind `Key`.
    pub async fn expire(&self, key: &str) -> Result<bool, CacheError> {
        self.op_expire(Mode::Async, key).await
    }

    /// Forgets `key`; true if it was there.
    ///
    /// # Errors
    ///
    /// The store's, or kind `Key`.
    pub async fn delete(&self, key: &str) -> Result<bool, CacheError> {
        self.op_delete(Mode::Async, key).await
    }

    /// Whether `key` is there.
    ///
    /// # Errors
    ///
    /// The store's, or kind `Key`.
    pub async fn has_key(&self, key: &str) -> Result<bool, CacheError> {
        self.op_has_key(Mode::Async, key).await
    }

    /// How long `key` still lives.
    ///
    /// # Errors
    ///
    /// The store's, or kind `Key`.
    pub async fn ttl(&self, key: &str) -> Result<Ttl, CacheError> {
        self.op_ttl(Mode::Async, key).await
    }

    /// Adds `by` to the integer under `key`, keeps its timeout, and returns the sum.
    ///
    /// # Errors
    ///
    /// Kind `NotFound` if the key is missing, `Decode` if it does not hold an integer.
    pub async fn incr(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        self.op_incr(Mode::Async, key, by).await
    }

    /// Takes `by` from the integer under `key`; see [`incr`](Cache::incr).
    ///
    /// # Errors
    ///
    /// As [`incr`](Cache::incr).
    pub async fn decr(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        self.op_incr(Mode::Async, key, by.saturating_neg()).await
    }

    /// The values of those `keys` that are there.
    ///
    /// # Errors
    ///
    /// The store's, or kind `Key`.
    pub async fn get_many<T: CacheValue>(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<HashMap<String, T>, CacheError> {
        self.op_get_many(Mode::Async, collect(keys), Copies::Serve)
            .await
    }

    /// Keeps all `items`; returns the keys that failed.
    ///
    /// # Errors
    ///
    /// The store's, or kind `Key`.
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

    /// Forgets all `keys`; how many were there.
    ///
    /// # Errors
    ///
    /// The store's, or kind `Key`.
    pub async fn delete_many(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<u64, CacheError> {
        self.op_delete_many(Mode::Async, collect(keys)).await
    }

    /// Forgets every entry of this cache's prefix and version, and nothing else.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn clear(&self) -> Result<(), CacheError> {
        self.op_clear(Mode::Async).await
    }

    /// Forgets every entry with this tag, in constant time: entries are not looked for, they are dead
    /// from now on.
    ///
    /// Functions give tags to what they keep: `tags("user:{id}")`, or [`Call::tag`](crate::Call::tag).
    /// Other processes see it when they hear of it (Redis, PostgreSQL), or within a second.
    ///
    /// # Errors
    ///
    /// The store's: it is made up for when the store is back. Kind `Unsupported` with the formats `json`
    /// and `django`, which have no place for tags.
    pub async fn delete_tag(&self, tag: &str) -> Result<(), CacheError> {
        self.op_delete_tag(Mode::Async, tag).await
    }

    /// Moves the value of `key` to version `version + by` and returns that version. Its timeout
    /// moves with it.
    ///
    /// # Errors
    ///
    /// Kind `NotFound` if the key is missing.
    pub async fn incr_version(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        self.op_incr_version(Mode::Async, key, by).await
    }

    /// Moves the value of `key` to version `version - by`; see
    /// [`incr_version`](Cache::incr_version).
    ///
    /// # Errors
    ///
    /// As [`incr_version`](Cache::incr_version).
    pub async fn decr_version(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        self.op_incr_version(Mode::Async, key, by.saturating_neg())
            .await
    }

    /// The keys, without prefix and version, that match a glob pattern (`*`, `?`, `[abc]`).
    ///
    /// # Errors
    ///
    /// The store's; kind `Unsupported` where it cannot list.
    pub async fn keys(&self, pattern: &str) -> Result<Vec<String>, CacheError> {
        self.op_keys(Mode::Async, pattern).await
    }

    /// What has happened in this cache's prefix since the process started.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            evictions: self.core().evictions(),
            ..self.space().stats()
        }
    }

    /// Asks the store for a sign of life; how long it took.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn ping(&self) -> Result<Duration, CacheError> {
        self.op_ping(Mode::Async).await
    }

    /// Makes what the store needs before it can keep anything: the table of a SQL database, which is
    /// otherwise made when it is first missed. Safe to repeat, and from many processes at once.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn prepare(&self) -> Result<(), CacheError> {
        self.op_prepare(Mode::Async).await
    }

    /// Closes connections, after the other processes have been told what this one has changed. Later
    /// operations may open them again.
    ///
    /// A process that changes something and ends at once waits for this: the news goes out behind its
    /// calls.
    ///
    /// # Errors
    ///
    /// The store's.
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
