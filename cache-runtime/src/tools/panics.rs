//! A panic as a value.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// What `panic!` was called with.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Returns the result of `future`, or its panic.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, Panic> {
    let mut future = pin!(future);
    std::future::poll_fn(|task| {
        let poll = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(task)));
        match poll {
            Ok(poll) => poll.map(Ok),
            // It is not polled again.
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// Returns its text, if it has one.
pub(crate) fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("with no text")
}
