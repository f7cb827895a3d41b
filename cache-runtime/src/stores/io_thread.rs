//! Callers without a tokio runtime: a thread of this crate with a small one does the waiting for them.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::error::{CacheError, ErrorKind};

/// One thread for all stores, started when the first caller needs it; it stays.
static THREAD: Mutex<Option<Handle>> = Mutex::new(None);

/// Runs `job` on the I/O thread; the answer can be awaited on any executor.
pub(crate) async fn run<R, F>(
    job: impl FnOnce(Handle) -> F + Send + 'static,
) -> Result<R, CacheError>
where
    R: Send + 'static,
    F: Future<Output = Result<R, CacheError>> + Send + 'static,
{
    let runtime = runtime().map_err(|error| {
        CacheError::new(
            ErrorKind::Unavailable,
            "the i/o thread could not be started",
        )
        .with_source(error)
    })?;
    let (answer, answered) = oneshot::channel();
    let job = job(runtime.clone());
    runtime.spawn(async move {
        // The caller may be gone.
        let _ = answer.send(job.await);
    });
    answered
        .await
        .unwrap_or_else(|_| Err(stopped("the i/o thread has stopped")))
}

/// Returns the error for a thread that cannot do what it was asked for.
pub(crate) fn stopped(what: &str) -> CacheError {
    CacheError::new(ErrorKind::Unavailable, what)
}

/// Returns the thread's runtime; the thread is started if there is none.
pub(crate) fn runtime() -> io::Result<Handle> {
    let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*thread {
        return Ok(runtime.clone());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("cache-io".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    *thread = Some(handle.clone());
    Ok(handle)
}
