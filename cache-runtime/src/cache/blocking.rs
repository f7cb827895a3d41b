//! The same methods for callers that do not `await`.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use super::handle::{Cache, collect};
use super::inspect::Inspection;
use super::many::Copies;
use crate::error::CacheError;
use crate::keep::{IfOk, Whole};
use crate::key::version::Version;
use crate::mode::{Mode, block_on};
use crate::observe::Stats;
use crate::store::Ttl;
use crate::target::Cause;
use crate::timeout::Timeout;
use crate::value::CacheValue;

/// A [`Cache`] for callers that do not `await`: plain threads, and sync code inside a runtime.
///
/// Every method does what the method of the same name does there.
///
/// ```
/// use cache_runtime::Cache;
///
/// let cache = Cache::from_url("memory://")?.blocking();
/// cache.set("greeting", "hello", 30)?;
/// assert_eq!(cache.get::<String>("greeting")?.as_deref(), Some("hello"));
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
#[derive(Debug, Clone)]
pub struct BlockingCache(Cache);

impl BlockingCache {
    pub(super) fn new(cache: Cache) -> Self {
        Self(cache)
    }

    /// Returns the same cache for callers that `await`.
    #[must_use]
    pub fn awaiting(&self) -> Cache {
        self.0.clone()
    }

    /// See [`Cache::with_version`].
    ///
    /// ```
    /// use cache_runtime::Cache;
    ///
    /// let cache = Cache::from_url("memory://")?.blocking();
    /// cache.with_version(2).set("greeting", "hi", 30)?;
    /// assert_eq!(cache.get::<String>("greeting")?, None);
    /// assert_eq!(cache.with_version(2).get::<String>("greeting")?.as_deref(), Some("hi"));
    /// # Ok::<(), cache_runtime::CacheError>(())
    /// ```
    #[must_use]
    pub fn with_version(&self, version: impl Into<Version>) -> Self {
        Self(self.0.with_version(version))
    }

    /// See [`Cache::with_prefix`].
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> Self {
        Self(self.0.with_prefix(prefix))
    }

    /// See [`Cache::get`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::get`].
    pub fn get<T: CacheValue>(&self, key: &str) -> Result<Option<T>, CacheError> {
        block_on(self.0.op_get(Mode::Blocking, key))
    }

    /// See [`Cache::set`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::set`].
    pub fn set<T>(
        &self,
        key: &str,
        value: &T,
        timeout: impl Into<Timeout>,
    ) -> Result<(), CacheError>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Serialize + Send + Sync + 'static,
    {
        block_on(self.0.op_set(Mode::Blocking, key, value, timeout.into()))
    }

    /// See [`Cache::add`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::add`].
    pub fn add<T>(
        &self,
        key: &str,
        value: &T,
        timeout: impl Into<Timeout>,
    ) -> Result<bool, CacheError>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Serialize + Send + Sync + 'static,
    {
        block_on(self.0.op_add(Mode::Blocking, key, value, timeout.into()))
    }

