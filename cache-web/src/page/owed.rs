//! What a request with an unsafe method owes the cache, even if its client goes away before the answer.

use std::sync::Arc;

use cache_runtime::Cache;
use http::HeaderMap;

use super::invalidate::Changed;
use super::options::Options;

/// The pages that a running request may have changed. If it is dropped before they are invalidated, they are
/// forgotten behind it: what the service has done stays done, whoever waits for the answer. That is its own
/// page alone, since nobody has named another; it may have been one that was not allowed to change anything.
pub(crate) struct Owed<'a> {
    cache: &'a Cache,
    options: &'a Arc<Options>,
    changed: Option<Changed>,
}

impl<'a> Owed<'a> {
    pub(crate) fn new(
        cache: &'a Cache,
        options: &'a Arc<Options>,
        changed: Option<Changed>,
    ) -> Self {
        Self {
            cache,
            options,
            changed,
        }
    }

    /// Notes that nothing has changed.
    pub(crate) fn nothing(&mut self) {
        self.changed = None;
    }

    /// Invalidates them, and those that the response names.
    pub(crate) async fn pay(&mut self, response: &HeaderMap) {
        if let Some(changed) = &mut self.changed {
            changed.also(response);
            changed.forget(self.cache, self.options).await;
        }
        self.changed = None;
    }
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        let Some(changed) = self.changed.take() else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            changed.forget_blocking(self.cache, self.options);
            return;
        };
        let (cache, options) = (self.cache.clone(), self.options.clone());
        runtime.spawn(async move { changed.forget(&cache, &options).await });
    }
}
