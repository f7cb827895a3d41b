//! The counters of an event bus.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What has happened on a bus since it was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EventStats {
    /// Events that were emitted, whether or not a handler received them.
    pub emitted: u64,
    /// Calls of handlers that have ended.
    pub handled: u64,
    /// Those calls that returned an error or panicked.
    pub failed: u64,
}

#[derive(Default)]
pub(super) struct Counts {
    emitted: AtomicU64,
    handled: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    pub(super) fn emitted(&self) {
        self.emitted.fetch_add(1, Relaxed);
    }

    pub(super) fn called(&self, has_failed: bool) {
        self.handled.fetch_add(1, Relaxed);
        self.failed.fetch_add(u64::from(has_failed), Relaxed);
    }

    pub(super) fn stats(&self) -> EventStats {
        EventStats {
            emitted: self.emitted.load(Relaxed),
            handled: self.handled.load(Relaxed),
            failed: self.failed.load(Relaxed),
        }
    }
}
