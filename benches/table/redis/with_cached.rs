//! The `cached` crate's three ways to Redis: async, async with the client's own copy of what it
//! read (`client_side_caching`, which the server invalidates), and sync over a pool.
#![allow(clippy::expect_used, reason = "a race that cannot run shall stop")]

use std::time::Duration;

use cached::macros::concurrent_cached;
use cached::{AsyncRedisCache, RedisCache};

use super::page::{Failure, Page};
use super::url;

const TIMEOUT: Duration = Duration::from_secs(600);

#[concurrent_cached(
    map_error = |error| Failure(format!("{error:?}")),
    ty = "AsyncRedisCache<u64, Page>",
    create = r#"{
        AsyncRedisCache::builder("cached-page")
            .ttl(TIMEOUT)
            .connection_string(url())
            .build()
            .await
            .expect("a connection")
    }"#
)]
pub(crate) async fn page(id: u64) -> Result<Page, Failure> {
    Ok(Page::of(id))
}

#[concurrent_cached(
    map_error = |error| Failure(format!("{error:?}")),
    ty = "AsyncRedisCache<u64, Page>",
    create = r#"{
        AsyncRedisCache::builder("cached-tracked-page")
            .ttl(TIMEOUT)
            .connection_string(url())
            .client_side_caching(true)
            .build()
            .await
            .expect("a connection")
    }"#
)]
pub(crate) async fn tracked_page(id: u64) -> Result<Page, Failure> {
    Ok(Page::of(id))
}

#[concurrent_cached(
    map_error = |error| Failure(format!("{error:?}")),
    ty = "RedisCache<u64, Page>",
    create = r#"{
        RedisCache::builder("cached-sync-page")
            .ttl(TIMEOUT)
            .connection_string(url())
            .build()
            .expect("a connection")
    }"#
)]
pub(crate) fn sync_page(id: u64) -> Result<Page, Failure> {
    Ok(Page::of(id))
}
