//! `get_or_set`, `ping`, and what the statistics count.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use futures::future::join_all;

use crate::bed::{Bed, yield_now};
use crate::speaker::Speaker;

pub(crate) async fn get_or_set_keeps_the_value(bed: &Bed) {
    let cache = bed.cache();
    let made = cache.get_or_set("key", 60, async || 7_i32).await.unwrap();
    assert_eq!(made, 7);
    assert_eq!(cache.get::<i32>("key").await.unwrap(), Some(7));
    let again = cache.get_or_set("key", 60, async || 8_i32).await.unwrap();
    assert_eq!(again, 7);
    // Another type is read as everywhere.
    let other = cache.get_or_set("key", 60, async || 8_u64).await.unwrap();
    assert_eq!(other, 7);
}

pub(crate) async fn get_or_set_keeps_none(bed: &Bed) {
    let cache = bed.cache();
    let made = cache.get_or_set("key", 60, async || None::<i32>).await;
    assert_eq!(made.unwrap(), None);
    let again = cache.get_or_set("key", 60, async || Some(1)).await;
    assert_eq!(again.unwrap(), None, "a stored None is a value");
    assert_eq!(cache.get::<Option<i32>>("key").await.unwrap(), Some(None));
}

pub(crate) async fn get_or_set_sees_one_version(bed: &Bed) {
    let one = bed.cache();
    let two = one.with_version(2);
    assert_eq!(one.get_or_set("key", 60, async || 1).await.unwrap(), 1);
    assert_eq!(two.get_or_set("key", 60, async || 2).await.unwrap(), 2);
    assert_eq!(one.get::<i32>("key").await.unwrap(), Some(1));
}

pub(crate) async fn racing_callers_of_get_or_set_run_it_once(bed: &Bed) {
    let cache = bed.cache();
    let runs = AtomicUsize::new(0);
    let slow = || {
        thread::sleep(Duration::from_millis(20));
        runs.fetch_add(1, Ordering::SeqCst)
    };
    match &cache {
        Speaker::Awaiting(_) => {
            let callers = (0..16).map(|_| {
                cache.get_or_set("key", 60, async || {
                    // Lets the others run, on any executor.
                    yield_now().await;
                    slow()
                })
            });
            for made in join_all(callers).await {
                assert_eq!(made.unwrap(), 0);
            }
        }
        Speaker::Blocking(cache) => thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| assert_eq!(cache.get_or_set("key", 60, slow).unwrap(), 0));
            }
        }),
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    let stats = cache.stats();
    assert_eq!(stats.misses, 1);
    assert_eq!(stats.joined + stats.hits, 15);
}

pub(crate) async fn ping_answers(bed: &Bed) {
    let took = bed.cache().ping().await.unwrap();
    assert!(took < Duration::from_secs(5));
}

pub(crate) async fn stats_count(bed: &Bed) {
    let cache = bed.cache();
    let before = cache.stats();
    assert_eq!(before, cache_runtime::Stats::default());
    cache.get::<i32>("a").await.unwrap();
    cache.set("a", &1, 30).await.unwrap();
    cache.get::<i32>("a").await.unwrap();
    cache.get::<i32>("a").await.unwrap();
    assert!(!cache.add("a", &2, 30).await.unwrap());
    assert!(cache.add("b", &2, 30).await.unwrap());
    cache.set_many(&[("c", 3), ("d", 4)], 30).await.unwrap();
    cache.get_many::<i32>(&["a", "b", "x"]).await.unwrap();
    cache.get::<String>("a").await.unwrap();
    assert!(cache.delete("a").await.unwrap());
    assert!(!cache.delete("a").await.unwrap());
    assert_eq!(cache.delete_many(&["b", "c", "x"]).await.unwrap(), 2);
    let stats = cache.stats();
    assert_eq!(stats.hits, 4);
    assert_eq!(stats.local_hits, if bed.is_redis() { 0 } else { 4 });
    assert_eq!(stats.misses, 3);
    assert_eq!(stats.sets, 4);
    assert_eq!(stats.deletes, 3);
    assert_eq!(stats.undecodable, 1);
    assert_eq!((stats.errors, stats.too_large, stats.evictions), (0, 0, 0));
    assert!((stats.hit_ratio() - 4.0 / 7.0).abs() < 1e-9);
    // Another prefix counts for itself.
    let other = cache.with_prefix(&bed.prefix());
    assert_eq!(other.stats().hits, 0);
}
