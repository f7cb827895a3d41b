//! A shared store guarded by its time limit, its breaker and a limit on what waits for it; every operation
//! on a store passes through here.

pub(crate) mod backlog;
pub(crate) mod breaker;
#[cfg(test)]
mod breaker_tests;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use tracing::Instrument;

use crate::clock::Clock;
use crate::error::{CacheError, ErrorKind};
use crate::mode::Mode;
use crate::observe::{self, Timing, Timings};
use crate::store::{Store, StoreFuture};
use crate::sync::lock;
use backlog::{Backlog, Full, Slot};
use breaker::{Admission, Breaker, News};

pub(crate) struct Guarded {
    store: Arc<dyn Store>,
    breaker: Breaker,
    backlog: Backlog,
    refusals: Refusals,
    op_timeout: Duration,
    /// Whether the store enforces time limits itself.
    limits_itself: bool,
    hash_tags: bool,
    atomic_set_unless: bool,
    timing: Timing,
}

impl Guarded {
    pub(crate) fn new(store: Arc<dyn Store>, op_timeout: Duration, clock: Clock) -> Self {
        let can = store.capabilities();
        Self {
            limits_itself: can.time_limits,
            hash_tags: can.hash_tags,
            atomic_set_unless: can.atomic_set_unless,
            store,
            breaker: Breaker::new(clock),
            backlog: Backlog::default(),
            refusals: Refusals::default(),
            op_timeout,
            timing: Timing::default(),
        }
    }

    /// Returns the store itself, unguarded.
    pub(crate) fn share(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.store.name()
    }

    /// See [`Capabilities`](crate::Capabilities).
    pub(crate) fn hash_tags(&self) -> bool {
        self.hash_tags
    }

    /// See [`Capabilities`](crate::Capabilities).
    pub(crate) fn is_set_unless_atomic(&self) -> bool {
        self.atomic_set_unless
    }

    pub(crate) fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Returns how often the store was called, and how long that took.
    pub(crate) fn timings(&self) -> Timings {
        self.timing.timings()
    }

    /// Runs one operation, within the time limit, if the breaker admits it.
    pub(crate) async fn ask<'s, T>(
        &'s self,
        mode: Mode,
        operation: &'static str,
        ask: impl FnOnce(&'s dyn Store) -> StoreFuture<'s, T>,
    ) -> Result<T, CacheError> {
        self.send(mode, operation, 0, ask).await
    }

    /// Does the same for an operation that writes this many bytes.
    pub(crate) async fn send<'s, T>(
        &'s self,
        mode: Mode,
        operation: &'static str,
        bytes: usize,
        ask: impl FnOnce(&'s dyn Store) -> StoreFuture<'s, T>,
    ) -> Result<T, CacheError> {
        let error = |error: CacheError| error.in_operation(operation);
        // Before the breaker, which expects an answer from a caller that it admits to probe.
        let _slot = self.enter(operation, bytes).map_err(error)?;
        let Some(admission) = self.breaker.admits(self.op_timeout) else {
            return Err(error(CacheError::new(
                ErrorKind::BreakerOpen,
                format!(
                    "the {} store failed and is left alone for now: the log says why, and it is asked again by itself",
                    self.name()
                ),
            )));
        };
        let blocking = mode.is_blocking().then(|| self.store.blocking()).flatten();
        let limits_itself = blocking.is_some() || self.limits_itself;
        let weight = self.timing.begin();
        let watch = (weight > 0).then(|| Clock::system().stopwatch());
        let span = observe::operation(self.name(), operation);
        let answer = self.begin(blocking, ask).instrument(span);
        let answer = if limits_itself {
            answer.await
        } else {
            // Boxed, to keep the future of the usual case small.
            Box::pin(self.within_limit(answer)).await
        };
        if let Some(watch) = watch {
            let time = self.timing.ended(weight, &watch);
            observe::asked(self.name(), operation, answer.is_err(), (weight, time));
        }
        self.note(operation, admission, &answer);
        answer.map_err(error)
    }

    /// Runs a walk over many round trips that was requested by hand: there is no limit on the whole, and the
    /// breaker is told the result but does not keep it from trying.
    pub(crate) async fn walk<'s, T>(
        &'s self,
        mode: Mode,
        operation: &'static str,
        ask: impl FnOnce(&'s dyn Store) -> StoreFuture<'s, T>,
    ) -> Result<T, CacheError> {
        let blocking = mode.is_blocking().then(|| self.store.blocking()).flatten();
        let span = observe::operation(self.name(), operation);
        let admission = self.breaker.admission();
        let answer = self.begin(blocking, ask).instrument(span).await;
        self.note(operation, admission, &answer);
        answer.map_err(|error| error.in_operation(operation))
    }

