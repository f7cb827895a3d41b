//! The store around a store: it checks what goes wrong, and then calls the inner one.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::faults::{Fault, Faults, When, error};
use crate::clock::Clock;
use crate::error::{CacheError, ErrorKind};
use crate::markers::tombstone::Unless;
use crate::store::backplane::{Backplane, Heard};
use crate::store::facts::Facts;
use crate::store::{Capabilities, Store, StoreFuture, Ttl};

/// A store around another one, whose operations fail when a test says so; clones are the same store.
///
/// ```
/// use cache_runtime::testing::{Fault, FaultyStore, When};
/// use cache_runtime::{Cache, ErrorKind, cache_result, caches};
/// # use cache_runtime::{Store, StoreFuture};
/// # use std::{collections::HashMap, sync::Mutex, time::Duration};
/// # #[derive(Default)] struct MyStore(Mutex<HashMap<String, Vec<u8>>>);
/// # impl Store for MyStore {
/// #     fn name(&self) -> &'static str { "mine" }
/// #     fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
/// #         Box::pin(async move { Ok(self.0.lock().unwrap().get(key).cloned()) })
/// #     }
/// #     fn set<'a>(&'a self, key: &'a str, value: &'a [u8], _: Option<Duration>) -> StoreFuture<'a, ()> {
/// #         Box::pin(async move { self.0.lock().unwrap().insert(key.into(), value.into()); Ok(()) })
/// #     }
/// #     fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
/// #         Box::pin(async move { Ok(self.0.lock().unwrap().remove(key).is_some()) })
/// #     }
/// # }
///
/// #[cache_result(timeout = 600, key_prefix = "squares")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// let store = FaultyStore::new(MyStore::default());
/// caches().set("default", Cache::builder().store(store.clone()).build()?)?;
///
/// assert_eq!(square(12), 144);
/// store.inject(Fault::Error(ErrorKind::Unavailable), When::Always);
/// assert_eq!(square(12), 144); // its callers do not notice
/// assert_eq!(square::stats().errors, 1);
/// store.heal();
/// assert_eq!(square(12), 144); // from the store again
/// assert_eq!(square::stats().hits, 1);
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
pub struct FaultyStore<S> {
    awaiting: Face<S>,
    blocking: Face<S>,
}

impl<S: Store> FaultyStore<S> {
    /// Wraps `inner`, with nothing going wrong yet.
    pub fn new(inner: S) -> Self {
        let (inner, faults) = (Arc::new(inner), Arc::new(Faults::default()));
        let face = |blocks| Face {
            inner: inner.clone(),
            faults: faults.clone(),
            blocks,
            patience: Duration::from_millis(500),
        };
        Self {
            awaiting: face(false),
            blocking: face(true),
        }
    }

    /// Sets how long a [`Fault::Hang`] holds up a caller that blocks, if the inner store has a blocking
    /// counterpart; 500 ms by default.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.blocking.patience = patience;
        self
    }

    /// Makes `fault` hit the operations that `when` selects, from now on.
    ///
    /// Of several faults, the first that hits counts; each keeps its own count of operations.
    pub fn inject(&self, fault: Fault, when: When) {
        self.awaiting.faults.add(fault, when, None);
    }

    /// Does what [`inject`](Self::inject) does, for one operation: `get`, `set`, `delete`, `delete_if`,
    /// `set_unless`, `add`, `touch`, `ttl`, `incr`, `get_many`, `set_many`, `delete_many`, `keys`, `clear`,
    /// `ping` or `close`; or `publish` or `listen`, which hits whoever starts to.
    pub fn inject_on(&self, operation: &'static str, fault: Fault, when: When) {
        self.awaiting.faults.add(fault, when, Some(operation));
    }

    /// Stops all faults from now on.
    pub fn heal(&self) {
        self.awaiting.faults.clear();
    }

    /// Returns how often `operation` was called.
    #[must_use]
    pub fn asked(&self, operation: &str) -> u64 {
        self.awaiting.faults.asked(operation)
    }

    /// Returns how many operations were called in all; news, which is sent in the background, is not counted.
    #[must_use]
    pub fn asked_in_all(&self) -> u64 {
        self.awaiting.faults.asked_in_all()
    }

    /// Returns how many of them were hit by a fault.
    #[must_use]
    pub fn hit(&self) -> u64 {
        self.awaiting.faults.hit()
    }

    /// Returns the inner store.
    #[must_use]
    pub fn inner(&self) -> &S {
        &self.awaiting.inner
    }
}

