//! `f(u64) -> Vec<Row>`: 100 rows with a text each, which a hit copies.

use std::hint::black_box;
use std::time::Duration;

use cache_benches::report::Row;
use cache_runtime::cache_result;
use cached::macros::{cached, concurrent_cached};
use memoize::memoize;
use serde::{Deserialize, Serialize};

use super::course::{self, Course};
use super::lanes::{self, Functions};

/// A row of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Task {
    id: u64,
    title: String,
    done: bool,
}

/// What all of them cache: 100 rows, the titles of 20 bytes.
fn work(n: u64) -> Vec<Task> {
    course::ran();
    let row = |id| Task {
        id,
        title: format!("{n:010}{id:010}"),
        done: id % 2 == 0,
    };
    (0..100).map(row).collect()
}

#[cache_result(timeout = 600, key_prefix = "rows")]
fn ours(n: u64) -> Vec<Task> {
    work(n)
}

#[cached(max_size = 100_000, ttl_secs = 600)]
fn cached_bounded(n: u64) -> Vec<Task> {
    work(n)
}

#[concurrent_cached(max_size = 100_000, ttl_secs = 600)]
fn cached_sharded(n: u64) -> Vec<Task> {
    work(n)
}

#[memoize(Capacity: 100_000, TimeToLive: Duration::from_secs(600), SharedCache)]
fn memoized(n: u64) -> Vec<Task> {
    work(n)
}

#[cached(unsync_reads = true)]
fn cached_unbounded(n: u64) -> Vec<Task> {
    work(n)
}

pub(crate) fn all() -> Vec<Row> {
    let key = |_| || black_box(7);
    let course = Course::hot("f(u64) -> Vec<Row>, 100 rows, one hot key", 1, key);
    let functions = Functions {
        ours,
        cached_bounded,
        cached_sharded,
        memoized,
        cached_unbounded,
        work,
    };
    lanes::of_number(course, functions)
}
