//! A small event bus for code that must not know the cached functions: it emits what happened, and handlers
//! elsewhere delete or write the entries that this affects. Django's signals, typed.
//!
//! ```
//! use cache_runtime::{cache_result, events};
//!
//! // The code that saves tasks knows this type, and nothing of the cache.
//! struct TaskSaved { id: u64, user_id: u64 }
//!
//! #[cache_result(timeout = 600)]
//! fn get_user_tasks(user_id: u64) -> Vec<u64> { vec![user_id * 10] }
//!
//! // Once, where the program starts.
//! events().on(|event: &TaskSaved| get_user_tasks::entry(event.user_id).delete()).forever();
//!
//! get_user_tasks(7);
//! events().emit_blocking(&TaskSaved { id: 70, user_id: 7 });
//! assert_eq!(get_user_tasks::entry(7).get()?, None);
//! # Ok::<(), cache_runtime::CacheError>(())
//! ```
//!
//! An event is any type, and its type decides which handlers receive it: where Django writes
//! `post_save.connect(handler, sender=Task)`, a handler here takes a `&TaskSaved`, or a `&Saved<Task>`
//! of a generic `Saved<T>`. What else is as in Django, and what is not:
//!
//! | Django's signals | here |
//! | --- | --- |
//! | `connect`: a weak reference, so a local handler goes silent when it is collected | [`on`](EventBus::on) keeps the handler for as long as the [`Subscription`] lives, or [`forever`](Subscription::forever); the compiler warns about an unused one |
//! | `disconnect`, which finds nothing if it is not given the same object | the subscription is dropped |
//! | `dispatch_uid`, since importing twice connects twice | every `on` is a subscription: call it once, at program start |
//! | `send`: an exception reaches the sender, and the other handlers are not called; `send_robust`: it is returned and mostly never looked at | [`emit`](EventBus::emit): all handlers are called; an `Err` or a panic is logged with the location of the `on`, and counted in [`stats`](EventBus::stats) |
//! | `asend`: async handlers at once, in no order | one after another, in the order of subscription, async or not |
//! | `bulk_create` and `update` send nothing | only `emit` sends anything: call it after the change, and in a transaction after its commit |
//!
//! No lock is held while handlers run: they may emit, subscribe and unsubscribe. A handler subscribed during
//! an `emit` receives the next event; one that is unsubscribed is not called again, though a running call
//! is not waited for. A handler that always emits its own event ends in endless recursion.
//!
//! An event is received only in its own process. What handlers do to the cache is, as always, seen by all
//! processes that share it.

mod handler;
mod stats;
mod subscription;
#[cfg(test)]
mod tests;

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

pub use handler::{AsyncHandler, Handled};
pub use stats::EventStats;
pub use subscription::Subscription;

use handler::{Call, Handler};
use stats::Counts;

use crate::mode::{Mode, block_on};
use crate::sync::lock;
use crate::tools::panics::{self, caught};

/// Returns the event bus of this process.
#[must_use]
pub fn events() -> &'static EventBus {
    static BUS: LazyLock<EventBus> = LazyLock::new(EventBus::new);
    &BUS
}

/// Handlers, by the type of event that they receive. [`events`](events()) is the bus that all code shares; a
/// library or a test may have its own.
#[derive(Default)]
pub struct EventBus(Arc<Inner>);

#[derive(Default)]
struct Inner {
    handlers: Mutex<HashMap<TypeId, Handlers>>,
    counts: Counts,
}

/// The handlers of one type of event, in the order of subscription. Replaced, never changed: an `emit`
/// iterates over the list that it found.
type Handlers = Arc<[Arc<Handler>]>;

