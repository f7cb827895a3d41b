//! `f(u64) -> u64`: the least a hit can cost; over one key, over many, by one thread and by two.

use std::hint::black_box;
use std::time::Duration;

use cache_benches::report::Row;
use cache_runtime::cache_result;
use cached::macros::{cached, concurrent_cached};
use memoize::memoize;

use super::course::{self, Course};
use super::keys::Keys;
use super::lanes::{self, Functions};

/// What all of them cache.
fn work(n: u64) -> u64 {
    course::ran();
    n * 2
}

#[cache_result(timeout = 600, key_prefix = "number")]
pub(super) fn ours(n: u64) -> u64 {
    work(n)
}

#[cached(max_size = 100_000, ttl_secs = 600)]
fn cached_bounded(n: u64) -> u64 {
    work(n)
}

#[concurrent_cached(max_size = 100_000, ttl_secs = 600)]
fn cached_sharded(n: u64) -> u64 {
    work(n)
}

#[memoize(Capacity: 100_000, TimeToLive: Duration::from_secs(600), SharedCache)]
fn memoized(n: u64) -> u64 {
    work(n)
}

#[cached(unsync_reads = true)]
fn cached_unbounded(n: u64) -> u64 {
    work(n)
}

pub(crate) fn all() -> Vec<Row> {
    let what = "f(u64) -> u64";
    let hot = |_| || black_box(7);
    let (uniform, zipf) = (Keys::uniform(), Keys::zipf(0.99));
    let fill = uniform.drawn();
    let of_uniform = |thread| uniform.walk(thread);
    let of_zipf = |thread| zipf.walk(thread);
    let even = format!("{what}, 10,000 keys, uniform");
    let skewed = format!("{what}, 10,000 keys, Zipf 0.99");
    let one_key = format!("{what}, one hot key");

    let mut rows = race(Course::hot(&one_key, 1, hot));
    rows.extend(race(Course::many(&even, 1, fill, of_uniform)));
    rows.extend(race(Course::many(&skewed, 1, fill, of_zipf)));
    rows.extend(race(Course::hot(&one_key, 2, hot)));
    rows.extend(race(Course::many(&even, 2, fill, of_uniform)));
    rows
}

fn race<M, N>(course: Course<'_, M>) -> Vec<Row>
where
    M: Fn(usize) -> N + Copy + Sync,
    N: FnMut() -> u64,
{
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
