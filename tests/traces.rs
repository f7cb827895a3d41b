//! What a trace tells of cached calls: what came of each, how they nest, and that they behave as they do
//! untraced.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_runtime::testing::{Fault, FaultyStore, When, in_cache, in_cache_blocking, isolated};
use cache_runtime::{
    Cache, CacheError, ErrorKind, Kind, Outcome, Trace, TraceEvent, Tracer, bypass, cache_result,
    is_traced, note, refreshing, trace, trace_blocking,
};

#[path = "../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;

use store::OwnStore;

#[cache_result(timeout = 60, key_prefix = "trace_plain")]
fn plain(n: u64) -> u64 {
    n * 2
}

#[cache_result(timeout = 60, key_prefix = "trace_outer")]
async fn outer(n: u64) -> u64 {
    plain(n) + plain(n)
}

#[cache_result(timeout = 60, stale = 600, key_prefix = "trace_stale", skip(fails))]
fn stale(fails: &AtomicBool) -> Result<u64, String> {
    if fails.load(SeqCst) {
        Err("no".to_owned())
    } else {
        Ok(7)
    }
}

#[cache_result(timeout = 60, key_prefix = "trace_slow")]
async fn slow(n: u64) -> u64 {
    tokio::task::yield_now().await;
    n
}

#[cache_result(timeout = 60, key_prefix = "trace_batch", batch = batched_many)]
fn batched(n: u64) -> u64 {
    n
}

fn batched_many(items: &[u64]) -> Vec<u64> {
    items.to_vec()
}

#[cache_result(cache = "no_such_alias", key_prefix = "trace_nowhere")]
fn nowhere(n: u64) -> u64 {
    n
}

struct Repo;

impl Repo {
    #[cache_result(timeout = 60, key_prefix = "trace_method", skip(self))]
    pub(crate) fn list(&self, n: u64) -> u64 {
        let _ = self;
        n
    }
}

fn outcomes(trace: &Trace) -> Vec<Outcome> {
    trace.events.iter().map(|event| event.outcome).collect()
}

fn own_store() -> (FaultyStore<OwnStore>, Cache) {
    let store = FaultyStore::new(OwnStore::default());
    let cache = Cache::builder().store(store.clone()).build().unwrap();
    (store, cache)
}

#[test]
fn a_traced_hit_is_the_hit_that_it_would_be_untraced() {
    in_cache_blocking(&Cache::isolated(), || {
        plain(1);
        let (_, trace) = trace_blocking(|| (plain(1), plain(2), plain(2)));
        assert_eq!(
            outcomes(&trace),
            [Outcome::Hit, Outcome::Miss, Outcome::Hit]
        );
        let stats = plain::stats();
        assert_eq!((stats.hits, stats.local_hits, stats.misses), (2, 2, 2));
        assert_eq!((stats.sets, stats.joined, stats.errors), (2, 0, 0));
        let event = &trace.events[0];
        assert_eq!((&*event.name, event.kind), ("plain", Kind::Function));
        assert_eq!((&event.key, event.depth), (&None, 0));
        assert_eq!(event.cache.as_deref(), Some("default"));
        assert!(event.began <= trace.took && event.took <= trace.took);
        // Over is over.
        assert!(!is_traced());
    });
}

#[test]
fn traced_hits_do_not_wait_for_one_another() {
    let cache = Cache::isolated();
    in_cache_blocking(&cache, || plain(1));
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                in_cache_blocking(&cache, || {
                    trace_blocking(|| (0..5_000).for_each(|_| assert_eq!(plain(1), 2)))
                })
            });
        }
    });
    let stats = cache.stats();
    assert_eq!((stats.local_hits, stats.joined), (10_000, 0));
}

#[tokio::test]
async fn a_hit_near_a_store_does_not_ask_the_store_and_one_in_the_store_is_told_apart() {
    let (store, cache) = own_store();
    let near = Cache::builder()
        .store(store.clone())
        .local(100, Duration::from_secs(30))
        .build()
        .unwrap();
    let ((), trace) = trace(async {
        for _ in 0..2 {
            in_cache(&cache, async { plain(1) }).await;
        }
        for _ in 0..2 {
            in_cache(&near, async { plain(1) }).await;
        }
    })
    .await;
    assert_eq!(
        outcomes(&trace),
        [
            Outcome::Miss,
            Outcome::StoreHit,
            Outcome::StoreHit,
            Outcome::Hit
        ]
    );
    assert_eq!(store.asked("get"), 3);
    assert!(trace.events.iter().all(|event| !event.store_failed));
}

