//! The test kit: a cache for a scope, and checks of what was counted.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use cache_runtime::testing::{
    assert_hits, assert_misses, assert_stats, in_cache, in_cache_blocking, isolated,
};
use cache_runtime::{Cache, cache_result};

static RUNS: AtomicU64 = AtomicU64::new(0);

#[cache_result(timeout = 60, key_prefix = "scoped")]
fn scoped(id: u64) -> u64 {
    let _ = id;
    RUNS.fetch_add(1, Ordering::SeqCst)
}

#[cache_result(timeout = 60, key_prefix = "scoped_async", refresh_ahead = 0.5)]
async fn scoped_async(id: u64) -> u64 {
    scoped(id)
}

#[test]
fn every_scope_has_its_own_entries_counts_and_time() {
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let (cache, clock) = isolated();
                let first = in_cache_blocking(&cache, || {
                    let first = scoped(1);
                    assert_eq!(scoped(1), first);
                    assert_hits!(scoped::stats(), 1);
                    assert_eq!(scoped::entry(1).get().unwrap(), Some(first));
                    clock.advance(Duration::from_secs(61));
                    let second = scoped(1);
                    assert_ne!(second, first);
                    assert_stats!(scoped::stats(), misses: 2, sets: 2);
                    scoped::clear().unwrap();
                    assert_ne!(scoped(1), second);
                    second
                });
                // Another scope, another cache.
                in_cache_blocking(&Cache::isolated(), || {
                    assert_ne!(scoped(1), first);
                    assert_misses!(scoped::stats(), 1);
                });
            });
        }
    });
}

#[test]
fn a_scope_is_where_its_future_is_polled() {
    let (one, two) = (Cache::isolated(), Cache::isolated());
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let ask = |cache: &Cache| {
        let cache = cache.clone();
        runtime.spawn(async move {
            in_cache(&cache, async {
                let first = scoped_async(7).await;
                tokio::task::yield_now().await;
                assert_eq!(scoped_async(7).await, first);
                first
            })
            .await
        })
    };
    let (a, b) = (ask(&one), ask(&two));
    let (a, b) = runtime.block_on(async { (a.await.unwrap(), b.await.unwrap()) });
    assert_ne!(a, b);
    assert_eq!(runtime.block_on(ask(&one)).unwrap(), a);
    // Each has the entry of the function inside, too.
    assert_stats!(one.stats(), misses: 2, hits: 3);
}

#[cache_result(
    timeout = |kept: &u64| kept + scoped(1),
    when = |_| scoped(2) < u64::MAX,
    key_prefix = "asking",
    stale = 60,
    soft_timeout = "1s",
    hard_timeout = "10s",
)]
fn asking(id: u64) -> Result<u64, cache_runtime::CacheError> {
    Ok(id + 60)
}

#[test]
fn closures_that_are_asked_behind_a_call_are_in_its_scope() {
    let cache = Cache::isolated();
    in_cache_blocking(&cache, || {
        asking(1).unwrap();
        // The function itself, and the two that its closures call.
        assert_stats!(cache.stats(), misses: 3);
    });
}

#[test]
fn a_check_that_fails_shows_all_there_is() {
    let cache = Cache::isolated();
    let _ = cache.blocking().get::<u32>("key");
    let stats = cache.stats();
    let failure = catch_unwind(|| assert_hits!(stats, 3)).unwrap_err();
    let text = failure.downcast_ref::<String>().unwrap();
    assert!(
        text.starts_with("hits of `stats` are 0, not 3: Stats { hits: 0"),
        "{text}"
    );
}
