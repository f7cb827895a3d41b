//! `testing::FaultyStore`: what it does on demand, and that a cached function does not notice.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::testing::conformance::Suite;
use cache_runtime::testing::{Fault, FaultyStore, When};
use cache_runtime::{Cache, ErrorKind, Store, cache_result};
use cache_tests::redis_server::RedisServer;

#[path = "../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;

use store::OwnStore;

fn cache(store: &FaultyStore<OwnStore>) -> Cache {
    let builder = Cache::builder().store(store.clone());
    builder
        .op_timeout(Duration::from_millis(200))
        .build()
        .unwrap()
}

/// The numbers of the sets that failed, of a hundred.
fn failed(store: &FaultyStore<OwnStore>) -> Vec<u64> {
    let set = |n: &u64| {
        let key = n.to_string();
        futures_executor::block_on(store.set(&key, b"1", None)).is_err()
    };
    (1..=100).filter(set).collect()
}

#[test]
fn with_nothing_wrong_it_is_the_store_inside() {
    Suite::of_store(|| FaultyStore::new(OwnStore::default()))
        .run()
        .assert_passed();
}

#[test]
fn every_third_fails_with_the_kind_that_was_asked_for() {
    let store = FaultyStore::new(OwnStore::default());
    store.inject(Fault::Error(ErrorKind::Store), When::Every(3));
    let thirds: Vec<u64> = (1..=33).map(|n| n * 3).collect();
    assert_eq!(failed(&store), thirds);
    assert_eq!(
        (store.asked("set"), store.asked("get"), store.hit()),
        (100, 0, 33)
    );
    let error = futures_executor::block_on(async {
        store.get("a").await.unwrap();
        store.get("b").await.unwrap_err()
    });
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Store, "get"));
    store.heal();
    assert!(failed(&store).is_empty());
    assert_eq!(store.asked_in_all(), 202);
}

#[test]
fn a_share_fails_and_the_same_ones_for_the_same_seed() {
    let some = |seed| {
        let store = FaultyStore::new(OwnStore::default());
        let fault = Fault::Error(ErrorKind::Timeout);
        store.inject(fault, When::Share { share: 0.3, seed });
        failed(&store)
    };
    let (one, other) = (some(1), some(2));
    assert_eq!(one, some(1));
    assert_ne!(one, other);
    for failed in [one, other] {
        assert!(
            (15..=45).contains(&failed.len()),
            "about thirty: {failed:?}"
        );
    }
}

#[test]
fn one_operation_alone_and_an_answer_that_is_lost() {
    let store = FaultyStore::new(OwnStore::default());
    store.inject_on("incr", Fault::Lost(ErrorKind::Timeout), When::Always);
    let cache = cache(&store).blocking();
    cache.set("number", &1, None).unwrap();
    assert_eq!(
        cache.incr("number", 1).unwrap_err().kind(),
        ErrorKind::Timeout
    );
    assert_eq!(cache.get::<i32>("number").unwrap(), Some(2), "it was done");
}

#[test]
fn delays_and_hangs_end_at_the_time_limit() {
    for fault in [Fault::Delay(Duration::from_secs(60)), Fault::Hang] {
        let store = FaultyStore::new(OwnStore::default());
        store.inject(fault, When::Always);
        let cache = cache(&store);
        let started = Instant::now();
        let blocking = cache.blocking().get::<i32>("key");
        assert_eq!(blocking.unwrap_err().kind(), ErrorKind::Timeout);
        let awaiting = futures_executor::block_on(cache.get::<i32>("key"));
        assert_eq!(awaiting.unwrap_err().kind(), ErrorKind::Timeout);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(took > Duration::from_millis(390), "{took:?}");
    }
    let store = FaultyStore::new(OwnStore::default());
    store.inject(Fault::Delay(Duration::from_millis(30)), When::Always);
    let started = Instant::now();
    cache(&store).blocking().set("key", &1, 60).unwrap();
    assert!(started.elapsed() >= Duration::from_millis(30));
}

#[test]
fn panics_and_garbage_are_no_panics_and_no_values() {
    let store = FaultyStore::new(OwnStore::default());
    let cache = cache(&store).blocking();
    cache.set("key", "a text", 60).unwrap();
    store.inject(Fault::Garbage, When::Always);
    for _ in 0..8 {
        assert_eq!(cache.get::<String>("key").unwrap(), None);
        assert!(cache.get_many::<String>(&["key"]).unwrap().is_empty());
    }
    assert_eq!(cache.stats().undecodable, 16);
    store.heal();
    assert_eq!(
        cache.get::<String>("key").unwrap().as_deref(),
        Some("a text")
    );
    store.inject(Fault::Panic, When::Always);
    assert_eq!(
        cache.get::<String>("key").unwrap_err().kind(),
        ErrorKind::Unavailable
    );
}

static RUNS: AtomicU64 = AtomicU64::new(0);

#[cache_result(timeout = 600, cache = faulty, key_prefix = "faulty", key(n))]
fn square(faulty: &Cache, n: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::SeqCst);
    n * n
}

