//! Copies in process in front of a shared store: a hit asks no server, and a change in another process drops them.
//!
//! `CACHE_URL='redis://127.0.0.1/1?key_prefix=two_levels' cargo run --example two_levels`; Redis and
//! PostgreSQL carry the news. Two caches in one program stand for two processes.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

use cache_runtime::{BlockingCache, Cache, cache_result};

/// The price in the database.
static PRICE: AtomicU64 = AtomicU64::new(100);

#[cache_result(timeout = 600, key_prefix = "price", key(item), cache = process.awaiting())]
fn price(process: &BlockingCache, item: &str) -> u64 {
    PRICE.load(Relaxed) + item.len() as u64
}

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("CACHE_URL").map_err(|_| "set CACHE_URL to a redis:// URL")?;
    let sign = if url.contains('?') { '&' } else { '?' };
    let open = || Cache::from_url(&format!("{url}{sign}local_max=1000"));
    let (here, there) = (open()?.blocking(), open()?.blocking());
    here.clear()?;

    println!(
        "here {}, there {}",
        price(&here, "pen"),
        price(&there, "pen")
    );
    // Until the news arrives, no copy is trusted.
    wait_until(|| {
        let before = there.stats().local_hits;
        for _ in 0..1000 {
            price(&there, "pen");
        }
        there.stats().local_hits - before > 900
    })?;
    println!("most of 1000 reads there ask no server");

    PRICE.store(200, Relaxed);
    price::entry(&here, "pen").delete()?;
    println!("deleted here, and read here: {}", price(&here, "pen"));
    wait_until(|| price(&there, "pen") == 203)?;
    println!("there the copy has gone, too: {}", price(&there, "pen"));

    here.close()?;
    there.close()?;
    Ok(())
}

fn wait_until(mut is_so: impl FnMut() -> bool) -> Result<(), Box<dyn Error>> {
    let since = Instant::now();
    while !is_so() {
        if since.elapsed() > Duration::from_secs(30) {
            return Err("nothing was heard for 30 s: does this store carry news?".into());
        }
        sleep(Duration::from_millis(5));
    }
    Ok(())
}
