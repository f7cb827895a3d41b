//! `async fn f(u64) -> u64`, one hot key, awaited on an executor; beside it the sync function.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cache_benches::race::Race;
use cache_benches::report::Row;
use cache_runtime::cache_result;
use cached::macros::{cached, concurrent_cached};
use hitbox::policy::PolicyConfig;
use hitbox_backend::format::BincodeFormat;
use hitbox_moka::MokaBackend;
use tokio::runtime::{Builder, Runtime};

use super::rivals::{self, BOUND, TIMEOUT};
use super::{course, number};

/// What all of them cache.
async fn work(n: u64) -> u64 {
    course::ran();
    n * 2
}

#[cache_result(timeout = 600, key_prefix = "awaited")]
async fn ours(n: u64) -> u64 {
    work(n).await
}

#[cached(max_size = 100_000, ttl_secs = 600)]
async fn cached_bounded(n: u64) -> u64 {
    work(n).await
}

#[concurrent_cached(max_size = 100_000, ttl_secs = 600)]
async fn cached_sharded(n: u64) -> u64 {
    work(n).await
}

/// hitbox caches async functions alone; what it keeps is serialized.
#[hitbox_fn::cached]
async fn hitboxed(n: u64) -> u64 {
    work(n).await
}

pub(crate) fn all() -> Vec<Row> {
    let mut rows = Vec::new();
    if let Ok(runtime) = Builder::new_current_thread().build() {
        rows.extend(race("current_thread", &runtime));
    }
    if let Ok(runtime) = Builder::new_multi_thread().worker_threads(2).build() {
        rows.extend(race("multi_thread", &runtime));
    }
    rows
}

/// All awaits of a slice are in one `block_on`, which alone is not measured.
fn run<T>(runtime: &Runtime, f: impl AsyncFn(u64) -> T) -> impl FnMut(u64) -> Duration {
    move |iterations| {
        runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..iterations {
                black_box(f(black_box(7)).await);
            }
            start.elapsed()
        })
    }
}

fn race(flavor: &str, runtime: &Runtime) -> Vec<Row> {
    let moka = moka::future::Cache::builder()
        .max_capacity(BOUND as u64)
        .time_to_live(TIMEOUT)
        .build();
    let quick = rivals::quick();
    let hitbox = hitbox_fn::Cache::builder()
        .backend(
            MokaBackend::builder()
                .max_entries(BOUND as u64)
                .value_format(BincodeFormat)
                .build(),
        )
        .policy(PolicyConfig::builder().ttl(TIMEOUT).build())
        .build();
    let work_of = format!("async f(u64) -> u64, one hot key, tokio {flavor}");
    let before = course::runs();
    let rows = Race::new("hits", work_of)
        .rounds(201, Duration::from_micros(500))
        .ours_timed("cache_result", run(runtime, ours))
        .ours_timed(
            "cache_result, sync fn",
            run(runtime, async |n| number::ours(n)),
        )
        .timed("cached(max_size, ttl)", run(runtime, cached_bounded))
        .timed(
            "concurrent_cached(max_size, ttl)",
            run(runtime, cached_sharded),
        )
        .timed(
            "moka(ttl)",
            run(runtime, async |n| moka.get_with_by_ref(&n, work(n)).await),
        )
        .timed(
            "hitbox(moka)",
            run(runtime, async |n| hitboxed(n).cache(&hitbox).await),
        )
        .limit_timed(
            "quick_cache",
            run(runtime, async |n| {
                let made = async { Ok::<_, std::convert::Infallible>(work(n).await) };
                quick.get_or_insert_async(&n, made).await
            }),
        )
        .run();
    // The first call of each of the six caches may run its body.
    assert!(course::runs() <= before + 6, "these were misses");
    rows
}
