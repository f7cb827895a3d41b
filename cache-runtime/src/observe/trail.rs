//! One traced call, from its start to when its caller has the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::time::Instant;

use super::counters::Counter;
use super::logged;
use super::trace::{Kind, Outcome, TraceEvent};
use super::tracer::Tracing;
use crate::context;
use crate::context::thread;
use crate::site::Site;
use crate::target::Target;

/// What becomes of a call, updated where it is counted; reported once, when its caller has the answer or is
/// gone.
pub(crate) struct Trail {
    /// The traces of this scope; `tracing` subscribers are checked at the end.
    tracing: Option<Arc<Tracing>>,
    site: &'static Site,
    key: Option<String>,
    began: Instant,
    /// An [`Outcome`].
    outcome: AtomicU8,
    store_failed: AtomicBool,
    is_told: AtomicBool,
}

impl Trail {
    /// Begins a call of `site` on `target`. If anyone listens, the call is recorded from now on; or reported at
    /// once, if it cannot be cached.
    #[inline]
    pub(crate) fn begin(site: &'static Site, target: Option<&mut Target>) {
        let is_logged = logged::tells_calls();
        if is_logged || thread::is_special() {
            Self::begin_for(site, target, is_logged);
        }
    }

    #[cold]
    fn begin_for(site: &'static Site, target: Option<&mut Target>, is_logged: bool) {
        let tracing = context::tracing();
        if tracing.is_none() && !is_logged {
            return;
        }
        let Some(target) = target else {
            let event = TraceEvent::new(Kind::Function, "", Outcome::Uncached);
            return tell(tracing.as_deref(), site, event, Instant::now());
        };
        let has_keys = tracing.as_ref().is_some_and(|tracing| tracing.has_keys())
            || is_logged && logged::has_keys();
        let key = has_keys.then(|| target.whole_key().ok());
        target.cache = target.cache.trailed(Arc::new(Self {
            tracing,
            site,
            key: key.flatten(),
            began: Instant::now(),
            outcome: AtomicU8::new(Outcome::Unfinished as u8),
            store_failed: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
        }));
    }

    pub(crate) fn came(&self, outcome: Outcome) {
        self.outcome.store(outcome as u8, Relaxed);
    }

    #[cold]
    pub(crate) fn counted(&self, what: Counter) {
        match what {
            Counter::Hits => self.came(Outcome::Hit),
            Counter::StoreHits => self.came(Outcome::StoreHit),
            Counter::Misses => self.came(Outcome::Miss),
            Counter::Stale => self.came(Outcome::Stale),
            Counter::Joined => self.came(Outcome::Joined),
            Counter::Errors => self.store_failed.store(true, Relaxed),
            Counter::Sets
            | Counter::Deletes
            | Counter::Undecodable
            | Counter::TooLarge
            | Counter::Collisions => {}
        }
    }

    /// Ends the call: its caller has the answer.
    #[cold]
    pub(crate) fn end(&self) {
        self.tell(Outcome::of(self.outcome.load(Relaxed)));
    }

    fn tell(&self, outcome: Outcome) {
        if self.is_told.swap(true, Relaxed) {
            return;
        }
        let now = Instant::now();
        let mut event = TraceEvent::new(Kind::Function, "", outcome)
            .took(now.saturating_duration_since(self.began));
        event.key.clone_from(&self.key);
        event.store_failed = self.store_failed.load(Relaxed);
        tell(self.tracing.as_deref(), self.site, event, now);
    }
}

/// Reports a call that has ended at `now` to all listeners.
fn tell(tracing: Option<&Tracing>, site: &'static Site, event: TraceEvent, now: Instant) {
    let event = match site.cache_name() {
        Some(alias) => event.cache(alias),
        None => event,
    };
    logged::call_ended(site.full_path(), &event);
    if let Some(tracing) = tracing {
        let name = site.spoken_name().into();
        let depth = tracing.depth();
        tracing.record(
            TraceEvent {
                name,
                depth,
                ..event
            },
            now,
        );
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        self.tell(Outcome::Unfinished);
    }
}
