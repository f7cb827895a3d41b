//! The ways that are counted.
#![allow(
    clippy::unwrap_used,
    reason = "a panic is the report of a failed count"
)]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cache_benches::attended::Attended;
use cache_runtime::{Cache, cache_result, caches, current};

/// A way by its name; it is gone so many times.
type Way = (&'static str, fn(u64));

pub(crate) const ALL: &[Way] = &[
    ("hit: f(u64) -> u64", |times| {
        repeat(times, |_| number(black_box(7)));
    }),
    ("hit: f(u64, text) -> Arc", |times| {
        repeat(times, |_| text(black_box(7), black_box(Some("open"))));
    }),
    ("hit: async f(u64) -> u64", |times| {
        repeat(times, |_| now(number_async(black_box(7))));
    }),
    ("hit: f() -> 100 rows", |times| {
        repeat(times, |_| rows(black_box(7)));
    }),
    ("hit: tagged", |times| {
        repeat(times, |_| tagged(black_box(7)));
    }),
    ("hit: two levels", |times| {
        let store = (
            "near",
            Cache::builder().store(Attended::default()).local_max(1000),
        );
        caches().set(store.0, store.1.build().unwrap()).unwrap();
        // The news begins with the first call. Asking for it all the time would be counted, too.
        while near::stats().local_hits == 0 {
            near(7);
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        repeat(times, |_| near(black_box(7)));
        assert!(
            near::stats().local_hits > times,
            "each was a hit in process"
        );
    }),
    ("hit: Cache::get", |times| {
        let cache = Cache::from_url("memory://").unwrap().blocking();
        cache.set("greeting", &1_u64, 600).unwrap();
        repeat(times, |_| cache.get::<u64>(black_box("greeting")).unwrap());
    }),
    ("delete_tag, 10 entries", |times| delete_tag(times, 10)),
    ("delete_tag, 50,000 entries", |times| {
        delete_tag(times, 50_000);
    }),
    ("miss", |times| {
        repeat(times, |n| number(black_box(n)));
    }),
    ("miss, async", |times| {
        repeat(times, |n| now(number_async(black_box(n))));
    }),
    ("miss and evict", |times| {
        let url = "memory://?max_entries=500";
        cache_runtime::caches()
            .set("small", Cache::from_url(url).unwrap())
            .unwrap();
        repeat(times, |n| small(black_box(n)));
    }),
];

#[cache_result(timeout = 600, key_prefix = "number")]
fn number(n: u64) -> u64 {
    n * 2
}

#[cache_result(timeout = 600, key_prefix = "text")]
fn text(n: u64, text: Option<&str>) -> Arc<Vec<u8>> {
    let _ = (n, text);
    Arc::new(vec![1; 1024])
}

#[cache_result(timeout = 600, key_prefix = "number_async")]
async fn number_async(n: u64) -> u64 {
    n * 2
}

#[cache_result(timeout = 600, key_prefix = "rows")]
fn rows(n: u64) -> Vec<(u64, String)> {
    (0..100)
        .map(|row| (n + row, format!("the title of {row:05}")))
        .collect()
}

#[cache_result(timeout = 600, key_prefix = "small", cache = "small")]
fn small(n: u64) -> u64 {
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

/// So many entries have the tag.
fn delete_tag(times: u64, entries: u64) {
    for n in 0..entries {
        tagged(n);
    }
    let cache = caches().get("default").unwrap().blocking();
    repeat(times, |_| cache.delete_tag(black_box("all")).unwrap());
    assert!(tagged::entry(0).get().unwrap().is_none());
}

fn repeat<T>(times: u64, mut work: impl FnMut(u64) -> T) {
    for n in 0..times {
        black_box(work(n));
    }
}

/// The result of a future that is ready at once.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits"),
    }
}
