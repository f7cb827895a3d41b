//! Async callers: the connection that belongs to the tokio runtime they run on.
//!
//! A connection is driven by a task, and a task dies with its runtime: so each runtime has a
//! connection of its own (every `#[tokio::test]` has its own runtime). What counts is the runtime
//! that the operation is first polled on. A runtime that was entered, but that nobody drives,
//! answers nobody.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::catch_unwind;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard, Weak};
use std::time::Duration;

use redis::Value;
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

use super::backend::{Link, RedisStore};
use super::commands::Request;
use super::config::RedisConfig;
use super::io_thread;
use super::line::Line;
use super::pool::Pool;
use crate::error::CacheError;
use crate::local::Ready;
use crate::store::Store;

/// One connection for each runtime, and the pool of those that block.
#[derive(Debug)]
pub struct Connections {
    runtimes: Arc<Runtimes>,
    blocking: RedisStore<Pool>,
}

/// The runtimes that use this store, and what serves each.
#[derive(Debug)]
pub(super) struct Runtimes {
    config: RedisConfig,
    known: RwLock<Knowns>,
}

/// The ids are numbers that tokio gives out, so that they need no hash.
type Knowns = HashMap<Id, Known, Ready>;

#[derive(Debug)]
struct Known {
    /// `None`: the runtime was built without timers or I/O, where connecting would panic.
    line: Option<Arc<Line>>,
    /// Dropped with the store, which ends the sentinel.
    _store_lives: oneshot::Sender<()>,
}

impl Connections {
    pub(super) fn new(config: RedisConfig) -> Result<Self, CacheError> {
        let runtimes = Runtimes {
            config: config.clone(),
            known: RwLock::default(),
        };
        Ok(Self {
            runtimes: Arc::new(runtimes),
            blocking: RedisStore::over(Pool::new(config)?),
        })
    }
}

impl Link for Connections {
    async fn exchange(&self, request: &Request) -> Result<Value, CacheError> {
        if let Ok(runtime) = Handle::try_current()
            && let Some(line) = self.runtimes.line(&runtime)
        {
            return line.exchange(&runtime, request).await;
        }
        // Boxed, to keep the future of the usual case small.
        Box::pin(io_thread::exchange(
            Arc::clone(&self.runtimes),
            request.clone(),
        ))
        .await
    }

    fn close(&self) {
        self.runtimes.close();
        self.blocking.link().close();
    }

    fn blocking(&self) -> Option<&dyn Store> {
        Some(&self.blocking)
    }
}

impl Runtimes {
    /// The connection of `runtime`, which must be the current one; `None` if it cannot have any.
    pub(super) fn line(self: &Arc<Self>, runtime: &Handle) -> Option<Arc<Line>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match known.get(&runtime.id()) {
            Some(known) => known.line.clone(),
            None => {
                drop(known);
                self.meet(runtime)
            }
        }
    }

    #[cold]
    fn meet(self: &Arc<Self>, runtime: &Handle) -> Option<Arc<Line>> {
        let id = runtime.id();
        let line = has_drivers().then(|| Arc::new(Line::new(self.config.clone())));
        let (store_lives, store_dropped) = oneshot::channel();
        match self.write().entry(id) {
            // Another thread of this runtime was faster.
            Entry::Occupied(known) => return known.get().line.clone(),
            Entry::Vacant(place) => place.insert(Known {
                line: line.clone(),
                _store_lives: store_lives,
            }),
        };
        // Not under the lock: a runtime that is shutting down drops the task at once, and the
        // task's last act is to take the lock.
        let sentinel = Sentinel {
            runtimes: Arc::downgrade(self),
            id,
        };
        runtime.spawn(async move {
            let _ = store_dropped.await;
            drop(sentinel);
        });
        line
    }

    fn close(&self) {
        for known in self.write().values() {
            if let Some(line) = &known.line {
                line.close();
            }
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Knowns> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sits in a task of the runtime; when the runtime goes, the task is dropped, and the runtime's
/// entry with it.
struct Sentinel {
    runtimes: Weak<Runtimes>,
    id: Id,
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        // Should the id have been given to a later runtime already, that one connects again.
        let entry = match self.runtimes.upgrade() {
            Some(runtimes) => runtimes.write().remove(&self.id),
            None => None,
        };
        // Out of the lock, for it takes a connection with it.
        drop(entry);
    }
}

/// Whether the current runtime has timers and I/O. Tokio tells only by panicking (its message
/// is printed once for each such runtime); a panic here is better than one in every operation.
fn has_drivers() -> bool {
    catch_unwind(|| {
        drop(tokio::time::sleep(Duration::ZERO));
        #[cfg(unix)]
        drop(tokio::net::UnixDatagram::unbound());
    })
    .is_ok()
}
