//! Sessions that live in a cache alone.

use async_trait::async_trait;
use cache_runtime::{Cache, CacheError};
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

use super::place::{Place, Seen};
use super::record;

/// Ids are 128 random bits: a cache that has so many of them says so of every one.
const TRIES: u32 = 100;

/// Sessions in a cache: Django's `sessions.backends.cache`.
///
/// A cache may forget: over `max_entries`, when its server restarts. Whoever must not be logged out by that
/// takes [`CachedDbStore`](super::CachedDbStore). A session of more than `max_value_size` is an error, and
/// over.
///
/// A load is one round trip, a save six, a logout two. A logout in one process holds at once in all, with
/// `local_max` too. It leaves a mark of some bytes for ten minutes, by which a save that was under way is known to
/// be too late.
#[derive(Debug, Clone)]
pub struct CacheStore(Place);

impl CacheStore {
    /// Sessions in this cache, under `session:{id}`.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self(Place::new(cache, "session:"))
    }

    /// The id stands directly behind this in the key. Django's is `django.contrib.sessions.cache`; the ids
    /// of tower-sessions are other than Django's, so that the two do not meet.
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
        // Who is marked is out.
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

/// The texts of errors end up in logs: those of [`Place`] have no key, by which somebody could be the visitor.
pub(super) fn down(error: CacheError) -> Error {
    Error::Backend(error.to_string())
}

pub(super) fn gone() -> Error {
    Error::Backend(
        "the session is gone: it was ended or forgotten while the request ran".to_owned(),
    )
}
