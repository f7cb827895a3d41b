//! Where a session stands in a cache, and the mark that its changes leave beside it.
//!
//! A cache does not know that a write comes too late: of a save and a logout at once, in two processes, the save
//! may be the last. So a change leaves a mark under a key of its own, and what is written is right only if
//! the mark is what it was before the work for it began: who writes looks again behind it, and who reads
//! looks at both in one round trip. Ids are never used again, so no clock is needed for that.
//!
//! Both are asked for in the store itself: a copy in process, of a text and of the mark that it belongs to,
//! would know nothing of a logout elsewhere.
//!
//! A mark goes after ten minutes. So a writer that comes to an end before it has looked again may leave
//! nothing that lives longer: what is written has a short life, until a look has found it right.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cache_runtime::{Cache, CacheError, ErrorKind, Kind, Outcome, Timeout};
use tower_sessions_core::session::Id;

use crate::telling::Telling;

/// How long a mark stays: far longer than anything takes from a look to the write that belongs to it.
const MARK: Duration = Duration::from_secs(600);

/// How long a text stays of which nobody has seen yet whether it came too late: it is gone before the mark is.
const UNSURE: Duration = Duration::from_secs(540);

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
        let found = self.cache.get_many_past_copies([&key, &mark_key]).await;
        let mut found = found.map_err(CacheError::without_key)?;
        Ok(Seen {
            text: found.remove(&key),
            mark: found.remove(&mark_key),
        })
    }

    pub(super) async fn add(&self, id: &Id, text: &Arc<str>, timeout: Timeout) -> Result<bool> {
        let added = self.cache.add(&self.key(id), text, timeout).await;
        added.map_err(CacheError::without_key)
    }

    /// Writes what belongs to `mark`, for minutes; false if that is another by now, and then nothing is left
    /// there.
    pub(super) async fn write_briefly(
        &self,
        id: &Id,
        text: &Arc<str>,
        timeout: Timeout,
        mark: Option<&Arc<str>>,
    ) -> Result<bool> {
        let brief = briefly(timeout);
        let written = self.cache.set(&self.key(id), text, brief).await;
        written.map_err(CacheError::without_key)?;
        let is_right = self.is_marked(id, mark).await?;
        if !is_right {
            self.remove(id).await?;
        }
        Ok(is_right)
    }

    /// The same for the whole of its life. Who asks for it may go away: a session would end in minutes if it
    /// stayed half written.
    pub(super) async fn write(&self, id: &Id, text: Arc<str>, timeout: Timeout) -> Result<bool> {
        let (place, id) = (self.clone(), *id);
        to_the_end(async move {
            let is_right = place.write_briefly(&id, &text, timeout, None).await?;
            if !is_right || briefly(timeout) == timeout {
                return Ok(is_right);
            }
            let lengthened = place.lengthen(&id, timeout).await;
            match lengthened {
                Ok(true) => {}
                Ok(false) => place.remove(&id).await?,
                // Nobody knows: then it may not stay for so long. Nor is it taken away, since that would log
                // out whose save met a store that fails now and then.
                Err(_) => drop(place.cache.touch(&place.key(&id), UNSURE).await),
            }
            lengthened
        })
        .await
    }

    /// Stores may lengthen a life in two steps, with a logout between them: so there is one more look.
    async fn lengthen(&self, id: &Id, timeout: Timeout) -> Result<bool> {
        let is_there = self.cache.touch(&self.key(id), timeout).await;
        Ok(is_there.map_err(CacheError::without_key)? && self.is_marked(id, None).await?)
    }

    /// Whether this is the mark still.
    async fn is_marked(&self, id: &Id, mark: Option<&Arc<str>>) -> Result<bool> {
        let key = self.mark_key(id);
        let found = self.cache.get_many_past_copies::<Arc<str>>([&key]).await;
        let found = found.map_err(CacheError::without_key)?;
        Ok(found.get(&key) == mark)
    }

    /// Takes away the text alone.
    pub(super) async fn remove(&self, id: &Id) -> Result<()> {
        let removed = self.cache.delete(&self.key(id)).await;
        removed.map(drop).map_err(CacheError::without_key)
    }

    /// The session has changed, or is over: nothing of before is to be read, or to be written any more.
    pub(super) async fn end(&self, id: &Id) -> Result<()> {
        // Random, so that every change is another.
        let mark: Arc<str> = Id::default().to_string().into();
        let marked = self.cache.set(&self.mark_key(id), &mark, MARK).await;
        // That the one fails is no reason not to try the other.
        self.remove(id).await?;
        marked.map_err(CacheError::without_key)
    }
}

fn briefly(timeout: Timeout) -> Timeout {
    match timeout {
        Timeout::Expired => timeout,
        Timeout::After(life) if life <= UNSURE => timeout,
        _ => UNSURE.into(),
    }
}

/// Runs it to its end, whoever goes away.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return work.await;
    };
    match runtime.spawn(work).await {
        Ok(done) => done,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        Err(_) => Err(CacheError::new(
            ErrorKind::Unavailable,
            "the runtime is shutting down",
        )),
    }
}
