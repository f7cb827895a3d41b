//! The counters of one function in one cache.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::stats::Stats;
use super::timings::Timing;
use crate::context::thread;
use crate::life::Age;

/// The counters off the hit path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    /// Counted without touching shared memory.
    Hits,
    StoreHits,
    Misses,
    Sets,
    Deletes,
    Stale,
    Joined,
    Errors,
    Undecodable,
    TooLarge,
    Collisions,
}

impl Counter {
    /// Returns what reading a value of this age counts as.
    pub(crate) fn of_read(age: Age, is_local: bool) -> Self {
        match (age, is_local) {
            (Age::Stale | Age::Dead, _) => Self::Stale,
            (_, true) => Self::Hits,
            (_, false) => Self::StoreHits,
        }
    }
}

const COUNTERS: usize = Counter::Collisions as usize + 1;

/// The counters of one function in one cache.
#[derive(Debug)]
pub(crate) struct Counters {
    /// In-process hits are counted elsewhere, under this number, without touching shared memory.
    number: u32,
    others: [AtomicU64; COUNTERS],
    pub(crate) executions: Timing,
}

impl Counters {
    pub(crate) fn numbered(number: u32) -> Self {
        Self {
            number,
            others: Default::default(),
            executions: Timing::default(),
        }
    }

    /// Counts a hit in process.
    pub(crate) fn count_hit(&self) {
        thread::with(|own| own.count_hit(self.number));
    }

    pub(crate) fn count(&self, what: Counter) {
        self.count_many(what, 1);
    }

    /// Counts a read, which may be a hit in process.
    pub(crate) fn count_read(&self, what: Counter) {
        match what {
            Counter::Hits => self.count_hit(),
            what => self.count(what),
        }
    }

    pub(crate) fn count_many(&self, what: Counter, times: u64) {
        self.others[what as usize].fetch_add(times, Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        let of = |what: Counter| self.others[what as usize].load(Relaxed);
        let local_hits = thread::total_hits(self.number);
        Stats {
            hits: local_hits + of(Counter::StoreHits),
            local_hits,
            misses: of(Counter::Misses),
            sets: of(Counter::Sets),
            deletes: of(Counter::Deletes),
            stale: of(Counter::Stale),
            joined: of(Counter::Joined),
            errors: of(Counter::Errors),
            undecodable: of(Counter::Undecodable),
            too_large: of(Counter::TooLarge),
            collisions: of(Counter::Collisions),
            ..Stats::default()
        }
    }
}