impl<S> Clone for FaultyStore<S> {
    fn clone(&self) -> Self {
        Self {
            awaiting: self.awaiting.clone(),
            blocking: self.blocking.clone(),
        }
    }
}

impl<S> fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore")
            .field("faults", &self.awaiting.faults)
            .finish_non_exhaustive()
    }
}

/// The store for one kind of caller.
struct Face<S> {
    inner: Arc<S>,
    faults: Arc<Faults>,
    blocks: bool,
    patience: Duration,
}

impl<S> Clone for Face<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            faults: self.faults.clone(),
            blocks: self.blocks,
            patience: self.patience,
        }
    }
}

impl<S: Store> Face<S> {
    fn store(&self) -> &dyn Store {
        let blocking = self.blocks.then(|| self.inner.blocking()).flatten();
        blocking.unwrap_or(&*self.inner)
    }

    /// Runs one operation, with what goes wrong with it.
    fn ask<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        ask: impl FnOnce(&'a dyn Store) -> StoreFuture<'a, T> + Send + 'a,
        garble: impl FnOnce(&Faults, T) -> T + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            match self.faults.strike(operation) {
                None => ask(self.store()).await,
                Some(Fault::Error(kind)) => Err(error(kind, operation)),
                Some(Fault::Lost(kind)) => {
                    ask(self.store()).await?;
                    Err(error(kind, operation))
                }
                Some(Fault::Delay(time)) => {
                    self.wait(time).await;
                    ask(self.store()).await
                }
                Some(Fault::Hang) => self.hang(operation).await,
                Some(Fault::Panic) => panic!("this panic in `{operation}` was asked for"),
                Some(Fault::Garbage) => {
                    let answer = ask(self.store()).await?;
                    Ok(garble(&self.faults, answer))
                }
            }
        })
    }

    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static {
        let blocks = self.blocks;
        async move {
            if blocks {
                thread::sleep(time);
            } else {
                Clock::system().alarm(time).await;
            }
        }
    }

    async fn hang<T>(&self, operation: &'static str) -> Result<T, CacheError> {
        if !self.blocks {
            return std::future::pending().await;
        }
        self.wait(self.patience).await;
        Err(error(ErrorKind::Timeout, operation))
    }
}

fn as_it_is<T>(_: &Faults, answer: T) -> T {
    answer
}

impl<S: Store> Store for Face<S> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = self.inner.capabilities();
        // Not for an operation that is made to hang.
        can.time_limits = false;
        can
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        let garble = |faults: &Faults, value: Option<Vec<u8>>| value.map(|v| faults.garble(v));
        self.ask("get", move |store| store.get(key), garble)
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.ask("set", move |store| store.set(key, value, ttl), as_it_is)
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        self.ask("delete", move |store| store.delete(key), as_it_is)
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        self.ask("add", move |store| store.add(key, value, ttl), as_it_is)
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        self.ask("touch", move |store| store.touch(key, ttl), as_it_is)
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        self.ask("ttl", move |store| store.ttl(key), as_it_is)
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        self.ask(
            "delete_if",
            move |store| store.delete_if(key, value),
            as_it_is,
        )
    }

    fn set_unless<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        self.ask(
            "set_unless",
            move |store| store.set_unless(key, value, ttl, unless),
            as_it_is,
        )
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        self.ask("incr", move |store| store.incr(key, by), as_it_is)
    }

    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        let garble = |faults: &Faults, values: Vec<Option<Vec<u8>>>| {
            let garbled = values
                .into_iter()
                .map(|value| value.map(|v| faults.garble(v)));
            garbled.collect()
        };
        self.ask("get_many", move |store| store.get_many(keys), garble)
    }

    fn set_many<'a>(
        &'a self,
        items: &'a [(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, Vec<usize>> {
        self.ask(
            "set_many",
            move |store| store.set_many(items, ttl),
            as_it_is,
        )
    }

    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        self.ask(
            "delete_many",
            move |store| store.delete_many(keys),
            as_it_is,
        )
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        self.ask("keys", move |store| store.keys(prefix, pattern), as_it_is)
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        self.ask("clear", move |store| store.clear(prefix), as_it_is)
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        self.ask("ping", |store| store.ping(), as_it_is)
    }

    fn facts(&self) -> StoreFuture<'_, Facts> {
        self.ask("facts", |store| store.facts(), as_it_is)
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.ask("close", |store| store.close(), as_it_is)
    }
}

