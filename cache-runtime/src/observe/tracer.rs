//! Running code traced: what is recorded, and where the events go.

use std::cmp::Reverse;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::trace::{Trace, TraceEvent};
use crate::context::thread;
use crate::context::{self, Context};
use crate::sync::lock;

/// How many events a trace holds by default.
const LIMIT: usize = 1000;

/// Runs `future`, and returns a trace of what it asked of caches.
///
/// Every call of a cached function in it is an event, and so is what [`note`](crate::note) reports, such as
/// pages and fragments. Calls are followed into the bodies of cached functions and wherever the future is
/// polled, but not into tasks and threads that it spawns. A trace holds 1,000 events, and counts those beyond.
///
/// Only traced code pays for it: a traced hit takes the path of a miss as far as the entry in process, which
/// costs about a microsecond, and still counts as a hit.
///
/// ```
/// # futures_executor::block_on(async {
/// use cache_runtime::{Outcome, cache_result, trace};
///
/// #[cache_result(timeout = 60)]
/// async fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// let (sum, trace) = trace(async { square(3).await + square(3).await }).await;
/// assert_eq!(sum, 18);
/// assert_eq!(trace.events[0].name, "square");
/// assert_eq!(trace.events[0].outcome, Outcome::Miss);
/// assert_eq!(trace.events[1].outcome, Outcome::Hit);
/// # });
/// ```
pub async fn trace<F: Future>(future: F) -> (F::Output, Trace) {
    Tracer::new().run(future).await
}

/// Does what [`trace`] does, for code that does not `await`.
pub fn trace_blocking<T>(f: impl FnOnce() -> T) -> (T, Trace) {
    Tracer::new().run_blocking(f)
}

/// A [`trace`] with options.
///
/// ```
/// use cache_runtime::{Tracer, cache_result};
///
/// #[cache_result(timeout = 60, key_prefix = "cubes")]
/// fn cube(n: u64) -> u64 {
///     n * n * n
/// }
///
/// let tracer = Tracer::new().keys().on_event(|event| println!("{} {}", event.name, event.outcome));
/// let (_, trace) = tracer.run_blocking(|| cube(3));
/// assert!(trace.events[0].key.as_deref().unwrap().contains("cubes:"));
/// ```
#[derive(Clone)]
#[must_use = "a tracer does nothing before it runs something"]
pub struct Tracer {
    has_keys: bool,
    limit: usize,
    listener: Option<Listener>,
}

type Listener = Arc<dyn Fn(&TraceEvent) + Send + Sync>;

impl Default for Tracer {
    fn default() -> Self {
        Self::new()
    }
}

impl Tracer {
    /// Returns a tracer that records no keys and holds 1,000 events.
    pub fn new() -> Self {
        Self {
            has_keys: false,
            limit: LIMIT,
            listener: None,
        }
    }

    /// Records the key of each event, which costs a hash of the arguments each time.
    pub fn keys(mut self) -> Self {
        self.has_keys = true;
        self
    }

    /// Sets how many events a trace holds.
    pub fn limit(mut self, events: usize) -> Self {
        self.limit = events;
        self
    }

