//! Sessions that live in a cache alone.

use std::sync::Arc;

use async_trait::async_trait;
use cache_runtime::{Cache, CacheError};
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

use super::record;

/// Ids are 128 random bits: a store that has so many of them says yes to everything.
const TRIES: u32 = 100;

/// Sessions in a cache: Django's `sessions.backends.cache`.
///
/// A cache may forget: over `max_entries`, when its server restarts. Whoever must not be logged out by that
/// takes [`CachedDbStore`](super::CachedDbStore). With `local_max` in the URL a logout in one process is
/// heard of by the others within a millisecond, and within two seconds when the connection is broken; without it,
/// at once.
///
/// A save asks the store three times and writes once.
#[derive(Debug, Clone)]
pub struct CacheStore {
    cache: Cache,
    prefix: String,
}

impl CacheStore {
    /// Sessions in this cache, under `session:{id}`.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self {
            cache,
            prefix: "session:".to_owned(),
        }
    }

    /// The id stands directly behind this in the key. Django's is `django.contrib.sessions.cache`; the ids
    /// of tower-sessions are other than Django's, so that the two do not meet.
    #[must_use]
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(super) fn key(&self, id: &Id) -> String {
        format!("{}{id}", self.prefix)
    }

    async fn kept(&self, key: &str) -> Result<Option<Arc<str>>> {
        self.cache.get(key).await.map_err(down)
    }
}

#[async_trait]
impl SessionStore for CacheStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..TRIES {
            let text = record::to_text(record)?;
            let key = self.key(&record.id);
            let added = self.cache.add(&key, &text, record::timeout(record)).await;
            if added.map_err(down)? {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(Error::Backend(format!(
            "no free session id in {TRIES} tries: the cache says of each that it is taken"
        )))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let key = self.key(&record.id);
        let text = record::to_text(record)?;
        let mut before = None;
        let replaced = self
            .cache
            .try_refresh(&key, record::timeout(record), async || {
                // The store is asked, and not a copy in process: this may be the moment of a logout
                // elsewhere.
                if !self.cache.has_key(&key).await.map_err(down)? {
                    return Err(gone());
                }
                before = self.kept(&key).await?;
                before.is_some().then(|| text.clone()).ok_or_else(gone)
            });
        replaced.await.map_err(down)??;
        if !record::is_active(record) {
            return Ok(()); // its time was over: nothing is to be there
        }
        // What became of the write: a refresh does not fail for that, a session does.
        match self.kept(&key).await? {
            None => Err(gone()),
            Some(after) if after != text && Some(&after) == before.as_ref() => Err(Error::Backend(
                "the session was not written: it may be larger than `max_value_size`".to_owned(),
            )),
            // Ours, or that of a save that came after it.
            Some(_) => Ok(()),
        }
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let text = self.kept(&self.key(id)).await?;
        let record = text.and_then(|text| record::of_text(id, &text));
        Ok(record.filter(record::is_active))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let deleted = self.cache.delete(&self.key(id)).await;
        deleted.map(drop).map_err(down)
    }
}

fn down(error: CacheError) -> Error {
    Error::Backend(error.to_string())
}

fn gone() -> Error {
    Error::Backend(
        "the session is gone: it was ended or forgotten while the request ran".to_owned(),
    )
}