macro_rules! through_the_awaiting_face {
    ($($word:ident($($name:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(
            fn $word<'a>(&'a self, $($name: $type),*) -> StoreFuture<'a, $answer> {
                self.awaiting.$word($($name),*)
            }
        )*
    };
}

impl<S: Store> Store for FaultyStore<S> {
    fn name(&self) -> &'static str {
        self.awaiting.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.awaiting.capabilities()
    }

    fn backplane(&self) -> Option<&dyn Backplane> {
        let inner = self.awaiting.inner.backplane();
        inner.map(|_| self as &dyn Backplane)
    }

    fn blocking(&self) -> Option<&dyn Store> {
        let inner = self.awaiting.inner.blocking();
        inner.map(|_| &self.blocking as &dyn Store)
    }

    through_the_awaiting_face! {
        get(key: &'a str) -> Option<Vec<u8>>;
        set(key: &'a str, value: &'a [u8], ttl: Option<Duration>) -> ();
        delete(key: &'a str) -> bool;
        add(key: &'a str, value: &'a [u8], ttl: Option<Duration>) -> bool;
        delete_if(key: &'a str, value: &'a [u8]) -> bool;
        set_unless(
            key: &'a str,
            value: &'a [u8],
            ttl: Option<Duration>,
            unless: Unless<'a>
        ) -> bool;
        touch(key: &'a str, ttl: Option<Duration>) -> bool;
        ttl(key: &'a str) -> Ttl;
        incr(key: &'a str, by: i64) -> Option<i64>;
        get_many(keys: &'a [String]) -> Vec<Option<Vec<u8>>>;
        set_many(items: &'a [(String, Vec<u8>)], ttl: Option<Duration>) -> Vec<usize>;
        delete_many(keys: &'a [String]) -> u64;
        keys(prefix: &'a str, pattern: &'a str) -> Vec<String>;
        clear(prefix: &'a str) -> ();
        ping() -> ();
        close() -> ();
    }
}

impl<S: Store> Backplane for FaultyStore<S> {
    fn publish<'a>(&'a self, channel: &'a str, message: &'a str) -> StoreFuture<'a, ()> {
        let ask = move |store: &'a dyn Store| match store.backplane() {
            Some(backplane) => backplane.publish(channel, message),
            None => Box::pin(ready(Err(error(ErrorKind::Unsupported, "publish")))),
        };
        self.awaiting.ask("publish", ask, as_it_is)
    }

    fn listen<'a>(
        &'a self,
        channel: &'a str,
        hear: &'a (dyn Fn(Heard<'_>) + Send + Sync),
    ) -> StoreFuture<'a, Infallible> {
        let ask = move |store: &'a dyn Store| match store.backplane() {
            Some(backplane) => backplane.listen(channel, hear),
            None => Box::pin(ready(Err(error(ErrorKind::Unsupported, "listen")))),
        };
        self.awaiting.ask("listen", ask, as_it_is)
    }
}