    /// See [`Cache::get_or_set`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::get_or_set`].
    pub fn get_or_set<T: CacheValue>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        f: impl FnOnce() -> T,
    ) -> Result<T, CacheError> {
        let run = async move { f() };
        block_on(
            self.0
                .op_get_or_set::<T, Whole>(Mode::Blocking, key, timeout.into(), run),
        )
    }

    /// See [`Cache::get_or_try_set`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::get_or_try_set`].
    pub fn get_or_try_set<T: CacheValue, E>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, CacheError> {
        let run = async move { f() };
        block_on(
            self.0
                .op_get_or_set::<_, IfOk>(Mode::Blocking, key, timeout.into(), run),
        )
    }

    /// See [`Cache::try_refresh`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::try_refresh`].
    pub fn try_refresh<T: CacheValue, E>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, CacheError> {
        let (run, wanted) = (async move { f() }, (None, Cause::Wanted));
        block_on(
            self.0
                .op_refresh::<_, IfOk>(Mode::Blocking, key, timeout.into(), wanted, run),
        )
    }

    /// See [`Cache::touch`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::touch`].
    pub fn touch(&self, key: &str, timeout: impl Into<Timeout>) -> Result<bool, CacheError> {
        block_on(self.0.op_touch(Mode::Blocking, key, timeout.into()))
    }

    /// See [`Cache::expire`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::expire`].
    pub fn expire(&self, key: &str) -> Result<bool, CacheError> {
        block_on(self.0.op_expire(Mode::Blocking, key))
    }

    /// See [`Cache::delete`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::delete`].
    pub fn delete(&self, key: &str) -> Result<bool, CacheError> {
        block_on(self.0.op_delete(Mode::Blocking, key))
    }

    /// See [`Cache::delete_made`].
    #[doc(hidden)]
    pub fn delete_made(&self, key: &str) -> Result<bool, CacheError> {
        block_on(self.0.op_delete_made(Mode::Blocking, key))
    }

    /// See [`Cache::has_key`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::has_key`].
    pub fn has_key(&self, key: &str) -> Result<bool, CacheError> {
        block_on(self.0.op_has_key(Mode::Blocking, key))
    }

    /// See [`Cache::inspect`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::inspect`].
    pub fn inspect(&self, key: &str) -> Result<Option<Inspection>, CacheError> {
        block_on(self.0.op_inspect(Mode::Blocking, key))
    }

    /// See [`Cache::ttl`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::ttl`].
    pub fn ttl(&self, key: &str) -> Result<Ttl, CacheError> {
        block_on(self.0.op_ttl(Mode::Blocking, key))
    }

    /// See [`Cache::incr`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::incr`].
    pub fn incr(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        block_on(self.0.op_incr(Mode::Blocking, key, by))
    }

    /// See [`Cache::decr`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::decr`].
    pub fn decr(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        block_on(self.0.op_incr(Mode::Blocking, key, by.saturating_neg()))
    }

    /// See [`Cache::get_many`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::get_many`].
    pub fn get_many<T: CacheValue>(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<HashMap<String, T>, CacheError> {
        block_on(
            self.0
                .op_get_many(Mode::Blocking, collect(keys), Copies::Serve),
        )
    }

    /// See [`Cache::set_many`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::set_many`].
    pub fn set_many<T>(
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
        block_on(self.0.op_set_many(Mode::Blocking, items, timeout.into()))
    }

    /// See [`Cache::delete_many`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::delete_many`].
    pub fn delete_many(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<u64, CacheError> {
        block_on(self.0.op_delete_many(Mode::Blocking, collect(keys)))
    }

    /// See [`Cache::clear`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::clear`].
    pub fn clear(&self) -> Result<(), CacheError> {
        block_on(self.0.op_clear(Mode::Blocking))
    }

    /// See [`Cache::delete_tag`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::delete_tag`].
    pub fn delete_tag(&self, tag: &str) -> Result<(), CacheError> {
        block_on(self.0.op_delete_tag(Mode::Blocking, tag))
    }

    /// See [`Cache::incr_version`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::incr_version`].
    pub fn incr_version(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        block_on(self.0.op_incr_version(Mode::Blocking, key, by))
    }

    /// See [`Cache::decr_version`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::decr_version`].
    pub fn decr_version(&self, key: &str, by: i64) -> Result<i64, CacheError> {
        self.incr_version(key, by.saturating_neg())
    }

    /// See [`Cache::keys`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::keys`].
    pub fn keys(&self, pattern: &str) -> Result<Vec<String>, CacheError> {
        block_on(self.0.op_keys(Mode::Blocking, pattern))
    }

    /// See [`Cache::stats`].
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    /// See [`Cache::ping`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::ping`].
    pub fn ping(&self) -> Result<Duration, CacheError> {
        block_on(self.0.op_ping(Mode::Blocking))
    }

    /// See [`Cache::prepare`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::prepare`].
    pub fn prepare(&self) -> Result<(), CacheError> {
        block_on(self.0.op_prepare(Mode::Blocking))
    }

    /// See [`Cache::close`].
    ///
    /// # Errors
    ///
    /// Those of [`Cache::close`].
    pub fn close(&self) -> Result<(), CacheError> {
        block_on(self.0.op_close(Mode::Blocking))
    }
}
