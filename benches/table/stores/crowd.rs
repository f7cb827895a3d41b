//! 100,000 entries of 100 bytes: filled by `set_many` of 1000, read by `get_many`, and cleared.
#![allow(clippy::unwrap_used, reason = "a race that cannot run shall stop")]

use std::ops::Range;
use std::time::{Duration, Instant};

use cache_benches::report::{Figure, Row};
use cache_runtime::Cache;

use super::store::Store;
use super::{once, race, scaled};
use crate::callers;

/// Entries in one call.
const BATCH: u64 = 1000;

pub(super) fn all(stores: &[Store]) -> Vec<Row> {
    let batches = scaled(100);
    let count = batches * BATCH;
    let rounds = usize::try_from(batches).unwrap();
    let mut fill = race(format!(
        "set_many of 1000, to {count} entries of 100 B: one entry"
    ));
    let mut read = race("get_many of 1000 among them: one entry");
    for store in stores {
        fill = lane(fill, store, set_many).steps(rounds, BATCH);
        read = lane(read, store, get_many).steps(rounds, BATCH);
    }
    let mut rows = fill.run();
    rows.extend(read.run());
    let cleared = stores.iter().map(|store| {
        let started = Instant::now();
        store.clear();
        (
            store,
            Figure::nanos(started.elapsed().as_secs_f64() * 1e9),
            None,
        )
    });
    rows.extend(once(
        &format!("clear of {count} entries"),
        cleared.collect(),
    ));
    rows
}

fn lane<'a>(
    race: cache_benches::race::Race<'a>,
    store: &Store,
    work: fn(&Cache, Range<u64>, Duration) -> Duration,
) -> cache_benches::race::Race<'a> {
    let cache = store.cache().clone();
    let mut next = 0;
    let run = move |n| {
        let range = next..next + n;
        next += n;
        work(&cache, range, Duration::from_secs(3600))
    };
    match store.is_base() {
        true => race.ours_timed(store.name(), run),
        false => race.timed(store.name(), run),
    }
}

/// Writes the entries of these numbers; how long that took.
pub(super) fn set_many(cache: &Cache, numbers: Range<u64>, timeout: Duration) -> Duration {
    let items: Vec<_> = numbers.map(|n| (key(n), value(n))).collect();
    let started = Instant::now();
    let failed = callers::wait(cache.set_many(items, timeout)).unwrap();
    let took = started.elapsed();
    assert!(failed.is_empty(), "{} entries were not kept", failed.len());
    took
}

fn get_many(cache: &Cache, numbers: Range<u64>, _: Duration) -> Duration {
    let keys: Vec<_> = numbers.map(key).collect();
    let started = Instant::now();
    let found = callers::wait(cache.get_many::<String>(&keys)).unwrap();
    let took = started.elapsed();
    assert_eq!(found.len(), keys.len(), "all were to be found");
    took
}

pub(super) fn key(number: u64) -> String {
    format!("entry:{number}")
}

fn value(number: u64) -> String {
    format!("{number:0>100}")
}
