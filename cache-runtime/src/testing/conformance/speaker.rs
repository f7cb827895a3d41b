//! A caller of a cache's methods, which awaits or blocks; behaviours are written for either.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use serde::Serialize;

use crate::cache::{BlockingCache, Cache};
use crate::error::CacheError;
use crate::mode::block_on;
use crate::observe::Stats;
use crate::store::Ttl;
use crate::timeout::Timeout;
use crate::value::CacheValue;

pub(super) type Answer<T> = Result<T, CacheError>;

#[derive(Clone)]
pub(super) enum Speaker {
    Awaiting(Cache),
    Blocking(BlockingCache),
}

macro_rules! say {
    ($speaker:expr, $($words:tt)*) => {
        match $speaker {
            Speaker::Awaiting(cache) => cache.$($words)*.await,
            Speaker::Blocking(cache) => cache.$($words)*,
        }
    };
}

impl Speaker {
    pub(super) async fn get<T: CacheValue>(&self, key: &str) -> Answer<Option<T>> {
        say!(self, get(key))
    }

    pub(super) async fn set<T>(
        &self,
        key: &str,
        value: &T,
        timeout: impl Into<Timeout>,
    ) -> Answer<()>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Serialize + Send + Sync + 'static,
    {
        say!(self, set(key, value, timeout))
    }

    pub(super) async fn add<T>(
        &self,
        key: &str,
        value: &T,
        timeout: impl Into<Timeout>,
    ) -> Answer<bool>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Serialize + Send + Sync + 'static,
    {
        say!(self, add(key, value, timeout))
    }

    /// A blocking caller waits for `make` on its own thread.
    pub(super) async fn get_or_set<T: CacheValue, M: Future<Output = T>>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        make: impl FnOnce() -> M,
    ) -> Answer<T> {
        match self {
            Speaker::Awaiting(cache) => {
                let make = async || make().await;
                cache.get_or_set(key, timeout, make).await
            }
            Speaker::Blocking(cache) => cache.get_or_set(key, timeout, || block_on(make())),
        }
    }

    pub(super) async fn touch(&self, key: &str, timeout: impl Into<Timeout>) -> Answer<bool> {
        say!(self, touch(key, timeout))
    }

    pub(super) async fn expire(&self, key: &str) -> Answer<bool> {
        say!(self, expire(key))
    }

    pub(super) async fn delete(&self, key: &str) -> Answer<bool> {
        say!(self, delete(key))
    }

    pub(super) async fn has_key(&self, key: &str) -> Answer<bool> {
        say!(self, has_key(key))
    }

    pub(super) async fn ttl(&self, key: &str) -> Answer<Ttl> {
        say!(self, ttl(key))
    }

    pub(super) async fn incr(&self, key: &str, by: i64) -> Answer<i64> {
        say!(self, incr(key, by))
    }

    pub(super) async fn decr(&self, key: &str, by: i64) -> Answer<i64> {
        say!(self, decr(key, by))
    }

    pub(super) async fn get_many<T: CacheValue>(
        &self,
        keys: &[&str],
    ) -> Answer<HashMap<String, T>> {
        say!(self, get_many(keys))
    }

    pub(super) async fn set_many<T>(
        &self,
        items: &[(&str, T)],
        timeout: impl Into<Timeout>,
    ) -> Answer<Vec<String>>
    where
        T: Serialize + Clone + Send + Sync + 'static,
    {
        let items = items.to_vec();
        say!(self, set_many(items, timeout))
    }

    pub(super) async fn delete_many(&self, keys: &[&str]) -> Answer<u64> {
        say!(self, delete_many(keys))
    }

    pub(super) async fn clear(&self) -> Answer<()> {
        say!(self, clear())
    }

    pub(super) async fn incr_version(&self, key: &str, by: i64) -> Answer<i64> {
        say!(self, incr_version(key, by))
    }

    pub(super) async fn decr_version(&self, key: &str, by: i64) -> Answer<i64> {
        say!(self, decr_version(key, by))
    }

    pub(super) async fn keys(&self, pattern: &str) -> Answer<Vec<String>> {
        let mut keys = say!(self, keys(pattern))?;
        keys.sort();
        Ok(keys)
    }

    pub(super) async fn ping(&self) -> Answer<Duration> {
        say!(self, ping())
    }

    pub(super) async fn close(&self) -> Answer<()> {
        say!(self, close())
    }

    pub(super) fn stats(&self) -> Stats {
        match self {
            Speaker::Awaiting(cache) => cache.stats(),
            Speaker::Blocking(cache) => cache.stats(),
        }
    }

    pub(super) fn with_version(&self, version: i64) -> Speaker {
        self.through(|cache| cache.with_version(version))
    }

    pub(super) fn with_prefix(&self, prefix: &str) -> Speaker {
        self.through(|cache| cache.with_prefix(prefix))
    }

    fn through(&self, view: impl FnOnce(&Cache) -> Cache) -> Speaker {
        match self {
            Speaker::Awaiting(cache) => Speaker::Awaiting(view(cache)),
            Speaker::Blocking(cache) => Speaker::Blocking(view(&cache.awaiting()).blocking()),
        }
    }
}
