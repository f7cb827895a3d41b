//! Which connections: each tokio runtime has its own, made when it is first seen.
//!
//! A connection is driven by a task, and a task dies with its runtime: so each runtime has
//! connections of its own (every `#[tokio::test]` has its own runtime). What counts is the runtime
//! on which an operation is first polled. A runtime that was entered but is not driven
//! answers nobody. Callers without a runtime are served by [`io_thread`].

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::future::Future;
use std::panic::catch_unwind;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard, Weak};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

use super::io_thread;
use crate::error::CacheError;
use crate::local::Ready;

/// One `T` for each tokio runtime that uses a store.
pub(crate) struct Runtimes<T> {
    make: Box<dyn Fn() -> T + Send + Sync>,
    known: RwLock<Knowns<T>>,
}

/// The ids are numbers that tokio gives out, so that they need no hash.
type Knowns<T> = HashMap<Id, Known<T>, Ready>;

struct Known<T> {
    /// `None`: the runtime was built without timers or I/O, where connecting would panic.
    served_by: Option<Arc<T>>,
    /// Dropped with the store, which ends the sentinel.
    _store_lives: oneshot::Sender<()>,
}

impl<T: Send + Sync + 'static> Runtimes<T> {
    /// `make` must return something that is not connected yet.
    pub(crate) fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            make: Box::new(make),
            known: RwLock::default(),
        })
    }

    /// Runs `job` with the `T` of the caller's runtime, or that of the I/O thread if there is none.
    ///
    /// If the returned future is dropped, so is the job on the caller's runtime; on the I/O thread it continues.
    #[cfg(any(feature = "memcached", feature = "_sql"))]
    pub(crate) async fn run<R, F>(
        self: &Arc<Self>,
        job: impl FnOnce(Arc<T>) -> F + Send + 'static,
    ) -> Result<R, CacheError>
    where
        R: Send + 'static,
        F: Future<Output = Result<R, CacheError>> + Send + 'static,
    {
        if let Ok(runtime) = Handle::try_current()
            && let Some(here) = self.here(&runtime)
        {
            return job(here).await;
        }
        self.run_on_io_thread(job).await
    }

    /// Does the same, always on the I/O thread: for callers that block, which may be on a runtime that
    /// cannot continue until they are done.
    pub(crate) async fn run_on_io_thread<R, F>(
        self: &Arc<Self>,
        job: impl FnOnce(Arc<T>) -> F + Send + 'static,
    ) -> Result<R, CacheError>
    where
        R: Send + 'static,
        F: Future<Output = Result<R, CacheError>> + Send + 'static,
    {
        let runtimes = Arc::clone(self);
        io_thread::run(move |runtime| async move {
            match runtimes.here(&runtime) {
                Some(here) => job(here).await,
                None => Err(io_thread::stopped("the i/o thread has no timers")),
            }
        })
        .await
    }

    /// Returns what serves `runtime`, which must be the current one; `None` if it cannot have any.
    pub(crate) fn here(self: &Arc<Self>, runtime: &Handle) -> Option<Arc<T>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match known.get(&runtime.id()) {
            Some(known) => known.served_by.clone(),
            None => {
                drop(known);
                self.meet(runtime)
            }
        }
    }

    #[cold]
    fn meet(self: &Arc<Self>, runtime: &Handle) -> Option<Arc<T>> {
        let id = runtime.id();
        let served_by = has_drivers().then(|| Arc::new((self.make)()));
        let (store_lives, store_dropped) = oneshot::channel();
        match self.write().entry(id) {
            // Another thread of this runtime was faster.
            Entry::Occupied(known) => return known.get().served_by.clone(),
            Entry::Vacant(place) => place.insert(Known {
                served_by: served_by.clone(),
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
        served_by
    }

    /// Returns all that exist now.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known
            .values()
            .filter_map(|known| known.served_by.clone())
            .collect()
    }
}

impl<T> Runtimes<T> {
    fn write(&self) -> RwLockWriteGuard<'_, Knowns<T>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Runtimes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Runtimes")
            .field("known", &known.len())
            .finish_non_exhaustive()
    }
}

/// Lives in a task of the runtime; when the runtime ends, the task is dropped, and the runtime's
/// entry with it.
struct Sentinel<T> {
    runtimes: Weak<Runtimes<T>>,
    id: Id,
}

impl<T> Drop for Sentinel<T> {
    fn drop(&mut self) {
        // If the id has been given to a later runtime already, that one connects again.
        let entry = match self.runtimes.upgrade() {
            Some(runtimes) => runtimes.write().remove(&self.id),
            None => None,
        };
        // Outside the lock, since it drops a connection.
        drop(entry);
    }
}

/// Returns whether the current runtime has timers and I/O. Tokio tells only by panicking (its message
/// is printed once for each such runtime); a panic here is better than one in every operation.
fn has_drivers() -> bool {
    catch_unwind(|| {
        drop(tokio::time::sleep(Duration::ZERO));
        #[cfg(unix)]
        drop(tokio::net::UnixDatagram::unbound());
    })
    .is_ok()
}
