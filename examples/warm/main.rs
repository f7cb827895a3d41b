//! Warming as a command, for a deploy or a timer: it makes the entries that a service will ask for, and
//! reports the result.
//!
//! `cargo run --example warm -- --url 'redis://127.0.0.1/1?key_prefix=shop' --concurrency 16` fills a
//! Redis; the second run finds everything there. `--refresh` runs the function for all, `--quiet` draws no
//! progress bar. Without `--url`, the cache is that of `CACHE_URL`, or in this process and gone at the end.

mod arguments;
mod prices;

use std::error::Error;
use std::time::Instant;

use cache_runtime::{Cache, Warmed, caches};

use crate::arguments::Arguments;
use crate::prices::price;

const PRODUCTS: u64 = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    if let Some(url) = &arguments.url {
        caches().set("default", Cache::from_url(url)?)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let started = Instant::now();
    let report = runtime.block_on(warm(&arguments));
    println!("{report}");
    eprintln!("It took {:.1?}.", started.elapsed());
    Ok(())
}

async fn warm(arguments: &Arguments) -> Warmed {
    let mut warm = price::warm(1..=PRODUCTS).concurrency(arguments.concurrency);
    if arguments.quiet {
        warm = warm.quiet();
    }
    if arguments.refresh {
        warm = warm.refresh();
    }
    warm.await
}
