//! What is known about functions while they run, and what an operator can change without a rebuild.
//!
//! `cargo run --example monitoring`; with `CACHE_FUNCTIONS='price=off'` in the environment, `price` is not cached.

use std::error::Error;

use cache_runtime::{Override, cache_result, functions, overrides, report, trace_blocking};

/// The price of an article.
#[cache_result(timeout = 600, key_prefix = "prices")]
fn price(article: u32) -> u32 {
    article * 3
}

/// The price of a basket.
#[cache_result(timeout = 600, key_prefix = "baskets")]
fn basket(articles: &[u32]) -> u32 {
    articles.iter().map(|article| price(*article)).sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    price(1);
    // What one piece of code asked of the cache: a call for a basket, and inside it calls for articles.
    let (_, trace) = trace_blocking(|| basket(&[1, 2, 2]));
    for event in &trace.events {
        let indent = "  ".repeat(event.depth as usize);
        println!("{indent}{}: {}", event.name, event.outcome);
    }

    println!("as the code says: {}", ran(3));
    overrides().set("price", Override::off())?;
    println!("switched off: {}", ran(3));
    overrides().set_all("price=on, prices=5")?;
    println!("on again, for five seconds: {}", ran(3));

    for function in functions() {
        let (stats, timeout) = (function.stats, function.overridden.timeout);
        println!(
            "{}: hits {}, misses {}, runs {}, timeout {:?}, said: {timeout:?}",
            function.name, stats.hits, stats.misses, function.executions.count, function.timeout
        );
    }
    // The same and more as a table, with times that differ between runs.
    eprintln!("{}", report());
    Ok(())
}

/// Returns what three calls for the same article do.
fn ran(article: u32) -> String {
    let before = price::stats();
    (0..3).for_each(|_| assert_eq!(price(article), article * 3));
    let after = price::stats();
    let (hits, misses) = (after.hits - before.hits, after.misses - before.misses);
    format!("hits {hits}, misses {misses}")
}
