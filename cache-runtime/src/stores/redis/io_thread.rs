//! Callers without a tokio runtime: a thread of ours with a small one does the waiting for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use redis::Value;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::commands::Request;
use super::connections::Runtimes;
use super::failure;
use crate::error::{CacheError, ErrorKind};

/// One thread for all stores, started when the first caller needs it; it stays.
static THREAD: Mutex<Option<Handle>> = Mutex::new(None);

/// Sends the request from the I/O thread; the answer can be awaited on any executor.
pub(super) async fn exchange(
    runtimes: Arc<Runtimes>,
    request: Request,
) -> Result<Value, CacheError> {
    let runtime = runtime().map_err(|error| {
        CacheError::new(
            ErrorKind::Unavailable,
            "the i/o thread could not be started",
        )
        .with_source(error)
    })?;
    let (answer, answered) = oneshot::channel();
    runtime.clone().spawn(async move {
        let reply = match runtimes.line(&runtime) {
            Some(line) => line.exchange(&runtime, &request).await,
            None => Err(failure::lost("the i/o thread has no timers")),
        };
        // The caller may have left.
        let _ = answer.send(reply);
    });
    answered
        .await
        .unwrap_or_else(|_| Err(failure::lost("the i/o thread has stopped")))
}

fn runtime() -> io::Result<Handle> {
    let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*thread {
        return Ok(runtime.clone());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("cache-redis-io".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    *thread = Some(handle.clone());
    Ok(handle)
}
