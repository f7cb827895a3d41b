//! The plain counters of a function or a cache.

/// What has happened since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Reads answered from the cache, by either level.
    pub hits: u64,
    /// Those of the hits that the in-process level answered.
    pub local_hits: u64,
    /// Reads that found nothing fresh.
    pub misses: u64,
    /// Values written.
    pub sets: u64,
    /// Entries deleted.
    pub deletes: u64,
    /// Old values served because a new one could not be had.
    pub stale: u64,
    /// Callers that waited for another's execution and took its result.
    pub joined: u64,
    /// Failed operations of the store.
    pub errors: u64,
    /// Stored bytes that were not a value of the type and format asked for; each is also a miss.
    pub undecodable: u64,
    /// Results that were returned but not kept, because of their size.
    pub too_large: u64,
    /// Calls that ran uncached because another function claims the same key.
    pub collisions: u64,
    /// Entries that the in-process level evicted to stay within its limits.
    pub evictions: u64,
}

impl Stats {
    /// Returns the share of reads that were hits, from 0 to 1; 0 if there were no reads.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn hit_ratio(&self) -> f64 {
        let reads = self.hits + self.misses;
        if reads == 0 {
            return 0.0;
        }
        self.hits as f64 / reads as f64
    }

    pub(crate) fn add(&mut self, other: &Stats) {
        self.change(other, u64::wrapping_add);
    }

    /// Wraps below zero, so that later additions come out right.
    pub(crate) fn subtract(&mut self, other: &Stats) {
        self.change(other, u64::wrapping_sub);
    }

    fn change(&mut self, other: &Stats, change: fn(u64, u64) -> u64) {
        for (own, other) in [
            (&mut self.hits, other.hits),
            (&mut self.local_hits, other.local_hits),
            (&mut self.misses, other.misses),
            (&mut self.sets, other.sets),
            (&mut self.deletes, other.deletes),
            (&mut self.stale, other.stale),
            (&mut self.joined, other.joined),
            (&mut self.errors, other.errors),
            (&mut self.undecodable, other.undecodable),
            (&mut self.too_large, other.too_large),
            (&mut self.collisions, other.collisions),
            (&mut self.evictions, other.evictions),
        ] {
            *own = change(*own, other);
        }
    }
}
