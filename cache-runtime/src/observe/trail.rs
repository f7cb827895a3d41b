//! One traced call, from its beginning to where its caller has his answer.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::counters::Counter;
use super::trace::{Kind, Outcome, TraceEvent};
use super::tracer::Tracing;
use crate::context;
use crate::site::Site;
use crate::target::Target;

/// What becomes of a call, written where it is counted; told once, when its caller has his answer or is gone.
pub(crate) struct Trail {
    tracing: Arc<Tracing>,
    name: Cow<'static, str>,
    cache: &'static str,
    key: Option<String>,
    began: Instant,
    /// An [`Outcome`].
    outcome: AtomicU8,
    store_failed: AtomicBool,
    is_told: AtomicBool,
}

impl Trail {
    /// A call of `site` begins here, `target` is what it is about. If anyone listens, he hears of it from now
    /// on; and at once, if it cannot be cached.
    #[cold]
    pub(crate) fn begin(site: &'static Site, target: Option<&mut Target>) {
        let Some(tracing) = context::tracing() else {
            return;
        };
        let name = site.spoken_name();
        let Some(target) = target else {
            let event = TraceEvent::new(Kind::Function, name, Outcome::Uncached);
            return tracing.record(event.cache(site.alias), Instant::now());
        };
        let key = tracing.has_keys().then(|| target.made_key().ok());
        target.cache = target.cache.trailed(Arc::new(Self {
            tracing,
            name: name.into(),
            cache: site.alias,
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

    /// The caller has his answer.
    #[cold]
    pub(crate) fn end(&self) {
        self.tell(Outcome::of(self.outcome.load(Relaxed)));
    }

    fn tell(&self, outcome: Outcome) {
        if self.is_told.swap(true, Relaxed) {
            return;
        }
        let now = Instant::now();
        self.tracing.record(
            TraceEvent {
                name: self.name.clone(),
                kind: Kind::Function,
                outcome,
                began: Duration::ZERO,
                took: now.saturating_duration_since(self.began),
                depth: self.tracing.depth(),
                cache: Some(self.cache.into()),
                key: self.key.clone(),
                store_failed: self.store_failed.load(Relaxed),
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
