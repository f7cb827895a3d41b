//! Sessions that live in a database, and are read from a cache.

use std::sync::Arc;

use async_trait::async_trait;
use cache_runtime::{Cache, CacheError, Timeout, current};
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

use super::cache_store::{down, gone};
use super::place::{Place, Seen};
use super::record;

/// Sessions in another store, with a cache in front of it: Django's `cached_db`.
///
/// The database is written first, and is authoritative; the cache may be down or lose entries. Compared with
/// tower-sessions' own `CachingSessionStore`:
///
/// - If the cache is down, that is logged, and the database is asked; there it is an error.
/// - After a save, the next load reads the session from the database. So two saves at once, or a load during
///   a save, leave nothing older in the cache than the database has, in any process.
/// - Of many requests for one session that is not in the cache, one asks the database. It stays in the cache for
///   nine minutes at most.
/// - Saving a session that is no longer in the database is an error, even if the database's own `save`
///   would bring it back. (A logout in the moment between that check and the write is left to the
///   database: its `save` should be an `UPDATE`.)
///
/// A logout fails if the cache cannot be updated, although the session is gone from the database: other processes
/// may still find it in the cache.
#[derive(Debug, Clone)]
pub struct CachedDbStore<Db> {
    db: Db,
    cached: Place,
}

impl<Db: SessionStore> CachedDbStore<Db> {
    /// Returns a store of sessions in `db`, read through `cache`, where they are under `session_db:{id}`.
    #[must_use]
    pub fn new(cache: Cache, db: Db) -> Self {
        Self {
            db,
            cached: Place::new(cache, "session_db:"),
        }
    }

    /// Sets the prefix that the id directly follows in the key; Django's is
    /// `django.contrib.sessions.cached_db`.
    #[must_use]
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.cached.prefix = prefix.into();
        self
    }

    /// Returns what the database has, and puts it into the cache for some minutes; `None` if there is no session.
    /// Concurrent callers that have seen the same mark ask only once.
    async fn read_db(&self, id: &Id, mark: Option<Arc<str>>) -> Result<Option<Record>> {
        let seen = mark.as_deref().unwrap_or_default();
        let flight = format!("{}:reading:{seen}", self.cached.key(id));
        let read = async || {
            // Only for the callers that wait: what is kept is written below, under the session's key.
            current().skip();
            let record = self.db.load(id).await.map_err(Missing::Failed)?;
            let record = record.filter(record::is_active).ok_or(Missing::Gone)?;
            let text = record::to_text(&record, mark.as_ref()).map_err(Missing::Failed)?;
            let timeout = record::timeout(&record);
            let written = self.cached.write_briefly(id, &text, timeout, mark.as_ref());
            if let Err(error) = written.await {
                tracing::warn!(%error, "a session is in the database alone");
            }
            Ok(text)
        };
        let cache = self.cached.cache();
        let read = cache.get_or_try_set(&flight, Timeout::Default, read);
        match read.await.map_err(CacheError::without_key).map_err(down)? {
            Ok(text) => Ok(record::of_text(id, &text).map(|(record, _)| record)),
            Err(Missing::Gone) => Ok(None),
            Err(Missing::Failed(error)) => Err(error),
        }
    }
}

/// Why the database returns no session.
enum Missing {
    Gone,
    Failed(Error),
}

#[async_trait]
impl<Db: SessionStore> SessionStore for CachedDbStore<Db> {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.db.create(record).await?;
        // Nobody knows its id yet, so nothing can interfere.
        let text = record::to_text(record, None)?;
        let timeout = record::timeout(record);
        let written = self.cached.write_briefly(&record.id, &text, timeout, None);
        if let Err(error) = written.await {
            tracing::warn!(%error, "a session is in the database alone");
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        if self.db.load(&record.id).await?.is_none() {
            return Err(gone());
        }
        self.db.save(record).await?;
        if let Err(error) = self.cached.end(&record.id).await {
            // This process does not read the old one until it has been deleted; others may, if only
            // this one has lost the cache.
            tracing::warn!(%error, "a session has changed, and the cache could not be told");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let seen = self.cached.look(id).await;
        let Seen { text, mark } = match seen {
            Ok(seen) => seen,
            Err(error) => {
                tracing::warn!(%error, "a session is read from the database");
                let record = self.db.load(id).await?;
                return Ok(record.filter(record::is_active));
            }
        };
        let is_cached = text.is_some();
        let found = text.and_then(|text| record::of_text(id, &text));
        // A mark that has expired is so old that nothing from before it is left: texts expire before marks.
        if let Some((record, after)) = found
            && (mark.is_none() || mark == after)
        {
            return Ok(Some(record).filter(record::is_active));
        }
        let record = self.read_db(id, mark).await?;
        if record.is_none()
            && is_cached
            && let Err(error) = self.cached.remove(id).await
        {
            tracing::warn!(%error, "a session that is gone is still in the cache, for some minutes");
        }
        Ok(record)
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.db.delete(id).await?;
        self.cached.end(id).await.map_err(down)
    }
}
