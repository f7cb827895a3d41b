//! One fragment: rendered, taken from the cache, forgotten.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cache_runtime::{Cache, CacheError, Kind, Outcome, Timeout, current};

use super::place::Fragments;
use super::vary::Vary;
use crate::telling::Telling;

/// One fragment: a name, and what else its text depends on. See [`fragment`](super::fragment).
#[derive(Debug, Clone)]
#[must_use = "a fragment is rendered by `render`, `render_blocking` or a template"]
pub struct Fragment {
    of: Fragments,
    name: String,
    vary_on: Vec<String>,
    /// What stands behind the key, for text that is not to be taken for HTML, as Django's is.
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

    /// Its text depends on this as well: whoever gives something else has another fragment. The order counts.
    ///
    /// Everything that the text shows of a person belongs here, or people see each other's.
    pub fn vary_on(mut self, value: impl Vary) -> Self {
        self.vary_on.push(value.text().into_owned());
        self
    }

    /// How long it lives: seconds, a `Duration`, [`Timeout::Never`]; the cache's own timeout unless told.
    /// Zero and less: it is rendered each time.
    pub fn timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// [`Cache::delete_tag`] forgets it by this label, with whatever else has it.
    ///
    /// Not in a cache of the format `json` or `django`, which has no place for tags: there it is rendered
    /// each time.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Escaped for something else than HTML, or for nothing: kept apart from what a page takes as it is.
    #[cfg(feature = "minijinja")]
    pub(super) fn apart(mut self, suffix: impl Into<Cow<'static, str>>) -> Self {
        self.suffix = suffix.into();
        self
    }

    /// Its key in the cache, as Django's `make_template_fragment_key` makes it.
    #[must_use]
    pub fn key(&self) -> String {
        self.of.key(&self.name, &self.vary_on) + &self.suffix
    }

    /// The text that is kept, or what `render` gives, which is kept then. Of many who want it at once one
    /// renders, and the others wait for that.
    ///
    /// # Errors
    ///
    /// Those of `render` alone: they are not kept. A cache that is down, is not configured or cannot have
    /// this key is logged, and the fragment is rendered.
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
        // A key that cannot be used is found out before `render` runs, which then still has to.
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

    /// [`render`](Self::render) for code that does not `await`, which most template engines are.
    ///
    /// It blocks its thread while it asks a shared store or waits for another's rendering. In an async
    /// handler that is a round trip of the store's, or `op_timeout` (500 ms) once when the store hangs;
    /// where that is too much, render in `spawn_blocking`. Give one fragment one of the two ways: a thread
    /// that blocks for a rendering that awaits on the same thread gives up after half a minute, and renders.
    ///
    /// # Errors
    ///
    /// As there.
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

    /// Forgets it; true if it was there.
    ///
    /// # Errors
    ///
    /// The cache's.
    pub async fn delete(&self) -> Result<bool, CacheError> {
        self.open()?.delete(&self.key()).await
    }

    /// [`delete`](Self::delete) for code that does not `await`.
    ///
    /// # Errors
    ///
    /// The cache's.
    pub fn delete_blocking(&self) -> Result<bool, CacheError> {
        self.open()?.blocking().delete(&self.key())
    }

    pub(super) fn open(&self) -> Result<Cache, CacheError> {
        self.of.open()
    }

    /// Inside of the rendering: the cache keeps its text with these.
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
        // Once aloud: a page may have a hundred of them.
        if IS_TOLD.swap(true, Ordering::Relaxed) {
            tracing::debug!(name, %error, "a fragment is rendered without its cache");
        } else {
            tracing::warn!(name, %error, "a fragment is rendered without its cache");
        }
        self.tell(telling, Outcome::Uncached, &text);
        text.map(Into::into)
    }
}
