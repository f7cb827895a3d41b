//! 64 callers at once on what is not cached yet: how often the function runs, and how long they wait.
//!
//! `concurrent_cached` has no `sync_writes`: its callers run the function each for himself. papaya
//! and std's map are not here, they do not run functions.

#![allow(
    clippy::unwrap_used,
    reason = "a rival that cannot be set up ends the run"
)]

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Barrier, LazyLock};
use std::time::{Duration, Instant};

use cache_benches::race::{Race, median};
use cache_benches::report::Row;
use cache_runtime::{Cache, cache_result, caches};
use cached::macros::{cached, concurrent_cached};
use tokio::runtime::{Builder, Runtime};

const CALLERS: u64 = 64;
const WORK: Duration = Duration::from_millis(50);
const TIMEOUT: Duration = Duration::from_secs(600);
const ROOM: usize = 100_000;

/// How often a function ran.
static RUNS: AtomicU64 = AtomicU64::new(0);
/// Keys are never used twice.
static NEXT_KEY: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Copy)]
enum Keys {
    /// All callers want the same.
    One,
    /// Each wants another.
    Many,
}

impl Keys {
    /// The key of each caller.
    fn fresh(self) -> impl Fn(u64) -> u64 {
        let first = NEXT_KEY.fetch_add(CALLERS, SeqCst);
        move |caller| match self {
            Keys::One => first,
            Keys::Many => first + caller,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Keys::One => "one cold key",
            Keys::Many => "64 cold keys",
        }
    }