#[test]
fn a_store_that_fails_is_told_beside_the_miss() {
    let (store, cache) = own_store();
    store.inject(Fault::Error(ErrorKind::Unavailable), When::Every(1));
    in_cache_blocking(&cache, || {
        let (result, trace) = trace_blocking(|| plain(4));
        assert_eq!((result, outcomes(&trace)), (8, vec![Outcome::Miss]));
        assert!(trace.events[0].store_failed);
    });
}

#[test]
fn old_values_and_failures_are_told() {
    let (cache, clock) = isolated();
    in_cache_blocking(&cache, || {
        let fails = AtomicBool::new(true);
        let (_, failed) = trace_blocking(|| stale(&fails));
        assert_eq!(outcomes(&failed), [Outcome::Failed]);
        fails.store(false, SeqCst);
        stale(&fails).unwrap();
        clock.advance(Duration::from_secs(61));
        fails.store(true, SeqCst);
        // The function runs and fails; then it is left alone.
        let (results, old) = trace_blocking(|| (stale(&fails), stale(&fails)));
        assert_eq!(results, (Ok(7), Ok(7)));
        assert_eq!(outcomes(&old), [Outcome::Stale, Outcome::Stale]);
    });
}

#[derive(Debug, Clone, PartialEq)]
struct Late;

impl From<CacheError> for Late {
    fn from(_: CacheError) -> Self {
        Late
    }
}

#[cache_result(timeout = 60, key_prefix = "trace_hard", hard_timeout = "1s")]
async fn endless() -> Result<u64, Late> {
    std::future::pending().await
}

#[cache_result(timeout = 60, key_prefix = "trace_strict", strict)]
fn strict() -> Result<u64, Late> {
    Ok(1)
}

#[tokio::test]
async fn who_gives_up_has_failed() {
    let (cache, clock) = isolated();
    in_cache(&cache, async {
        let (results, trace) = trace(async {
            tokio::join!(endless(), endless(), async {
                clock.advance(Duration::from_secs(2));
            })
        })
        .await;
        assert_eq!((results.0, results.1), (Err(Late), Err(Late)));
        assert_eq!(trace.events[0].outcome, Outcome::Failed);
    })
    .await;
    let (store, cache) = own_store();
    store.inject(Fault::Error(ErrorKind::Unavailable), When::Every(1));
    in_cache_blocking(&cache, || {
        let (result, trace) = trace_blocking(strict);
        assert_eq!(
            (result, outcomes(&trace)),
            (Err(Late), vec![Outcome::Failed])
        );
        assert!(trace.events[0].store_failed);
    });
}

static RENEWED: AtomicBool = AtomicBool::new(false);

#[cache_result(timeout = 60, key_prefix = "trace_ahead", refresh_ahead = 0.5)]
fn ahead(n: u64) -> u64 {
    plain(n);
    RENEWED.store(true, SeqCst);
    n
}

#[test]
fn what_runs_behind_a_call_is_not_told() {
    let (cache, clock) = isolated();
    in_cache_blocking(&cache, || {
        ahead(1);
        clock.advance(Duration::from_secs(40));
        RENEWED.store(false, SeqCst);
        let ((), trace) = trace_blocking(|| {
            ahead(1);
            while !RENEWED.load(SeqCst) {
                std::thread::yield_now();
            }
        });
        assert_eq!(outcomes(&trace), [Outcome::Hit]);
    });
}

#[tokio::test]
async fn who_waits_for_another_has_joined() {
    in_cache(&Cache::isolated(), async {
        let ((), trace) = trace(async {
            tokio::join!(slow(1), slow(1));
        })
        .await;
        assert_eq!(outcomes(&trace), [Outcome::Miss, Outcome::Joined]);
    })
    .await;
}

#[tokio::test]
async fn scopes_and_aliases_without_a_cache_are_told() {
    in_cache(&Cache::isolated(), async {
        let (_, trace) = trace(async {
            bypass(slow(2)).await;
            refreshing(slow(2)).await;
            slow::uncached(2).await;
            slow::refresh(2).await;
        })
        .await;
        assert_eq!(
            outcomes(&trace),
            [
                Outcome::Uncached,
                Outcome::Refreshed,
                Outcome::Uncached,
                Outcome::Refreshed
            ]
        );
    })
    .await;
    let (_, trace) = trace_blocking(|| nowhere(1));
    assert_eq!(outcomes(&trace), [Outcome::Uncached]);
}

