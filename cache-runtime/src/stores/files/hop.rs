//! The threads that do the work of callers that await: a file may block, an executor must not.
//!
//! They belong to this store and are few, so that a disk that hangs takes no threads from the program,
//! delays no runtime that shuts down, and does not affect other stores. A job that nobody waits for any more
//! is not started.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use once_cell::sync::OnceCell;
use tokio::runtime::{Builder, Runtime};

use crate::clock::Clock;
use crate::error::{CacheError, ErrorKind};
use crate::sync::lock;

/// A disk is faster with a few requests at once; more threads than that only take turns.
const THREADS: usize = 8;
/// How many may wait. If a disk hangs, no caller waits longer than `op_timeout`, but an abandoned place
/// becomes free only when its turn comes.
const MOST: usize = 4096;

pub(super) struct Hop {
    /// Only its threads for blocking work are used. Created for the first caller.
    runtime: OnceCell<Runtime>,
    begun: Arc<AtomicUsize>,
    op_timeout: Duration,
}

impl Hop {
    pub(super) fn new(op_timeout: Duration) -> Self {
        Self {
            runtime: OnceCell::new(),
            begun: Arc::default(),
            op_timeout,
        }
    }

    /// Runs `job` on one of the threads, within the time limit; on any executor.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<R, CacheError> + Send + 'static,
    ) -> Result<R, CacheError> {
        let runtime = self.runtime.get_or_try_init(|| {
            let mut builder = Builder::new_current_thread();
            builder.max_blocking_threads(THREADS);
            builder.thread_name("cache-files").build().map_err(|error| {
                let told = "the threads for files could not be started";
                CacheError::new(ErrorKind::Unavailable, told).with_source(error)
            })
        })?;
        let place = Counted::new(&self.begun)?;
        let job = Arc::new(Mutex::new(Some(job)));
        let _left = Leaving(&job);
        let taken = Arc::clone(&job);
        let done = runtime.spawn_blocking(move || {
            let _place = place;
            let job = lock(&taken).take();
            job.map(|job| job())
        });
        let done = self.within_limit(done).await?;
        match done {
            Ok(Some(answer)) => answer,
            // A panic is passed on to the caller.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => Err(CacheError::new(
                ErrorKind::Unavailable,
                "the threads for files have stopped",
            )),
        }
    }

    async fn within_limit<F: Future>(&self, done: F) -> Result<F::Output, CacheError> {
        let done = Clock::system().within(self.op_timeout, done).await;
        done.ok_or_else(|| {
            CacheError::new(
                ErrorKind::Timeout,
                format!("the files did not answer within {:?}", self.op_timeout),
            )
        })
    }
}

impl Drop for Hop {
    fn drop(&mut self) {
        // Not waiting for running jobs: this may be an executor's thread.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop")
            .field("begun", &self.begun.load(Relaxed))
            .finish_non_exhaustive()
    }
}

/// Drops the job, and what it holds, when its caller leaves.
struct Leaving<'a, F>(&'a Mutex<Option<F>>);

impl<F> Drop for Leaving<'_, F> {
    fn drop(&mut self) {
        drop(lock(self.0).take());
    }
}

/// A place among the jobs that wait or run.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(begun: &Arc<AtomicUsize>) -> Result<Self, CacheError> {
        let counted = Self(Arc::clone(begun));
        if begun.fetch_add(1, Relaxed) >= MOST {
            return Err(CacheError::new(
                ErrorKind::Unavailable,
                "too many operations wait for the files",
            ));
        }
        Ok(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