    /// Calls `listener` with each event when its call ends, on the thread on which it ends; also with those
    /// beyond the trace's limit. A panic of `listener` is ignored.
    pub fn on_event(mut self, listener: impl Fn(&TraceEvent) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Runs `future`, and returns a trace of what it asked of caches.
    pub async fn run<F: Future>(self, future: F) -> (F::Output, Trace) {
        let sink = self.sink();
        let _closing = Closing(&sink);
        let output = Context::traced(Tracing::new(sink.clone()))
            .wrap(future)
            .await;
        (output, sink.close())
    }

    /// Runs `f`, and returns a trace of what it asked of caches.
    pub fn run_blocking<T>(self, f: impl FnOnce() -> T) -> (T, Trace) {
        let sink = self.sink();
        let _closing = Closing(&sink);
        let output = Context::traced(Tracing::new(sink.clone())).enter(f);
        (output, sink.close())
    }

    fn sink(self) -> Arc<Sink> {
        Arc::new(Sink {
            began: Instant::now(),
            tracer: self,
            held: Mutex::new(Some(Held::default())),
            outer: context::tracing().map(|outer| outer.sink.clone()),
        })
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer")
            .field("keys", &self.has_keys)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// Adds a look-up that a trace cannot see by itself, such as that of a page, a fragment or a session, to the
/// trace of this scope, if there is one. `event` is not called otherwise.
///
/// ```
/// use cache_runtime::{Kind, Outcome, TraceEvent, note, trace_blocking};
///
/// let work = || note(|| TraceEvent::new(Kind::Page, "/tasks", Outcome::Hit));
/// assert_eq!(trace_blocking(work).1.events[0].kind, Kind::Page);
/// ```
pub fn note(event: impl FnOnce() -> TraceEvent) {
    if let Some(tracing) = context::tracing() {
        let mut event = event();
        event.depth = tracing.depth;
        tracing.record(event, Instant::now());
    }
}

/// Returns whether this scope is traced.
#[must_use]
pub fn is_traced() -> bool {
    thread::is_special() && context::tracing().is_some()
}

/// Where the events of a scope go, and how deep in cached calls it is.
pub(crate) struct Tracing {
    sink: Arc<Sink>,
    depth: u32,
}

impl Tracing {
    fn new(sink: Arc<Sink>) -> Arc<Self> {
        let depth = context::tracing().map_or(0, |outer| outer.depth);
        Arc::new(Self { sink, depth })
    }

    /// Returns the tracing for the body of a call that was made here.
    pub(crate) fn deeper(&self) -> Arc<Self> {
        Arc::new(Self {
            sink: self.sink.clone(),
            depth: self.depth.saturating_add(1),
        })
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// Returns whether any of the traces asks for keys.
    pub(super) fn has_keys(&self) -> bool {
        self.sinks().any(|sink| sink.tracer.has_keys)
    }

    fn sinks(&self) -> impl Iterator<Item = &Sink> {
        std::iter::successors(Some(&*self.sink), |sink| sink.outer.as_deref())
    }

    /// Records an event that has ended at `now`.
    pub(super) fn record(&self, event: TraceEvent, now: Instant) {
        for sink in self.sinks() {
            sink.record(event.clone(), now);
        }
    }
}

/// The events of one trace.
struct Sink {
    began: Instant,
    tracer: Tracer,
    /// `None`: the trace has been returned. What still runs after that is not recorded.
    held: Mutex<Option<Held>>,
    /// A nested trace records to both.
    outer: Option<Arc<Sink>>,
}

#[derive(Default)]
struct Held {
    events: Vec<TraceEvent>,
    left_out: u64,
}

impl Sink {
    fn record(&self, mut event: TraceEvent, now: Instant) {
        let ended = now.saturating_duration_since(self.began);
        event.began = ended.saturating_sub(event.took);
        if !self.tracer.has_keys {
            event.key = None;
        }
        if let Some(listener) = self.tracer.listener.as_ref().filter(|_| self.is_open()) {
            // It may be called at the end of a call that panics.
            let _ = catch_unwind(AssertUnwindSafe(|| listener(&event)));
        }
        match &mut *lock(&self.held) {
            None => {}
            Some(held) if held.events.len() < self.tracer.limit => held.events.push(event),
            Some(held) => held.left_out += 1,
        }
    }

    fn is_open(&self) -> bool {
        lock(&self.held).is_some()
    }

    fn close(&self) -> Trace {
        let held = lock(&self.held).take().unwrap_or_default();
        let mut events = held.events;
        // They were recorded in the order in which they ended; a nested call began after the one around it, or
        // at the same time.
        events.sort_by_key(|event| (event.began, event.depth, Reverse(event.took)));
        Trace {
            events,
            left_out: held.left_out,
            took: self.began.elapsed(),
        }
    }
}

/// Ends the trace, whether or not its code has run to the end.
struct Closing<'s>(&'s Arc<Sink>);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let held = lock(&self.0.held).take();
        drop(held);
    }
}
