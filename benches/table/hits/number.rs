//! `f(u64) -> u64`, one hot key.

use std::hint::black_box;

use cache_benches::race::Race;
use cache_benches::report::Row;
use cache_runtime::cache_result;
use cached::macros::cached;

#[cache_result(timeout = 600, key_prefix = "number")]
fn ours(n: u64) -> u64 {
    n * 2
}

#[cached(max_size = 100_000, ttl_secs = 600)]
fn cached_bounded(n: u64) -> u64 {
    n * 2
}

pub(crate) fn all() -> Vec<Row> {
    let quick = quick_cache::sync::Cache::<u64, u64>::new(100_000);
    quick.insert(7, 14);
    Race::new("hits", "f(u64) -> u64, one hot key")
        .ours("cache_result", || ours(black_box(7)))
        .lane("cached(max_size, ttl)", || cached_bounded(black_box(7)))
        .limit("quick_cache", || quick.get(&black_box(7)))
        .run()
}
