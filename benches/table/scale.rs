//! What a hit costs as the cache grows, from a thousand entries to ten million.

#![allow(
    clippy::unwrap_used,
    reason = "a rival that cannot be set up ends the run"
)]

use std::hint::black_box;

use cache_benches::race::Race;
use cache_benches::report::Row;
use cache_runtime::{Cache, cache_result, caches};
use cached::Cached;
use cached::macros::cached;
use fastrand::Rng;
use quick_cache::UnitWeighter;

const SIZES: [(u64, &str); 5] = [
    (1_000, "1 thousand"),
    (10_000, "10 thousand"),
    (100_000, "100 thousand"),
    (1_000_000, "1 million"),
    (10_000_000, "10 million"),
];

#[cache_result(timeout = 3600, key_prefix = "scale", cache = "scale")]
fn ours(n: u64) -> u64 {
    n * 2
}

#[cached(max_size = 1_000, ttl_secs = 3600)]
fn cached_lru(n: u64) -> u64 {
    n * 2
}

pub(crate) fn all() -> Vec<Row> {
    let rows = SIZES.iter().flat_map(|(size, name)| at(*size, name));
    let rows = rows.collect();
    caches()
        .set("scale", Cache::from_url("memory://").unwrap())
        .unwrap();
    CACHED_LRU.write().cache_reset();
    rows
}

fn at(size: u64, name: &str) -> Vec<Row> {
    // Twice the entries: shards of unequal luck must not evict.
    let room = 2 * size;
    let url = format!("memory://?max_entries={room}");
    let cache = Cache::from_url(&url).unwrap();
    caches().set("scale", cache.clone()).unwrap();
    {
        let mut lru = CACHED_LRU.write();
        lru.cache_reset();
        lru.set_max_size(room as usize);
    }
    let quick_cache = quick_cache::sync::Cache::with_weighter(size as usize, room, UnitWeighter);
    let papaya = papaya::HashMap::<u64, u64>::new();
    for key in 0..size {
        ours(key);
        cached_lru(key);
        quick_cache.insert(key, key * 2);
        papaya.pin().insert(key, key * 2);
    }
    // The same keys for every lane.
    let mut random: [Rng; 4] = std::array::from_fn(|_| Rng::with_seed(99));
    let [r0, r1, r2, r3] = random.each_mut();
    let rows = Race::new(
        "scale",
        format!("f(u64) -> u64, a random one of {name} entries"),
    )
    .ours("cache_result", || ours(black_box(r0.u64(0..size))))
    .lane("cached(max_size, ttl)", || {
        cached_lru(black_box(r1.u64(0..size)))
    })
    .limit("quick_cache", || {
        quick_cache.get(&black_box(r2.u64(0..size))).unwrap()
    })
    .limit("papaya", || {
        *papaya.pin().get(&black_box(r3.u64(0..size))).unwrap()
    })
    .run();
    assert_eq!(cache.stats().misses, size, "all were to be hits");
    rows
}