impl EventBus {
    /// Returns a separate bus, without handlers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `handler` with every `E` that is emitted from now on, until the subscription is dropped.
    ///
    /// The handler returns nothing or a `Result`, whose error is logged and counted.
    ///
    /// ```
    /// use cache_runtime::events;
    /// # use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    ///
    /// struct LoggedIn { user_id: u64 }
    /// static LAST: AtomicU64 = AtomicU64::new(0);
    ///
    /// let subscription = events().on(|event: &LoggedIn| LAST.store(event.user_id, Relaxed));
    /// events().emit_blocking(&LoggedIn { user_id: 7 });
    /// drop(subscription);
    /// events().emit_blocking(&LoggedIn { user_id: 8 }); // nobody hears it
    /// assert_eq!(LAST.load(Relaxed), 7);
    /// ```
    #[track_caller]
    pub fn on<E, R>(&self, handler: impl Fn(&E) -> R + Send + Sync + 'static) -> Subscription
    where
        E: 'static,
        R: Handled,
    {
        self.subscribe(Call::<E>::of_sync(handler))
    }

    /// Calls `handler` with every `E`, as [`on`](EventBus::on) does, and waits for its future.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use cache_runtime::{Cache, cache_result, events};
    ///
    /// struct TaskSaved { user_id: u64 }
    ///
    /// #[cache_result(timeout = 600)]
    /// async fn get_user_tasks(user_id: u64) -> Vec<u64> { vec![user_id * 10] }
    ///
    /// events()
    ///     .on_async(async |event: &TaskSaved| get_user_tasks::entry(event.user_id).delete().await)
    ///     .forever();
    ///
    /// // What a handler brings along it clones for each call.
    /// let pages = Cache::from_url("memory://")?;
    /// events()
    ///     .on_async(move |event: &TaskSaved| {
    ///         let (pages, key) = (pages.clone(), format!("tasks_of:{}", event.user_id));
    ///         async move { pages.delete(&key).await }
    ///     })
    ///     .forever();
    ///
    /// events().emit(&TaskSaved { user_id: 7 }).await;
    /// assert_eq!(events().stats().failed, 0);
    /// # Ok::<(), cache_runtime::CacheError>(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn on_async<E, H>(&self, handler: H) -> Subscription
    where
        E: Sync + 'static,
        H: for<'e> AsyncHandler<'e, E>,
    {
        self.subscribe(Call::<E>::of_async(handler))
    }

    /// Calls every handler of this type of event, one after another; ready when all are done.
    ///
    /// Handlers that are not async run on the caller's thread. If the future is dropped before it is
    /// ready, no further handlers are called.
    pub async fn emit<E: Sync + 'static>(&self, event: &E) {
        self.tell(Mode::Async, event).await;
    }

    /// Calls every handler of this type of event, from code that does not `await`.
    ///
    /// Async handlers are driven by this thread. Cache operations work this way everywhere; tokio's sockets and
    /// timers need its runtime, on whose own threads [`emit`](EventBus::emit) is the one to use.
    pub fn emit_blocking<E: Sync + 'static>(&self, event: &E) {
        block_on(self.tell(Mode::Blocking, event));
    }

    /// Returns what has happened on this bus.
    #[must_use]
    pub fn stats(&self) -> EventStats {
        self.0.counts.stats()
    }

    async fn tell<E: Sync + 'static>(&self, mode: Mode, event: &E) {
        self.0.counts.emitted();
        for handler in self.0.of(TypeId::of::<E>()).iter() {
            let Some(call) = handler.call::<E>() else {
                continue;
            };
            let failure = match caught(call.run(mode, event)).await {
                Ok(failure) => failure,
                Err(panic) => Some(format!("it panicked: {}", panics::text(&*panic))),
            };
            self.0.counts.called(failure.is_some());
            if let Some(error) = failure {
                let (event, handler) = (type_name::<E>(), handler.at);
                tracing::error!(event, %handler, error, "a handler of an event failed");
            }
        }
    }

    #[track_caller]
    fn subscribe<E: 'static>(&self, call: Call<E>) -> Subscription {
        let handler = Arc::new(Handler::new(call));
        let event = TypeId::of::<E>();
        self.0.change(event, |handlers| {
            handlers.iter().chain([&handler]).cloned().collect()
        });
        Subscription::new(&self.0, event, handler)
    }
}

impl Inner {
    fn of(&self, event: TypeId) -> Handlers {
        lock(&self.handlers)
            .get(&event)
            .cloned()
            .unwrap_or_default()
    }

    fn change(&self, event: TypeId, change: impl FnOnce(&Handlers) -> Handlers) {
        let mut all = lock(&self.handlers);
        let handlers = all.entry(event).or_default();
        let new = change(handlers);
        let old = std::mem::replace(handlers, new);
        drop(all);
        // The destructor of a handler may do anything.
        drop(old);
    }

    fn remove(&self, event: TypeId, handler: &Arc<Handler>) {
        self.change(event, |handlers| {
            let others = handlers.iter().filter(|other| !Arc::ptr_eq(other, handler));
            others.cloned().collect()
        });
    }
}

impl std::fmt::Debug for EventBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let handlers: usize = lock(&self.0.handlers).values().map(|of| of.len()).sum();
        f.debug_struct("EventBus")
            .field("handlers", &handlers)
            .field("stats", &self.stats())
            .finish()
    }
}
