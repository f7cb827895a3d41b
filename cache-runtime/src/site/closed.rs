//! Why the hits of a function go the way of a miss, where they can be looked at.

use std::sync::atomic::Ordering::Relaxed;

use super::Site;
use crate::cache::registry;
use crate::call::hit::Direct;
use crate::reclaim::Retired;
use crate::site::overrides::Override;

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
    pub(crate) fn tune(&'static self, what: Override) -> Tuned {
        let way = self.close(OFF, what.is_off == Some(true));
        let is_news = self.in_force.set(what);
        Tuned {
            site: self,
            news: is_news.then_some(what),
            way,
        }
    }

    /// Whether somebody wants to hear of each hit.
    pub(crate) fn tell_hits(&'static self, is_wanted: bool) {
        if (self.closed.load(Relaxed) & TOLD != 0) != is_wanted {
            drop(self.close(TOLD, is_wanted));
        }
    }

    /// The way that there was, which is the caller's.
    fn close(&'static self, why: u8, is_closed: bool) -> Vec<Retired<Direct>> {
        if is_closed {
            // Before its way is closed, so that nobody opens it again.
            self.closed.fetch_or(why, Relaxed);
            registry::close_way(self)
        } else {
            self.closed.fetch_and(!why, Relaxed);
            Vec::new()
        }
    }
}

/// A function to which something has been said, and what that leaves to be done where no lock is held: who
/// hears of it may call cached functions and say more of them, and so may the end of a cache.
#[must_use]
pub(crate) struct Tuned {
    site: &'static Site,
    /// What is said of it now, if that is something else than before.
    news: Option<Override>,
    way: Vec<Retired<Direct>>,
}

impl Tuned {
    pub(crate) fn tell(self) {
        drop(self.way);
        if let Some(what) = self.news {
            tracing::info!(
                function = self.site.full_path(),
                is_off = what.is_off,
                timeout = what.timeout.map(tracing::field::debug),
                "a cached function has other settings than its code says, or its own again",
            );
        }
    }
}
