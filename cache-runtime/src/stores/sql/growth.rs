//! When expired rows are purged, and when a full table loses a part of its rows. Whoever writes takes care of it.
//!
//! An expired row is invisible, but still there. Every ten seconds a process that
//! writes purges such rows, on the I/O thread and in small batches, so that nobody waits for it.
//!
//! Above `max_entries`, the rows that expire soonest are evicted, one in `cull_frequency` of all. Counting is
//! not free: a process counts again before it alone can have written more than a hundredth over the
//! limit. A small table is counted often enough, and by the writer itself, that one writer never leaves
//! it above its limit.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::config::SqlConfig;

/// How often expired rows are searched for.
const PURGE_EVERY: Duration = Duration::from_secs(10);

/// Up to this limit of entries the writer culls by itself; larger tables are culled on the I/O
/// thread.
const SMALL: u64 = 1_000;

/// When this process has last checked, and whether it is working now.
pub(super) struct Growth {
    pub(super) max_entries: u64,
    cull_frequency: u64,
    started: Instant,
    /// In milliseconds after the start.
    next_purge: AtomicU64,
    /// Rows that may still be written before they are counted.
    until_count: AtomicI64,
    is_purging: AtomicBool,
    /// One at a time, otherwise they would all find the same rows too many.
    pub(super) culling: Mutex<()>,
    /// How many cull the table in the background, or wait for their turn.
    culling_behind: AtomicUsize,
}

/// See [`Growth::cull_behind`].
#[must_use]
pub(super) struct Behind<'a>(&'a AtomicUsize);

impl Drop for Behind<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Growth {
    pub(super) fn new(config: &SqlConfig) -> Self {
        Self {
            max_entries: (config.max_entries as u64).max(1),
            cull_frequency: config.cull_frequency.into(),
            started: Instant::now(),
            next_purge: AtomicU64::new(0),
            // The first write counts: what is there is unknown.
            until_count: AtomicI64::new(1),
            is_purging: AtomicBool::new(false),
            culling: Mutex::default(),
            culling_behind: AtomicUsize::new(0),
        }
    }

