//! The store trait: bytes in, bytes out, object-safe; four methods to implement, the rest provided.

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

/// What an operation of a store returns: a boxed future of a result.
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
    /// It enforces the time limits of its operations itself.
    pub time_limits: bool,
    /// Its keys are spread over several parts, and `set_unless` is atomic only if both keys have the same
    /// `{hash tag}`, as in Redis Cluster.
    pub hash_tags: bool,
    /// Lifetimes are rounded up to a multiple of this; zero if they are kept to the millisecond.
    pub resolution: Duration,
    /// Values up to this length, in bytes, are always accepted, and ones twice as long are refused with an error
    /// of kind [`TooLarge`](ErrorKind::TooLarge). `None` if it has no limit of its own.
    pub max_value: Option<usize>,
}

/// A store outside the process: keys are text, values are bytes.
///
/// Keys arrive whole, with prefix and version. `ttl: None` means for ever; a store never sees a
/// `ttl` of zero (the cache turns that into a delete).
///
/// Only `name`, `get`, `set` and `delete` must be implemented. `add`, `touch` and the operations on many keys
/// are built on them; implementing `ttl` provides `incr`, and implementing `keys` provides `clear`. What is
/// built from several steps is not atomic; a store that can do better overrides it and says so in
/// [`capabilities`](Store::capabilities). What a store cannot do is an error of kind
/// [`ErrorKind::Unsupported`]. `testing::conformance` checks a store for all of this.
pub trait Store: Send + Sync + 'static {
    /// Returns a short name for logs and errors (`redis`, `memcached`).
    fn name(&self) -> &'static str;

    /// Returns the value of `key`; `None` if there is none or it has expired.
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>>;

    /// Stores `value` under `key` for `ttl`.
    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()>;

    /// Deletes `key`; returns whether it was there.
    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool>;

    /// Returns what this store does in one step.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// Stores `value` only if `key` is absent; returns whether it was stored.
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

    /// Gives `key` a new lifetime; returns whether it was there.
    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let Some(value) = self.get(key).await? else {
                return Ok(false);
            };
            self.set(key, &value, ttl).await?;
            Ok(true)
        })
    }

    /// Deletes `key` if its value is `value`; returns whether it did. This is how the owner of a lock releases
    /// it, and nobody else's.
    ///
    /// The provided method takes two steps, between which the value may become another's.
    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            match self.get(key).await? {
                Some(there) if there == value => self.delete(key).await,
                _ => Ok(false),
            }
        })
    }

    /// Stores `value` under `key`, unless the value of another key forbids it; returns whether it was stored.
    /// This keeps a result from outliving an invalidation that came while it was computed.
    ///
    /// The value that forbids it is itself stored with `set_unless`, with `unless.key` as its key, and whoever
    /// stored it deletes `key` afterwards. If this is atomic, `key` does not reappear, not even for a moment.
    ///
    /// The provided method takes three steps: a value that becomes forbidden while it is written is deleted
    /// again.
    fn set_unless<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(set_unless_in_steps(self, key, value, ttl, unless))
    }

    /// Returns how long `key` still lives.
    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        let _ = key;
        unsupported(self.name(), "ttl")
    }

    /// Adds `by` to the decimal number under `key`, which keeps its lifetime, and returns the sum; `None` if the
    /// key is missing.
    ///
    /// It is an error of kind [`ErrorKind::Decode`] if the value is not a number, and of kind
    /// [`ErrorKind::Store`] if the sum does not fit. Provided if [`ttl`](Store::ttl) is implemented, in
    /// three steps, so that of two concurrent additions one may be lost.
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

    /// Returns the values of `keys`, in their order.
    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let mut values = Vec::with_capacity(keys.len());
            for key in keys {
                values.push(self.get(key).await?);
            }
            Ok(values)
        })
    }

    /// Stores all `items` for `ttl`; returns the positions of those that failed.
    ///
    /// It is an error if the store cannot be reached.
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
                    // A store that cannot be reached fails for all of them.
                    Err(error) if error.is_retryable() => return Err(error),
                    Err(_) => failed.push(at),
                }
            }
            Ok(failed)
        })
    }

    /// Deletes all `keys`; returns how many were there.
    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let mut count = 0;
            for key in keys {
                count += u64::from(self.delete(key).await?);
            }
            Ok(count)
        })
    }

    /// Returns the keys that start with `prefix` and match the glob `pattern` after it
    /// (`*`, `?` and `[…]`; the prefix is taken literally).
    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        let _ = (prefix, pattern);
        unsupported(self.name(), "keys")
    }

    /// Deletes every key that starts with `prefix`, and nothing else.
    ///
    /// Provided if [`keys`](Store::keys) is implemented.
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

    /// Creates what the store needs before it can store anything: the table of a SQL database. May be
    /// repeated; a store that needs nothing does nothing.
    fn prepare(&self) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Checks that the server answers.
    fn ping(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.get("ping").await.map(drop) })
    }

    /// Returns what the store knows about itself: its server and its version, how much it holds, what it has
    /// counted. This changes nothing and creates nothing. It is for tools, and is called on the store itself,
    /// not on its [`blocking`](Store::blocking) counterpart.
    fn facts(&self) -> StoreFuture<'_, Facts> {
        unsupported(self.name(), "facts")
    }

    /// Closes connections. Later operations may open connections again.
    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Returns what carries news between the processes that share this store, if anything does.
    fn backplane(&self) -> Option<&dyn Backplane> {
        None
    }

    /// Returns the same store for callers that block, whose futures are ready at the first poll.
    ///
    /// Without one, the futures of this store are driven on a thread of this crate.
    fn blocking(&self) -> Option<&dyn Store> {
        None
    }
}

/// Implements the provided [`Store::set_unless`].
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
    // Also if that cannot be told: a value that may be forbidden does not stay.
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