#[tokio::test]
async fn what_is_given_up_is_told_as_unfinished() {
    in_cache(&Cache::isolated(), async {
        let (_, trace) = trace(async {
            let call = slow(3);
            tokio::select! { biased; _ = call => unreachable!(), () = async {} => {} }
        })
        .await;
        assert_eq!(outcomes(&trace), [Outcome::Unfinished]);
    })
    .await;
}

#[tokio::test]
async fn calls_nest_and_stand_in_the_order_in_which_they_began() {
    in_cache(&Cache::isolated(), async {
        let (_, trace) = trace(async {
            outer(5).await;
            Repo.list(1)
        })
        .await;
        let told: Vec<_> = trace
            .events
            .iter()
            .map(|event| (&*event.name, event.depth, event.outcome))
            .collect();
        assert_eq!(
            told,
            [
                ("outer", 0, Outcome::Miss),
                ("plain", 1, Outcome::Miss),
                ("plain", 1, Outcome::Hit),
                ("Repo::list", 0, Outcome::Miss),
            ]
        );
        assert!(trace.events[0].took >= trace.events[1].took);
    })
    .await;
}

#[test]
fn each_item_of_a_batch_is_told() {
    in_cache_blocking(&Cache::isolated(), || {
        batched(1);
        let (_, trace) = trace_blocking(|| batched::many([1, 2, 3]));
        let mut outcomes = outcomes(&trace);
        outcomes.sort_by_key(|outcome| outcome.as_str());
        assert_eq!(outcomes, [Outcome::Hit, Outcome::Miss, Outcome::Miss]);
    });
}

#[test]
fn a_trace_holds_no_more_than_its_limit_and_counts_the_rest() {
    in_cache_blocking(&Cache::isolated(), || {
        let call = || (0..1500).for_each(|n| assert_eq!(plain(n), n * 2));
        let (_, trace) = trace_blocking(call);
        assert_eq!((trace.events.len(), trace.left_out), (1000, 500));
        let (_, trace) = Tracer::new().limit(10).run_blocking(call);
        assert_eq!((trace.events.len(), trace.left_out), (10, 1490));
    });
}

#[test]
fn a_listener_hears_each_event_and_its_panic_harms_nobody() {
    in_cache_blocking(&Cache::isolated(), || {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let list = heard.clone();
        let tracer = Tracer::new().keys().limit(0).on_event(move |event| {
            list.lock().unwrap().push(event.key.clone());
            panic!("a listener");
        });
        let (result, trace) = tracer.run_blocking(|| plain(6));
        assert_eq!((result, trace.left_out), (12, 1));
        let keys = heard
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        assert_eq!(*keys, [Some(plain::entry(6).key().to_string())]);
    });
}

#[test]
fn a_trace_in_a_trace_tells_both_and_keys_are_for_who_asks() {
    in_cache_blocking(&Cache::isolated(), || {
        let (inner, outer) = trace_blocking(|| {
            plain(1);
            Tracer::new().keys().run_blocking(|| plain(2)).1
        });
        assert_eq!((inner.events.len(), outer.events.len()), (1, 2));
        assert!(inner.events[0].key.is_some());
        assert!(outer.events.iter().all(|event| event.key.is_none()));
    });
}

#[test]
fn others_note_what_a_trace_cannot_see() {
    note(|| unreachable!("nobody listens"));
    let ((), trace) = trace_blocking(|| {
        note(|| {
            TraceEvent::new(Kind::Page, "GET /", Outcome::Hit)
                .took(Duration::from_nanos(1))
                .key("page:1")
        });
    });
    let event = &trace.events[0];
    assert_eq!(
        (&*event.name, event.kind, event.outcome),
        ("GET /", Kind::Page, Outcome::Hit)
    );
    assert_eq!(event.key, None);
}

#[test]
fn other_threads_are_not_followed() {
    let ((), trace) = trace_blocking(|| {
        std::thread::scope(|threads| {
            threads.spawn(|| plain(100));
        });
    });
    assert!(trace.events.is_empty());
}
