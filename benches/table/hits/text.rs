//! `f(u64, Option<&str>) -> String`: a key with a borrowed part, and a value that is copied.

use std::hint::black_box;
use std::time::Duration;

use cache_benches::report::Row;
use cache_runtime::cache_result;
use cached::macros::{cached, concurrent_cached};
use memoize::memoize;

use super::course::{self, Course};
use super::lanes::{self, Functions};
use super::rivals::Arguments;

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

#[memoize(Capacity: 100_000, TimeToLive: Duration::from_secs(600), SharedCache)]
fn memoized(id: u64, status: Option<String>) -> String {
    work(id, status.as_deref())
}

#[cached(unsync_reads = true)]
fn cached_unbounded(id: u64, status: Option<&str>) -> String {
    work(id, status)
}

pub(crate) fn all() -> Vec<Row> {
    let key = |_| || -> Arguments { black_box((7, Some("open"))) };
    let course = Course::hot("f(u64, Option<&str>) -> String, one hot key", 1, key);
    let functions = Functions {
        ours,
        cached_bounded,
        cached_sharded,
        memoized,
        cached_unbounded,
        work,
    };
    lanes::of_text(course, functions)
}
