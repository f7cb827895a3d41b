//! hitbox with its Redis backend. It has no sync functions.
#![allow(clippy::expect_used, reason = "a race that cannot run shall stop")]

use std::sync::LazyLock;
use std::time::Duration;

use hitbox::concurrency::BroadcastConcurrencyManager;
use hitbox::policy::{ConcurrencyLimit, PolicyConfig};
use hitbox_fn::{Cache, cached};
use hitbox_redis::{ConnectionMode, RedisBackend};

use super::page::{Failure, Page};
use super::url;

/// One execution for callers at once, as ours has it.
type Concurrency = BroadcastConcurrencyManager<Result<Page, Failure>>;

static CACHE: LazyLock<Cache<RedisBackend, Concurrency>> = LazyLock::new(|| {
    let backend = RedisBackend::builder()
        .connection(ConnectionMode::single(url()))
        .build()
        .expect("a right URL");
    let policy = PolicyConfig::builder()
        .ttl(Duration::from_secs(600))
        .concurrency(ConcurrencyLimit::new(1).expect("one is in range"))
        .build();
    Cache::builder()
        .backend(backend)
        .policy(policy)
        .concurrency_manager(Concurrency::new())
        .build()
});

#[cached(prefix = "hitbox-page")]
async fn make_page(id: u64) -> Result<Page, Failure> {
    Ok(Page::of(id))
}

pub(crate) async fn page(id: u64) -> Result<Page, Failure> {
    make_page(id).cache(&*CACHE).await
}