#[test]
fn a_cached_function_does_not_notice() {
    let store = FaultyStore::new(OwnStore::default());
    let cache = Arc::new(cache(&store));
    for (fault, when) in [
        (Fault::Error(ErrorKind::Unavailable), When::Every(2)),
        (Fault::Lost(ErrorKind::Timeout), When::Every(3)),
        (
            Fault::Garbage,
            When::Share {
                share: 0.2,
                seed: 7,
            },
        ),
        (Fault::Panic, When::Every(11)),
        (Fault::Hang, When::Every(37)),
    ] {
        store.inject(fault, when);
    }
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // Long enough for the breaker to open, probe and close a few times.
                for n in 0.. {
                    assert_eq!(square(&cache, n % 20), (n % 20) * (n % 20));
                    if started.elapsed() > Duration::from_secs(2) {
                        break;
                    }
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
    });
    assert!(store.hit() >= 10, "{store:?}");
    assert!(RUNS.load(Ordering::SeqCst) >= 20);
    // It recovers: the breaker probes after a second at most.
    store.heal();
    thread::sleep(Duration::from_millis(1100));
    square(&cache, 3);
    let runs = RUNS.load(Ordering::SeqCst);
    square(&cache, 3);
    assert_eq!(RUNS.load(Ordering::SeqCst), runs, "from the store again");
}

/// A store with a face for callers who block keeps it, faults and all.
#[test]
fn around_redis_both_kinds_of_callers_meet_the_faults() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    use cache_runtime::stores::redis::{RedisAddress, RedisConfig, RedisStore};
    let port = server.port();
    let inner = move || {
        let address = RedisAddress::tcp("127.0.0.1", port);
        let mut config = RedisConfig::new(address);
        config.connect_timeout = Duration::from_secs(10);
        config.op_timeout = Duration::from_secs(10);
        RedisStore::new(config).unwrap()
    };
    let suite = Suite::of_store(move || FaultyStore::new(inner()));
    suite.through_the_type().run().assert_passed();

    let patience = Duration::from_secs(1);
    let store = FaultyStore::new(inner()).patience(patience);
    let cache = Cache::builder().store(store.clone()).op_timeout(patience);
    let cache = cache.build().unwrap();
    store.inject(Fault::Hang, When::Always);
    let started = Instant::now();
    let blocking = cache.blocking().get::<i32>("key");
    assert_eq!(blocking.unwrap_err().kind(), ErrorKind::Timeout);
    let took = started.elapsed();
    assert!(
        took >= patience && took < 10 * patience,
        "it is as patient as told, not {took:?}"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let awaiting = runtime.block_on(cache.get::<i32>("key"));
    assert_eq!(awaiting.unwrap_err().kind(), ErrorKind::Timeout);
    store.heal();
    // Blocking in the middle of a runtime is answered too.
    runtime
        .block_on(async { cache.blocking().set("key", &1, 60) })
        .unwrap();
    assert_eq!(store.asked("set"), 1);
}

#[cache_result(timeout = 60, key(n), key_prefix = "twice", cache = cache.clone())]
async fn twice(cache: &Cache, n: u64) -> u64 {
    n * 2
}

/// Polls each of these once; how many are ready.
fn ready_at_once<F: Future>(futures: &mut [std::pin::Pin<Box<F>>]) -> usize {
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    let poll = |future: &mut std::pin::Pin<Box<F>>| future.as_mut().poll(&mut task).is_ready();
    futures.iter_mut().map(poll).filter(|ready| *ready).count()
}

#[test]
fn a_store_that_hangs_does_not_pile_up_callers() {
    let store = FaultyStore::new(OwnStore::default());
    let cache = cache(&store);
    store.inject(Fault::Hang, When::Always);
    // Each has a key of its own, so that none waits for another.
    let mut calls: Vec<_> = (0..12_000).map(|n| Box::pin(twice(&cache, n))).collect();
    let ready = ready_at_once(&mut calls);
    // Those beyond the bound have run their function at once.
    assert_eq!((store.asked("get"), ready), (10_000, 2_000));
    let errors = cache.stats().errors;
    assert_eq!(errors, 2_000, "counted as any failure of the store");
    drop(calls);
    // The bound is not the breaker, and nothing is left over.
    store.heal();
    for _ in 0..2 {
        assert_eq!(futures_executor::block_on(twice(&cache, 1)), 2);
    }
    assert_eq!(cache.stats().hits, 1);
}

#[test]
fn a_store_that_hangs_does_not_pile_up_values() {
    let store = FaultyStore::new(OwnStore::default());
    let cache = cache(&store);
    store.inject(Fault::Hang, When::Always);
    let value = "v".repeat(1 << 20).split_off(1000);
    let keys: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    let sets = keys.iter().map(|key| Box::pin(cache.set(key, &value, 60)));
    let mut sets: Vec<_> = sets.collect();
    let ready = ready_at_once(&mut sets);
    let asked = store.asked("set");
    // 64 MiB and one more.
    assert!((65..=66).contains(&asked), "{asked}");
    assert_eq!(asked + ready as u64, 100);
    let error = futures_executor::block_on(cache.set("one more", &value, 60)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(
        error.is_retryable() && error.operation() == "set",
        "{error}"
    );
    drop(sets);
    store.heal();
    futures_executor::block_on(cache.set("one more", &value, 60)).unwrap();
}
