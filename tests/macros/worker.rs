//! What a function works with that may outlive its call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use cache_runtime::Cache;

use crate::support::{OwnError, Place};

/// A cache, a count of runs, and whether the function fails or is held up. Clones are one worker.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) cache: Cache,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    runs: AtomicU32,
    under_way: AtomicU32,
    fails: AtomicBool,
    is_held: AtomicBool,
}

impl Worker {
    pub(crate) fn at(place: &Place) -> Self {
        Self {
            cache: place.cache.clone(),
            state: Arc::default(),
        }
    }

    /// The same worker, as another process would call it.
    pub(crate) fn with_cache(&self, cache: Cache) -> Self {
        Self {
            cache,
            state: self.state.clone(),
        }
    }

    /// A run begins.
    pub(crate) fn begin(&self) -> u32 {
        self.state.under_way.fetch_add(1, Ordering::SeqCst);
        self.state.runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// It ends, with its number or with an error.
    pub(crate) fn end(&self, run: u32) -> Result<u32, OwnError> {
        self.state.under_way.fetch_sub(1, Ordering::SeqCst);
        if self.state.fails.load(Ordering::SeqCst) {
            Err(OwnError::Own(run))
        } else {
            Ok(run)
        }
    }

    pub(crate) fn runs(&self) -> u32 {
        self.state.runs.load(Ordering::SeqCst)
    }

    /// Whether no run is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.state.under_way.load(Ordering::SeqCst) == 0
    }

    pub(crate) fn fail(&self, fails: bool) {
        self.state.fails.store(fails, Ordering::SeqCst);
    }

    /// Runs do not end until they are let go.
    pub(crate) fn hold(&self, is_held: bool) {
        self.state.is_held.store(is_held, Ordering::SeqCst);
    }

    pub(crate) fn is_held(&self) -> bool {
        self.state.is_held.load(Ordering::SeqCst)
    }
}

/// Lets others have a turn, on any executor.
pub(crate) async fn turn() {
    std::thread::sleep(Duration::from_millis(1));
    let mut is_over = false;
    std::future::poll_fn(|task| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A run of `$worker`, as a body of either kind.
macro_rules! work {
    ($worker:expr) => {{
        let run = $worker.begin();
        while $worker.is_held() {
            turn!();
        }
        $worker.end(run)
    }};
}

/// Waits until it is so, at most twenty seconds.
macro_rules! eventually {
    ($what:expr) => {{
        let start = std::time::Instant::now();
        while !$what {
            assert!(
                start.elapsed() < std::time::Duration::from_secs(20),
                "not so: {}",
                stringify!($what)
            );
            turn!();
        }
    }};
}
