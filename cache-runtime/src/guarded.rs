//! A shared store behind its time limit and its breaker; every operation on a store goes here.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_timer::Delay;

use crate::breaker::{Breaker, News};
use crate::clock::{Clock, millis};
use crate::error::{CacheError, ErrorKind};
use crate::mode::Mode;
use crate::store::{Store, StoreFuture};

pub(crate) struct Guarded {
    store: Arc<dyn Store>,
    breaker: Breaker,
    op_timeout: Duration,
}

impl Guarded {
    pub(crate) fn new(store: Arc<dyn Store>, op_timeout: Duration, clock: Clock) -> Self {
        Self {
            store,
            breaker: Breaker::new(clock),
            op_timeout,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.store.name()
    }

    /// One operation, within the time limit, if the breaker lets it through.
    pub(crate) async fn ask<'s, T>(
        &'s self,
        mode: Mode,
        operation: &'static str,
        ask: impl FnOnce(&'s dyn Store) -> StoreFuture<'s, T>,
    ) -> Result<T, CacheError> {
        let error = |error: CacheError| error.in_operation(operation);
        if !self.breaker.admits(millis(self.op_timeout)) {
            return Err(error(CacheError::new(
                ErrorKind::BreakerOpen,
                format!("the {} store failed and is left alone for now", self.name()),
            )));
        }
        let blocking = mode.is_blocking().then(|| self.store.blocking()).flatten();
        let answer = ask(blocking.unwrap_or(&*self.store));
        let answer = if blocking.is_some() || self.store.capabilities().time_limits {
            answer.await
        } else {
            self.within_limit(answer).await
        };
        self.note(&answer);
        answer.map_err(error)
    }

    /// For walks over many round trips: the breaker, but no limit on the whole.
    pub(crate) async fn walk<'s, T>(
        &'s self,
        mode: Mode,
        operation: &'static str,
        ask: impl FnOnce(&'s dyn Store) -> StoreFuture<'s, T>,
    ) -> Result<T, CacheError> {
        let blocking = mode.is_blocking().then(|| self.store.blocking()).flatten();
        let answer = ask(blocking.unwrap_or(&*self.store)).await;
        self.note(&answer);
        answer.map_err(|error| error.in_operation(operation))
    }

    async fn within_limit<T>(&self, mut answer: StoreFuture<'_, T>) -> Result<T, CacheError> {
        let mut delay = pin!(Delay::new(self.op_timeout));
        std::future::poll_fn(|task| {
            if let Poll::Ready(answer) = answer.as_mut().poll(task) {
                return Poll::Ready(answer);
            }
            delay.as_mut().poll(task).map(|()| {
                Err(CacheError::new(
                    ErrorKind::Timeout,
                    format!(
                        "the {} store did not answer within {:?}",
                        self.name(),
                        self.op_timeout
                    ),
                ))
            })
        })
        .await
    }

    /// Tells the breaker, and the log once for each change of state.
    fn note<T>(&self, answer: &Result<T, CacheError>) {
        let news = match answer {
            // An answer that says no is a sign of life.
            Err(error) if error.is_retryable() => (self.breaker.failed(), Some(error)),
            _ => (self.breaker.succeeded(), None),
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

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded")
            .field("store", &self.name())
            .field("is_open", &self.breaker.is_open())
            .finish_non_exhaustive()
    }
}
