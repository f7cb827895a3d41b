//! A million entries that expire at once: what an operation costs with them there, what it costs while
//! the store gets rid of them, and how long that takes.
//!
//! Not every store does so by itself: some look at an entry when it is asked for, or at a few with each
//! write. So a caller goes on reading and writing other entries meanwhile.
#![allow(clippy::unwrap_used, reason = "a race that cannot run shall stop")]

use std::time::{Duration, Instant};

use cache_benches::race::percentile;
use cache_benches::report::{Figure, Row};

use super::store::Store;
use super::{crowd, once, scaled};
use crate::callers;

const BATCH: u64 = 1000;
const LIVE: &str = "live";

/// What was seen of one store.
struct Seen<'a> {
    store: &'a Store,
    /// How many entries expired.
    written: u64,
    /// How many of them were gone before that.
    evicted: u64,
    before: Vec<f64>,
    meanwhile: Vec<f64>,
    expired: Vec<f64>,
    gone: Option<Duration>,
    left: Option<u64>,
}

pub(super) fn all(stores: &[Store]) -> Vec<Row> {
    let batches = scaled(1000);
    let count = batches * BATCH;
    let seen: Vec<_> = stores.iter().map(|store| watch(store, batches)).collect();
    let nanos = |what: &str, of: for<'a> fn(&'a Seen<'_>) -> &'a [f64]| {
        let figures = seen.iter().map(|seen| {
            let worst = percentile(of(seen), 1.0) / 1e6;
            let note = format!("the worst {worst:.1} ms");
            (
                seen.store,
                Figure::nanos(percentile(of(seen), 0.5)),
                Some(note),
            )
        });
        let mut rows = once(what, figures.collect());
        for (row, seen) in rows.iter_mut().zip(&seen) {
            row.spread = Some((percentile(of(seen), 0.1), percentile(of(seen), 0.9)));
        }
        rows
    };
    let mut rows = nanos(&format!("get (hit) beside {count} entries"), |seen| {
        &seen.before
    });
    let gone = seen.iter().map(|seen| {
        let seconds = seen.gone.map_or(f64::NAN, |gone| gone.as_secs_f64());
        let note = match (seen.gone, seen.left) {
            (Some(_), _) if seen.evicted > 0 => Some(format!("{} were gone before", seen.evicted)),
            (Some(_), _) if seen.written < count => Some(format!("of {}", seen.written)),
            (Some(_), _) => None,
            (None, Some(left)) => {
                let written = seen.written;
                Some(format!(
                    "{left} of {written} take room after {:?}",
                    patience()
                ))
            }
            (None, None) => Some("cannot be seen from outside".to_owned()),
        };
        (
            seen.store,
            Figure {
                value: seconds,
                unit: "s",
            },
            note,
        )
    });
    rows.extend(once(
        &format!("until {count} expired entries take no room"),
        gone.collect(),
    ));
    rows.extend(nanos("get (hit) while they go", |seen| &seen.meanwhile));
    rows.extend(nanos("get of an expired one", |seen| &seen.expired));
    rows
}

/// How long a store is watched after the end of its entries: SQL looks for them every ten seconds,
/// and needs a while for a million.
fn patience() -> Duration {
    Duration::from_secs(12 + scaled(18))
}

fn watch(store: &Store, batches: u64) -> Seen<'_> {
    eprintln!("stores / expiry, {}", store.name());
    store.clear();
    let cache = store.cache();
    let (end, written) = fill(store, batches);
    callers::wait(cache.set(LIVE, &"value".to_owned(), 3600)).unwrap();
    let before = gets(store, LIVE, Duration::from_millis(200));
    // A server that is too small would let them go early, and look quick.
    let held = store.count().filter(|_| Instant::now() < end);
    let evicted = held.map_or(0, |held| written.saturating_sub(held));
    std::thread::sleep(end.saturating_duration_since(Instant::now()));

    let expired = gets(store, &crowd::key(0), Duration::from_millis(50));
    let mut meanwhile = Vec::new();
    let (mut gone, mut left) = (None, store.count());
    let mut count_at = Instant::now();
    // Long enough for a figure, even if all are gone at once.
    while (gone.is_none() && end.elapsed() < patience())
        || end.elapsed() < Duration::from_millis(500)
    {
        meanwhile.extend(gets(store, LIVE, Duration::from_millis(20)));
        let sets = Instant::now();
        while sets.elapsed() < Duration::from_millis(5) {
            callers::wait(cache.set("other", &"value".to_owned(), 3600)).unwrap();
        }
        let counting = Instant::now();
        if counting >= count_at {
            left = store.count();
            // To count a million may take a second in which the server has less time for others.
            count_at = Instant::now() + counting.elapsed() * 5;
        }
        // What is kept, may also be a word or two of the store's own.
        if gone.is_none() && left.is_some_and(|left| left < 10) {
            gone = Some(end.elapsed());
        }
        if left.is_none() && end.elapsed() > Duration::from_secs(2) {
            break;
        }
    }
    store.clear();
    Seen {
        store,
        written,
        evicted,
        before,
        meanwhile,
        expired,
        gone,
        left,
    }
}

/// Writes the entries so that all end at the time that is returned; how many there are.
fn fill(store: &Store, batches: u64) -> (Instant, u64) {
    let hour = Duration::from_secs(3600);
    // How long it takes is seen from a few, written for longer; pauses of the machine do not count.
    let few = (0..batches.min(20)).map(|n| batch(store, n, hour).as_secs_f64());
    let one = Duration::from_secs_f64(percentile(&few.collect::<Vec<_>>(), 0.5));
    let needed = one.mul_f64(1.4 * batches as f64) + Duration::from_secs(1);
    let end = Instant::now() + needed;
    for n in 0..batches {
        let left = end.saturating_duration_since(Instant::now());
        // It has become slower than it was.
        if left < one * 3 {
            return (end, n * BATCH);
        }
        batch(store, n, left);
    }
    (end, batches * BATCH)
}

fn batch(store: &Store, number: u64, timeout: Duration) -> Duration {
    let numbers = number * BATCH..(number + 1) * BATCH;
    crowd::set_many(store.cache(), numbers, timeout)
}

/// Gets of one key for so long, in nanoseconds each.
fn gets(store: &Store, key: &str, time: Duration) -> Vec<f64> {
    callers::wait(async {
        let started = Instant::now();
        let mut nanos = Vec::new();
        while started.elapsed() < time {
            let one = Instant::now();
            store.cache().get::<String>(key).await.unwrap();
            nanos.push(one.elapsed().as_secs_f64() * 1e9);
        }
        nanos
    })
}