    /// A cache that runs one function after the other takes three seconds for 64 keys.
    fn rounds(self) -> usize {
        match self {
            Keys::One => 7,
            Keys::Many => 3,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Ours,
    Rival,
    Limit,
}

/// One storm of 64 callers; how long it took.
type Storm<'a> = Box<dyn Fn(Keys) -> Duration + 'a>;

pub(crate) fn all() -> Vec<Row> {
    let url = format!("memory://?max_entries={ROOM}");
    caches()
        .set("stampede", Cache::from_url(&url).unwrap())
        .unwrap();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let tasks = awaiting(&runtime);
    let threads = blocking();
    let mut rows = Vec::new();
    for keys in [Keys::One, Keys::Many] {
        rows.extend(race("tasks on 2 workers", keys, &tasks));
        rows.extend(race("threads", keys, &threads));
    }
    rows
}

fn race(callers: &str, keys: Keys, lanes: &[(Kind, &str, Storm<'_>)]) -> Vec<Row> {
    let work = format!("64 {callers}, {}, a function of 50 ms", keys.name());
    let runs: Vec<_> = lanes
        .iter()
        .map(|_| std::cell::RefCell::default())
        .collect();
    let mut race = Race::new("stampede", work).steps(keys.rounds(), 1);
    for ((kind, name, storm), runs) in lanes.iter().zip(&runs) {
        let run = move |_| {
            let before = RUNS.load(SeqCst);
            let took = storm(keys);
            let counted: &mut Vec<f64> = &mut runs.borrow_mut();
            counted.push((RUNS.load(SeqCst) - before) as f64);
            took
        };
        race = match kind {
            Kind::Ours => race.ours_timed(*name, run),
            Kind::Rival => race.timed(*name, run),
            Kind::Limit => race.limit_timed(*name, run),
        };
    }
    let mut rows = race.run();
    for (row, runs) in rows.iter_mut().zip(runs) {
        let count = median(runs.into_inner());
        row.note = Some(match count {
            1.0 => "1 execution".to_owned(),
            count => format!("{count} executions"),
        });
        // Of the thread that waits for them all, which tells nothing.
        row.allocations = None;
    }
    rows
}

async fn slow(n: u64) -> u64 {
    RUNS.fetch_add(1, SeqCst);
    tokio::time::sleep(WORK).await;
    n * 2
}

#[cache_result(timeout = 600, key_prefix = "stampede_async", cache = "stampede")]
async fn ours_async(n: u64) -> u64 {
    slow(n).await
}

#[cached(max_size = 100_000, ttl_secs = 600)]
async fn cached_async(n: u64) -> u64 {
    slow(n).await
}

#[cached(max_size = 100_000, ttl_secs = 600, sync_writes = "by_key")]
async fn cached_by_key_async(n: u64) -> u64 {
    slow(n).await
}

#[cached(max_size = 100_000, ttl_secs = 600, sync_writes = "default")]
async fn cached_all_async(n: u64) -> u64 {
    slow(n).await
}

#[concurrent_cached(max_size = 100_000, ttl_secs = 600)]
async fn concurrent_async(n: u64) -> u64 {
    slow(n).await
}

static MOKA_ASYNC: LazyLock<moka::future::Cache<u64, u64>> = LazyLock::new(|| {
    moka::future::Cache::builder()
        .max_capacity(ROOM as u64)
        .time_to_live(TIMEOUT)
        .build()
});
static QUICK_ASYNC: LazyLock<quick_cache::sync::Cache<u64, u64>> =
    LazyLock::new(|| quick_cache::sync::Cache::new(ROOM));

fn awaiting(runtime: &Runtime) -> Vec<(Kind, &'static str, Storm<'_>)> {
    fn storm<F>(runtime: &Runtime, call: fn(u64) -> F) -> Storm<'_>
    where
        F: Future<Output = u64> + Send + 'static,
    {
        Box::new(move |keys| {
            let key = keys.fresh();
            runtime.block_on(async {
                let start = Instant::now();
                let callers: Vec<_> = (0..CALLERS)
                    .map(key)
                    .map(|key| tokio::spawn(async move { call(key).await }))
                    .collect();
                for caller in callers {
                    black_box(caller.await.unwrap());
                }
                start.elapsed()
            })
        })
    }
    vec![
        (Kind::Ours, "cache_result", storm(runtime, ours_async)),
        (Kind::Rival, "cached", storm(runtime, cached_async)),
        (
            Kind::Rival,
            "cached(sync_writes = \"by_key\")",
            storm(runtime, cached_by_key_async),
        ),
        (
            Kind::Rival,
            "cached(sync_writes = \"default\")",
            storm(runtime, cached_all_async),
        ),
        (
            Kind::Rival,
            "concurrent_cached",
            storm(runtime, concurrent_async),
        ),
        (
            Kind::Rival,
            "moka get_with",
            storm(runtime, |n| MOKA_ASYNC.get_with(n, slow(n))),
        ),
        (
            Kind::Limit,
            "quick_cache get_or_insert_async",
            storm(runtime, |n| async move {
                let made: Result<u64, Infallible> = QUICK_ASYNC
                    .get_or_insert_async(&n, async { Ok(slow(n).await) })
                    .await;
                made.unwrap()
            }),
        ),
    ]
}

fn slow_blocking(n: u64) -> u64 {
    RUNS.fetch_add(1, SeqCst);
    std::thread::sleep(WORK);
    n * 2
}

#[cache_result(timeout = 600, key_prefix = "stampede", cache = "stampede")]
fn ours(n: u64) -> u64 {
    slow_blocking(n)
}

#[cached(max_size = 100_000, ttl_secs = 600)]
fn cached_lru(n: u64) -> u64 {
    slow_blocking(n)
}

#[cached(max_size = 100_000, ttl_secs = 600, sync_writes = "by_key")]
fn cached_by_key(n: u64) -> u64 {
    slow_blocking(n)
}

#[cached(max_size = 100_000, ttl_secs = 600, sync_writes = "default")]
fn cached_all(n: u64) -> u64 {
    slow_blocking(n)
}

#[concurrent_cached(max_size = 100_000, ttl_secs = 600)]
fn concurrent(n: u64) -> u64 {
    slow_blocking(n)
}

static MOKA: LazyLock<moka::sync::Cache<u64, u64>> = LazyLock::new(|| {
    moka::sync::Cache::builder()
        .max_capacity(ROOM as u64)
        .time_to_live(TIMEOUT)
        .build()
});
static QUICK: LazyLock<quick_cache::sync::Cache<u64, u64>> =
    LazyLock::new(|| quick_cache::sync::Cache::new(ROOM));

fn blocking() -> Vec<(Kind, &'static str, Storm<'static>)> {
    fn storm(call: fn(u64) -> u64) -> Storm<'static> {
        Box::new(move |keys| {
            let key = keys.fresh();
            // Started before, so that starting them is not measured.
            let gate = Barrier::new(CALLERS as usize + 1);
            let gate = &gate;
            std::thread::scope(|scope| {
                let callers: Vec<_> = (0..CALLERS)
                    .map(key)
                    .map(|key| {
                        scope.spawn(move || {
                            gate.wait();
                            call(key)
                        })
                    })
                    .collect();
                gate.wait();
                let start = Instant::now();
                for caller in callers {
                    black_box(caller.join().unwrap());
                }
                start.elapsed()
            })
        })
    }
    vec![
        (Kind::Ours, "cache_result", storm(ours)),
        (Kind::Rival, "cached", storm(cached_lru)),
        (
            Kind::Rival,
            "cached(sync_writes = \"by_key\")",
            storm(cached_by_key),
        ),
        (
            Kind::Rival,
            "cached(sync_writes = \"default\")",
            storm(cached_all),
        ),
        (Kind::Rival, "concurrent_cached", storm(concurrent)),
        (
            Kind::Rival,
            "moka get_with",
            storm(|n| MOKA.get_with(n, || slow_blocking(n))),
        ),
        (
            Kind::Limit,
            "quick_cache get_or_insert_with",
            storm(|n| {
                let made: Result<u64, Infallible> =
                    QUICK.get_or_insert_with(&n, || Ok(slow_blocking(n)));
                made.unwrap()
            }),
        ),
    ]
}
