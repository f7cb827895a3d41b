//! What is run on which store, and how: the options before `run`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::bed::{Bed, Caller, Haste, Place, Settings, Shared, patient};
use super::list::{Behaviour, behaviours};
use super::report::Report;
use super::run::{self, Job};
use crate::cache::{Cache, CacheBuilder};
use crate::clock::Clock;
use crate::error::{CacheError, ErrorKind};
use crate::guarded::Guarded;
use crate::mode::block_on;
use crate::store::Store;

/// A running behaviour, to be driven by an executor of your own.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) type Driver = Arc<dyn Fn(Running) + Send + Sync>;

/// The behaviours, and a store to check against them.
///
/// ```
/// use cache_runtime::testing::conformance::Suite;
///
/// let report = Suite::of_url("memory://?max_entries=1000")?.only("basics").run();
/// println!("{report}");
/// report.assert_passed();
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
#[must_use]
pub struct Suite {
    columns: Vec<(String, Place)>,
    settings: Settings,
    callers: Vec<Caller>,
    words: Vec<String>,
    without: Vec<(String, String)>,
    resolution: Option<Duration>,
    pub(super) limit: Duration,
    pub(super) at_once: usize,
    pub(super) driver: Option<Driver>,
    run: Arc<str>,
}

impl Suite {
    /// Returns the suite for a store of your own: as its type, as `Box<dyn Store>` and as `Arc<dyn Store>`.
    ///
    /// `make` is called several times, and the stores it returns may or may not share their data.
    pub fn of_store<S: Store>(make: impl Fn() -> S + Send + Sync + 'static) -> Self {
        let make = Arc::new(make);
        let mut suite = Self::new(|| Ok(Cache::builder()));
        let own = make.clone();
        suite.add("type", move || Ok(Arc::new(own())));
        let own = make.clone();
        suite.add("Box<dyn>", move || {
            Ok(Arc::new(Box::new(own()) as Box<dyn Store>))
        });
        suite.add("Arc<dyn>", move || {
            Ok(Arc::new(Arc::new(make()) as Arc<dyn Store>))
        });
        suite
    }

    /// Returns the suite for the store of a URL, with the settings in that URL.
    ///
    /// # Errors
    ///
    /// Those of [`Cache::from_url`].
    pub fn of_url(url: &str) -> Result<Self, CacheError> {
        let url = url.to_owned();
        let settings = move || CacheBuilder::from_url(&url);
        let open = {
            let settings = settings.clone();
            move || patient(settings()?).build()
        };
        let cache = open()?;
        let mut suite = Self::new(settings);
        match (cache.core().store(), cache.core().any_home()) {
            (Some(_), _) => {
                let store = move || open().map(|cache| cache.core().store().map(Guarded::share));
                let store = Arc::new(move || store()?.ok_or_else(no_store));
                let own = store.clone();
                suite.add("type", move || own());
                let own = store.clone();
                suite.add("Box<dyn>", move || {
                    Ok(Arc::new(Box::new(own()?) as Box<dyn Store>))
                });
                suite.add("Arc<dyn>", move || Ok(Arc::new(store()?)));
            }
            (None, Some(_)) => suite
                .columns
                .push(("in process".to_owned(), Place::Process)),
            (None, None) => suite.columns.push(("nowhere".to_owned(), Place::Nowhere)),
        }
        Ok(suite)
    }

    fn new(
        settings: impl Fn() -> Result<CacheBuilder, CacheError> + Send + Sync + 'static,
    ) -> Self {
        static RUN: AtomicU32 = AtomicU32::new(0);
        // The time too: a store may outlive the process.
        let (process, now) = (std::process::id(), Clock::system().wall());
        let number = RUN.fetch_add(1, Ordering::Relaxed);
        Self {
            columns: Vec::new(),
            settings: Arc::new(settings),
            callers: vec![Caller::Awaiting, Caller::Blocking],
            words: Vec::new(),
            without: Vec::new(),
            resolution: None,
            limit: Duration::from_secs(60),
            at_once: 24,
            driver: None,
            run: format!("conformance-{process:x}-{now:x}-{number}-").into(),
        }
    }

    fn add(
        &mut self,
        name: &str,
        make: impl Fn() -> Result<Arc<dyn Store>, CacheError> + Send + Sync + 'static,
    ) {
        let place = make().and_then(|store| {
            Ok(Shared {
                cache: patient((self.settings)()?).store(store.clone()).build()?,
                store,
                another: Arc::new(make),
            })
        });
        let place = place.map_or_else(Place::Broken, Place::Store);
        self.columns.push((name.to_owned(), place));
    }