    /// Notes that the table is being culled in the background, until the returned value is dropped.
    pub(super) fn cull_behind(&self) -> Behind<'_> {
        self.culling_behind.fetch_add(1, Ordering::Relaxed);
        Behind(&self.culling_behind)
    }

    pub(super) fn is_culled_behind(&self) -> bool {
        self.culling_behind.load(Ordering::Relaxed) > 0
    }

    /// Returns whether the table is to be counted now that `rows` more were written.
    pub(super) fn is_count_due(&self, rows: usize) -> bool {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let left = self.until_count.fetch_sub(rows, Ordering::Relaxed);
        // A large table by one of the concurrent writers.
        left <= rows && (left > 0 || self.is_small())
    }

    /// Returns whether this caller may purge: it is time, and nobody else is doing it.
    pub(super) fn begin_purge(&self) -> bool {
        let now = milliseconds(self.started.elapsed());
        if now < self.next_purge.load(Ordering::Relaxed)
            || self.is_purging.swap(true, Ordering::Relaxed)
        {
            return false;
        }
        let next = now + milliseconds(PURGE_EVERY);
        self.next_purge.store(next, Ordering::Relaxed);
        true
    }

    pub(super) fn end_purge(&self) {
        self.is_purging.store(false, Ordering::Relaxed);
    }

    /// Returns whether the writer itself culls.
    pub(super) fn is_small(&self) -> bool {
        self.max_entries <= SMALL
    }

    /// Returns a number beyond which counting would only cost time.
    pub(super) fn most(&self) -> u64 {
        self.max_entries.saturating_mul(2).max(SMALL)
    }

    /// Returns how many of `count` rows are to be evicted.
    pub(super) fn too_many(&self, count: u64) -> u64 {
        match count.checked_sub(self.max_entries) {
            None | Some(0) => 0,
            Some(over) => match count.checked_div(self.cull_frequency) {
                Some(part) => part.max(over),
                None => count,
            },
        }
    }

    /// Returns whether it should have been counted by now.
    pub(super) fn is_overdue(&self) -> bool {
        self.until_count() <= 0
    }

    /// Notes that counting failed; after some more writes it is tried again.
    pub(super) fn count_later(&self) {
        let rows = i64::try_from(self.max_entries / 100 + 1).unwrap_or(i64::MAX);
        self.until_count.store(rows, Ordering::Relaxed);
    }

    /// Returns a value to be taken before counting, for [`counted`](Self::counted).
    pub(super) fn until_count(&self) -> i64 {
        self.until_count.load(Ordering::Relaxed)
    }

    /// Notes that there are `count` rows, in addition to those written since `before` was taken.
    pub(super) fn counted(&self, count: u64, before: i64) {
        let max = self.max_entries;
        let room = max.saturating_sub(count) + 1;
        let rows = if self.is_small() {
            room.min(max / 10 + 1)
        } else {
            room.clamp(max / 100, max / 10)
        };
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let more = rows.saturating_sub(before);
        self.until_count.fetch_add(more, Ordering::Relaxed);
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stores::sql::config::SqlDatabase;

    /// Which one makes no difference here.
    #[allow(unreachable_code, reason = "there is one for each cargo feature")]
    fn any() -> SqlDatabase {
        #[cfg(feature = "sqlite")]
        return SqlDatabase::SqliteMemory;
        #[cfg(feature = "postgres")]
        return SqlDatabase::Postgres(crate::stores::sql::SqlServer::new("host", 1, "db"));
        #[cfg(feature = "mysql")]
        return SqlDatabase::MySql(crate::stores::sql::SqlServer::new("host", 1, "db"));
    }

    fn growth(max_entries: usize, cull_frequency: u32) -> Growth {
        Growth::new(&SqlConfig {
            max_entries,
            cull_frequency,
            ..SqlConfig::new(any())
        })
    }

    #[test]
    fn a_part_goes_and_at_least_what_is_too_much() {
        let growth_3 = growth(30, 3);
        for (count, gone) in [(0, 0), (30, 0), (31, 10), (60, 30), (90, 60)] {
            assert_eq!(growth_3.too_many(count), gone, "{count}");
        }
        assert_eq!(growth(30, 0).too_many(31), 31, "all of them");
        assert_eq!(growth(30, 1).too_many(31), 31);
    }

    #[test]
    fn the_last_to_end_ends_culling_behind() {
        let growth = growth(30, 3);
        let (one, other) = (growth.cull_behind(), growth.cull_behind());
        drop(one);
        assert!(growth.is_culled_behind());
        drop(other);
        assert!(!growth.is_culled_behind());
    }

    #[test]
    fn a_small_table_is_counted_before_it_can_be_too_large() {
        let growth = growth(30, 3);
        let mut rows = 0;
        for _ in 0..1000 {
            rows += 1;
            if growth.is_count_due(1) {
                let before = growth.until_count();
                rows -= growth.too_many(rows);
                growth.counted(rows, before);
            }
            assert!(rows <= 30, "{rows}");
        }
    }

    #[test]
    fn a_large_table_is_counted_seldom_and_by_one() {
        let growth = growth(100_000, 3);
        let counts = (0..1_000)
            .filter(|_| {
                let is_due = growth.is_count_due(1);
                if is_due {
                    let before = growth.until_count();
                    growth.counted(0, before);
                }
                is_due
            })
            .count();
        assert_eq!(counts, 1);
        for rows in [8_900, 1] {
            assert!(!growth.is_count_due(rows));
        }
        assert!(growth.is_count_due(10_000));
        assert!(!growth.is_count_due(10_000), "somebody is at it");
        assert!(growth.is_overdue());
        growth.count_later();
        assert!(!growth.is_overdue());
        let before = growth.until_count();
        // Close to its limit it is counted every hundredth of it.
        growth.counted(100_000, before);
        assert!(!growth.is_count_due(999));
        assert!(growth.is_count_due(1));
    }

    #[test]
    fn one_purges_at_a_time() {
        let growth = growth(30, 3);
        assert!(growth.begin_purge());
        assert!(!growth.begin_purge());
        growth.end_purge();
        assert!(!growth.begin_purge(), "ten seconds are not over");
    }
}
