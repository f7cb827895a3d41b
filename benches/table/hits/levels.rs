//! `f(u64) -> u64`, one hot key: in process alone, on a copy before a shared store, and with tags.

use std::hint::black_box;

use cache_benches::attended::Attended;
use cache_benches::race::Race;
use cache_benches::report::Row;
use cache_runtime::{Cache, cache_result, caches, current};

#[cache_result(timeout = 600, key_prefix = "alone")]
fn alone(n: u64) -> u64 {
    n * 2
}

#[cache_result(timeout = 600, key_prefix = "near", cache = "near")]
fn near(n: u64) -> u64 {
    n * 2
}

#[cache_result(timeout = 600, key_prefix = "tagged")]
fn tagged(n: u64) -> u64 {
    current().tag("all");
    n * 2
}

pub(crate) fn all() -> Vec<Row> {
    let cache = Cache::builder().store(Attended::default()).local_max(1000);
    let is_set = cache.build().and_then(|cache| caches().set("near", cache));
    is_set.expect("a cache for two levels");
    while near::stats().local_hits == 0 {
        near(7);
    }
    Race::new("hits", "f(u64) -> u64, one hot key, by what a hit looks at")
        .rounds(101, std::time::Duration::from_millis(1))
        .ours("cache_result, in process", || alone(black_box(7)))
        .ours("cache_result, two levels", || near(black_box(7)))
        .ours("cache_result, tagged", || tagged(black_box(7)))
        .run()
}
