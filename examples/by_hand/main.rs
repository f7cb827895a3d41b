//! The cache without a function: Django's methods, for a counter, a flag or a lock.
//!
//! `cargo run --example by_hand`, with any `CACHE_URL` or none.

use std::error::Error;

use cache_runtime::{ErrorKind, Timeout, caches};

fn main() -> Result<(), Box<dyn Error>> {
    let cache = caches().get("default")?.blocking();
    cache.clear()?;

    cache.set("banner", "Spring sale", Timeout::Never)?;
    let banner: Option<String> = cache.get("banner")?;
    println!("the banner: {banner:?}");

    // Of several callers that add, one wins.
    let (first, second) = (cache.add("job", &1, 60)?, cache.add("job", &2, 60)?);
    println!("adding a job twice: {first}, {second}");

    let visits: i64 = cache.get_or_set("visits", 60, || 0)?;
    cache.incr("visits", 1)?;
    println!("visits: {visits}, then {}", cache.incr("visits", 10)?);

    let failed = cache.incr("nobody", 1).map_err(|error| error.kind());
    println!(
        "what is not there cannot be counted up: {}",
        failed == Err(ErrorKind::NotFound)
    );

    let refused = cache.set_many([("a", 1), ("b", 2), ("c", 3)], 60)?;
    let found = cache.get_many::<u32>(["a", "c", "z"])?;
    let mut names: Vec<_> = found.into_iter().collect();
    names.sort_unstable();
    println!("three at once, {} refused: {names:?}", refused.len());

    println!("touch: {}", cache.touch("a", 600)?);
    println!(
        "delete: {}, again: {}",
        cache.delete("a")?,
        cache.delete("a")?
    );

    // A value of another type than the one asked for counts as missing.
    let number: Option<u32> = cache.get("banner")?;
    println!("the banner as a number: {number:?}");
    Ok(())
}
