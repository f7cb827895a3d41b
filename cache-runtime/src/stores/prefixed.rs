//! A store that several share: every key gets a prefix before it reaches the store.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{CacheError, ErrorKind};
use crate::markers::tombstone::Unless;
use crate::store::backplane::{Backplane, Heard};
use crate::store::facts::Facts;
use crate::store::{Capabilities, Store, StoreFuture, Ttl};

/// Another store, with a prefix before every key.
///
/// It sees only the keys with its prefix: `keys` lists them without it, and `clear` deletes
/// nothing else. It can do whatever the other store can, except that `set_unless` is not promised to be
/// atomic.
///
/// ```
/// use cache_runtime::stores::PrefixedStore;
/// use cache_runtime::{Cache, Store};
///
/// # fn caches(store: impl Store) -> Result<(), cache_runtime::CacheError> {
/// let store = std::sync::Arc::new(store); // one set of connections
/// let users = Cache::builder().store(PrefixedStore::new("users:", store.clone())).build()?;
/// let teams = Cache::builder().store(PrefixedStore::new("teams:", store)).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PrefixedStore<S> {
    store: Arc<S>,
    prefix: Arc<str>,
    is_blocking: bool,
    /// The same for callers that block, if the store has a blocking counterpart.
    blocking: Option<Box<PrefixedStore<S>>>,
}

impl<S: Store> PrefixedStore<S> {
    /// Wraps `store`, with `prefix` before every key.
    #[must_use]
    pub fn new(prefix: impl Into<String>, store: S) -> Self {
        let (store, prefix) = (Arc::new(store), Arc::from(prefix.into()));
        let face = |is_blocking, blocking| Self {
            store: Arc::clone(&store),
            prefix: Arc::clone(&prefix),
            is_blocking,
            blocking,
        };
        let blocking = store.blocking().map(|_| Box::new(face(true, None)));
        face(false, blocking)
    }

    /// Returns the prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the store itself, for this kind of caller.
    fn store(&self) -> &dyn Store {
        let blocking = self.is_blocking.then(|| self.store.blocking()).flatten();
        blocking.unwrap_or(&*self.store)
    }

    fn long(&self, key: &str) -> String {
        let mut long = String::with_capacity(self.prefix.len() + key.len());
        long.push_str(&self.prefix);
        long.push_str(key);
        long
    }

    fn all_long(&self, keys: &[String]) -> Vec<String> {
        keys.iter().map(|key| self.long(key)).collect()
    }
}

impl<S: Store> Store for PrefixedStore<S> {
    fn name(&self) -> &'static str {
        self.store().name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            // In a Redis Cluster, the prefix separates a tombstone from its entry.
            atomic_set_unless: false,
            hash_tags: false,
            ..self.store().capabilities()
        }
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move { self.store().get(&self.long(key)).await })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.store().set(&self.long(key), value, ttl).await })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.store().delete(&self.long(key)).await })
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.store().add(&self.long(key), value, ttl).await })
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.store().touch(&self.long(key), ttl).await })
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        Box::pin(async move { self.store().ttl(&self.long(key)).await })
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.store().delete_if(&self.long(key), value).await })
    }

    fn set_unless<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let other = self.long(unless.key);
            let unless = unless.under(&other);
            let store = self.store();
            store.set_unless(&self.long(key), value, ttl, unless).await
        })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        Box::pin(async move { self.store().incr(&self.long(key), by).await })
    }

    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move { self.store().get_many(&self.all_long(keys)).await })
    }

    fn set_many<'a>(
        &'a self,
        items: &'a [(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, Vec<usize>> {
        Box::pin(async move {
            let items = items.iter();
            let items: Vec<_> = items
                .map(|(key, value)| (self.long(key), value.clone()))
                .collect();
            self.store().set_many(&items, ttl).await
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        Box::pin(async move { self.store().delete_many(&self.all_long(keys)).await })
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        Box::pin(async move {
            let keys = self.store().keys(&self.long(prefix), pattern).await?;
            let short = |key: String| key.strip_prefix(&*self.prefix).map(str::to_owned);
            Ok(keys.into_iter().filter_map(short).collect())
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.store().clear(&self.long(prefix)).await })
    }

    fn prepare(&self) -> StoreFuture<'_, ()> {
        self.store().prepare()
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        self.store().ping()
    }

    fn facts(&self) -> StoreFuture<'_, Facts> {
        self.store().facts()
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.store().close()
    }

    fn backplane(&self) -> Option<&dyn Backplane> {
        self.store().backplane().map(|_| self as &dyn Backplane)
    }

    fn blocking(&self) -> Option<&dyn Store> {
        if self.is_blocking {
            return None;
        }
        let blocking = self.blocking.as_deref()?;
        Some(blocking)
    }
}

/// News of one prefix is not received under another.
impl<S: Store> Backplane for PrefixedStore<S> {
    fn publish<'a>(&'a self, channel: &'a str, message: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let backplane = self.store().backplane().ok_or_else(no_backplane)?;
            backplane.publish(&self.long(channel), message).await
        })
    }

    fn listen<'a>(
        &'a self,
        channel: &'a str,
        hear: &'a (dyn Fn(Heard<'_>) + Send + Sync),
    ) -> StoreFuture<'a, Infallible> {
        Box::pin(async move {
            let backplane = self.store().backplane().ok_or_else(no_backplane)?;
            backplane.listen(&self.long(channel), hear).await
        })
    }
}

fn no_backplane() -> CacheError {
    CacheError::new(ErrorKind::Unsupported, "the store carries no news")
}
