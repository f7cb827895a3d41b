//! `f(u64, Option<&str>) -> Arc<T>`: a key with a borrowed part, and 1 KiB that is shared, not
//! copied; by one thread and by two.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use cache_benches::report::Row;
use cache_runtime::cache_result;
use cached::macros::{cached, concurrent_cached};
use memoize::memoize;
use serde::{Deserialize, Serialize};

use super::course::{self, Course};
use super::lanes::{self, Functions};
use super::rivals::Arguments;

/// 1 KiB and its title.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    title: String,
    body: Vec<u8>,
}

/// What all of them cache.
fn work(id: u64, status: Option<&str>) -> Arc<Document> {
    course::ran();
    let title = format!("{id:08}{:>12}", status.unwrap_or_default());
    let body = vec![7; 1024];
    Arc::new(Document { title, body })
}

#[cache_result(timeout = 600, key_prefix = "shared")]
fn ours(id: u64, status: Option<&str>) -> Arc<Document> {
    work(id, status)
}

#[cached(max_size = 100_000, ttl_secs = 600)]
fn cached_bounded(id: u64, status: Option<&str>) -> Arc<Document> {
    work(id, status)
}

#[concurrent_cached(max_size = 100_000, ttl_secs = 600)]
fn cached_sharded(id: u64, status: Option<&str>) -> Arc<Document> {
    work(id, status)
}

#[memoize(Capacity: 100_000, TimeToLive: Duration::from_secs(600), SharedCache)]
fn memoized(id: u64, status: Option<String>) -> Arc<Document> {
    work(id, status.as_deref())
}

#[cached(unsync_reads = true)]
fn cached_unbounded(id: u64, status: Option<&str>) -> Arc<Document> {
    work(id, status)
}

pub(crate) fn all() -> Vec<Row> {
    let mut rows = race(1);
    rows.extend(race(2));
    rows
}

fn race(threads: usize) -> Vec<Row> {
    let key = |_| || -> Arguments { black_box((7, Some("open"))) };
    let course = Course::hot(
        "f(u64, Option<&str>) -> Arc<T>, 1 KiB, one hot key",
        threads,
        key,
    );
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
