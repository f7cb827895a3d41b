//! The store trait: bytes in, bytes out, object-safe; four methods to write, the rest provided.

pub(crate) mod backplane;
pub(crate) mod counting;
pub(crate) mod facts;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{CacheError, ErrorKind};
use crate::markers::tombstone::Unless;
use backplane::Backplane;
use facts::Facts;

/// What a store's operation returns: a boxed future of a result.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, CacheError>> + Send + 'a>>;

/// What a store can do by itself, in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// `add` is atomic across processes.
    pub atomic_add: bool,
    /// `delete_if` is atomic across processes.
    pub atomic_delete_if: bool,
    /// `set_unless` is atomic across processes.
    pub atomic_set_unless: bool,
    /// `incr` is atomic across processes and keeps the timeout.
    pub atomic_incr: bool,
    /// `keys` lists every key.
    pub list_keys: bool,
    /// `get_many` and `set_many` take one round trip.
    pub batch: bool,
    /// It keeps the time limits of its operations itself.
    pub time_limits: bool,
    /// Its keys are spread over parts, and `set_unless` is one step only where both keys have the same
    /// `{hash tag}`, as Redis Cluster has it.
    pub hash_tags: bool,
    /// Lives are rounded up to a multiple of this; zero where they are kept to the millisecond.
    pub resolution: Duration,
    /// Values up to this length are taken for sure, and twice as long ones refused with an error of
    /// kind [`TooLarge`](ErrorKind::TooLarge); in bytes. `None` where it has no limit of its own.
    pub max_value: Option<usize>,
}

