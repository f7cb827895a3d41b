//! What a miss costs beyond the function: keys that were never seen, with room and without.

#![allow(
    clippy::unwrap_used,
    reason = "a rival that cannot be set up ends the run"
)]

use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, Instant};

use cache_benches::race::Race;
use cache_benches::report::Row;
use cache_runtime::{Cache, cache_result, caches};
use cached::macros::{cached, concurrent_cached};
use tokio::runtime::{Builder, Runtime};

/// Every lane is filled from empty to 100,000 entries, in steps that it takes in turns.
const STEPS: usize = 50;
const STEP: u64 = 2_000;
/// Twice what comes: shards of unequal luck must not evict either.
const ROOM: usize = 200_000;
const BOUND: usize = 10_000;
const TIMEOUT: Duration = Duration::from_secs(600);

pub(crate) fn all() -> Vec<Row> {
    let mut rows = with_room();
    rows.extend(evicting());
    rows.extend(async_with_room());
    rows
}

/// Each call is the next number: a key that was never seen.
fn counter() -> impl FnMut() -> u64 {
    let mut last = 0;
    move || {
        last += 1;
        black_box(last)
    }
}

fn moka(bound: usize) -> moka::sync::Cache<u64, u64> {
    moka::sync::Cache::builder()
        .max_capacity(bound as u64)
        .time_to_live(TIMEOUT)
        .build()
}

fn quick(cache: &quick_cache::sync::Cache<u64, u64>, key: u64) -> u64 {
    let made: Result<u64, Infallible> = cache.get_or_insert_with(&key, || Ok(key * 2));
    made.unwrap()
}

#[cache_result(timeout = 600, key_prefix = "misses", cache = "misses")]
fn ours(n: u64) -> u64 {
    n * 2
}

#[cached(max_size = 200_000, ttl_secs = 600)]
fn cached_lru(n: u64) -> u64 {
    n * 2
}

#[concurrent_cached(max_size = 200_000, ttl_secs = 600)]
fn cached_sharded(n: u64) -> u64 {
    n * 2
}

fn with_room() -> Vec<Row> {
    let url = format!("memory://?max_entries={ROOM}");
    caches()
        .set("misses", Cache::from_url(&url).unwrap())
        .unwrap();
    let moka = moka(ROOM);
    let quick_cache = quick_cache::sync::Cache::new(ROOM);
    let papaya = papaya::HashMap::<u64, u64>::new();
    let mut keys: [_; 6] = std::array::from_fn(|_| counter());
    let [k0, k1, k2, k3, k4, k5] = &mut keys;
    Race::new(
        "misses",
        "f(u64) -> u64, a new key each time, from 0 to 100,000 entries",
    )
    .steps(STEPS, STEP)
    .ours("cache_result", || ours(k0()))
    .lane("cached(max_size, ttl)", || cached_lru(k1()))
    .lane("concurrent_cached(max_size, ttl)", || cached_sharded(k2()))
    .lane("moka get_with", || {
        let key = k3();
        moka.get_with(key, || key * 2)
    })
    .limit("quick_cache get_or_insert_with", || {
        quick(&quick_cache, k4())
    })
    .limit("papaya get_or_insert_with", || {
        let key = k5();
        *papaya.pin().get_or_insert_with(key, || key * 2)
    })
    .run()
}

#[cache_result(timeout = 600, key_prefix = "evicting", cache = "evicting")]
fn ours_small(n: u64) -> u64 {
    n * 2
}

#[cached(max_size = 10_000, ttl_secs = 600)]
fn cached_lru_small(n: u64) -> u64 {
    n * 2
}

#[concurrent_cached(max_size = 10_000, ttl_secs = 600)]
fn cached_sharded_small(n: u64) -> u64 {
    n * 2
}

