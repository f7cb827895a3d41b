//! What is called with an event: a handler of either kind, and what it may return.

use std::any::Any;
use std::fmt::Display;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::mode::Mode;

/// What a handler returns: nothing, or a `Result` whose error can be displayed.
#[diagnostic::on_unimplemented(
    message = "a handler of an event returns nothing or a `Result`, not `{Self}`",
    note = "for a future there is `on_async`; another value ends in `;`; the error of a `Result` has to be \
            `Display`"
)]
pub trait Handled {
    #[doc(hidden)]
    fn failure(self) -> Option<String>;
}

impl Handled for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<T, E: Display> Handled for Result<T, E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// An async handler: an `async fn` or `async` closure over `&E`, or a closure that returns a future
/// that is `Send`.
///
/// An `async` closure that captures something does not work: its future would borrow from it. A closure
/// that clones what its future needs does; see [`on_async`](super::EventBus::on_async).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no async handler of a `{E}`",
    note = "`async |event: &{E}| …` is one that captures nothing; otherwise \
            `move |event: &{E}| {{ let own = own.clone(); async move {{ … }} }}`"
)]
pub trait AsyncHandler<'e, E: 'e>: Send + Sync + 'static {
    #[doc(hidden)]
    type Outcome: Handled;
    #[doc(hidden)]
    type Future: Future<Output = Self::Outcome> + Send + 'e;
    #[doc(hidden)]
    fn handle(&self, event: &'e E) -> Self::Future;
}

impl<'e, E, F, R> AsyncHandler<'e, E> for F
where
    E: 'e,
    F: Fn(&'e E) -> R + Send + Sync + 'static,
    R: Future + Send + 'e,
    R::Output: Handled,
{
    type Outcome = R::Output;
    type Future = R;

    fn handle(&self, event: &'e E) -> R {
        self(event)
    }
}

type Plain<E> = dyn Fn(&E) -> Option<String> + Send + Sync;
type Awaited<E> = dyn for<'e> Fn(&'e E) -> Pending<'e> + Send + Sync;
type Pending<'e> = Pin<Box<dyn Future<Output = Option<String>> + Send + 'e>>;

/// A handler of events of one type. It returns why it failed, if it did.
pub(super) enum Call<E> {
    Sync(Box<Plain<E>>),
    Async(Box<Awaited<E>>),
}

impl<E: 'static> Call<E> {
    pub(super) fn of_sync<R: Handled>(handler: impl Fn(&E) -> R + Send + Sync + 'static) -> Self {
        Self::Sync(Box::new(move |event| handler(event).failure()))
    }

    pub(super) fn of_async(handler: impl for<'e> AsyncHandler<'e, E>) -> Self {
        Self::Async(Box::new(move |event| {
            let handling = handler.handle(event);
            Box::pin(async move { handling.await.failure() })
        }))
    }

    pub(super) async fn run(&self, mode: Mode, event: &E) -> Option<String> {
        match self {
            Self::Sync(handler) => handler(event),
            Self::Async(handler) => mode.wait(handler(event)).await,
        }
    }
}

/// A handler of any type of event.
pub(super) struct Handler {
    /// A `Call<E>`.
    call: Box<dyn Any + Send + Sync>,
    /// Where it was subscribed.
    pub(super) at: &'static Location<'static>,
    has_left: AtomicBool,
}

impl Handler {
    #[track_caller]
    pub(super) fn new<E: 'static>(call: Call<E>) -> Self {
        Self {
            call: Box::new(call),
            at: Location::caller(),
            has_left: AtomicBool::new(false),
        }
    }

    /// Returns how to call it with an `E`, unless it is no longer to be called.
    pub(super) fn call<E: 'static>(&self) -> Option<&Call<E>> {
        if self.has_left.load(SeqCst) {
            return None;
        }
        self.call.downcast_ref()
    }

    pub(super) fn leave(&self) {
        self.has_left.store(true, SeqCst);
    }
}