/// A store outside the process: keys are text, values are bytes.
///
/// Keys arrive whole, with prefix and version. `ttl: None` means for ever; a store never sees a
/// `ttl` of zero (the cache turns that into a delete).
///
/// Only `name`, `get`, `set` and `delete` must be written. `add`, `touch` and the words for many keys
/// are made of them; with `ttl` comes `incr`, with `keys` comes `clear`. What is made of several steps
/// is not atomic; a store that can do better overrides it and says so in
/// [`capabilities`](Store::capabilities). What a store cannot do is an error of kind
/// [`ErrorKind::Unsupported`]. `testing::conformance` holds a store to all of this.
pub trait Store: Send + Sync + 'static {
    /// A short name for logs and errors (`redis`, `memcached`).
    fn name(&self) -> &'static str;

    /// The value of `key`; `None` if there is none or it has expired.
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>>;

    /// Keeps `value` under `key` for `ttl`.
    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()>;

    /// Forgets `key`; true if it was there.
    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool>;

    /// What this store does in one step.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// Keeps `value` only if `key` is not there; true if it was kept.
    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            if self.get(key).await?.is_some() {
                return Ok(false);
            }
            self.set(key, value, ttl).await?;
            Ok(true)
        })
    }

    /// Gives `key` a new life; true if it was there.
    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let Some(value) = self.get(key).await? else {
                return Ok(false);
            };
            self.set(key, &value, ttl).await?;
            Ok(true)
        })
    }

    /// Forgets `key` if its value is `value`; true if it did. How a lock's owner lets go of it, and
    /// of no other's.
    ///
    /// Provided in two steps, between which the value may become another's.
    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            match self.get(key).await? {
                Some(there) if there == value => self.delete(key).await,
                _ => Ok(false),
            }
        })
    }

    /// Keeps `value` under `key`, unless what stands under another key forbids it; true if it was kept.
    /// How a result does not outlast an invalidation that came while it was computed.
    ///
    /// What forbids it is itself kept by `set_unless`, with `unless.key` for its key, and whoever kept it
    /// deletes `key` afterwards. Where this is atomic, `key` is then not there again, not for a moment.
    ///
    /// Provided in three steps: what is forbidden while it is being written is deleted again.
    fn set_unless<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(set_unless_in_steps(self, key, value, ttl, unless))
    }

    /// How long `key` still lives.
    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        let _ = key;
        unsupported(self.name(), "ttl")
    }

    /// Adds `by` to the decimal number under `key`, which keeps its life; `None` if the key is
    /// missing.
    ///
    /// An error of kind [`ErrorKind::Decode`] if what is there is not a number, of kind
    /// [`ErrorKind::Store`] if the sum does not fit. Provided where [`ttl`](Store::ttl) is written: in
    /// three steps, so that of two at once one may be lost.
    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        Box::pin(async move {
            let life = match self.ttl(key).await {
                Ok(Ttl::Missing) => return Ok(None),
                Ok(Ttl::Never) => None,
                Ok(Ttl::After(left)) => Some(left),
                // A sum that lived longer or shorter than its number would be wrong.
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    return Err(cannot(self.name(), "incr"));
                }
                Err(error) => return Err(error),
            };
            let Some(number) = self.get(key).await? else {
                return Ok(None);
            };
            let sum = sum(&number, by)?;
            self.set(key, sum.to_string().as_bytes(), life).await?;
            Ok(Some(sum))
        })
    }

    /// The values of `keys`, in their order.
    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let mut values = Vec::with_capacity(keys.len());
            for key in keys {
                values.push(self.get(key).await?);
            }
            Ok(values)
        })
    }

    /// Keeps all `items` for `ttl`; returns the positions of those that failed.
    ///
    /// An error where the store is not there to keep them.
    fn set_many<'a>(
        &'a self,
        items: &'a [(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, Vec<usize>> {
        Box::pin(async move {
            let mut failed = Vec::new();
            for (at, (key, value)) in items.iter().enumerate() {
                match self.set(key, value, ttl).await {
                    Ok(()) => {}
                    // A store that is gone is gone for all of them.
                    Err(error) if error.is_retryable() => return Err(error),
                    Err(_) => failed.push(at),
                }
            }
            Ok(failed)
        })
    }

    /// Forgets all `keys`; how many were there.
    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let mut count = 0;
            for key in keys {
                count += u64::from(self.delete(key).await?);
            }
            Ok(count)
        })
    }

    /// The keys that start with `prefix` and match the glob `pattern` after it
    /// (`*`, `?` and `[…]`; the prefix is taken literally).
    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        let _ = (prefix, pattern);
        unsupported(self.name(), "keys")
    }

    /// Forgets every key that starts with `prefix`, and nothing else.
    ///
    /// Provided where [`keys`](Store::keys) is written.
    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let keys = self.keys(prefix, "*").await.map_err(|error| {
                match error.kind() == ErrorKind::Unsupported {
                    true => cannot(self.name(), "clear"),
                    false => error,
                }
            })?;
            self.delete_many(&keys).await.map(drop)
        })
    }

    /// Makes what the store needs before it can keep anything: the table of a SQL database. Safe to
    /// repeat; a store that needs nothing does nothing.
    fn prepare(&self) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Asks the server for a sign of life.
    fn ping(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.get("ping").await.map(drop) })
    }

    /// What the store knows of itself: its server and its version, how much is in it, what was counted there.
    /// It changes nothing and makes nothing. For tools; asked of the face for callers that await.
    fn facts(&self) -> StoreFuture<'_, Facts> {
        unsupported(self.name(), "facts")
    }

    /// Closes connections. Later operations may open them again.
    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// What carries news between the processes that share this store, if there is such a thing.
    fn backplane(&self) -> Option<&dyn Backplane> {
        None
    }

    /// The same store for callers that block: its futures are ready at the first poll.
    ///
    /// Without one, the futures of this store are driven on a thread of the library's own.
    fn blocking(&self) -> Option<&dyn Store> {
        None
    }
}

