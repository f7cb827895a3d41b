//! Through a real Redis on this machine: what a hit and a miss cost beside the bare client.

mod hitbox_pages;
mod hits;
mod misses;
mod ours;
mod page;
mod raw;
mod sync_hits;
mod with_cached;

use std::sync::OnceLock;

use cache_benches::report::Row;
use cache_runtime::{Cache, caches};
use cache_tests::redis_server::RedisServer;

/// Where the server of this section listens.
static URL: OnceLock<String> = OnceLock::new();

fn url() -> &'static str {
    URL.get().map_or("", String::as_str)
}

/// All of them.
#[allow(
    clippy::expect_used,
    reason = "a table without its server must not look complete"
)]
pub(crate) fn all() -> Vec<Row> {
    let Some(server) = RedisServer::start_or_skip() else {
        return Vec::new();
    };
    let url = URL.get_or_init(|| server.url(0));
    let cache = Cache::from_url(&format!("{url}?key_prefix=bench")).expect("a right URL");
    caches().set(ours::ALIAS, cache).expect("a right alias");

    let mut rows = hits::all();
    rows.extend(misses::all());
    // Their work runs on other threads than the one whose allocations are counted.
    for row in &mut rows {
        row.allocations = None;
    }
    rows.extend(sync_hits::all());
    rows
}
