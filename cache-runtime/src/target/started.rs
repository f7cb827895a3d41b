//! When a computation started, and what follows for the times of its result.

use std::time::Duration;

use super::Target;
use crate::cache::Cache;
use crate::clock::{NEVER, Stopwatch, Tick, millis};
use crate::codec::Times;

/// When a computation started; not asked where nobody wants to know.
#[derive(Debug, Clone)]
pub(crate) struct Started(Option<(u64, Stopwatch)>);

impl Started {
    /// A computation of this entry's value, from now on.
    pub(crate) fn of(target: &Target) -> Self {
        Self::now(&target.cache, target.is_careful())
    }

    pub(crate) fn now(cache: &Cache, is_careful: bool) -> Self {
        let core = cache.core();
        let is_told = core.store().is_some() || is_careful;
        let clock = &core.settings.clock;
        Self(is_told.then(|| (clock.wall(), clock.stopwatch())))
    }

    /// When that was, in milliseconds since 1970.
    pub(crate) fn created(&self) -> Option<u64> {
        self.0.as_ref().map(|(wall, _)| *wall)
    }

    /// What it has taken so far.
    pub(crate) fn cost(&self) -> Duration {
        let started = self.0.as_ref();
        started.map_or(Duration::ZERO, |(_, watch)| watch.elapsed())
    }

    /// The times of an entry that lives for `life` from now on.
    pub(crate) fn times(&self, life: Option<Duration>) -> Times {
        let created = self.0.as_ref().map_or(0, |(wall, _)| *wall);
        let took = self.cost();
        let now = created.saturating_add(millis(took));
        Times {
            created,
            expires: life.map_or(0, |life| now.saturating_add(millis(life))),
            cost: u32::try_from(took.as_micros()).unwrap_or(u32::MAX),
        }
    }
}

/// The tick at which a life that starts at `now` ends.
pub(crate) fn expiry(now: Tick, life: Option<Duration>) -> Tick {
    // One below NEVER, so that a very long life is not for ever by accident.
    life.map_or(NEVER, |life| {
        now.saturating_add(millis(life)).min(NEVER - 1)
    })
}
