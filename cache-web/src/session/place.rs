//! Where a session stands in a cache, and the mark that its changes leave beside it.
//!
//! A cache does not know that a write comes too late: of a save and a logout at once, in two processes, the save
//! may be the last. So a change leaves a mark under a key of its own, and what is written is right only if
//! the mark is what it was before the work for it began: who writes looks again behind it, and who reads
//! looks at both in one round trip. Ids are never used again, so no clock is needed for that.

use std::sync::Arc;
use std::time::Duration;

use cache_runtime::{Cache, CacheError, Kind, Outcome, Timeout};
use tower_sessions_core::session::Id;

use crate::telling::Telling;

/// How long a mark stays: far longer than anything takes from a look to the write that belongs to it.
const MARK: Duration = Duration::from_secs(600);

type Result<T> = std::result::Result<T, CacheError>;

#[derive(Debug, Clone)]
pub(super) struct Place {
    cache: Cache,
    pub(super) prefix: String,
}

/// What stands there.
pub(super) struct Seen {
    pub(super) text: Option<Arc<str>>,
    /// The last change, if there was one in the last minutes.
    pub(super) mark: Option<Arc<str>>,
}

impl Place {
    pub(super) fn new(cache: Cache, prefix: &str) -> Self {
        Self {
            cache,
            prefix: prefix.to_owned(),
        }
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(super) fn key(&self, id: &Id) -> String {
        format!("{}{id}", self.prefix)
    }

    fn mark_key(&self, id: &Id) -> String {
        format!("{}{id}:changed", self.prefix)
    }

    pub(super) async fn look(&self, id: &Id) -> Result<Seen> {
        let telling = Telling::begin(Kind::Session, || "session".into());
        let seen = self.seen(id).await;
        let outcome = match &seen {
            Ok(seen) if seen.text.is_some() => Outcome::Hit,
            Ok(_) => Outcome::Miss,
            Err(_) => Outcome::Failed,
        };
        // Without its key: who sees that has the session.
        telling.end(outcome, || None);
        seen
    }

    async fn seen(&self, id: &Id) -> Result<Seen> {
        let (key, mark_key) = (self.key(id), self.mark_key(id));
        let mut found = self.cache.get_many([&key, &mark_key]).await?;
        Ok(Seen {
            text: found.remove(&key),
            mark: found.remove(&mark_key),
        })
    }

    pub(super) async fn add(&self, id: &Id, text: &Arc<str>, timeout: Timeout) -> Result<bool> {
        self.cache.add(&self.key(id), text, timeout).await
    }

    /// Writes what belongs to `mark`; false if that is another by now, and then nothing is left there.
    pub(super) async fn write(
        &self,
        id: &Id,
        text: &Arc<str>,
        timeout: Timeout,
        mark: Option<&Arc<str>>,
    ) -> Result<bool> {
        self.cache.set(&self.key(id), text, timeout).await?;
        let now: Option<Arc<str>> = self.cache.get(&self.mark_key(id)).await?;
        let is_right = now.as_ref() == mark;
        if !is_right {
            self.cache.delete(&self.key(id)).await?;
        }
        Ok(is_right)
    }

    /// The session has changed, or is over: nothing of before is to be read, or to be written any more.
    pub(super) async fn end(&self, id: &Id) -> Result<()> {
        // Random, so that every change is another.
        let mark: Arc<str> = Id::default().to_string().into();
        let marked = self.cache.set(&self.mark_key(id), &mark, MARK).await;
        // That the one fails is no reason not to try the other.
        self.cache.delete(&self.key(id)).await?;
        marked
    }
}