    /// Starts the operation. A store that panics has failed, and nothing more.
    fn begin<'s, T>(
        &'s self,
        blocking: Option<&'s dyn Store>,
        ask: impl FnOnce(&'s dyn Store) -> StoreFuture<'s, T>,
    ) -> impl Future<Output = Result<T, CacheError>> {
        let store = blocking.unwrap_or(&*self.store);
        let mut answer = catch_unwind(AssertUnwindSafe(|| ask(store))).ok();
        std::future::poll_fn(move |task| {
            let poll = answer
                .as_mut()
                .map(|answer| catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(task))).ok());
            poll.flatten().unwrap_or_else(|| {
                // It is not polled again.
                answer = None;
                Poll::Ready(Err(CacheError::new(
                    ErrorKind::Unavailable,
                    format!("the {} store panicked", self.name()),
                )))
            })
        })
    }

    /// Takes a place among the waiting operations. A lack of room says nothing about the store: the breaker is
    /// told by those that have one.
    fn enter(&self, operation: &'static str, bytes: usize) -> Result<Slot<'_>, CacheError> {
        self.backlog.enter(bytes).map_err(|Full { is_news }| {
            let text = format!("too much waits for the {} store", self.name());
            let error = CacheError::new(ErrorKind::Unavailable, text);
            if is_news {
                tracing::warn!(
                    store = self.name(),
                    operation,
                    %error,
                    "more waits for the cache's store than may; calls beyond that run uncached",
                );
            }
            error
        })
    }

    async fn within_limit<T>(
        &self,
        answer: impl Future<Output = Result<T, CacheError>>,
    ) -> Result<T, CacheError> {
        // A server's time is the system's, whatever clock the cache uses.
        let answer = Clock::system().within(self.op_timeout, answer).await;
        answer.unwrap_or_else(|| {
            Err(CacheError::new(
                ErrorKind::Timeout,
                format!(
                    "the {} store did not answer within its op_timeout of {:?}",
                    self.name(),
                    self.op_timeout
                ),
            ))
        })
    }

    /// Tells the breaker, and logs once for each change of state.
    fn note<T>(
        &self,
        operation: &'static str,
        admission: Admission,
        answer: &Result<T, CacheError>,
    ) {
        self.note_refusal(operation, answer);
        let news = match answer {
            // A negative answer is a sign of life, and so is a part that can be told from the rest.
            Err(error) if error.is_retryable() && !error.is_partial() => {
                (self.breaker.failed(admission), Some(error))
            }
            _ => (self.breaker.succeeded(admission), None),
        };
        match news {
            (News::Failing, Some(error)) => tracing::warn!(
                store = self.name(),
                %error,
                "the cache's store is failing; calls run uncached until it is back",
            ),
            (News::Recovered, _) => {
                tracing::info!(store = self.name(), "the cache's store is back");
            }
            _ => {}
        }
    }
}

impl Guarded {
    /// Notes refusals: a server that is alive may refuse what it is asked (a wrong password, no memory left, a
    /// replica). That is logged once for each operation, and once when it is accepted again.
    fn note_refusal<T>(&self, operation: &'static str, answer: &Result<T, CacheError>) {
        match answer {
            // A refused `incr` is about the number, and the caller's business.
            Err(error)
                if error.kind() == ErrorKind::Store
                    && operation != "incr"
                    && self.refusals.begin(operation) =>
            {
                tracing::warn!(
                    store = self.name(),
                    operation,
                    %error,
                    "the cache's store refuses an operation",
                );
            }
            Ok(_) if self.refusals.end(operation) => tracing::info!(
                store = self.name(),
                operation,
                "the cache's store takes the operation again",
            ),
            _ => {}
        }
    }
}

/// The operations that the store refused the last time.
#[derive(Default)]
struct Refusals {
    operations: Mutex<Vec<&'static str>>,
    // Usually there are none, and no caller should have to take the lock to see that.
    any: AtomicBool,
}

impl Refusals {
    /// Returns true if it is news.
    fn begin(&self, operation: &'static str) -> bool {
        let mut operations = lock(&self.operations);
        let is_news = !operations.contains(&operation);
        if is_news {
            operations.push(operation);
            self.any.store(true, Ordering::Relaxed);
        }
        is_news
    }

    /// Returns true if it is news.
    fn end(&self, operation: &'static str) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let mut operations = lock(&self.operations);
        let before = operations.len();
        operations.retain(|refused| *refused != operation);
        self.any.store(!operations.is_empty(), Ordering::Relaxed);
        operations.len() < before
    }
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded")
            .field("store", &self.name())
            .field("is_open", &self.breaker.is_open())
            .finish_non_exhaustive()
    }
}
