//! What may end the entries of a level from outside: markers, and the loss of its news.

use crate::clock::{Clock, NEVER, Tick};
use crate::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

/// What a hit on a watched entry checks.
#[derive(Debug)]
pub(crate) struct Guard {
    /// The time until which the level is trusted, on the system's clock: a server's time is the system's.
    trusted_until: AtomicU64,
    /// How many markers have been set, so that an entry need not check its own on each hit.
    marks: AtomicU64,
}

impl Guard {
    pub(super) fn new(is_near: bool) -> Self {
        Self {
            trusted_until: AtomicU64::new(if is_near { 0 } else { NEVER }),
            marks: AtomicU64::new(0),
        }
    }

    /// Returns how many markers have been set; an entry that has checked its own since then need not check again.
    #[inline]
    pub(crate) fn marks(&self) -> u64 {
        self.marks.load(Acquire)
    }

    /// Notes that one more marker has been set, after setting it.
    pub(crate) fn marked(&self) {
        self.marks.fetch_add(1, Release);
    }

    /// Trusts the level until then: its news has been received.
    pub(crate) fn trust_until(&self, until: Tick) {
        self.trusted_until.fetch_max(until, Release);
    }

    /// Stops trusting it, from now on.
    pub(crate) fn distrust(&self) {
        self.trusted_until.store(0, Release);
    }

    /// Returns whether it is worth putting a copy here: what is put in before the news is received is dropped
    /// when it is.
    pub(crate) fn may_fill(&self) -> bool {
        self.trusted_until.load(Acquire) != 0
    }

    /// Returns whether it is trusted; `now`, on its clock, or 0 if that is not known.
    #[inline]
    pub(crate) fn is_trusted(&self, clock: &Clock, now: Tick) -> bool {
        let until = self.trusted_until.load(Acquire);
        until == NEVER || clock.system_now(now) < until
    }
}
