//! Calls as events and spans of `tracing`: which levels tell what, and that keys are told only when asked for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cache_runtime::testing::{Fault, FaultyStore, When, in_cache_blocking, isolated};
use cache_runtime::{Cache, ErrorKind, cache_result, log_keys};
use futures_executor::block_on;
use tracing::Level;

use crate::hearing::hear;

#[path = "../../examples/own_store/store.rs"]
#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
mod store;

pub(crate) use store::OwnStore;

/// Whether keys are told is one for the whole process.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static KEYS: Mutex<()> = Mutex::new(());
    KEYS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn event(level: &str, function: &str, outcome: &str) -> String {
    format!(
        "{level} event message=cached call cache.function=\"monitoring::log::{function}\" \
         cache.outcome=\"{outcome}\" cache.name=\"default\" cache.store_failed=false"
    )
}

fn span(function: &str) -> String {
    format!(
        "DEBUG span cache.execution cache.function=\"monitoring::log::{function}\" cache.name=\"default\""
    )
}

#[cache_result(timeout = 60, key_prefix = "log_squares")]
fn square(n: u64) -> u64 {
    tracing::info!("squaring");
    n * n
}

#[test]
fn misses_are_told_at_debug_and_hits_at_trace() {
    let _keys = one_at_a_time();
    let inside = "cache.execution: INFO event message=squaring".to_owned();
    let call = |n| move || assert_eq!(square(n), n * n);
    // Before anyone listens, and after it.
    square(1);
    assert_eq!(hear(Level::INFO, call(2)), ["INFO event message=squaring"]);
    let of_miss = [span("square"), inside, event("DEBUG", "square", "miss")];
    assert_eq!(hear(Level::DEBUG, call(3)), of_miss);
    assert_eq!(hear(Level::DEBUG, call(3)), [""; 0]);
    // The way of hits was open; who listens now hears from the next miss on.
    assert_eq!(hear(Level::TRACE, call(4)), of_miss);
    assert_eq!(
        hear(Level::TRACE, call(4)),
        [event("TRACE", "square", "hit")]
    );
    let hits = square::stats().hits;
    // Nobody listens any more: the first call says so to the function, and all are counted as ever.
    (0..5).for_each(|_| call(4)());
    assert_eq!(hear(Level::DEBUG, call(4)), [""; 0]);
    assert_eq!(square::stats().hits, hits + 6);
}

#[cache_result(timeout = 60, key_prefix = "log_async")]
async fn doubled(n: u64) -> u64 {
    tracing::info!("doubling");
    n * 2
}

#[test]
fn async_calls_are_told_the_same() {
    let _keys = one_at_a_time();
    let call = || assert_eq!(block_on(doubled(4)), 8);
    let inside = "cache.execution: INFO event message=doubling".to_owned();
    assert_eq!(
        hear(Level::TRACE, call),
        [span("doubled"), inside, event("DEBUG", "doubled", "miss")]
    );
    assert_eq!(hear(Level::TRACE, call), [event("TRACE", "doubled", "hit")]);
    let uncached = || assert_eq!(block_on(doubled::uncached(4)), 8);
    let heard = hear(Level::TRACE, uncached);
    assert_eq!(heard[2], event("DEBUG", "doubled", "uncached"));
}

#[cache_result(timeout = 60, key_prefix = "log_failing")]
fn failing(n: u64) -> Result<u64, String> {
    Err(format!("no {n}"))
}

#[test]
fn a_function_that_fails_is_told() {
    let _keys = one_at_a_time();
    let heard = hear(Level::DEBUG, || drop(failing(1)));
    assert_eq!(
        heard,
        [span("failing"), event("DEBUG", "failing", "failed")]
    );
}

#[cache_result(timeout = 60, key_prefix = "log_personal")]
fn personal(name: &str) -> usize {
    name.len()
}

#[test]
fn keys_are_told_only_when_asked_for() {
    let _keys = one_at_a_time();
    let (cache, _clock) = isolated();
    in_cache_blocking(&cache, || {
        let heard = hear(Level::TRACE, || _ = personal("ada"));
        assert!(!heard.is_empty() && !heard.concat().contains("cache.key"));
        log_keys(true);
        let heard = hear(Level::TRACE, || _ = (personal("bob"), personal("bob")));
        log_keys(false);
        let key = personal::entry("bob").key().to_string();
        assert_eq!(heard.len(), 3);
        for line in &heard {
            assert!(line.contains(&format!("cache.key=\"{key}\"")), "{line}");
        }
    });
}

#[cache_result(timeout = 60, key_prefix = "log_stored")]
fn stored(n: u64) -> u64 {
    n
}

#[test]
fn operations_of_a_store_are_spans() {
    let _keys = one_at_a_time();
    let store = FaultyStore::new(OwnStore::default());
    let cache = Cache::builder().store(store.clone()).build().unwrap();
    let operation = |name: &str| {
        format!("DEBUG span cache.operation cache.store=\"own\" cache.operation=\"{name}\"")
    };
    in_cache_blocking(&cache, || {
        let heard = hear(Level::DEBUG, || _ = stored(1));
        assert_eq!(heard[0], operation("get"), "{heard:#?}");
        assert_eq!(heard[1], span("stored"));
        assert!(
            heard
                .iter()
                .any(|line| line.contains("cache.operation=\"set"))
        );
        assert_eq!(heard.last(), Some(&event("DEBUG", "stored", "miss")));
        store.inject(Fault::Error(ErrorKind::Unavailable), When::Every(1));
        let heard = hear(Level::DEBUG, || _ = stored(2));
        let failed = event("DEBUG", "stored", "miss").replace("false", "true");
        assert_eq!(heard.last(), Some(&failed));
    });
}
