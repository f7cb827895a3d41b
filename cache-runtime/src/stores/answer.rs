//! What an operation answers: at once or after a while, and with errors that name it.

use std::future::{self, Future};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::CacheError;
use crate::store::StoreFuture;

/// An answer that nobody has to wait for.
pub(crate) fn ready<'a, T: Send + 'a>(answer: Result<T, CacheError>) -> StoreFuture<'a, T> {
    Box::pin(future::ready(answer))
}

/// The answer of an operation on many keys, or on none.
pub(crate) fn during<'a, T>(
    operation: &'static str,
    answer: impl Future<Output = Result<T, CacheError>> + Send + 'a,
) -> StoreFuture<'a, T> {
    Box::pin(Named {
        operation,
        key: None,
        answer,
    })
}

/// The answer of an operation on one key.
pub(crate) fn about<'a, T>(
    operation: &'static str,
    key: &'a str,
    answer: impl Future<Output = Result<T, CacheError>> + Send + 'a,
) -> StoreFuture<'a, T> {
    Box::pin(Named {
        operation,
        key: Some(key),
        answer,
    })
}

pin_project! {
    /// No `async` block: that would have room for what it awaits twice.
    struct Named<'a, F> {
        operation: &'static str,
        key: Option<&'a str>,
        #[pin]
        answer: F,
    }
}

impl<T, F: Future<Output = Result<T, CacheError>>> Future for Named<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.answer.poll(task).map_err(|error| {
            let error = error.in_operation(this.operation);
            match *this.key {
                Some(key) => error.on_key(key),
                None => error,
            }
        })
    }
}
