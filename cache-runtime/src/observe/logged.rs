//! Calls for `tracing` subscribers: an event for each call, a span for each execution and for each
//! operation of a store. Their names and fields are those of the metrics (`docs/monitoring.md`).
//!
//! The subscriber's level is the only switch. A call that is not a hit checks it, which is a single load if
//! nobody listens; a hit does not even do that: while somebody listens to hits, the fast path of hits is closed
//! (`Site::tell_hits`), which every call that is not a hit sees to.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use tracing::{Level, Span};

use super::trace::{Outcome, TraceEvent};
use crate::site::Site;
use crate::target::Target;

const CALLS: &str = "cache_runtime::calls";
const STORE: &str = "cache_runtime::store";

/// Returns whether somebody listens to calls that are not hits.
#[inline]
pub(crate) fn tells_calls() -> bool {
    tracing::enabled!(target: CALLS, Level::DEBUG)
}

/// Returns whether somebody listens to hits too.
#[inline]
pub(crate) fn tells_hits() -> bool {
    tracing::enabled!(target: CALLS, Level::TRACE)
}

/// Logs that a call of the function at `path` has ended.
pub(super) fn call_ended(path: &str, event: &TraceEvent) {
    macro_rules! tell {
        ($level:expr) => {
            tracing::event!(
                target: CALLS,
                $level,
                cache.function = path,
                cache.outcome = event.outcome.as_str(),
                cache.name = event.cache.as_deref(),
                cache.key = event.key.as_deref().filter(|_| has_keys()),
                cache.duration_us = u64::try_from(event.took.as_micros()).unwrap_or(u64::MAX),
                cache.store_failed = event.store_failed,
                "cached call"
            )
        };
    }
    match event.outcome {
        Outcome::Hit | Outcome::StoreHit | Outcome::Joined => tell!(Level::TRACE),
        _ => tell!(Level::DEBUG),
    }
}

/// Returns the span of an execution of `site`; for several at once, or without a cache, there is no target.
#[inline]
pub(crate) fn execution(site: Option<&'static Site>, target: Option<&Target>) -> Span {
    match site {
        Some(site) if tells_calls() => of_execution(site, target),
        _ => Span::none(),
    }
}

#[cold]
fn of_execution(site: &'static Site, target: Option<&Target>) -> Span {
    let target = target.filter(|_| has_keys());
    let key = target.and_then(|target| target.whole_key().ok());
    tracing::debug_span!(
        target: CALLS,
        "cache.execution",
        cache.function = site.full_path(),
        cache.name = site.cache_name(),
        cache.key = key,
    )
}

/// Returns the span of an operation of a store.
#[inline]
pub(crate) fn operation(store: &'static str, operation: &'static str) -> Span {
    tracing::debug_span!(
        target: STORE,
        "cache.operation",
        cache.store = store,
        cache.operation = operation,
    )
}

const UNASKED: u8 = 0;
const HIDDEN: u8 = 1;
const SHOWN: u8 = 2;

static KEYS: AtomicU8 = AtomicU8::new(UNASKED);

/// Sets whether events and spans of `tracing` show keys, which may contain personal data. By default they do
/// not, unless the environment has `CACHE_LOG_KEYS=1`.
///
/// The keys of functions contain a hash of the arguments, which anybody who can guess the arguments can
/// compute; text keys are shown as they are.
pub fn log_keys(is_wanted: bool) {
    KEYS.store(if is_wanted { SHOWN } else { HIDDEN }, Relaxed);
}

/// Returns whether keys are shown.
pub(super) fn has_keys() -> bool {
    match KEYS.load(Relaxed) {
        UNASKED => {
            let is_wanted = std::env::var("CACHE_LOG_KEYS").is_ok_and(|value| value == "1");
            let said = if is_wanted { SHOWN } else { HIDDEN };
            // What the program has set meanwhile wins.
            match KEYS.compare_exchange(UNASKED, said, Relaxed, Relaxed) {
                Ok(_) => is_wanted,
                Err(known) => known == SHOWN,
            }
        }
        known => known == SHOWN,
    }
}
