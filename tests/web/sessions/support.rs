//! Records, and caches whose store fails on demand.

use std::sync::Arc;
use std::time::Duration;

use cache_runtime::testing::FaultyStore;
use cache_runtime::{Cache, Store};
use time::OffsetDateTime;
use tower_sessions_core::session::{Id, Record};

use crate::store::OwnStore;

/// A session of this user that ends in so many seconds.
pub(crate) fn record_for(user: &str, seconds: i64) -> Record {
    Record {
        id: Id::default(),
        data: [("user".to_owned(), user.into())].into(),
        expiry_date: OffsetDateTime::now_utc() + time::Duration::seconds(seconds),
    }
}

/// A session of this user that ends in an hour.
pub(crate) fn record(user: &str) -> Record {
    record_for(user, 3600)
}

pub(crate) fn user(record: Option<Record>) -> Option<String> {
    let record = record?;
    Some(record.data["user"].as_str().unwrap().to_owned())
}

pub(crate) type Server = FaultyStore<Arc<OwnStore>>;

pub(crate) fn faulty_store() -> Server {
    FaultyStore::new(Arc::default())
}

/// A cache of its own on this server: another process.
pub(crate) fn cache_on(server: &Server) -> Cache {
    cache(server.clone())
}

/// The same for a process that has no trouble with it.
pub(crate) fn sound_cache_on(server: &Server) -> Cache {
    cache(server.inner().clone())
}

/// The same for a process with copies of its own, who hears nothing of what others change.
pub(crate) fn cache_with_copies_on(server: &Server) -> Cache {
    let builder = Cache::builder().store(server.inner().clone());
    let builder = builder
        .local_max(1000)
        .local_timeout(Duration::from_secs(60));
    builder.build().unwrap()
}

fn cache(store: impl Store) -> Cache {
    let builder = Cache::builder().store(store);
    let limit = Duration::from_millis(200);
    builder.op_timeout(limit).build().unwrap()
}

/// Waits until it is so.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    until_async(async || is_so()).await;
}

/// The same for what has to be asked.
pub(crate) async fn until_async(mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..5000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it does not come");
}
