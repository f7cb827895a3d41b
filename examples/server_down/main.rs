//! A store that dies under a cached function: its callers do not notice, and it is used again automatically.
//!
//! `cargo run --example server_down`. The store is one in this program that fails on demand;
//! `redis-cli shutdown` under a program with a `CACHE_URL` does the same.

#[path = "../own_store/store.rs"]
mod store;

use std::error::Error;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cache_runtime::testing::{Fault, FaultyStore, When};
use cache_runtime::{Cache, ErrorKind, cache_result, caches};

use crate::store::OwnStore;

#[cache_result(timeout = 600, key_prefix = "square")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() -> Result<(), Box<dyn Error>> {
    let store = FaultyStore::new(OwnStore::default());
    let cache = Cache::builder().store(store.clone()).build()?;
    caches().set("default", cache.clone())?;

    println!("well:  {} {}", square(12), square(12));
    println!("       {} hit", square::stats().hits);

    store.inject(Fault::Error(ErrorKind::Unavailable), When::Always);
    let asked = store.asked_in_all();
    for _ in 0..1000 {
        assert_eq!(square(12), 144);
    }
    println!("down:  1000 calls have had their results");
    let asked = store.asked_in_all() - asked;
    println!(
        "       the dead store was asked a few times: {}",
        asked < 50
    );
    let deleted = square::entry(12).delete();
    println!("       who deletes is told: {}", deleted.is_err());

    store.heal();
    let (since, hits) = (Instant::now(), square::stats().hits);
    while square::stats().hits == hits && since.elapsed() < Duration::from_secs(30) {
        square(12);
        sleep(Duration::from_millis(10));
    }
    println!("back:  hits again: {}", square::stats().hits > hits);
    let entry = square::entry(12).get()?;
    println!("       what could not be deleted was, and made anew: {entry:?}");
    Ok(())
}
