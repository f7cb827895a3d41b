//! `f(u64, Option<&str>) -> String`: a key with a borrowed part, and a value that is copied.

use std::hint::black_box;
use std::time::Duration;

use cache_benches::report::Row;
use cache_runtime::cache_result;
use cached::macros::{cached, concurrent_cached};
use memoize::memoize;

use super::course::{self, Course};
use super::rivals::{self, Arguments, Borrowed, Locked, Papaya, locked_or, papaya_or, quick_or};

/// What all of them cache: 20 bytes.
fn work(id: u64, status: Option<&str>) -> String {
    course::ran();
    format!("{id:08}{:>12}", status.unwrap_or_default())
}

#[cache_result(timeout = 600, key_prefix = "text")]
fn ours(id: u64, status: Option<&str>) -> String {
    work(id, status)
}

#[cached(max_size = 100_000, ttl_secs = 600)]
fn cached_bounded(id: u64, status: Option<&str>) -> String {
    work(id, status)
}

#[concurrent_cached(max_size = 100_000, ttl_secs = 600)]
fn cached_sharded(id: u64, status: Option<&str>) -> String {
    work(id, status)
}

/// memoize keeps the arguments as they are, so they must be owned.
#[memoize(Capacity: 100_000, TimeToLive: Duration::from_secs(600), SharedCache)]
fn memoized(id: u64, status: Option<String>) -> String {
    work(id, status.as_deref())
}

#[cached(unsync_reads = true)]
fn cached_unbounded(id: u64, status: Option<&str>) -> String {
    work(id, status)
}

pub(crate) fn all() -> Vec<Row> {
    let moka = rivals::moka();
    let quick = rivals::quick();
    let papaya = Papaya::new();
    let map = Locked::default();
    let key = |_| || -> Arguments { black_box((7, Some("open"))) };
    let name = "f(u64, Option<&str>) -> String, one hot key";
    Course::hot(name, 1, key)
        .ours("cache_result", |(id, status)| ours(id, status))
        .lane("cached(max_size, ttl)", |(id, status)| {
            cached_bounded(id, status)
        })
        .lane("concurrent_cached(max_size, ttl)", |(id, status)| {
            cached_sharded(id, status)
        })
        .lane("memoize(capacity, ttl, shared)", |(id, status)| {
            memoized(id, status.map(str::to_owned))
        })
        // Not `get_with_by_ref`: it wants `ToOwned`, which no borrowed tuple can have.
        .lane("moka(ttl)", |(id, status)| {
            let key = Borrowed(id, status);
            let found = moka.get(&key);
            found.unwrap_or_else(|| moka.get_with(key.own(), || work(id, status)))
        })
        .limit("quick_cache", |(id, status)| {
            let key = Borrowed(id, status);
            quick_or(&quick, &key, || (key.own(), work(id, status)))
        })
        .limit("papaya", |(id, status)| {
            let key = Borrowed(id, status);
            papaya_or(&papaya, &key, || (key.own(), work(id, status)))
        })
        .limit("cached, unbounded", |(id, status)| {
            cached_unbounded(id, status)
        })
        // The standard map cannot be asked for a tuple that one does not own.
        .limit("RwLock<HashMap>", |(id, status)| {
            let key = Borrowed(id, status).own();
            locked_or(&map, &key, || (key.clone(), work(id, status)))
        })
        .run()
}
