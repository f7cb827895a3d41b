//! How many bytes an entry takes in process: what a cache bounded at 100,000 has allocated when
//! 100,000 keys were put into it, by the entries it then holds.
//!
//! These are the bytes that were asked for; what the allocator adds to each block is not in them.

#![allow(
    clippy::unwrap_used,
    reason = "a rival that cannot be set up ends the run"
)]

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::hint::black_box;
use std::time::Duration;

use cache_benches::allocations;
use cache_benches::report::{Figure, Row};
use cache_runtime::{Cache, cache_result, caches};
use cached::CachedExt;
use cached::macros::cached;

const ENTRIES: u64 = 100_000;
const STATUS: Option<&str> = Some("open");

pub(crate) fn all() -> Vec<Row> {
    let mut rows = numbers();
    rows.extend(texts());
    rows
}

fn double(n: u64) -> u64 {
    n * 2
}

fn text(_: u64, _: Option<&str>) -> String {
    "x".repeat(100)
}

fn text_key(n: u64) -> (u64, Option<String>) {
    (n, STATUS.map(str::to_owned))
}

#[cache_result(timeout = 600, key_prefix = "memory_numbers", cache = "memory_numbers")]
fn ours_numbers(n: u64) -> u64 {
    double(n)
}

#[cached(max_size = 100_000, ttl_secs = 600)]
fn cached_numbers(n: u64) -> u64 {
    double(n)
}

#[cache_result(timeout = 600, key_prefix = "memory_texts", cache = "memory_texts")]
fn ours_texts(n: u64, status: Option<&str>) -> String {
    text(n, status)
}

#[cached(
    max_size = 100_000,
    ttl_secs = 600,
    key = "(u64, Option<String>)",
    convert = { (n, status.map(str::to_owned)) }
)]
fn cached_texts(n: u64, status: Option<&str>) -> String {
    text(n, status)
}

fn numbers() -> Vec<Row> {
    let work = "bytes per entry, u64 -> u64";
    let mut rows = vec![
        ours(work, "memory_numbers", |n| {
            black_box(ours_numbers(n));
        }),
        row(work, "cached(max_size, ttl)", || {
            for n in 0..ENTRIES {
                black_box(cached_numbers(n));
            }
            CACHED_NUMBERS.read().len() as u64
        }),
    ];
    rows.extend(maps(work, |n| n, double));
    finish(rows)
}

fn texts() -> Vec<Row> {
    let work = "bytes per entry, (u64, Some(\"open\")) -> a String of 100 bytes";
    let mut rows = vec![
        ours(work, "memory_texts", |n| {
            black_box(ours_texts(n, STATUS));
        }),
        row(work, "cached(max_size, ttl)", || {
            for n in 0..ENTRIES {
                black_box(cached_texts(n, STATUS));
            }
            CACHED_TEXTS.read().len() as u64
        }),
    ];
    rows.extend(maps(work, text_key, |n| text(n, STATUS)));
    finish(rows)
}

/// The cache is made inside, so that what it sets aside in advance counts.
fn ours(work: &str, alias: &str, mut fill: impl FnMut(u64)) -> Row {
    let mut row = row(work, "cache_result", || {
        let url = format!("memory://?max_entries={ENTRIES}");
        let cache = Cache::from_url(&url).unwrap();
        caches().set(alias, cache.clone()).unwrap();
        for n in 0..ENTRIES {
            fill(n);
        }
        let stats = cache.stats();
        assert_eq!(stats.sets, ENTRIES, "every call was to be kept");
        stats.sets - stats.evictions
    });
    row.is_ours = true;
    row
}

/// The rivals that are maps of any key and value.
fn maps<K, V>(work: &str, key: impl Fn(u64) -> K, value: impl Fn(u64) -> V) -> Vec<Row>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    // They live until the bytes are counted.
    let (mut moka, mut quick_cache, mut papaya, mut map) = (None, None, None, None);
    let moka = row(work, "moka get_with", || {
        let cache = moka.insert(
            moka::sync::Cache::builder()
                .max_capacity(ENTRIES)
                .time_to_live(Duration::from_secs(600))
                .build(),
        );
        for n in 0..ENTRIES {
            cache.get_with(key(n), || value(n));
        }
        cache.run_pending_tasks();
        cache.entry_count()
    });
    let quick_cache = row(work, "quick_cache get_or_insert_with", || {
        let cache = quick_cache.insert(quick_cache::sync::Cache::new(ENTRIES as usize));
        for n in 0..ENTRIES {
            let made: Result<V, Infallible> = cache.get_or_insert_with(&key(n), || Ok(value(n)));
            made.unwrap();
        }
        cache.len() as u64
    });
    let papaya = row(work, "papaya", || {
        let map = papaya.insert(papaya::HashMap::<K, V>::new());
        for n in 0..ENTRIES {
            map.pin().insert(key(n), value(n));
        }
        map.len() as u64
    });
    let map = row(work, "std HashMap", || {
        let map = map.insert(HashMap::new());
        for n in 0..ENTRIES {
            map.insert(key(n), value(n));
        }
        map.len() as u64
    });
    let limit = |row| Row {
        is_limit: true,
        ..row
    };
    vec![moka, limit(quick_cache), limit(papaya), limit(map)]
}

/// What `fill` has left allocated, by the entries that it says there are.
fn row(work: &str, lane: &str, fill: impl FnOnce() -> u64) -> Row {
    let mut entries = 0;
    let mut calls = 0;
    let bytes = allocations::bytes(|| calls = allocations::count(|| entries = fill()));
    let figure = Figure {
        value: bytes as f64 / entries as f64,
        unit: "B",
    };
    let mut row = Row::of("memory", work, lane, figure);
    row.allocations = Some(calls as f64 / ENTRIES as f64);
    if entries != ENTRIES {
        row.note = Some(format!("it holds {entries}"));
    }
    row
}

fn finish(mut rows: Vec<Row>) -> Vec<Row> {
    let ours = rows.iter().find(|row| row.is_ours).map(|row| row.figure);
    for row in &mut rows {
        row.ratio = ours.map(|ours| row.figure.value / ours.value);
    }
    rows
}