/// As [`Store::set_unless`] is provided.
pub(crate) async fn set_unless_in_steps<S: Store + ?Sized>(
    store: &S,
    key: &str,
    value: &[u8],
    ttl: Option<Duration>,
    unless: Unless<'_>,
) -> Result<bool, CacheError> {
    if unless.forbids(store.get(unless.key).await?.as_deref()) {
        return Ok(false);
    }
    store.set(key, value, ttl).await?;
    if key == unless.key {
        return Ok(true);
    }
    let there = store.get(unless.key).await;
    if matches!(&there, Ok(there) if !unless.forbids(there.as_deref())) {
        return Ok(true);
    }
    // Also where nobody can tell: what may be forbidden does not stay.
    store.delete(key).await?;
    there.map(|_| false)
}

/// How long a key still lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// It is not there.
    Missing,
    /// It lives for ever.
    Never,
    /// It lives this long.
    After(Duration),
}

fn cannot(store: &'static str, operation: &'static str) -> CacheError {
    let detail = format!("the {store} store cannot do this");
    CacheError::new(ErrorKind::Unsupported, detail).in_operation(operation)
}

fn unsupported<'a, T: 'a>(store: &'static str, operation: &'static str) -> StoreFuture<'a, T> {
    Box::pin(async move { Err(cannot(store, operation)) })
}

fn sum(number: &[u8], by: i64) -> Result<i64, CacheError> {
    let text = std::str::from_utf8(number)
        .ok()
        .filter(|text| !text.starts_with('+'));
    let number: Option<i64> = text.and_then(|text| text.parse().ok());
    counting::sum(number.ok_or_else(counting::not_an_integer)?, by)
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<S: Store + ?Sized> Store for $pointer {
            fn name(&self) -> &'static str {
                (**self).name()
            }
            fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
                (**self).get(key)
            }
            fn set<'a>(
                &'a self,
                key: &'a str,
                value: &'a [u8],
                ttl: Option<Duration>,
            ) -> StoreFuture<'a, ()> {
                (**self).set(key, value, ttl)
            }
            fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
                (**self).delete(key)
            }
            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }
            fn add<'a>(
                &'a self,
                key: &'a str,
                value: &'a [u8],
                ttl: Option<Duration>,
            ) -> StoreFuture<'a, bool> {
                (**self).add(key, value, ttl)
            }
            fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
                (**self).touch(key, ttl)
            }
            fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
                (**self).delete_if(key, value)
            }
            fn set_unless<'a>(
                &'a self,
                key: &'a str,
                value: &'a [u8],
                ttl: Option<Duration>,
                unless: Unless<'a>,
            ) -> StoreFuture<'a, bool> {
                (**self).set_unless(key, value, ttl, unless)
            }
            fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
                (**self).ttl(key)
            }
            fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
                (**self).incr(key, by)
            }
            fn get_many<'a>(
                &'a self,
                keys: &'a [String],
            ) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
                (**self).get_many(keys)
            }
            fn set_many<'a>(
                &'a self,
                items: &'a [(String, Vec<u8>)],
                ttl: Option<Duration>,
            ) -> StoreFuture<'a, Vec<usize>> {
                (**self).set_many(items, ttl)
            }
            fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
                (**self).delete_many(keys)
            }
            fn keys<'a>(
                &'a self,
                prefix: &'a str,
                pattern: &'a str,
            ) -> StoreFuture<'a, Vec<String>> {
                (**self).keys(prefix, pattern)
            }
            fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
                (**self).clear(prefix)
            }
            fn prepare(&self) -> StoreFuture<'_, ()> {
                (**self).prepare()
            }
            fn ping(&self) -> StoreFuture<'_, ()> {
                (**self).ping()
            }
            fn facts(&self) -> StoreFuture<'_, Facts> {
                (**self).facts()
            }
            fn close(&self) -> StoreFuture<'_, ()> {
                (**self).close()
            }
            fn backplane(&self) -> Option<&dyn Backplane> {
                (**self).backplane()
            }
            fn blocking(&self) -> Option<&dyn Store> {
                (**self).blocking()
            }
        }
    )*};
}

forward!(Arc<S>, Box<S>);
