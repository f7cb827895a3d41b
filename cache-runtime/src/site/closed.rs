//! Why the hits of a function take the path of a miss, where they can be observed.

use std::sync::atomic::Ordering::Relaxed;

use super::Site;
use crate::cache::registry;
use crate::call::hit::Direct;
use crate::reclaim::Retired;
use crate::site::overrides::Override;

/// It is switched off.
const OFF: u8 = 1;
/// Someone listens to every hit.
const TOLD: u8 = 2;

impl Site {
    /// Returns whether its hits take the path of a miss.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Relaxed) != 0
    }

    /// Returns whether it is switched off.
    pub(crate) fn is_off(&self) -> bool {
        self.closed.load(Relaxed) & OFF != 0
    }

    /// Sets the overrides that apply to it from now on.
    pub(crate) fn tune(&'static self, what: Override) -> Tuned {
        let way = self.close(OFF, what.is_off == Some(true));
        let is_news = self.in_force.set(what);
        Tuned {
            site: self,
            news: is_news.then_some(what),
            way,
        }
    }

    /// Sets whether someone listens to every hit.
    pub(crate) fn tell_hits(&'static self, is_wanted: bool) {
        if (self.closed.load(Relaxed) & TOLD != 0) != is_wanted {
            drop(self.close(TOLD, is_wanted));
        }
    }

    /// Closes or reopens the path; the previous one is returned to the caller.
    fn close(&'static self, why: u8, is_closed: bool) -> Vec<Retired<Direct>> {
        if is_closed {
            // Before its path is closed, so that it is not opened again.
            self.closed.fetch_or(why, Relaxed);
            registry::close_way(self)
        } else {
            self.closed.fetch_and(!why, Relaxed);
            Vec::new()
        }
    }
}

/// A function whose settings were changed, and what is left to be done when no lock is held: a log subscriber
/// may call cached functions and change more of their settings, and so may the destructor of a cache.
#[must_use]
pub(crate) struct Tuned {
    site: &'static Site,
    /// Its new settings, if they differ from the previous ones.
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
