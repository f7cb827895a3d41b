//! A cache smaller than its keys: which entries it keeps, and what an access costs on average.

#![allow(
    clippy::unwrap_used,
    reason = "a rival that cannot be set up ends the run"
)]

use std::cell::Cell;
use std::convert::Infallible;
use std::hint::black_box;
use std::time::Duration;

use cache_benches::race::{Race, median};
use cache_benches::report::{Figure, Row};
use cache_runtime::{Cache, cache_result, caches};
use cached::macros::{cached, concurrent_cached};
use fastrand::Rng;

use crate::zipf::Zipf;

const KEYS: u32 = 100_000;
const ENTRIES: usize = 10_000;
const EXPONENT: f64 = 0.99;
const STEPS: usize = 200;
const STEP: u64 = 10_000;
/// Keys that every policy keeps: accesses to them alone are hits.
const HOT: u32 = 5_000;
const SECTION: &str = "churn";

thread_local! {
    /// How often a function ran, whichever: one lane runs at a time.
    static RUNS: Cell<u64> = const { Cell::new(0) };
}

fn double(n: u64) -> u64 {
    RUNS.set(RUNS.get() + 1);
    n * 2
}

#[cache_result(timeout = 600, key_prefix = "churn", cache = "churn")]
fn ours(n: u64) -> u64 {
    double(n)
}

#[cached(max_size = 10_000, ttl_secs = 600)]
fn cached_lru(n: u64) -> u64 {
    double(n)
}

#[concurrent_cached(max_size = 10_000, ttl_secs = 600)]
fn cached_sharded(n: u64) -> u64 {
    double(n)
}

/// One contestant: what it calls, and how its accesses went.
struct Contestant<'a> {
    name: &'static str,
    call: Box<dyn Fn(u64) -> u64 + 'a>,
    misses: Cell<u64>,
    at: Cell<usize>,
}

impl<'a> Contestant<'a> {
    fn new(name: &'static str, call: impl Fn(u64) -> u64 + 'a) -> Self {
        Self {
            name,
            call: Box::new(call),
            misses: Cell::new(0),
            at: Cell::new(0),
        }
    }

    /// Its next piece of the stream, timed.
    fn run(&self, stream: &[u32], accesses: u64) -> Duration {
        let before = RUNS.get();
        let start = std::time::Instant::now();
        for _ in 0..accesses {
            let at = self.at.get();
            black_box((self.call)(black_box(u64::from(stream[at]))));
            self.at.set((at + 1) % stream.len());
        }
        let took = start.elapsed();
        self.misses.set(self.misses.get() + RUNS.get() - before);
        took
    }

    /// The share of hits since this was asked last.
    fn hit_ratio(&self, accesses: u64) -> f64 {
        self.at.set(0);
        1.0 - self.misses.take() as f64 / accesses as f64
    }
}

