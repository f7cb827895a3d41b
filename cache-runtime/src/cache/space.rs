//! One key prefix in one cache: which functions use it, and which of them claims which keys.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use crate::local::choose_secret;
use crate::markers::Mark;
use crate::observe::{Counters, Stats};
use crate::site::Site;
use crate::sync::lock;

/// The entries of one key prefix in one cache.
pub(crate) struct Space {
    /// Unique in this process, never 0.
    pub(crate) id: u32,
    pub(crate) prefix: Arc<str>,
    /// The binding of keys that are given as text.
    pub(crate) text: Arc<Binding>,
    functions: Mutex<Functions>,
}

#[derive(Default)]
struct Functions {
    claims: HashMap<(String, &'static str), &'static Site>,
    bindings: HashMap<usize, Arc<Binding>>,
}

type WholeMarks = (i64, Vec<Arc<Mark>>);

/// One function in one space, or the text keys of a space.
pub(crate) struct Binding {
    /// Unique in this process; it stands for the function in in-process keys.
    pub(crate) id: u32,
    pub(crate) site: Option<&'static Site>,
    pub(crate) counters: Counters,
    /// Whether another function has claimed its keys, so that it runs uncached.
    pub(crate) is_collision: bool,
    /// Whether it has been logged that results cannot be kept.
    is_told: AtomicBool,
    /// The markers of all entries of the cache and of the function, for the version used last.
    whole_marks: Mutex<Option<WholeMarks>>,
    /// Whether it has been logged that the function fails while an old value is served.
    is_failing: AtomicBool,
}

impl Drop for Binding {
    fn drop(&mut self) {
        if let Some(site) = self.site {
            site.retire(&self.counters);
        }
    }
}

static NEXT: AtomicU32 = AtomicU32::new(1);

impl Binding {
    fn new(site: Option<&'static Site>, is_collision: bool) -> Arc<Self> {
        choose_secret();
        let id = NEXT.fetch_add(1, Relaxed);
        Arc::new(Self {
            id,
            site,
            counters: Counters::numbered(id),
            is_collision,
            is_told: AtomicBool::new(false),
            is_failing: AtomicBool::new(false),
            whole_marks: Mutex::default(),
        })
    }

    /// The function's name, for errors and the log.
    pub(crate) fn name(&self) -> &'static str {
        self.site.map_or("", |site| site.name)
    }

    /// Whether the function's attribute gives a cache and no alias.
    pub(crate) fn has_own_cache(&self) -> bool {
        self.site.is_some_and(|site| site.cache_name().is_none())
    }

    /// Returns the markers of all entries under this version, made by `make` if they are not known.
    pub(crate) fn whole_marks(
        &self,
        version: i64,
        make: impl FnOnce() -> Vec<Arc<Mark>>,
    ) -> Vec<Arc<Mark>> {
        if let Some((of, marks)) = &*lock(&self.whole_marks)
            && *of == version
        {
            return marks.clone();
        }
        // Under no lock: a key function is user code.
        let marks = make();
        *lock(&self.whole_marks) = Some((version, marks.clone()));
        marks
    }

    /// Notes that the function has failed and an old value is served: logged once until it works again.
    pub(crate) fn note_failure(&self) {
        if !self.is_failing.swap(true, Relaxed) {
            tracing::warn!(
                function = self.name(),
                "a cached function fails; its old values are served while there are any",
            );
        }
    }

    /// Notes that the function has succeeded.
    pub(crate) fn note_recovery(&self) {
        if self.is_failing.load(Relaxed) && self.is_failing.swap(false, Relaxed) {
            tracing::info!(function = self.name(), "the cached function works again",);
        }
    }

    /// Returns true the first time.
    pub(crate) fn first_to_tell(&self) -> bool {
        !self.is_told.swap(true, Relaxed)
    }
}

impl Space {
    pub(crate) fn new(prefix: Arc<str>) -> Self {
        Self {
            id: NEXT.fetch_add(1, Relaxed),
            prefix,
            text: Binding::new(None, false),
            functions: Mutex::default(),
        }
    }

    /// Returns the binding of `site`, which claims its keys the first time.
    pub(crate) fn bind(&self, site: &'static Site) -> Arc<Binding> {
        let mut functions = lock(&self.functions);
        let address = std::ptr::from_ref(site) as usize;
        if let Some(binding) = functions.bindings.get(&address) {
            // A function that alternates between caches finds those it used last.
            site.met(self, binding);
            return binding.clone();
        }
        let claim = (site.prefix().to_owned(), site.name);
        let first = *functions.claims.entry(claim).or_insert(site);
        let is_collision = !std::ptr::eq(first, site);
        let binding = Binding::new(Some(site), is_collision);
        functions.bindings.insert(address, binding.clone());
        // A log subscriber may call functions of this cache.
        drop(functions);
        if is_collision {
            tracing::error!(
                key_prefix = site.prefix(),
                name = site.name,
                at = %site.place(),
                first = %first.place(),
                "two functions claim the same cache keys; this one runs uncached: \
                 give it another `key_prefix` or `name`",
            );
        }
        site.met(self, &binding);
        site.remember(&binding);
        binding
    }

    /// Returns the binding with this number, if it is in this space.
    pub(crate) fn binding(&self, id: u32) -> Option<Arc<Binding>> {
        if id == self.text.id {
            return Some(self.text.clone());
        }
        lock(&self.functions)
            .bindings
            .values()
            .find(|binding| binding.id == id)
            .cloned()
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut sum = self.text.counters.stats();
        for binding in lock(&self.functions).bindings.values() {
            sum.add(&binding.counters.stats());
        }
        sum
    }
}
