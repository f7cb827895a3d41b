//! Misses of a trivial function: the price of looking for it and storing it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache_benches::race::Race;
use cache_benches::report::Row;

use super::page::LARGE;
use super::raw::Raw;
use super::{hitbox_pages, ours, with_cached};
use crate::callers::{self, sound};

/// A number that was not asked for yet; those of the hits are smaller.
fn fresh() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(LARGE / 2);
    LAST.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn all() -> Vec<Row> {
    let raw = Raw::new();
    Race::new("redis", "miss of 100 B, 1 async caller")
        .rounds(61, Duration::from_millis(10))
        .awake()
        .ours_timed("cache_result", |n| {
            callers::time(1, n, |_| sound(ours::page(fresh())))
        })
        .timed("redis-rs GET, SET EX, serde_json", |n| {
            let raw = raw.clone();
            callers::time(1, n, move |_| raw.clone().miss(fresh()))
        })
        .timed("cached, redis", |n| {
            callers::time(1, n, |_| sound(with_cached::page(fresh())))
        })
        .timed("hitbox-redis", |n| {
            callers::time(1, n, |_| sound(hitbox_pages::page(fresh())))
        })
        .run()
}