pub(crate) fn all() -> Vec<Row> {
    let url = format!("memory://?max_entries={ENTRIES}");
    caches()
        .set("churn", Cache::from_url(&url).unwrap())
        .unwrap();
    let moka = moka::sync::Cache::builder()
        .max_capacity(ENTRIES as u64)
        .time_to_live(Duration::from_secs(600))
        .build();
    let quick_cache = quick_cache::sync::Cache::new(ENTRIES);
    let contestants = [
        Contestant::new("cache_result", ours),
        Contestant::new("cached(max_size, ttl)", cached_lru),
        Contestant::new("concurrent_cached(max_size, ttl)", cached_sharded),
        Contestant::new("moka get_with", |key| moka.get_with(key, || double(key))),
        Contestant::new("quick_cache get_or_insert_with", |key| {
            let made: Result<u64, Infallible> =
                quick_cache.get_or_insert_with(&key, || Ok(double(key)));
            made.unwrap()
        }),
    ];
    let zipf = Zipf::new(KEYS, EXPONENT);
    let mut random = Rng::with_seed(99);
    let accesses = STEPS as u64 * STEP;
    let stream: Vec<u32> = (0..accesses).map(|_| zipf.sample(&mut random)).collect();

    let work = "ns for an access: 10,000 entries, 100,000 keys, Zipf 0.99, 2 million accesses";
    let times = race(work, &contestants, &stream, STEPS);
    let ratios: Vec<f64> = contestants
        .iter()
        .map(|lane| lane.hit_ratio(accesses))
        .collect();

    let zipf = Zipf::new(HOT, EXPONENT);
    let hot: Vec<u32> = (0..accesses / 4)
        .map(|_| zipf.sample(&mut random))
        .collect();
    // Once unmeasured: whoever had dropped a hot key has it again.
    for lane in &contestants {
        lane.run(&hot, hot.len() as u64);
        lane.hit_ratio(1);
    }
    let work = "ns for an access: the same caches, the 5,000 most frequent keys alone";
    let mut hits = race(work, &contestants, &hot, STEPS / 4);
    for (row, lane) in hits.iter_mut().zip(&contestants) {
        let share = lane.hit_ratio(accesses / 4);
        row.note = Some(format!("{:.2} % hits", share * 100.0));
    }

    let mut rows = hit_ratios(&contestants, &ratios, &stream);
    rows.extend(misses(&times, &hits, &ratios));
    rows.splice(0..0, times.into_iter().chain(hits));
    rows
}

fn race(work: &str, contestants: &[Contestant<'_>], stream: &[u32], steps: usize) -> Vec<Row> {
    let mut race = Race::new(SECTION, work).steps(steps, STEP);
    for lane in contestants {
        let run = |accesses| lane.run(stream, accesses);
        race = match lane.name {
            "cache_result" => race.ours_timed(lane.name, run),
            name if name.starts_with("quick_cache") => race.limit_timed(name, run),
            name => race.timed(name, run),
        };
    }
    race.run()
}

fn hit_ratios(contestants: &[Contestant<'_>], ratios: &[f64], stream: &[u32]) -> Vec<Row> {
    let work = "hit ratio: 10,000 entries, 100,000 keys, Zipf 0.99, 2 million accesses from empty";
    let percent = |share: f64| Figure {
        value: share * 100.0,
        unit: "%",
    };
    let mut rows: Vec<Row> = contestants
        .iter()
        .zip(ratios)
        .map(|(lane, share)| Row::of(SECTION, work, lane.name, percent(*share)))
        .collect();
    let frequent = stream
        .iter()
        .filter(|key| (**key as usize) < ENTRIES)
        .count();
    let mut best = Row::of(
        SECTION,
        work,
        "the best possible",
        percent(frequent as f64 / stream.len() as f64),
    );
    best.is_limit = true;
    best.note = Some("always holds the 10,000 most frequent keys".to_owned());
    rows.push(best);
    finish(rows)
}

/// What a miss and its eviction cost: what is left of an access after its share of hits.
fn misses(times: &[Row], hits: &[Row], ratios: &[f64]) -> Vec<Row> {
    let work = "ns for a miss that evicts, estimated from the two races and the hit ratio";
    let rows = times.iter().zip(hits).zip(ratios);
    let rows = rows.map(|((time, hit), share)| {
        let nanos = (time.figure.value - share * hit.figure.value) / (1.0 - share);
        Row::of(SECTION, work, time.lane.as_str(), Figure::nanos(nanos))
    });
    finish(rows.collect())
}

/// Marks ours and the limits, and fills in the ratios.
fn finish(mut rows: Vec<Row>) -> Vec<Row> {
    let ours: Vec<f64> = rows
        .iter()
        .filter(|row| row.lane == "cache_result")
        .map(|row| row.figure.value)
        .collect();
    let ours = median(ours);
    for row in &mut rows {
        row.is_ours = row.lane == "cache_result";
        row.is_limit |= row.lane.starts_with("quick_cache");
        row.ratio = Some(row.figure.value / ours);
    }
    rows
}
