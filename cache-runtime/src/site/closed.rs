//! Why the hits of a function go the way of a miss, where they can be looked at.

use std::sync::atomic::Ordering::Relaxed;

use super::Site;
use crate::overrides::Override;
use crate::registry;

/// It is switched off.
const OFF: u8 = 1;
/// Somebody wants to hear of each hit.
const TOLD: u8 = 2;

impl Site {
    /// Whether its hits go the way of a miss.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Relaxed) != 0
    }

    /// Whether it is switched off.
    pub(crate) fn is_off(&self) -> bool {
        self.closed.load(Relaxed) & OFF != 0
    }

    /// What is said of it from now on.
    pub(crate) fn tune(&'static self, what: Override) {
        self.close(OFF, what.is_off == Some(true));
        if self.in_force.set(what) {
            tracing::info!(
                function = self.full_path(),
                is_off = what.is_off,
                timeout = what.timeout.map(tracing::field::debug),
                "a cached function has other settings than its code says, or its own again",
            );
        }
    }

    /// Whether somebody wants to hear of each hit.
    pub(crate) fn tell_hits(&'static self, is_wanted: bool) {
        if (self.closed.load(Relaxed) & TOLD != 0) != is_wanted {
            self.close(TOLD, is_wanted);
        }
    }

    fn close(&'static self, why: u8, is_closed: bool) {
        if is_closed {
            // Before its way is closed, so that nobody opens it again.
            self.closed.fetch_or(why, Relaxed);
            registry::close_way(self);
        } else {
            self.closed.fetch_and(!why, Relaxed);
        }
    }
}