    /// Runs only the behaviours of this theme, or whose name contains this word. Call it again to add others.
    pub fn only(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    /// Leaves out the behaviours of this theme, or whose name contains this word; the report says why.
    pub fn without(mut self, word: &str, why: &str) -> Self {
        self.without.push((word.to_owned(), why.to_owned()));
        self
    }

    /// Runs only on the type itself: a third of the work, if `Box` and `Arc` are known to work.
    pub fn through_the_type(mut self) -> Self {
        self.columns.truncate(1);
        self
    }

    /// Runs only for callers that await.
    pub fn awaiting(mut self) -> Self {
        self.callers = vec![Caller::Awaiting];
        self
    }

    /// Runs only for callers that block.
    pub fn blocking(mut self) -> Self {
        self.callers = vec![Caller::Blocking];
        self
    }

    /// Sets the unit to which lifetimes are rounded up; by default the one in the store's capabilities.
    pub fn resolution(mut self, resolution: Duration) -> Self {
        self.resolution = Some(resolution);
        self
    }

    /// Sets how long one behaviour may take before it counts as hanging; a minute by default.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets how many behaviours run at once; 24 by default.
    pub fn at_once(mut self, behaviours: usize) -> Self {
        self.at_once = behaviours.max(1);
        self
    }

    /// Drives each behaviour with `drive`, on a thread of its own: for a runtime of your own.
    ///
    /// ```
    /// use cache_runtime::testing::conformance::Suite;
    ///
    /// let suite = Suite::of_url("memory://")?.only("what_is_set_is_got");
    /// let report = suite.driven_by(|behaviour| futures_executor::block_on(behaviour)).run();
    /// report.assert_passed();
    /// # Ok::<(), cache_runtime::CacheError>(())
    /// ```
    pub fn driven_by(mut self, drive: impl Fn(Running) + Send + Sync + 'static) -> Self {
        self.driver = Some(Arc::new(drive));
        self
    }

    /// Runs the suite on threads, without a runtime; a store that needs one has it on its own I/O thread.
    pub fn run(self) -> Report {
        let (jobs, mut report) = self.jobs(self.driver.is_some());
        for (job, outcome) in run::on_threads(jobs, &self) {
            report.note(&job, &outcome);
        }
        block_on(self.sweep());
        report
    }

    /// Runs the suite where this future is polled, for callers that await only: inside a runtime of your own.
    #[must_use = "a future does nothing until it is awaited"]
    pub async fn run_async(self) -> Report {
        let suite = self.awaiting();
        let (jobs, mut report) = suite.jobs(true);
        for (job, outcome) in run::in_this_task(jobs, &suite).await {
            report.note(&job, &outcome);
        }
        suite.sweep().await;
        report
    }

    /// Returns what is to be run, and the report before the run.
    fn jobs(&self, is_one_task: bool) -> (Vec<Job>, Report) {
        let meant = |behaviour: &&Behaviour| {
            self.words.is_empty() || self.words.iter().any(|word| behaviour.is_meant(word))
        };
        let mut report = Report::new(self.columns.iter().map(|(name, _)| name.clone()));
        let mut jobs = Vec::new();
        for behaviour in behaviours().iter().filter(meant) {
            for (column, (name, place)) in self.columns.iter().enumerate() {
                if !behaviour.applies_to(place) {
                    continue;
                }
                let mut without = self.without.iter();
                if let Some((_, why)) = without.find(|(word, _)| behaviour.is_meant(word)) {
                    report.leave_out(behaviour, column, why);
                    continue;
                }
                jobs.extend(self.callers.iter().map(|caller| Job {
                    behaviour,
                    column,
                    through: name.clone(),
                    bed: self.bed(place, *caller, is_one_task),
                }));
            }
        }
        (jobs, report)
    }

    fn bed(&self, place: &Place, caller: Caller, is_one_task: bool) -> Bed {
        let resolution = self.resolution.unwrap_or_else(|| match place {
            Place::Store(shared) => shared.store.capabilities().resolution,
            _ => Duration::ZERO,
        });
        Bed {
            place: place.clone(),
            settings: self.settings.clone(),
            caller,
            is_one_task,
            resolution,
            run: self.run.clone(),
            clock: Clock::manual(),
            haste: Haste::default(),
        }
    }

    /// Deletes what is left of the run, where possible.
    async fn sweep(&self) {
        for (_, place) in &self.columns {
            if let Place::Store(shared) = place {
                // A store that cannot clear, or is gone, has been reported already.
                let _ = shared.store.clear(&self.run).await;
            }
        }
    }
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns: Vec<&str> = self.columns.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Suite")
            .field("columns", &columns)
            .field("callers", &self.callers)
            .field("only", &self.words)
            .finish_non_exhaustive()
    }
}

fn no_store() -> CacheError {
    CacheError::new(ErrorKind::Config, "the url names no store any more")
}
