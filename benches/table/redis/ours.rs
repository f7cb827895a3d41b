//! Our two lanes: an async function and a sync one, with the cache by its `redis://` URL.

use cache_runtime::cache_result;

use super::page::{Failure, Page};

/// Stands for the cache on the section's server.
pub(crate) const ALIAS: &str = "bench_redis";

#[cache_result(timeout = 600, key_prefix = "page", cache = "bench_redis")]
pub(crate) async fn page(id: u64) -> Result<Page, Failure> {
    Ok(Page::of(id))
}

#[cache_result(timeout = 600, key_prefix = "sync_page", cache = "bench_redis")]
pub(crate) fn sync_page(id: u64) -> Result<Page, Failure> {
    Ok(Page::of(id))
}
