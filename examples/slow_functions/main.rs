//! Functions that are slow or fail: the old value if there is one, a timely error if there is none.
//!
//! `cargo run --example slow_functions`. Time is moved by hand, so that nothing here has to wait.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use cache_runtime::cache_result;
use cache_runtime::testing::{in_cache_blocking, isolated};

static BANK_IS_DOWN: AtomicBool = AtomicBool::new(false);
static RUNS: AtomicU32 = AtomicU32::new(0);

/// Fresh for ten minutes; for a day after that, an old value is better than none.
#[cache_result(timeout = "10m", stale = "1d", key_prefix = "rate")]
fn rate(currency: &str) -> Result<f64, String> {
    let run = RUNS.fetch_add(1, Relaxed) + 1;
    if BANK_IS_DOWN.load(Relaxed) {
        return Err(format!("the bank says nothing about {currency}"));
    }
    Ok(1.0 + f64::from(run) / 10.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (cache, clock) = isolated();
    let minutes = |minutes: u64| clock.advance(Duration::from_secs(minutes * 60));
    let show = |when: &str| println!("{when:<28} {:?}, {} runs", rate("USD"), RUNS.load(Relaxed));
    in_cache_blocking(&cache, || {
        show("at first");
        minutes(9);
        show("after nine minutes");

        BANK_IS_DOWN.store(true, Relaxed);
        minutes(2);
        show("over its time, bank down");
        show("again, at once");
        minutes(1);
        show("a minute later");

        BANK_IS_DOWN.store(false, Relaxed);
        minutes(1);
        show("the bank is back");

        BANK_IS_DOWN.store(true, Relaxed);
        minutes(25 * 60);
        show("down, and the value too old");
        let stats = rate::stats();
        println!("{} hits, {} old values", stats.hits, stats.stale);
    });
    Ok(())
}
