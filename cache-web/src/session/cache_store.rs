//! Sessions that live only in a cache.

use async_trait::async_trait;
use cache_runtime::{Cache, CacheError};
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

use super::place::{Place, Seen};
use super::record;

/// Ids are 128 random bits: a cache that reports this many as taken reports every one as taken.
const TRIES: u32 = 100;

/// Sessions in a cache: Django's `sessions.backends.cache`.
///
/// A cache may lose entries: over `max_entries`, or when its server restarts. If that must not log anybody out,
/// use [`CachedDbStore`](super::CachedDbStore). A session of more than `max_value_size` is an error, and
/// ends.
///
/// A load takes one round trip, a save six, a logout two. A logout in one process takes effect at once in all,
/// also with `local_max`. It leaves a mark of a few bytes for ten minutes, which shows a save that was under way
/// that it is too late.
#[derive(Debug, Clone)]
pub struct CacheStore(Place);

impl CacheStore {
    /// Returns a store of sessions in this cache, under `session:{id}`.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self(Place::new(cache, "session:"))
    }

    /// Sets the prefix that the id directly follows in the key. Django's is `django.contrib.sessions.cache`; the
    /// ids of tower-sessions differ from Django's, so that the two do not collide.
    #[must_use]
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.0.prefix = prefix.into();
        self
    }
}

#[async_trait]
impl SessionStore for CacheStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..TRIES {
            let text = record::to_text(record, None)?;
            let added = self.0.add(&record.id, &text, record::timeout(record)).await;
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
        let text = record::to_text(record, None)?;
        let seen = self.0.look(&record.id).await.map_err(down)?;
        // A session with a mark has ended.
        let (Some(_), None) = (seen.text, &seen.mark) else {
            return Err(gone());
        };
        let timeout = record::timeout(record);
        let written = self.0.write(&record.id, text, timeout).await;
        if written.map_err(down)? {
            Ok(())
        } else {
            Err(gone())
        }
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Seen { text, mark } = self.0.look(id).await.map_err(down)?;
        let text = text.filter(|_| mark.is_none());
        let record = text.and_then(|text| record::of_text(id, &text));
        Ok(record.map(|(record, _)| record).filter(record::is_active))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.end(id).await.map_err(down)
    }
}

/// The texts of errors end up in logs: those of [`Place`] contain no key, with which anybody could pose as the
/// visitor.
pub(super) fn down(error: CacheError) -> Error {
    Error::Backend(error.to_string())
}

pub(super) fn gone() -> Error {
    Error::Backend(
        "the session is gone: it was ended or forgotten while the request ran".to_owned(),
    )
}
