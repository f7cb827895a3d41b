//! When a computation started, and what follows for the times of its result.

use std::time::Duration;

use super::Target;
use crate::cache::Cache;
use crate::clock::{NEVER, Stopwatch, Tick, millis};
use crate::codec::Times;
use crate::markers::stamp::Stamp;
use crate::observe;

/// When a computation started; its duration is measured only if it is needed.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub(crate) stamp: Stamp,
    watch: Option<Stopwatch>,
    /// Whether it is a real time, and not only an order within this process.
    is_wall: bool,
    /// How many executions this one stands for in the timings; 0: it is not timed.
    weight: u8,
}

impl Started {
    /// Starts now, for a value of this entry that is set by hand.
    pub(crate) fn of(target: &Target) -> Self {
        Self::now(&target.cache, target.is_careful())
    }

    /// Starts now, for an execution that computes this entry's value.
    pub(crate) fn running(target: &Target) -> Self {
        let weight = target.binding.counters.executions.begin();
        Self::with(&target.cache, target.is_careful(), weight)
    }

    pub(crate) fn now(cache: &Cache, is_careful: bool) -> Self {
        Self::with(cache, is_careful, 0)
    }

    fn with(cache: &Cache, is_careful: bool, weight: u8) -> Self {
        let core = cache.core();
        let is_wall = core.store().is_some();
        let clock = &core.settings.clock;
        Self {
            stamp: core.stamp(),
            watch: (is_wall || is_careful || weight > 0).then(|| clock.stopwatch()),
            is_wall,
            weight,
        }
    }

    /// Returns when that was, in milliseconds since 1970, if others have to know.
    pub(crate) fn created(&self) -> Option<u64> {
        self.is_wall.then_some(self.stamp.at / 1000)
    }

    /// Notes that the execution is over.
    pub(crate) fn ended(&self, target: &Target) {
        if let Some(watch) = &self.watch {
            let time = target.binding.counters.executions.ended(self.weight, watch);
            observe::executed(target.binding.site, self.weight, time);
        }
    }

    /// Returns how long it has taken so far, if its entry is to record that.
    pub(crate) fn cost(&self) -> Duration {
        self.watch
            .as_ref()
            .map_or(Duration::ZERO, Stopwatch::elapsed)
    }

    /// Returns the times of an entry that lives for `life` from now on.
    pub(crate) fn times(&self, life: Option<Duration>) -> Times {
        let created = self.created().unwrap_or_default();
        let took = self.cost();
        let now = created.saturating_add(millis(took));
        Times {
            created,
            stamp: None,
            expires: life.map_or(0, |life| now.saturating_add(millis(life))),
            cost: u32::try_from(took.as_micros()).unwrap_or(u32::MAX),
        }
    }
}

/// Returns the tick at which a life that starts at `now` ends.
pub(crate) fn expiry(now: Tick, life: Option<Duration>) -> Tick {
    // One below NEVER, so that a very long life is not for ever by accident.
    life.map_or(NEVER, |life| {
        now.saturating_add(millis(life)).min(NEVER - 1)
    })
}
