//! A typical function, and the tests to write for it: a cache for each, a clock that is moved by
//! hand, and a writer that must not forget its reader.
//!
//! `cargo test -p cache-examples --example testing` runs the tests; `cargo run --example testing` the program.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cache_runtime::{cache_evict, cache_result};

static VISITS: AtomicU64 = AtomicU64::new(0);

/// How many visits there were, according to the database.
#[cache_result(timeout = 60, key_prefix = "visits")]
fn visits() -> u64 {
    VISITS.load(Relaxed)
}

/// Adds a visit.
#[cache_evict(visits::entry())]
fn visit() {
    VISITS.fetch_add(1, Relaxed);
}

fn main() {
    let before = visits();
    visit();
    println!("{} visits, then {}", before, visits());
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cache_runtime::testing::{assert_stats, in_cache_blocking, isolated};

    use super::*;

    #[test]
    fn a_visit_is_counted_at_once() {
        let (cache, _clock) = isolated();
        in_cache_blocking(&cache, || {
            let before = visits();
            visit();
            assert!(visits() > before);
        });
    }

    #[test]
    fn visits_are_read_once_a_minute() {
        let (cache, clock) = isolated();
        in_cache_blocking(&cache, || {
            visits();
            visits();
            assert_stats!(visits::stats(), hits: 1, misses: 1);
            clock.advance(Duration::from_secs(61));
            visits();
            assert_stats!(visits::stats(), hits: 1, misses: 2);
        });
    }
}
