//! Where a session is kept in a cache, and the mark that its changes leave beside it.
//!
//! A cache does not notice that a write comes too late: of a save and a logout at once, in two processes, the save
//! may be the last. So a change leaves a mark under a key of its own, and what is written is valid only if
//! the mark is what it was before the work for it began: a writer checks it again after writing, and a reader
//! reads both in one round trip. Ids are never reused, so no clock is needed for that.
//!
//! Both are read from the store itself: a copy in process, of a text and of the mark that it belongs to,
//! would know nothing of a logout elsewhere.
//!
//! A mark expires after ten minutes. So a writer that ends before it has checked again must leave
//! nothing that lives longer: what is written has a short life until a check has found it valid.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cache_runtime::{Cache, CacheError, ErrorKind, Kind, Outcome, Timeout};
use tower_sessions_core::session::Id;

use crate::telling::Telling;

/// How long a mark stays: far longer than the time between a check and the write that belongs to it.
const MARK: Duration = Duration::from_secs(600);

/// How long an unchecked text stays, which may have come too late: it expires before the mark does.
const UNSURE: Duration = Duration::from_secs(540);

/// How long is waited before what failed behind a write is asked for again.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(20),
    Duration::from_millis(80),
    Duration::from_millis(320),
];

type Result<T> = std::result::Result<T, CacheError>;

#[derive(Debug, Clone)]
pub(super) struct Place {
    cache: Cache,
    pub(super) prefix: String,
}

/// What is found there.
pub(super) struct Seen {
    pub(super) text: Option<Arc<str>>,
    /// The last change, if there was one in the last few minutes.
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
        // Without its key: whoever sees that has the session.
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

    /// Writes a text that belongs to `mark`, for some minutes; false if the mark is another by now, in which case
    /// nothing is left there.
    pub(super) async fn write_briefly(
        &self,
        id: &Id,
        text: &Arc<str>,
        timeout: Timeout,
        mark: Option<&Arc<str>>,
    ) -> Result<bool> {
        self.put_briefly(id, text, timeout).await?;
        let is_right = self.is_marked(id, mark).await?;
        if !is_right {
            self.remove(id).await?;
        }
        Ok(is_right)
    }

    async fn put_briefly(&self, id: &Id, text: &Arc<str>, timeout: Timeout) -> Result<()> {
        let written = self.cache.set(&self.key(id), text, briefly(timeout)).await;
        written.map_err(CacheError::without_key)
    }

    /// Writes the same for its whole life. The caller may go away: a session would end within minutes if it
    /// stayed half written. For the same reason, what fails behind the write is asked for again.
    pub(super) async fn write(&self, id: &Id, text: Arc<str>, timeout: Timeout) -> Result<bool> {
        let (place, id) = (self.clone(), *id);
        to_the_end(async move {
            place.put_briefly(&id, &text, timeout).await?;
            let is_right = a_few_times(|| place.is_marked(&id, None)).await?;
            let is_whole = if is_right && briefly(timeout) != timeout {
                place.lengthen(&id, timeout).await
            } else {
                Ok(is_right)
            };
            match is_whole {
                Ok(true) => {}
                Ok(false) => place.remove(&id).await?,
                // Nobody knows: then it must not stay that long. Nor is it deleted, since that would log
                // out users whose save met a store that fails now and then.
                Err(_) => drop(place.cache.touch(&place.key(&id), UNSURE).await),
            }
            is_whole
        })
        .await
    }

    /// Extends a life, which stores may do in two steps, with a logout between them: so it checks once more.
    async fn lengthen(&self, id: &Id, timeout: Timeout) -> Result<bool> {
        let key = self.key(id);
        let is_there = a_few_times(|| async {
            let is_there = self.cache.touch(&key, timeout).await;
            is_there.map_err(CacheError::without_key)
        });
        Ok(is_there.await? && a_few_times(|| self.is_marked(id, None)).await?)
    }

    /// Returns whether this is still the mark.
    async fn is_marked(&self, id: &Id, mark: Option<&Arc<str>>) -> Result<bool> {
        let key = self.mark_key(id);
        let found = self.cache.get_many_past_copies::<Arc<str>>([&key]).await;
        let found = found.map_err(CacheError::without_key)?;
        Ok(found.get(&key) == mark)
    }

    /// Deletes only the text.
    pub(super) async fn remove(&self, id: &Id) -> Result<()> {
        let removed = self.cache.delete(&self.key(id)).await;
        removed.map(drop).map_err(CacheError::without_key)
    }

    /// Marks the session as changed or over: nothing from before may be read or written any more.
    pub(super) async fn end(&self, id: &Id) -> Result<()> {
        // Random, so that every change differs.
        let mark: Arc<str> = Id::default().to_string().into();
        let marked = self.cache.set(&self.mark_key(id), &mark, MARK).await;
        // If one fails, that is no reason not to try the other.
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

/// Asks again, a few times, while the store fails.
async fn a_few_times<T, F: Future<Output = Result<T>>>(mut ask: impl FnMut() -> F) -> Result<T> {
    for pause in PAUSES {
        let answer = ask().await;
        if answer.is_ok() {
            return answer;
        }
        // Without a runtime there is nothing to wait by.
        if tokio::runtime::Handle::try_current().is_ok() {
            tokio::time::sleep(pause).await;
        }
    }
    ask().await
}

/// Runs it to its end, even if the caller goes away.
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
