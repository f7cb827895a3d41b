//! Making the changes: what fails is reported, and does not affect what the function returns.

use std::collections::HashSet;
use std::sync::Mutex;

use super::{CacheRef, Change, Changes};
use crate::background;
use crate::cache::Cache;
use crate::cache::registry::{self, caches};
use crate::context;
use crate::error::{CacheError, ErrorKind};
use crate::mode::{Mode, block_on};
use crate::site::function::clear_mode;
use crate::sync::lock;

impl Changes {
    /// Makes them, for an `async fn`. If its caller goes away meanwhile, the rest is made in the background: the
    /// data have been changed already.
    pub async fn apply(self) {
        let mut rest = Rest(Some(self.in_order()));
        if let Some(changes) = &mut rest.0 {
            changes.make(Mode::Async).await;
        }
        rest.0 = None;
    }

    /// Makes them, for a `fn`.
    pub fn apply_blocking(self) {
        block_on(self.in_order().make(Mode::Blocking));
    }

    /// Moves writes to the end: otherwise what is evicted with them, by a tag of theirs, would remove them.
    fn in_order(mut self) -> Self {
        self.changes
            .sort_by_key(|change| matches!(change, Change::Put(_)));
        // Taken from the end.
        self.changes.reverse();
        self
    }

    async fn make(&mut self, mode: Mode) {
        let mut failed = None;
        while let Some(change) = self.changes.last() {
            if let Err(error) = change.make(mode).await {
                failed.get_or_insert(error);
            }
            self.changes.pop();
        }
        tell(self.function, failed.as_ref());
    }
}

impl Change {
    async fn make(&self, mode: Mode) -> Result<(), CacheError> {
        match self {
            Change::Entry(entry) => entry.delete(mode).await.map(drop),
            Change::Tag(cache, tag) => cache.found()?.op_delete_tag(mode, tag).await,
            Change::Whole(site, cache, version) => {
                let cache = match cache {
                    Some(cache) => cache.found()?,
                    None => registry::cache_of(site)?,
                };
                let cache = match version {
                    Some(version) => cache.with_version(*version),
                    None => cache,
                };
                clear_mode(mode, site, &cache).await
            }
            Change::Put(write) => match write(mode).await {
                // It is counted, and what was there is deleted.
                Err(error) if error.kind() == ErrorKind::TooLarge => Ok(()),
                written => written,
            },
        }
    }
}

impl CacheRef {
    fn found(&self) -> Result<Cache, CacheError> {
        match (self, context::cache()) {
            (CacheRef::Cache(cache), _) => Ok(cache.clone()),
            (CacheRef::Alias(_), Some(cache)) => Ok(cache),
            (CacheRef::Alias(alias), None) => caches().get(alias),
        }
    }
}

/// What is not done yet when the caller goes away.
struct Rest(Option<Changes>);

impl Drop for Rest {
    fn drop(&mut self) {
        if let Some(mut changes) = self.0.take() {
            let function = changes.function;
            // In the scope in which the function ran: an alias may stand for another cache there.
            let rest = context::here().wrap(async move { changes.make(Mode::Async).await });
            if background::spawn(Mode::Async, rest).is_err() {
                tracing::warn!(
                    function,
                    "the caller went away, and nobody is free to forget what this function changed",
                );
            }
        }
    }
}

/// Functions whose last changes failed: logged once, until they succeed again.
static FAILING: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

fn tell(function: &'static str, failed: Option<&CacheError>) {
    // Not under the lock: a log subscriber may call such a function, too.
    if let Some(error) = failed.filter(|_| note(function, true)) {
        tracing::warn!(
            function,
            %error,
            "what this function changed may still be in the cache",
        );
    }
    if failed.is_none() {
        note(function, false);
    }
}

/// Returns true if that is news.
fn note(function: &'static str, has_failed: bool) -> bool {
    let mut failing = lock(&FAILING);
    if has_failed {
        return failing.get_or_insert_default().insert(function);
    }
    let before = failing.as_mut();
    before.is_some_and(|failing| failing.remove(function))
}
