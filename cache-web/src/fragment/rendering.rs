//! One fragment: rendered, taken from the cache, deleted.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cache_runtime::{Cache, CacheError, Kind, Outcome, Timeout, current};

use super::place::Fragments;
use super::vary::Vary;
use crate::telling::Telling;

/// One fragment: a name, and whatever else its text depends on. See [`fragment`](super::fragment).
#[derive(Debug, Clone)]
#[must_use = "a fragment is rendered by `render`, `render_blocking` or a template"]
pub struct Fragment {
    of: Fragments,
    name: String,
    vary_on: Vec<String>,
    /// What follows the key, for text that must not be taken for HTML, as Django's is.
    suffix: Cow<'static, str>,
    timeout: Timeout,
    tags: Vec<String>,
}

impl Fragment {
    pub(super) fn new(of: Fragments, name: String) -> Self {
        Self {
            of,
            name,
            vary_on: Vec::new(),
            suffix: Cow::Borrowed(""),
            timeout: Timeout::Default,
            tags: Vec::new(),
        }
    }

    /// Makes its text depend on this as well: another value is another fragment. The order counts.
    ///
    /// Everything in the text that depends on the user belongs here, or users see each other's.
    pub fn vary_on(mut self, value: impl Vary) -> Self {
        self.vary_on.push(value.text().into_owned());
        self
    }

    /// Sets how long it lives: seconds, a `Duration`, [`Timeout::Never`]; by default the cache's own timeout.
    /// With zero or less, it is rendered each time.
    pub fn timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Gives it this tag, by which [`Cache::delete_tag`] invalidates it, along with everything else that has the
    /// tag.
    ///
    /// This does not work in a cache of the format `json` or `django`, which has no place for tags: there it is
    /// rendered each time.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Marks it as escaped for something other than HTML, or not at all: kept apart from what a page uses as it is.
    #[cfg(feature = "minijinja")]
    pub(super) fn apart(mut self, suffix: impl Into<Cow<'static, str>>) -> Self {
        self.suffix = suffix.into();
        self
    }

    /// Returns its key in the cache, as Django's `make_template_fragment_key` makes it.
    #[must_use]
    pub fn key(&self) -> String {
        self.of.key(&self.name, &self.vary_on) + &self.suffix
    }

    /// Returns the cached text, or else runs `render` and caches its text. Of many concurrent callers, one
    /// renders, and the others wait for it.
    ///
    /// # Errors
    ///
    /// Only those of `render`, which are not cached. If the cache is down, is not configured or cannot take
    /// this key, that is logged, and the fragment is rendered.
    pub async fn render<T, E>(
        &self,
        render: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<Arc<str>, E>
    where
        T: Into<Arc<str>>,
    {
        let telling = self.begin();
        let cache = match self.of.open() {
            Ok(cache) => cache,
            Err(error) => return self.uncached(telling, &error, render().await),
        };
        // A key that cannot be used is noticed before `render` runs, which then still has to.
        let mut left = Some(render);
        let key = self.key();
        let found = cache.get_or_try_set(&key, self.timeout, async || {
            self.say_tags();
            let render = left.take().expect("a cache runs it once");
            render().await.map(Into::into)
        });
        match (found.await, left) {
            (Err(error), Some(render)) => self.uncached(telling, &error, render().await),
            (Ok(text), left) => self.told(telling, left.is_none(), text),
            (Err(error), None) => unreachable!("it has run, and says no more than that: {error}"),
        }
    }

    /// Does what [`render`](Self::render) does, for code that does not `await`, as in most template engines.
    ///
    /// It blocks its thread while it asks a shared store or waits for another's rendering. In an async
    /// handler, that is a round trip to the store, or `op_timeout` (500 ms) once if the store hangs;
    /// if that is too much, render in `spawn_blocking`. Use only one of the two methods for one fragment: a thread
    /// that blocks for a rendering that awaits on the same thread gives up after half a minute, and renders.
    ///
    /// # Errors
    ///
    /// Those of [`render`](Self::render).
    pub fn render_blocking<T, E>(
        &self,
        render: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<str>, E>
    where
        T: Into<Arc<str>>,
    {
        let telling = self.begin();
        let cache = match self.of.open() {
            Ok(cache) => cache.blocking(),
            Err(error) => return self.uncached(telling, &error, render()),
        };
        let mut left = Some(render);
        let found = cache.get_or_try_set(&self.key(), self.timeout, || {
            self.say_tags();
            let render = left.take().expect("a cache runs it once");
            render().map(Into::into)
        });
        match (found, left) {
            (Err(error), Some(render)) => self.uncached(telling, &error, render()),
            (Ok(text), left) => self.told(telling, left.is_none(), text),
            (Err(error), None) => unreachable!("it has run, and says no more than that: {error}"),
        }
    }

    /// Deletes it from the cache; returns whether it was there.
    ///
    /// # Errors
    ///
    /// Any error of the cache.
    pub async fn delete(&self) -> Result<bool, CacheError> {
        self.open()?.delete(&self.key()).await
    }

    /// Does what [`delete`](Self::delete) does, for code that does not `await`.
    ///
    /// # Errors
    ///
    /// Any error of the cache.
    pub fn delete_blocking(&self) -> Result<bool, CacheError> {
        self.open()?.blocking().delete(&self.key())
    }

    pub(super) fn open(&self) -> Result<Cache, CacheError> {
        self.of.open()
    }

    /// Called while it is rendered: the cache keeps its text with these tags.
    fn say_tags(&self) {
        for tag in &self.tags {
            current().tag(tag.clone());
        }
    }

    fn begin(&self) -> Telling {
        let telling = Telling::begin(Kind::Fragment, || self.name.to_string().into());
        telling.kept_in(|| self.of.alias())
    }

    fn tell<T, E>(&self, telling: Telling, outcome: Outcome, text: &Result<T, E>) {
        let outcome = match text {
            Ok(_) => outcome,
            Err(_) => Outcome::Failed,
        };
        telling.end(outcome, || Some(self.key()));
    }

    fn told<E>(
        &self,
        telling: Telling,
        has_run: bool,
        text: Result<Arc<str>, E>,
    ) -> Result<Arc<str>, E> {
        let outcome = if has_run { Outcome::Miss } else { Outcome::Hit };
        self.tell(telling, outcome, &text);
        text
    }

    fn uncached<T, E>(
        &self,
        telling: Telling,
        error: &CacheError,
        text: Result<T, E>,
    ) -> Result<Arc<str>, E>
    where
        T: Into<Arc<str>>,
    {
        static IS_TOLD: AtomicBool = AtomicBool::new(false);
        let name = &*self.name;
        // Once as a warning: a page may have a hundred of them.
        if IS_TOLD.swap(true, Ordering::Relaxed) {
            tracing::debug!(name, %error, "a fragment is rendered without its cache");
        } else {
            tracing::warn!(name, %error, "a fragment is rendered without its cache");
        }
        self.tell(telling, Outcome::Uncached, &text);
        text.map(Into::into)
    }
}
