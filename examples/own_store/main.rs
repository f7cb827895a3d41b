//! A store of your own under a cached function, checked for what every store has to do.
//!
//! `cargo run --example own_store` prints what the function did, and the table.

mod store;

use std::error::Error;
use std::time::{Duration, Instant};

use cache_runtime::testing::conformance::Suite;
use cache_runtime::{Cache, cache_result, caches};

use crate::store::OwnStore;

/// The sum of the squares up to `n`, slowly.
#[cache_result(timeout = 60, key_prefix = "squares")]
fn squares(n: u64) -> u64 {
    std::thread::sleep(Duration::from_millis(50));
    (1..=n).map(|n| n * n).sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    let cache = Cache::builder()
        .store(OwnStore::default())
        .key_prefix("own")
        .build()?;
    caches().set("default", cache.clone())?;

    for call in ["first", "second"] {
        let started = Instant::now();
        let sum = squares(100);
        println!("{call} call: {sum} in {:.1?}", started.elapsed());
    }
    println!("its key in the store: {}", squares::entry(100).key());
    println!(
        "the store's keys: {}\n",
        cache.blocking().keys("squares:*")?.len()
    );

    // Every behaviour, on the type itself, `Box<dyn Store>` and `Arc<dyn Store>`.
    let report = Suite::of_store(OwnStore::default).run();
    println!("{report}");
    if !report.has_passed() {
        return Err("the store does not do what every store has to do".into());
    }
    Ok(())
}
