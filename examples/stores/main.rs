//! What is special about the store that `CACHE_URL` names; the same cached function on all of them.
//!
//! `cargo run --example stores` runs in process; `CACHE_URL='redis://127.0.0.1/1' cargo run --example stores` and,
//! with `--features all-stores`, every other URL.

mod particular;

use std::error::Error;

use cache_runtime::{CacheError, cache_result, caches};

#[cache_result(timeout = 600, key_prefix = "squares")]
fn square(n: u64) -> u64 {
    println!("  (computing)");
    n * n
}

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("CACHE_URL").unwrap_or_else(|_| "memory://".to_owned());
    let cache = caches().get("default")?.blocking();
    cache.prepare()?; // makes a table where one is needed; nothing elsewhere
    cache.clear()?;

    // The same everywhere, except on `dummy://`.
    println!("{} {}", square(12), square(12));
    println!("kept: {:?}", square::entry(12).get()?);

    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        "memory" => particular::in_process()?,
        "dummy" => println!("dummy: nothing is kept, every call runs"),
        "redis" | "rediss" | "redis+unix" => particular::redis(&cache)?,
        "redis+cluster" | "rediss+cluster" => particular::cluster(&cache)?,
        "redis+sentinel" | "rediss+sentinel" => particular::sentinel(&cache)?,
        "memcached" => particular::memcached(&cache)?,
        "sqlite" => particular::outlives(&url)?,
        "postgres" | "postgresql" | "mysql" | "mariadb" => particular::table(&url)?,
        "file" => particular::files(&url)?,
        other => return Err(format!("{other}: nothing particular is known of it").into()),
    }
    Ok(())
}

/// Formats an answer that may be an error.
fn told<T: std::fmt::Debug>(answer: Result<T, CacheError>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("an error of kind {:?}", error.kind()),
    }
}
