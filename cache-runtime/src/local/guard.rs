//! What may end the entries of a level from outside: markers, and the loss of its news.

use crate::clock::{Clock, NEVER, Tick};
use crate::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

/// What a hit on a watched entry asks.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Until then the level is trusted, on the system's clock: a server's time is the system's.
    trusted_until: AtomicU64,
    /// How many markers there were, so that an entry need not look at its own on each hit.
    marks: AtomicU64,
}

impl Guard {
    pub(super) fn new(is_near: bool) -> Self {
        Self {
            trusted_until: AtomicU64::new(if is_near { 0 } else { NEVER }),
            marks: AtomicU64::new(0),
        }
    }

    /// So many markers there have been; what has looked at its own since then need not look again.
    #[inline]
    pub(crate) fn marks(&self) -> u64 {
        self.marks.load(Acquire)
    }

    /// There is a marker more: after it was set.
    pub(crate) fn marked(&self) {
        self.marks.fetch_add(1, Release);
    }

    /// The level is trusted until then: its news has been heard.
    pub(crate) fn trust_until(&self, until: Tick) {
        self.trusted_until.fetch_max(until, Release);
    }

    /// It is not, from now on.
    pub(crate) fn distrust(&self) {
        self.trusted_until.store(0, Release);
    }

    /// Whether it is worth putting a copy here: what is put in before the news is heard is thrown away
    /// when it is.
    pub(crate) fn may_fill(&self) -> bool {
        self.trusted_until.load(Acquire) != 0
    }

    /// Whether it is; `now`, on its clock, or 0 where that is not known.
    #[inline]
    pub(crate) fn is_trusted(&self, clock: &Clock, now: Tick) -> bool {
        let until = self.trusted_until.load(Acquire);
        until == NEVER || clock.system_now(now) < until
    }
}
