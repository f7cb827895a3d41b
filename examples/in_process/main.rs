//! The first chapter: one line above a function, and its results are kept in this process.
//!
//! `cargo run --example in_process`; `CACHE_URL='memory://?max_entries=100'` gives it less room.

use cache_runtime::{CacheError, cache_result};

/// Slow, and always the same for one year.
#[cache_result(timeout = 600, key_prefix = "report")]
fn report(year: u32) -> Result<String, String> {
    println!("  (computing {year})");
    if year > 2026 {
        return Err(format!("{year} is not over"));
    }
    Ok(format!("the report of {year}"))
}

fn show(year: u32) {
    match report(year) {
        Ok(text) => println!("{text}"),
        Err(error) => println!("no report: {error}"),
    }
}

fn main() -> Result<(), CacheError> {
    show(2026);
    show(2026);
    show(2025); // other arguments are another entry
    show(2027);
    show(2027); // an error is not kept

    println!("kept for 2026: {:?}", report::entry(2026).get()?);
    println!("kept for 2027: {:?}", report::entry(2027).get()?);
    report::entry(2026).delete()?;
    show(2026);

    let stats = report::stats();
    println!("{} hits, {} misses", stats.hits, stats.misses);
    Ok(())
}