// Without papaya: it has no bound.
fn evicting() -> Vec<Row> {
    let url = format!("memory://?max_entries={BOUND}");
    caches()
        .set("evicting", Cache::from_url(&url).unwrap())
        .unwrap();
    let moka = moka(BOUND);
    let quick_cache = quick_cache::sync::Cache::new(BOUND);
    let mut keys: [_; 5] = std::array::from_fn(|_| counter());
    let [k0, k1, k2, k3, k4] = &mut keys;
    let mut lanes: [Box<dyn FnMut() -> u64>; 5] = [
        Box::new(|| ours_small(k0())),
        Box::new(|| cached_lru_small(k1())),
        Box::new(|| cached_sharded_small(k2())),
        Box::new(|| {
            let key = k3();
            moka.get_with(key, || key * 2)
        }),
        Box::new(|| quick(&quick_cache, k4())),
    ];
    // Full before the first slice, and what they remember of evicted keys is full too.
    for lane in &mut lanes {
        for _ in 0..3 * BOUND {
            lane();
        }
    }
    let [ours, lru, sharded, moka, quick_cache] = lanes;
    let mut rows = Race::new(
        "misses",
        "f(u64) -> u64, a new key each time, 10,000 entries and full: each miss evicts",
    )
    .steps(STEPS, STEP)
    .ours("cache_result", ours)
    .lane("cached(max_size, ttl)", lru)
    .lane("concurrent_cached(max_size, ttl)", sharded)
    .lane("moka get_with", moka)
    .limit("quick_cache get_or_insert_with", quick_cache)
    .run();
    note(
        &mut rows,
        "moka get_with",
        "with its housekeeping, in this thread",
    );
    rows
}

#[cache_result(timeout = 600, key_prefix = "misses_async", cache = "misses_async")]
async fn ours_async(n: u64) -> u64 {
    n * 2
}

#[cached(max_size = 200_000, ttl_secs = 600)]
async fn cached_lru_async(n: u64) -> u64 {
    n * 2
}

#[concurrent_cached(max_size = 200_000, ttl_secs = 600)]
async fn cached_sharded_async(n: u64) -> u64 {
    n * 2
}

fn async_with_room() -> Vec<Row> {
    let url = format!("memory://?max_entries={ROOM}");
    caches()
        .set("misses_async", Cache::from_url(&url).unwrap())
        .unwrap();
    let runtime = Builder::new_current_thread().build().unwrap();
    let runtime = &runtime;
    let moka = moka::future::Cache::builder()
        .max_capacity(ROOM as u64)
        .time_to_live(TIMEOUT)
        .build();
    let moka = &moka;
    let quick_cache = quick_cache::sync::Cache::<u64, u64>::new(ROOM);
    let quick_cache = &quick_cache;
    Race::new(
        "misses",
        "async f(u64) -> u64, a new key each time, from 0 to 100,000 entries",
    )
    .steps(STEPS, STEP)
    .ours_timed("cache_result", inside(runtime, ours_async))
    .timed("cached(max_size, ttl)", inside(runtime, cached_lru_async))
    .timed(
        "concurrent_cached(max_size, ttl)",
        inside(runtime, cached_sharded_async),
    )
    .timed(
        "moka get_with",
        inside(runtime, |key| moka.get_with(key, async move { key * 2 })),
    )
    .limit_timed(
        "quick_cache get_or_insert_async",
        inside(runtime, async |key| {
            let made: Result<u64, Infallible> = quick_cache
                .get_or_insert_async(&key, async { Ok(key * 2) })
                .await;
            made.unwrap()
        }),
    )
    .run()
}

/// Awaits `call` with one new key after the other, all inside the executor.
fn inside(runtime: &Runtime, call: impl AsyncFn(u64) -> u64) -> impl FnMut(u64) -> Duration {
    let mut key = counter();
    move |iterations| {
        runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..iterations {
                black_box(call(key()).await);
            }
            start.elapsed()
        })
    }
}

fn note(rows: &mut [Row], lane: &str, text: &str) {
    for row in rows.iter_mut().filter(|row| row.lane == lane) {
        row.note = Some(text.to_owned());
    }
}
