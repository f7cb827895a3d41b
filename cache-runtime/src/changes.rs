//! What a function that changes data does to the cache: entries it makes stale are deleted, and what
//! it returns is written to the entries it belongs to (`cache_put`, `cache_evict`).
//!
//! An expansion collects the changes: before the body those that are known by then, after it those that
//! look at the result. They are made when the function has succeeded, and dropped when it has not.

mod copies;
mod entries;
mod making;
mod put;
mod whole;

use std::fmt::Display;
use std::sync::Arc;

pub use copies::{Copied, copy_of};
pub use entries::{Entries, entries};
pub use put::Put;
pub use whole::{Whole, WholeIn};

use crate::cache::Cache;
use crate::entry::{Entry, Known};
use crate::keep::Keep;
use crate::key::version::Version;
use crate::site::Site;
use put::Write;

/// The changes of one call.
#[allow(missing_debug_implementations)]
pub struct Changes {
    /// The name of the function, for the log.
    function: &'static str,
    changes: Vec<Change>,
}

enum Change {
    /// Deletes an entry.
    Entry(Arc<Known>),
    /// Invalidates all entries with a tag.
    Tag(CacheRef, String),
    /// Invalidates all entries of a function, in its own cache or in this one, under its version.
    Whole(&'static Site, Option<CacheRef>, Option<Version>),
    /// Writes what the function returned to an entry.
    Put(Write),
}

/// Which cache.
#[allow(missing_debug_implementations)]
#[derive(Clone)]
pub enum CacheRef {
    /// The cache of this alias when it is used.
    Alias(&'static str),
    /// This one.
    Cache(Cache),
}

impl From<&'static str> for CacheRef {
    fn from(alias: &'static str) -> Self {
        CacheRef::Alias(alias)
    }
}

impl From<&Cache> for CacheRef {
    fn from(cache: &Cache) -> Self {
        CacheRef::Cache(cache.clone())
    }
}

impl Changes {
    /// Returns an empty set of changes.
    #[must_use]
    pub fn of(function: &'static str) -> Self {
        Self {
            function,
            changes: Vec::new(),
        }
    }

    /// Adds entries to be deleted.
    pub fn evict(&mut self, evicted: impl Entries) {
        let evicted = entries(evicted).into_iter();
        self.changes
            .extend(evicted.map(|entry| Change::Entry(entry.known())));
    }

    /// Adds tags whose entries are to be invalidated.
    pub fn tags(&mut self, cache: impl Into<CacheRef>, tags: impl IntoIterator<Item = String>) {
        let cache = cache.into();
        let tags = tags.into_iter();
        self.changes
            .extend(tags.map(|tag| Change::Tag(cache.clone(), tag)));
    }

    /// Adds a function whose entries are all to be invalidated.
    pub fn clear<H: Whole>(&mut self) {
        let cache = H::cache().map(CacheRef::Cache);
        self.changes
            .push(Change::Whole(H::site(), cache, H::version()));
    }

    /// Adds a function whose entries in this cache are all to be invalidated.
    pub fn clear_in<H: WholeIn>(&mut self, cache: impl Into<CacheRef>) {
        self.changes.push(Change::Whole(
            H::site_in(),
            Some(cache.into()),
            H::version_in(),
        ));
    }

    /// Adds entries that are to have this value.
    pub fn put<R, F, V>(&mut self, put: Vec<Entry<R, F>>, value: &V)
    where
        Entry<R, F>: Put<V>,
    {
        let put = put.into_iter();
        self.changes
            .extend(put.map(|entry| Change::Put(entry.put(value))));
    }

    /// Returns what is kept of the result; if the function has failed, all changes are dropped.
    pub fn succeeded<'r, R, K: Keep<R>>(&mut self, _: K, result: &'r R) -> Option<&'r K::Value> {
        if K::is_failure(result) {
            self.changes.clear();
            return None;
        }
        K::kept(result)
    }
}

/// Runs the body of a function.
#[inline]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// `..` in `tags(…)`: each of these is a tag.
pub fn each_tag(tags: impl IntoIterator<Item = impl Display>) -> Vec<String> {
    tags.into_iter().map(|tag| tag.to_string()).collect()
}
