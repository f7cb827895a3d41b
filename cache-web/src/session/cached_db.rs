//! Sessions that live in a database, and are read from a cache.

use std::sync::Arc;

use async_trait::async_trait;
use cache_runtime::{Cache, CacheError, Timeout, current};
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

use super::cache_store::CacheStore;
use super::record;

/// Sessions in another store, with a cache before it: Django's `cached_db`.
///
/// The database is written first, and what it says holds; the cache may be down or forget. Beside
/// tower-sessions' own `CachingSessionStore`:
///
/// - A cache that is down is logged, and the database is asked; there it is an error.
/// - After a save the session is forgotten in the cache, and the next load takes it from the database. So two
///   saves at once, or a load beside a save, leave nothing older in the cache than the database has, in any
///   process.
/// - Of many requests of one session that is not in the cache, one asks the database.
/// - A save of a session that is not in the database any more is an error, also where the database's own `save`
///   would bring it back. (A logout in the moment between that look and the write is left to the
///   database: its `save` should be an `UPDATE`.)
///
/// A logout fails if the cache cannot be told, although the session is gone in the database: other processes
/// may still find it in the cache.
#[derive(Debug, Clone)]
pub struct CachedDbStore<Db> {
    db: Db,
    cached: CacheStore,
}

impl<Db: SessionStore> CachedDbStore<Db> {
    /// Sessions in `db`, read through `cache`, there under `session_db:{id}`.
    #[must_use]
    pub fn new(cache: Cache, db: Db) -> Self {
        Self {
            db,
            cached: CacheStore::new(cache).key_prefix("session_db:"),
        }
    }

    /// The id stands directly behind this in the key; Django's is `django.contrib.sessions.cached_db`.
    #[must_use]
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.cached = self.cached.key_prefix(prefix);
        self
    }

    /// The record as the database has it, for the cache to keep as long as the session lives.
    async fn read_db(&self, id: &Id) -> std::result::Result<Arc<str>, Missing> {
        let record = self.db.load(id).await.map_err(Missing::Failed)?;
        let record = record.filter(record::is_active).ok_or(Missing::Gone)?;
        current().timeout(record::timeout(&record));
        record::to_text(&record).map_err(Missing::Failed)
    }

    async fn forget(&self, id: &Id) -> std::result::Result<bool, CacheError> {
        self.cached.cache().delete(&self.cached.key(id)).await
    }
}

/// Why the database gives no session. None of it is kept.
enum Missing {
    Gone,
    Failed(Error),
}

#[async_trait]
impl<Db: SessionStore> SessionStore for CachedDbStore<Db> {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.db.create(record).await?;
        // Nobody knows its id yet, so nothing can come in between.
        let (key, text) = (self.cached.key(&record.id), record::to_text(record)?);
        let timeout = record::timeout(record);
        if let Err(error) = self.cached.cache().set(&key, &text, timeout).await {
            tracing::warn!(%error, "a session is in the database alone");
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        if self.db.load(&record.id).await?.is_none() {
            return Err(Error::Backend(
                "the session is gone: it was ended while the request ran".to_owned(),
            ));
        }
        self.db.save(record).await?;
        if let Err(error) = self.forget(&record.id).await {
            // This process does not read it before it has been deleted; others may, if only this one
            // has lost the cache.
            tracing::warn!(%error, "a session has changed, and the cache could not be told");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let key = self.cached.key(id);
        let found = self
            .cached
            .cache()
            .get_or_try_set(&key, Timeout::Never, async || self.read_db(id).await)
            .await
            .map_err(|error| Error::Backend(error.to_string()))?;
        let text = match found {
            Ok(text) => text,
            Err(Missing::Gone) => return Ok(None),
            Err(Missing::Failed(error)) => return Err(error),
        };
        if let Some(record) = record::of_text(id, &text) {
            return Ok(Some(record).filter(record::is_active));
        }
        // The database knows better than what stands in the cache.
        if let Err(error) = self.forget(id).await {
            tracing::warn!(%error, "what is no session stays in the cache");
        }
        let record = self.db.load(id).await?;
        Ok(record.filter(record::is_active))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.db.delete(id).await?;
        let forgotten = self.forget(id).await;
        forgotten
            .map(drop)
            .map_err(|error| Error::Backend(error.to_string()))
    }
}
