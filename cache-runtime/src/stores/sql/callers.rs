//! Which connections serve which callers: those that await on a tokio runtime or elsewhere, and those
//! that block.

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::config::SqlConfig;
use super::failure;
use super::pool::Pool;
use crate::clock::end_of;
use crate::error::{CacheError, ErrorKind};
use crate::stores::io_thread;
use crate::stores::runtimes::Runtimes;

/// The I/O thread ends an operation at its limit. This much later, a caller that blocks gives up by itself.
const GRACE: Duration = Duration::from_millis(50);

/// The pools of all runtimes.
pub(super) struct Callers {
    pools: Arc<Runtimes<Pool>>,
    op_timeout: Duration,
    /// The database lives in one connection, which must outlive every runtime.
    is_memory: bool,
}

impl Callers {
    pub(super) fn new(config: SqlConfig) -> Self {
        let pool = Pool::new(&config);
        Self {
            op_timeout: config.op_timeout,
            is_memory: pool.is_memory(),
            pools: Runtimes::new(move || pool.for_runtime(&config)),
        }
    }

    /// Runs `job`, which is passed its deadline, with the connections of the caller.
    pub(super) async fn run<R, F>(
        &self,
        is_blocking: bool,
        job: impl FnOnce(Arc<Pool>, Instant) -> F + Send + 'static,
    ) -> Result<R, CacheError>
    where
        R: Send + 'static,
        F: Future<Output = Result<R, CacheError>> + Send + 'static,
    {
        let deadline = end_of(self.op_timeout);
        let job = move |pool| job(pool, deadline);
        if is_blocking {
            self.block(job)
        } else if self.is_memory {
            self.pools.run_on_io_thread(job).await
        } else {
            self.pools.run(job).await
        }
    }

    /// Waits here, within the first poll, for the I/O thread to do the job: the caller may be on
    /// a runtime that cannot continue until it is done.
    fn block<R, F>(
        &self,
        job: impl FnOnce(Arc<Pool>) -> F + Send + 'static,
    ) -> Result<R, CacheError>
    where
        R: Send + 'static,
        F: Future<Output = Result<R, CacheError>> + Send + 'static,
    {
        let (answer, answered) = channel();
        self.begin(async move |pool| {
            // The caller may be gone.
            let _ = answer.send(job(pool).await);
        })?;
        match answered.recv_timeout(self.op_timeout + GRACE) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                let what = "no answer from the database";
                Err(failure::timeout(self.op_timeout, what))
            }
            Err(RecvTimeoutError::Disconnected) => Err(io_thread::stopped("the i/o thread failed")),
        }
    }

    /// Starts a job on the I/O thread; nobody waits for it.
    pub(super) fn begin<F>(
        &self,
        job: impl FnOnce(Arc<Pool>) -> F + Send + 'static,
    ) -> Result<(), CacheError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = io_thread::runtime().map_err(|error| {
            let what = "the i/o thread could not be started";
            CacheError::new(ErrorKind::Unavailable, what).with_source(error)
        })?;
        let pools = Arc::clone(&self.pools);
        runtime.spawn(async move {
            if let Some(pool) = pools.here(&Handle::current()) {
                job(pool).await;
            }
        });
        Ok(())
    }

    /// Closes all connections.
    pub(super) async fn close(&self) {
        for pool in self.pools.all() {
            pool.close().await;
        }
    }
}
