//! `delete_tag`, by how many entries have the tag; in process, and in a server.

use std::hint::black_box;
use std::time::Duration;

use cache_benches::race::Race;
use cache_benches::report::Row;
use cache_runtime::{Cache, cache_result, current};
use cache_tests::redis_server::RedisServer;

const FEW: u64 = 100;
const MANY: u64 = 1_000_000;

#[cache_result(timeout = 600, key_prefix = "tags", cache = cache, skip(cache))]
fn tagged(cache: &Cache, n: u64) -> u64 {
    current().tag("all");
    n
}

/// A cache with so many entries that have the tag.
fn filled(cache: Cache, entries: u64) -> Cache {
    for n in 0..entries {
        tagged(&cache, n);
    }
    cache
}

pub(crate) fn all() -> Vec<Row> {
    let in_process = |entries| {
        let cache = Cache::builder().max_entries(2_000_000).build();
        filled(cache.expect("a cache in process"), entries)
    };
    let (few, many) = (in_process(FEW), in_process(MANY));
    let delete = |cache: &Cache| {
        let cache = cache.blocking();
        move || cache.delete_tag(black_box("all")).is_ok()
    };
    let mut rows = Race::new("tags", "delete_tag, in process")
        .ours("100 entries with it", delete(&few))
        .ours("1,000,000 entries with it", delete(&many))
        .run();
    drop((few, many));

    let server = RedisServer::start();
    let in_redis = |db, entries| {
        let cache = Cache::from_url(&server.url(db));
        filled(cache.expect("a cache in Redis"), entries)
    };
    let (few, many) = (in_redis(0, FEW), in_redis(1, MANY / 10));
    rows.extend(
        Race::new("tags", "delete_tag, in Redis")
            .rounds(25, Duration::from_millis(20))
            .ours("100 entries with it", delete(&few))
            .ours("100,000 entries with it", delete(&many))
            .run(),
    );
    rows
}
