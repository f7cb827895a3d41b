//! Hits of one sync caller.
#![allow(clippy::unwrap_used, reason = "a race that cannot run shall stop")]

use std::hint::black_box;
use std::time::Duration;

use cache_benches::race::Race;
use cache_benches::report::Row;

use super::page::LARGE;
use super::raw::RawSync;
use super::{ours, with_cached};

pub(crate) fn all() -> Vec<Row> {
    [("100 B", 0), ("10 KiB", LARGE)]
        .into_iter()
        .flat_map(|(size, id)| race(size, id))
        .collect()
}

fn race(size: &str, id: u64) -> Vec<Row> {
    let (mut bare, mut decoding) = (RawSync::new(), RawSync::new());
    bare.set(id);
    Race::new("redis", format!("hit of {size}, 1 sync caller"))
        .rounds(31, Duration::from_millis(20))
        .ours("cache_result", || ours::sync_page(black_box(id)))
        .limit("redis-rs GET", || bare.get(black_box(id)))
        .lane("redis-rs GET, serde_json", || decoding.page(black_box(id)))
        .lane("cached, redis", || {
            with_cached::sync_page(black_box(id)).unwrap()
        })
        .run()
}
