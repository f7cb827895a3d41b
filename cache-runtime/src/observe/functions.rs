//! Every cached function that has met a cache in this process, and what it has done.

use std::sync::Mutex;
use std::time::Duration;

use super::timings::times;
use super::{Stats, Timings};
use crate::site::overrides::{self, Override};
use crate::site::{Site, Tuned};
use crate::sync::lock;
use crate::timeout::Timeout;

// Functions are never forgotten: they are `static`.
static SITES: Mutex<Vec<&'static Site>> = Mutex::new(Vec::new());

/// Lists a function that is called for the first time.
pub(crate) fn enlist(site: &'static Site) -> Tuned {
    lock(&SITES).push(site);
    // After the push: what is set meanwhile reaches this function too, here or there.
    overrides::apply(site)
}

/// Returns all functions that have been called.
pub(crate) fn sites() -> Vec<&'static Site> {
    lock(&SITES).clone()
}

/// What one cached function is and has done, over all caches that it has met.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FunctionReport {
    /// The name in its keys: its own, unless the attribute gives another.
    pub name: &'static str,
    /// Its path through modules and types: `app::tasks::Repo::list`.
    pub path: String,
    /// The file that contains the attribute, as the compiler was given it.
    pub file: &'static str,
    /// The line of the attribute.
    pub line: u32,
    /// The first part of its keys.
    pub key_prefix: String,
    /// How long its results live; [`Timeout::Default`] if that is up to the cache or differs
    /// between calls.
    pub timeout: Timeout,
    /// The alias of its cache; `None` if the attribute gives a cache instead of an alias.
    pub cache: Option<&'static str>,
    /// What is set for it at run time: that it is switched off, or another timeout.
    pub overridden: Override,
    /// Its counters.
    pub stats: Stats,
    /// How often its body ran, and how long that took. For an async body, that includes waiting; for a batch
    /// function, each item counts the whole.
    pub executions: Timings,
}

impl FunctionReport {
    /// Returns the time its hits saved: their number times the mean execution.
    ///
    /// ```
    /// use cache_runtime::{cache_result, functions};
    ///
    /// #[cache_result(key_prefix = "reports", timeout = 60)]
    /// fn slow_square(n: u64) -> u64 {
    ///     std::thread::sleep(std::time::Duration::from_millis(5));
    ///     n * n
    /// }
    ///
    /// (0..100).for_each(|_| assert_eq!(slow_square(12), 144));
    /// let report = functions().into_iter().find(|f| f.name == "slow_square").unwrap();
    /// assert_eq!((report.stats.hits, report.executions.count), (99, 1));
    /// assert!(report.time_saved() >= report.executions.longest * 90);
    /// ```
    #[must_use]
    pub fn time_saved(&self) -> Duration {
        times(self.executions.mean(), self.stats.hits)
    }
}

/// Returns every cached function that has been called in this process and what it has done, in the order in
/// which they were first called.
///
/// Nothing is collected for it on a hit. Making the list adds up the counts of all threads.
#[must_use]
pub fn functions() -> Vec<FunctionReport> {
    // Not under the lock: counting takes others.
    sites().into_iter().map(Site::report).collect()
}
