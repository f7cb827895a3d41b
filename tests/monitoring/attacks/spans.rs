//! Whose spans and decisions are whose, also where a function is off, for many, and between turns.

use std::time::Duration;

use cache_runtime::testing::{in_cache_blocking, isolated};
use cache_runtime::{
    CacheError, Outcome, Override, cache_result, current, overrides, trace_blocking,
};
use futures_executor::block_on;
use tracing::Level;

use crate::hearing::hear;

#[derive(Debug, Clone)]
struct Late;

impl From<CacheError> for Late {
    fn from(_: CacheError) -> Self {
        Late
    }
}

#[cache_result(timeout = 60, key_prefix = "attacks_inside", refresh_ahead = 0.5)]
fn inside(n: u64) -> u64 {
    current().timeout(1);
    current().skip();
    n
}

#[cache_result(timeout = 60, key_prefix = "attacks_around")]
fn around(n: u64) -> u64 {
    inside(n)
}

#[cache_result(timeout = 60, key_prefix = "attacks_within", hard_timeout = "20ms")]
async fn within(n: u64) -> Result<u64, Late> {
    std::future::pending::<()>().await;
    Ok(n)
}

#[test]
fn a_function_that_is_off_decides_for_itself_alone() {
    overrides().set("inside", Override::off()).unwrap();
    overrides().set("within", Override::off()).unwrap();
    around(1);
    assert_eq!(around::entry(1).get().unwrap(), Some(1));
    assert!(block_on(within(1)).is_err());
}

async fn listed(items: &[u64]) -> Vec<u64> {
    tracing::info!("listing");
    items.to_vec()
}

#[cache_result(timeout = 60, key_prefix = "attacks_item", batch = listed)]
async fn item(n: u64) -> u64 {
    n
}

#[cache_result(timeout = 60, key_prefix = "attacks_off_in_span", refresh_ahead = 0.5)]
fn off_in_span(n: u64) -> u64 {
    tracing::info!("here");
    n
}

#[cache_result(timeout = 60, key_prefix = "attacks_plain_off_in_span")]
fn plain_off_in_span(n: u64) -> u64 {
    tracing::info!("here");
    n
}

#[test]
fn what_a_body_logs_stands_inside_also_where_it_is_off_or_for_many() {
    let (cache, _clock) = isolated();
    in_cache_blocking(&cache, || {
        let heard = hear(Level::DEBUG, || _ = block_on(item::many([1, 2])));
        let inside = "cache.execution: INFO event message=listing".to_owned();
        assert!(heard.contains(&inside), "{heard:#?}");
        overrides().set("*off_in_span", Override::off()).unwrap();
        let heard = hear(Level::DEBUG, || _ = (off_in_span(1), plain_off_in_span(1)));
        let inside = |line: &&String| *line == "cache.execution: INFO event message=here";
        assert_eq!(heard.iter().filter(inside).count(), 2, "{heard:#?}");
    });
}

#[cache_result(timeout = 60, key_prefix = "attacks_heard")]
fn heard_twice(n: u64) -> u64 {
    n
}

#[test]
fn a_call_that_two_listen_to_is_told_and_counted_once_each() {
    let (cache, _clock) = isolated();
    in_cache_blocking(&cache, || {
        let mut trace = None;
        let heard = hear(Level::TRACE, || {
            let calls = || (0..3).for_each(|_| assert_eq!(heard_twice(1), 1));
            trace = Some(trace_blocking(calls).1);
        });
        let outcomes: Vec<_> = trace
            .unwrap()
            .events
            .iter()
            .map(|event| event.outcome)
            .collect();
        assert_eq!(outcomes, [Outcome::Miss, Outcome::Hit, Outcome::Hit]);
        let told = |outcome: &str| heard.iter().filter(|line| line.contains(outcome)).count();
        assert_eq!((told("\"miss\""), told("\"hit\"")), (1, 2), "{heard:#?}");
    });
    let stats = heard_twice::stats();
    assert_eq!((stats.hits, stats.misses, stats.sets), (2, 1, 1));
}

async fn turn() {
    let mut is_over = false;
    std::future::poll_fn(move |task| {
        if std::mem::replace(&mut is_over, true) {
            return std::task::Poll::Ready(());
        }
        task.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[cache_result(timeout = 60, key_prefix = "attacks_turns")]
async fn turns(n: u64) -> u64 {
    tracing::info!(n, "before");
    turn().await;
    within_turns(n).await;
    tracing::info!(n, "after");
    n
}

#[cache_result(timeout = 60, key_prefix = "attacks_within_turns")]
async fn within_turns(n: u64) -> u64 {
    turn().await;
    tracing::info!(n, "within");
    n
}

#[test]
fn spans_do_not_leak_to_what_runs_between_their_turns() {
    let (cache, _clock) = isolated();
    in_cache_blocking(&cache, || {
        let heard = hear(Level::DEBUG, || {
            block_on(async {
                let between = async {
                    for _ in 0..5 {
                        tracing::info!("between");
                        turn().await;
                    }
                };
                futures::join!(turns(1), turns(2), between);
                tracing::info!("between");
            });
        });
        let inside = "cache.execution: ";
        let count = |line: String| heard.iter().filter(|heard| **heard == line).count();
        assert_eq!(count("INFO event message=between".into()), 6, "{heard:#?}");
        for n in [1, 2] {
            let event = |what| format!("INFO event message={what} n={n}");
            assert_eq!(
                count(format!("{inside}{}", event("before"))),
                1,
                "{heard:#?}"
            );
            assert_eq!(
                count(format!("{inside}{}", event("after"))),
                1,
                "{heard:#?}"
            );
            assert_eq!(count(format!("{inside}{inside}{}", event("within"))), 1);
        }
    });
}

#[cache_result(timeout = 60, key_prefix = "attacks_behind", refresh_ahead = 0.5)]
fn behind(n: u64) -> u64 {
    n
}

#[cache_result(timeout = 60, key_prefix = "attacks_many_told")]
fn many_told(n: u64) -> u64 {
    n
}

#[test]
fn items_and_refreshes_are_told_as_calls_are() {
    let (cache, clock) = isolated();
    in_cache_blocking(&cache, || {
        let count = |heard: &[String], outcome: &str| {
            let outcome = format!("cache.outcome=\"{outcome}\"");
            heard.iter().filter(|line| line.contains(&outcome)).count()
        };
        let heard = hear(Level::TRACE, || _ = many_told::many([1, 2, 3]));
        assert_eq!(count(&heard, "miss"), 3, "{heard:#?}");
        let heard = hear(Level::TRACE, || _ = many_told::many([1, 2, 4]));
        assert_eq!(
            (count(&heard, "hit"), count(&heard, "miss")),
            (2, 1),
            "{heard:#?}"
        );
        let (cache_hits, stats) = (cache.stats().hits, many_told::stats());
        assert_eq!((stats.hits, stats.misses, cache_hits), (2, 4, 2));
        let heard = hear(Level::TRACE, || _ = many_told::refresh(1));
        assert_eq!(count(&heard, "refreshed"), 1, "{heard:#?}");

        behind(1);
        clock.advance(Duration::from_secs(40));
        let heard = hear(Level::TRACE, || {
            behind(1);
            tracing::info!("after");
        });
        assert_eq!(count(&heard, "hit"), 1, "{heard:#?}");
        assert!(
            heard.contains(&"INFO event message=after".to_owned()),
            "{heard:#?}"
        );
    });
}
